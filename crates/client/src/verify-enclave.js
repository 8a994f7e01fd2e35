import { KmsError } from './errors.js';
import { fetchBytes, Mismatch } from './fetch-bytes.js';
import { checkRelease } from './release.js';
import { hash, same, shortCode, sri } from './verify-digest.js';
import { comparePin, parseManifest } from './verify-manifest.js';
import { notProven } from './verify-words.js';
import { base64 } from './bytes.js';

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
/** @typedef {import('./verify-manifest.js').Manifest} Manifest */
/** @typedef {import('./verify-manifest.js').Asset} Asset */

const TIMEOUT_MS = 15_000;
const MAX_MANIFEST = 256 * 1024;
const MAX_ASSET = 8 * 1024 * 1024;

/**
 * Compares what the enclave's server sends, and what the running enclave says of itself, with the
 * pinned release. Does not reject: whatever goes wrong is a failed step.
 *
 * @param {VerifyOptions} options
 * @returns {Promise<VerifyReport>}
 */
export async function verifyEnclave({ release: pin, url, kms, signal, timeoutMs = TIMEOUT_MS }) {
  const stop = new AbortController();
  const abort = () => stop.abort();
  const timer = setTimeout(abort, timeoutMs);
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) abort();
  const check = new Verification(stop.signal);
  try {
    return await check.run(pin, url, kms);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** One run: the steps in order, each with its outcome. */
class Verification {
  /** @type {VerifyStep[]} */
  #steps = [];
  /** @type {string | null} */
  #code = null;
  #signal;

  /** @param {AbortSignal} signal */
  constructor(signal) {
    this.#signal = signal;
  }

  /**
   * @param {unknown} pin
   * @param {string | undefined} url
   * @param {Kms | undefined} kms
   * @returns {Promise<VerifyReport>}
   */
  async run(pin, url, kms) {
    let enforced = false;
    const checked = await this.#step('pin', 'This app pins a release', async () => {
      const { release, origin } = checkRelease(pin, url);
      return [{ release, origin }, `Release ${release.version} of ${origin}.`];
    });
    if (checked) {
      const { release, origin } = checked;
      const manifest = await this.#manifest(release, origin);
      for (const asset of manifest?.assets ?? []) await this.#asset(asset, origin);
      const running = await this.#running(release, kms);
      enforced = running && this.#pinned(release, kms);
    }
    const failed = this.#steps.some(({ ok }) => ok === false);
    const level = failed ? 'failed' : enforced ? 'enforced by browser' : 'checked';
    return {
      level,
      code: this.#code,
      steps: this.#steps,
      notProven: notProven(level, kms !== undefined),
    };
  }

  /**
   * @template T
   * @param {string} id
   * @param {string} title
   * @param {() => Promise<[T, string]>} work
   * @returns {Promise<T | undefined>}
   */
  async #step(id, title, work) {
    try {
      const [value, detail] = await work();
      this.#steps.push({ id, title, ok: true, detail });
      return value;
    } catch (error) {
      const told = error instanceof Mismatch || error instanceof KmsError;
      const detail = told ? error.message : 'It could not be read.';
      this.#steps.push({ id, title, ok: false, detail });
      return undefined;
    }
  }

  /**
   * @param {Release} release
   * @param {string} origin
   */
  #manifest(release, origin) {
    const at = new URL('/.well-known/ats-kms/manifest.json', origin);
    return this.#step('manifest', 'The server publishes that release', async () => {
      const { bytes } = await fetchBytes(at, MAX_MANIFEST, this.#signal);
      const digest = await hash('SHA-256', bytes);
      this.#code = shortCode(digest);
      same(`sha256-${base64(digest)}`, release.manifest, 'Its manifest is not the pinned one.');
      const read = parseManifest(bytes);
      comparePin(read, release);
      return [read, `Its manifest is the pinned one, ${release.manifest}.`];
    });
  }

  /**
   * @param {Asset} asset
   * @param {string} origin
   */
  #asset({ path, size, sha256, sha384, mediaType }, origin) {
    const name = path === '/' ? 'the frame\u2019s page' : path;
    return this.#step(`asset:${path}`, `The server sends ${name} unchanged`, async () => {
      const at = new URL(path, `${origin}/`);
      if (at.origin !== origin) throw new Mismatch('It lies on another server.');
      const sent = await fetchBytes(at, Math.min(size, MAX_ASSET), this.#signal);
      const found = [await sri('SHA-256', sent.bytes), await sri('SHA-384', sent.bytes)];
      same(found[0], sha256, 'Its bytes are not those of the release.');
      same(found[1], sha384, 'Its bytes are not those of the release.');
      same(sent.mediaType, mediaType, 'It is sent as another kind of file.');
      return [undefined, `${sent.bytes.byteLength.toLocaleString('en')} bytes, digests match.`];
    });
  }

  /**
   * @param {Release} release
   * @param {Kms | undefined} kms
   * @returns {Promise<boolean>}
   */
  async #running(release, kms) {
    const title = 'The running enclave reports that release';
    if (!kms) {
      const detail = 'Not connected, so it was not asked.';
      this.#steps.push({ id: 'running', title, ok: null, detail });
      return false;
    }
    const done = await this.#step('running', title, async () => {
      const told = await kms.measurement(undefined, { signal: this.#signal });
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
   * @returns {boolean}
   */
  #pinned(release, kms) {
    const own = kms?.release.csp === release.csp && kms.release.manifest === release.manifest;
    const enforced = own && kms.isolation().pin === 'enforced';
    this.#steps.push({
      id: 'enforced',
      title: 'The browser enforces the release',
      ok: enforced ? true : null,
      detail: enforced
        ? 'It was told to run nothing in the frame but the pinned scripts.'
        : 'Not in this browser or not for this connection: it runs what the server sends.',
    });
    return enforced;
  }
}
