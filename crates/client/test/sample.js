import { createHash } from 'node:crypto';

export const sri = (name, bytes) =>
  `${name}-${createHash(name).update(bytes).digest('base64')}`;

export const html = Buffer.from('<!doctype html>');
export const module = Buffer.from('export {};');
export const tools = Buffer.from('globalThis.tools = 1;');
export const enrol = { html: Buffer.from('<!doctype html><p>'), script: Buffer.from('enrol();') };
const [worker, wasm] = ['worker', 'wasm'].map((text) => sri('sha256', text));
const path = '/r/0123456789abcdef/enclave.js';
export const toolsPath = '/r/fedcba9876543210/tools.js';
export const enrolPath = '/r/0011223344556677/enrol.js';
const asset = (at, bytes, mediaType) => ({
  path: at,
  sha256: sri('sha256', bytes),
  sha384: sri('sha384', bytes),
  size: bytes.length,
  mediaType,
});

const nextWasm = sri('sha256', 'next wasm');
export const nextModule = Buffer.from('export { next };');
export const nextPath = '/r/89abcdef01234567/enclave.js';

/** Bytes of a manifest of the sample release, or of the one after it. */
const manifestOf = (version, wasm, at, bytes) => Buffer.from(
  JSON.stringify({
    schema: 1,
    version,
    worker,
    wasm,
    assets: [
      asset('/', html, 'text/html'),
      asset('/enrol', enrol.html, 'text/html'),
      asset(enrolPath, enrol.script, 'text/javascript'),
      asset(at, bytes, 'text/javascript'),
      asset(toolsPath, tools, 'text/javascript'),
    ],
  }),
);
export const manifest = manifestOf('1.2.3', wasm, path, module);

/** The sample release with a page for WEBCAT. */
export const webcat = { html: Buffer.from('<!doctype html><i>'), script: Buffer.from('webcat();') };
export const webcatPath = '/r/7766554433221100/webcat.js';
export const webcatManifest = Buffer.from(JSON.stringify({
  ...JSON.parse(manifest),
  assets: [
    ...JSON.parse(manifest).assets,
    asset('/webcat/', webcat.html, 'text/html'),
    asset(webcatPath, webcat.script, 'text/javascript'),
  ],
}));

export const nextManifest = manifestOf('1.2.4', nextWasm, nextPath, nextModule);

const csp = (script, workers = 'blob:') =>
  `default-src 'none'; worker-src ${workers}; script-src '${sri('sha384', script)}' ` +
  `'${sri('sha384', tools)}' 'wasm-unsafe-eval'`;

/** The pin of the sample release. */
export const pin = Object.freeze({
  version: '1.2.3',
  url: 'https://kms.example',
  manifest: sri('sha256', manifest),
  csp: csp(module),
  module: { path, integrity: sri('sha384', module) },
  tools: { path: toolsPath, integrity: sri('sha384', tools) },
  html: sri('sha256', html),
  worker,
  wasm,
});

/** The pin of the one after it, which has another module and the same tools. */
export const next = Object.freeze({
  ...pin,
  version: '1.2.4',
  manifest: sri('sha256', nextManifest),
  csp: csp(nextModule),
  module: { path: nextPath, integrity: sri('sha384', nextModule) },
  wasm: nextWasm,
});

/** The pin of the page for WEBCAT. */
export const webcatPin = Object.freeze({
  ...pin,
  manifest: sri('sha256', webcatManifest),
  csp: csp(webcat.script, "'self'"),
  module: { path: webcatPath, integrity: sri('sha384', webcat.script) },
  html: sri('sha256', webcat.html),
  webcat: true,
});
