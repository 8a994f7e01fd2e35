import { isRecord } from './bytes.js';
import { Mismatch } from './verify-failures.js';
import { TEXT } from './verify-text.js';

/** @typedef {import('./release.js').Release} Release */
/** @typedef {{ path: string, sha256: string, sha384: string, size: number, mediaType: string }} Asset */
/**
 * @typedef {object} Manifest
 * @property {string} version
 * @property {string} commit of the source, or `unknown`
 * @property {string} worker
 * @property {string} wasm
 * @property {Asset[]} assets
 */
/**
 * Notes what was compared with what, and refuses where it differs.
 *
 * @callback Compare
 * @param {string} what
 * @param {unknown} found
 * @param {string} expected
 * @param {string} code of the failure
 * @returns {void}
 */

const MAX_ASSETS = 64;
/** It goes into a command line that people copy: nothing else may stand in it. */
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})(?:-dirty)?$/;

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
    throw new Mismatch('unknown_manifest');
  }
  const commit = String(value['commit']);
  const read = { ...value, commit: COMMIT.test(commit) ? commit : 'unknown' };
  return /** @type {Manifest} */ (/** @type {unknown} */ (read));
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
 * @param {Compare} compare
 */
export function comparePin(manifest, release, compare) {
  /** @param {string} at */
  const asset = (at) => manifest.assets.find(({ path }) => path === at);
  const what = TEXT.compared;
  /** @type {[string, unknown, string][]} */
  const rules = [
    [what.version, manifest.version, release.version],
    [what.worker, manifest.worker, release.worker],
    [what.wasm, manifest.wasm, release.wasm],
    [what.page, asset(release.webcat ? '/webcat/' : '/')?.sha256, release.html],
    [what.script, asset(release.module.path)?.sha384, release.module.integrity],
    [what.tools, asset(release.tools.path)?.sha384, release.tools.integrity],
  ];
  for (const [name, found, expected] of rules) compare(name, found, expected, 'pin_contradicted');
}
