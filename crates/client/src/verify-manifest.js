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

/**
 * The pin names some digests itself; the manifest must say the same. With it every script that the
 * pinned policy lets run is a file of the release: those are all read and compared.
 *
 * @param {Manifest} manifest
 * @param {Release} release
 */
export function comparePin(manifest, release) {
  const text = 'Its manifest contradicts the pinned release.';
  same(manifest.version, release.version, text);
  same(manifest.worker, release.worker, text);
  same(manifest.wasm, release.wasm, text);
  /** @param {string} at */
  const asset = (at) => manifest.assets.find(({ path }) => path === at);
  same(asset('/')?.sha256, release.html, text);
  for (const { path, integrity } of [release.module, release.tools]) {
    same(asset(path)?.sha384, integrity, text);
  }
}
