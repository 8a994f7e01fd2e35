import { createHash } from 'node:crypto';

export const sri = (name, bytes) =>
  `${name}-${createHash(name).update(bytes).digest('base64')}`;

export const html = Buffer.from('<!doctype html>');
export const module = Buffer.from('export {};');
const [worker, wasm] = ['worker', 'wasm'].map((text) => sri('sha256', text));
const path = '/r/0123456789abcdef/enclave.js';
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
    assets: [asset('/', html, 'text/html'), asset(path, module, 'text/javascript')],
  }),
);

/** The pin of the sample release. */
export const pin = Object.freeze({
  version: '1.2.3',
  url: 'https://kms.example',
  manifest: sri('sha256', manifest),
  csp: `default-src 'none'; script-src '${sri('sha384', module)}' 'wasm-unsafe-eval'`,
  module: { path, integrity: sri('sha384', module) },
  html: sri('sha256', html),
  worker,
  wasm,
});
