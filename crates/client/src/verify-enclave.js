import { base64, isRecord } from './bytes.js';
import { KmsError } from './errors.js';
import { fetchBytes, Mismatch } from './fetch-bytes.js';
import { checkRelease } from './release.js';

/** @typedef {import('./release.js').Release} Release */
/** @typedef {import('./kms.js').Kms} Kms */
/** @typedef {'enforced by browser' | 'checked' | 'failed'} Level */

/**
 * @typedef {object} VerifyStep
 * @property {string} id
 * @property {string} title
 * @property {boolean | null} ok null: not done, and why stands in `detail`
 * @property {string} detail
 */

/**
 * @typedef {object} VerifyReport
 * @property {Level} level
 * @property {string | null} code short code of the manifest that was read, to compare by eye
 * @property {VerifyStep[]} steps
 * @property {string[]} notProven what all of this does not show, one sentence each
 */

/**
 * @typedef {object} VerifyOptions
 * @property {Release | undefined} release the pinned release
 * @property {string} [url] origin of the enclave
 * @property {Kms} [kms] the connection whose running enclave is asked; without one only the served
 *   files are compared
 * @property {AbortSignal} [signal]
 * @property {number} [timeoutMs] for everything together; 15000 if absent
 */

/** @typedef {{ path: string, sha256: string, sha384: string, size: number }} Asset */
/** @typedef {{ version: string, worker: string, wasm: string, assets: Asset[] }} Manifest */

const TIMEOUT_MS = 15_000;
const MAX_MANIFEST = 256 * 1024;
const MAX_ASSET = 8 * 1024 * 1024;
const MAX_ASSETS = 64;

/**
 * Compares what the enclave's server sends, and what the running enclave says of itself, with the
 * pinned release. Does not reject: whatever goes wrong is a failed step.
 *
 * @param {VerifyOptions} options
 * @returns {Promise<VerifyReport>}
 */
