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

/** Bytes of the sample release's manifest. */
export const manifest = Buffer.from(
  JSON.stringify({
    schema: 1,
    version: '1.2.3',
    worker,
    wasm,
    assets: [
      asset('/', html, 'text/html'),
      asset('/enrol', enrol.html, 'text/html'),
      asset(enrolPath, enrol.script, 'text/javascript'),
      asset(path, module, 'text/javascript'),
      asset(toolsPath, tools, 'text/javascript'),
    ],
  }),
);

/** The pin of the sample release. */
export const pin = Object.freeze({
  version: '1.2.3',
  url: 'https://kms.example',
  manifest: sri('sha256', manifest),
  csp:
    `default-src 'none'; script-src '${sri('sha384', module)}' '${sri('sha384', tools)}' ` +
    `'wasm-unsafe-eval'`,
  module: { path, integrity: sri('sha384', module) },
  tools: { path: toolsPath, integrity: sri('sha384', tools) },
  html: sri('sha256', html),
  worker,
  wasm,
});
