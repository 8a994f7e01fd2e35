import { isRecord } from './bytes.js';
import { Mismatch } from './fetch-bytes.js';
import { same } from './verify-digest.js';

/** @typedef {import('./release.js').Release} Release */
/** @typedef {{ path: string, sha256: string, sha384: string, size: number, mediaType: string }} Asset */
/** @typedef {{ version: string, worker: string, wasm: string, assets: Asset[] }} Manifest */

const MAX_ASSETS = 64;

/**
 * @param {Uint8Array} bytes
 * @returns {Manifest}
 */
export function parseManifest(bytes) {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  /** @type {unknown} */
  const value = JSON.parse(text);
  const assets = isRecord(value) ? value['assets'] : undefined;
  if (!isRecord(value) || value['schema'] !== 1 || !Array.isArray(assets) ||
      assets.length < 1 || assets.length > MAX_ASSETS || !assets.every(isAsset)) {
    throw new Mismatch('Its manifest has an unknown form.');
  }
  return /** @type {Manifest} */ (/** @type {unknown} */ (value));
}

/**
 * @param {unknown} asset
 * @returns {boolean}
 */
const isAsset = (asset) =>
  isRecord(asset) && Number.isSafeInteger(asset['size']) &&
  ['path', 'sha256', 'sha384', 'mediaType'].every((name) => typeof asset[name] === 'string');

/** A script that a policy lets run. */
const SCRIPT = /'(sha\d+-[^']+)'/g;

/**
 * The pin names some digests itself; the manifest must say the same. Every script that the pinned
 * policy lets run must be a file of the release: those are all read and compared.
 *
 * @param {Manifest} manifest
 * @param {Release} release
 */
export function comparePin(manifest, release) {
  const text = 'Its manifest contradicts the pinned release.';
  same(manifest.version, release.version, text);
  same(manifest.worker, release.worker, text);
  same(manifest.wasm, release.wasm, text);
  const module = manifest.assets.find(({ path }) => path === release.module.path);
  same(module?.sha384, release.module.integrity, text);
  same(manifest.assets.find(({ path }) => path === '/')?.sha256, release.html, text);
  for (const [, digest] of release.csp.matchAll(SCRIPT)) {
    const known = manifest.assets.some(({ sha256, sha384 }) => [sha256, sha384].includes(`${digest}`));
    if (!known) throw new Mismatch(text);
  }
}