export async function verifyEnclave({ release: pin, url, kms, signal, timeoutMs = TIMEOUT_MS }) {
  /** @type {VerifyStep[]} */
  const steps = [];
  const stop = new AbortController();
  const abort = () => stop.abort();
  const timer = setTimeout(abort, timeoutMs);
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) abort();

  /**
   * @template T
   * @param {string} id
   * @param {string} title
   * @param {() => Promise<[T, string]>} work
   * @returns {Promise<T | undefined>}
   */
  const step = async (id, title, work) => {
    try {
      const [value, detail] = await work();
      steps.push({ id, title, ok: true, detail });
      return value;
    } catch (error) {
      const told = error instanceof Mismatch || error instanceof KmsError;
      const detail = told ? error.message : 'It could not be read.';
      steps.push({ id, title, ok: false, detail });
      return undefined;
    }
  };

  /** @type {string | null} */
  let code = null;
  let enforced = false;
  try {
    const checked = await step('pin', 'This app pins a release', async () => {
      const { release, origin } = checkRelease(pin, url);
      return [{ release, origin }, `Release ${release.version} of ${origin}.`];
    });
    if (checked) {
      const { release, origin } = checked;
      const at = new URL('/.well-known/ats-kms/manifest.json', origin);
      const manifest = await step('manifest', 'The server publishes that release', async () => {
        const bytes = await fetchBytes(at, MAX_MANIFEST, stop.signal);
        const digest = await hash('SHA-256', bytes);
        code = shortCode(digest);
        same(`sha256-${base64(digest)}`, release.manifest, 'Its manifest is not the pinned one.');
        const read = parseManifest(bytes);
        comparePin(read, release);
        return [read, 'Its manifest has the pinned digest.'];
      });
      if (manifest) await checkAssets(manifest, origin, stop.signal, step);
      const running = await checkRunning(release, kms, steps, step);
      enforced = running && checkPin(release, kms, steps);
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
  const failed = steps.some(({ ok }) => ok === false);
  const level = failed ? 'failed' : enforced ? 'enforced by browser' : 'checked';
  return { level, code, steps, notProven: notProven(level, kms !== undefined) };
}

/** @typedef {<T>(id: string, title: string, work: () => Promise<[T, string]>) => Promise<T | undefined>} Step */

/**
 * @param {Manifest} manifest
 * @param {string} origin
 * @param {AbortSignal} signal
 * @param {Step} step
 */
async function checkAssets(manifest, origin, signal, step) {
  for (const asset of manifest.assets) {
    const name = asset.path === '/' ? 'the frame\u2019s page' : asset.path;
    await step(`asset:${asset.path}`, `The server sends ${name} unchanged`, async () => {
      const at = new URL(asset.path, `${origin}/`);
      if (at.origin !== origin) throw new Mismatch('It lies on another server.');
      const bytes = await fetchBytes(at, Math.min(asset.size, MAX_ASSET), signal);
      const found = [await sri('SHA-256', bytes), await sri('SHA-384', bytes)];
      same(found[0], asset.sha256, 'Its bytes are not those of the release.');
      same(found[1], asset.sha384, 'Its bytes are not those of the release.');
      return [undefined, `${bytes.byteLength.toLocaleString('en')} bytes, digests match.`];
    });
  }
}

/**
 * @param {Release} release
 * @param {Kms | undefined} kms
 * @param {VerifyStep[]} steps
 * @param {Step} step
 * @returns {Promise<boolean>}
 */
async function checkRunning(release, kms, steps, step) {
  const title = 'The running enclave reports that release';
  if (!kms) {
    steps.push({ id: 'running', title, ok: null, detail: 'Not connected, so it was not asked.' });
    return false;
  }
  const done = await step('running', title, async () => {
    const told = await kms.measurement();
    same(told.release, release.version, 'It reports another release.');
    same(told.digests.worker, release.worker, 'It reports another worker.');
    same(told.digests.wasm, release.wasm, 'It reports another WebAssembly module.');
    return [true, 'Its own digests of worker and WebAssembly match.'];
  });
  return done === true;
}

/**
 * @param {Release} release
 * @param {Kms | undefined} kms
 * @param {VerifyStep[]} steps
 * @returns {boolean}
 */
function checkPin(release, kms, steps) {
  const title = 'The browser enforces the release';
  const own = kms?.release.csp === release.csp && kms.release.manifest === release.manifest;
  const enforced = own && kms.isolation().pin === 'enforced';
  steps.push({
    id: 'enforced',
    title,
    ok: enforced ? true : null,
    detail: enforced
      ? 'It was told to run nothing in the frame but the pinned module.'
      : 'Not in this browser or not for this connection: it runs what the server sends.',
  });
  return enforced;
}

/**
 * @param {Uint8Array} bytes
 * @returns {Manifest}
 */
function parseManifest(bytes) {
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
  ['path', 'sha256', 'sha384'].every((name) => typeof asset[name] === 'string');

/**
 * The pin names some digests itself; the manifest must say the same.
 *
 * @param {Manifest} manifest
 * @param {Release} release
 */
function comparePin(manifest, release) {
  const text = 'Its manifest contradicts the pinned release.';
  same(manifest.version, release.version, text);
  same(manifest.worker, release.worker, text);
  same(manifest.wasm, release.wasm, text);
  const module = manifest.assets.find(({ path }) => path === release.module.path);
  same(module?.sha384, release.module.integrity, text);
  const html = manifest.assets.some(({ sha256 }) => sha256 === release.html);
  if (!html) throw new Mismatch(text);
}

/**
 * @param {unknown} found
 * @param {string} expected
 * @param {string} text
 */
function same(found, expected, text) {
  if (found !== expected) throw new Mismatch(text);
}

/**
 * @param {'SHA-256' | 'SHA-384'} algorithm
 * @param {Uint8Array<ArrayBuffer>} bytes
 */
const hash = async (algorithm, bytes) =>
  new Uint8Array(await crypto.subtle.digest(algorithm, bytes));

/**
 * @param {'SHA-256' | 'SHA-384'} algorithm
 * @param {Uint8Array<ArrayBuffer>} bytes
 */
const sri = async (algorithm, bytes) =>
  `${algorithm.toLowerCase().replace('-', '')}-${base64(await hash(algorithm, bytes))}`;

/**
 * The first 40 bits of a digest as `XXXX-XXXX` in Crockford's base 32, which has no letters that
 * look alike. Made to be read aloud or compared by eye, not to withstand a search for a collision.
 *
 * @param {Uint8Array} digest
 * @returns {string}
 */
export function shortCode(digest) {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  let bits = 0n;
  for (const byte of digest.subarray(0, 5)) bits = (bits << 8n) | BigInt(byte);
  let text = '';
  for (let shift = 35n; shift >= 0n; shift -= 5n) text += alphabet[Number((bits >> shift) & 31n)];
  return `${text.slice(0, 4)}-${text.slice(4)}`;
}

/**
 * @param {Level} level
 * @param {boolean} asked
 * @returns {string[]}
 */
function notProven(level, asked) {
  const said = [];
  if (level === 'checked') {
    said.push(
      'Nothing here forces this browser to run these files. Firefox and Safari cannot yet be told ' +
        'to; Chrome and Edge can.',
    );
  }
  if (level !== 'enforced by browser') {
    said.push(
      'A dishonest server can tell this check from the frame itself and send other files to each, ' +
        'or other files to other people.',
    );
  }
  if (asked) {
    said.push(
      'What the running enclave reports of itself proves nothing alone: changed code could report ' +
        'the same.',
    );
  }
  said.push(
    'That the release is good: this compares bytes with what this app pinned. Whether those come ' +
      'from the published source, only a rebuild shows.',
    'That this page, this browser and its extensions are honest: they draw this very result.',
  );
  return said;
}
