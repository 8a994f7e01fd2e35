import { checkPinned } from './rollout.js';
import { fetchBytes } from './fetch-bytes.js';
import { hash, shortCode, sri, wordCode } from './verify-digest.js';
import { Mismatch } from './verify-failures.js';
import { comparePin, parseManifest } from './verify-manifest.js';
import { recall, remember } from './verify-memory.js';
import { noteAccepted, noteRefused } from './verify-policy.js';
import { rebuildCommands } from './verify-rebuild.js';
import { Steps } from './verify-steps.js';
import { TEXT } from './verify-text.js';
import { notProven } from './verify-words.js';
import { base64, given } from './bytes.js';

/** @typedef {import('./release.js').Pinned} Pinned */
/** @typedef {import('./release.js').Release} Release */
/** @typedef {import('./kms.js').Kms} Kms */
/** @typedef {'enforced by browser' | 'checked' | 'failed'} Level */
/** @typedef {import('./verify-steps.js').VerifyStep} VerifyStep */
/** @typedef {import('./verify-memory.js').Memory} Memory */
/** @typedef {import('./verify-memory.js').Remembered} Remembered */
/** @typedef {import('./verify-policy.js').Policy} Policy */
/** @typedef {import('./verify-policy.js').Accepted} Accepted */
/**
 * Finds the release that a policy accepts, or rejects with an error that has the verifier's `code`.
 *
 * @callback Judge
 * @param {{ policy: Policy, signal: AbortSignal }} options
 * @returns {Promise<{ release: Release, accepted: Accepted }>}
 */

/**
 * @typedef {object} VerifyReport
 * @property {Level} level
 * @property {'pin' | 'policy'} by what the release was compared with
 * @property {string[]} accepts versions of the releases that count: of the pin, or by the policy
 * @property {string | null} version of the release that the server publishes
 * @property {string | null} running version of the release that the running enclave reports, where
 *   that holds; during a roll-out it may be the other one
 * @property {string | null} manifest `sha256-…` of the manifest that was read
 * @property {string | null} words six words of that digest, to compare with another device or person
 * @property {string | null} code short code of that digest, to compare by eye
 * @property {VerifyStep[]} steps
 * @property {string[]} notProven what all of this does not show, one sentence each
 * @property {string | null} rebuild commands that build the release again and compare it; null of a
 *   manifest that is not that of the release
 * @property {Remembered | null} past what this browser remembered before this verification
 */

/**
 * @typedef {object} VerifyOptions
 * @property {Pinned | undefined} [release] the pinned release, or two of them
 * @property {Policy} [policy] in place of a pin: whose word counts for a release
 * @property {Judge} [judge] who decides by the policy; `verifyPolicy` if absent
 * @property {string} [url] origin of the enclave
 * @property {Kms} [kms] the connection whose running enclave is asked; without one only the served
 *   files are compared
 * @property {Memory | null} [memory] where to remember what was verified, as `localStorage`
 * @property {string} [source] address of the repository, for the commands of a rebuild
 * @property {AbortSignal} [signal]
 * @property {number} [timeoutMs] for everything together; 15000 if absent
 */
/** @typedef {import('./verify-manifest.js').Manifest} Manifest */
/** @typedef {import('./verify-manifest.js').Asset} Asset */

const TIMEOUT_MS = 15_000;
/** As `MANIFEST_LIMIT` of `crates/manifest`. */
const MAX_MANIFEST = 64 * 1024;
const MAX_ASSET = 8 * 1024 * 1024;

/**
 * Compares what the enclave's server sends, and what the running enclave says of itself, with the
 * pinned release. Does not reject: whatever goes wrong is a failed step.
 *
 * @param {VerifyOptions} options
 * @returns {Promise<VerifyReport>}
 */
export async function verifyEnclave({ signal, timeoutMs = TIMEOUT_MS, ...options }) {
  const stop = new AbortController();
  const abort = () => stop.abort();
  const timer = setTimeout(abort, timeoutMs);
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) abort();
  try {
    return await new Verification(options, stop.signal).run();
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** One run. */
class Verification {
  #steps = new Steps();
  /** @type {Uint8Array | null} */
  #digest = null;
  #options;
  #signal;

  /**
   * @param {Omit<VerifyOptions, 'signal' | 'timeoutMs'>} options
   * @param {AbortSignal} signal
   */
  constructor(options, signal) {
    this.#options = options;
    this.#signal = signal;
  }

  /** @returns {Promise<VerifyReport>} */
  async run() {
    const checked = this.#options.policy ? await this.#judged() : await this.#given();
    if (!checked) return this.#report('failed', {});
    const { releases, origin } = checked;
    const { release, manifest } = await this.#published(releases, origin);
    for (const asset of manifest?.assets ?? []) await this.#asset(asset, origin);
    const running = await this.#running(releases, release);
    const enforced = running !== undefined && this.#pinned(checked, this.#options.kms);
    this.#notAsked();
    const level = this.#steps.failed ? 'failed' : enforced ? 'enforced by browser' : 'checked';
    return this.#report(level, { ...checked, release, ...given({ manifest, running }) });
  }

  /** What the app pins. */
  #given() {
    return this.#steps.run('pin', TEXT.step.pin, async () => {
      const checked = checkPinned(this.#options.release, this.#options.url);
      const [{ version }, next] = checked.releases;
      const detail = next
        ? TEXT.step.pinnedBoth(version, next.version, checked.origin)
        : TEXT.step.pinned(version, checked.origin);
      return [checked, detail];
    });
  }

  /** The release that the policy accepts. */
  async #judged() {
    const { policy, judge = ownJudge, url } = this.#options;
    if (!policy) return undefined;
    try {
      const { release, accepted } = await judge({ policy, signal: this.#signal });
      const checked = checkPinned(release, url);
      noteAccepted(this.#steps, policy, accepted);
      return checked;
    } catch (error) {
      noteRefused(this.#steps, codeOf(error, this.#signal));
      return undefined;
    }
  }

  /**
   * @param {Level} level
   * @param {{ releases?: Release[], release?: Release, origin?: string, manifest?: Manifest,
   *   running?: Release }} seen
   * @returns {VerifyReport}
   */
  #report(level, { releases = [], release, origin, manifest, running }) {
    const { kms, memory, source } = this.#options;
    const past = origin === undefined ? null : recall(memory, origin);
    if (level !== 'failed' && release && origin !== undefined) {
      remember(memory, origin, { ...release, last: Date.now() });
    }
    const digest = this.#digest;
    return {
      level,
      by: this.#options.policy ? 'policy' : 'pin',
      accepts: releases.map(({ version }) => version),
      version: release?.version ?? null,
      running: running?.version ?? null,
      manifest: digest && `sha256-${base64(digest)}`,
      words: digest && wordCode(digest),
      code: digest && shortCode(digest),
      steps: this.#steps.all,
      notProven: notProven(level, {
        asked: kms !== undefined,
        remembered: past !== null,
        policy: this.#options.policy !== undefined,
        several: releases.length > 1,
        webcat: release?.webcat === true,
      }),
      rebuild: release && origin !== undefined && manifest
        ? rebuildCommands({ ...release, commit: manifest.commit, origin, source })
        : null,
      past,
    };
  }

  /**
   * Which of the releases the server publishes, and its manifest where it can be read.
   *
   * @param {[Release, ...Release[]]} releases
   * @param {string} origin
   */
  async #published(releases, origin) {
    const at = new URL('/.well-known/ats-kms/manifest.json', origin);
    let [release] = releases;
    const manifest = await this.#steps.run('manifest', TEXT.step.manifest, async (compare) => {
      const { bytes } = await fetchBytes(at, MAX_MANIFEST, this.#signal);
      this.#digest = await hash('SHA-256', bytes);
      const found = `sha256-${base64(this.#digest)}`;
      release = releases.find(({ manifest }) => manifest === found) ?? release;
      compare(TEXT.compared.manifest, found, release.manifest, 'other_manifest');
      const read = parseManifest(bytes);
      comparePin(read, release, compare);
      const which = this.#options.policy ? TEXT.step.accepted : TEXT.step.pinnedOne;
      const name = releases.length > 1 ? TEXT.step.ofRelease(release.version) : which;
      return [read, TEXT.step.published(name, release.manifest)];
    });
    return { release, manifest };
  }

  /**
   * @param {Asset} asset
   * @param {string} origin
   */
  #asset({ path, size, sha256, sha384, mediaType }, origin) {
    const name = path === '/' ? TEXT.step.page : path;
    return this.#steps.run(`asset:${path}`, TEXT.step.asset(name), async (compare) => {
      const at = new URL(path, `${origin}/`);
      if (at.origin !== origin) throw new Mismatch('elsewhere');
      const sent = await fetchBytes(at, Math.min(size, MAX_ASSET), this.#signal);
      compare('SHA-256', await sri('SHA-256', sent.bytes), sha256, 'other_bytes');
      compare('SHA-384', await sri('SHA-384', sent.bytes), sha384, 'other_bytes');
      compare(TEXT.compared.kind, sent.mediaType, mediaType, 'other_media_type');
      return [undefined, TEXT.step.sent(sent.bytes.byteLength.toLocaleString('en'))];
    });
  }

  /**
   * The release that the running enclave reports, where that is one of these.
   *
   * @param {Release[]} releases
   * @param {Release} published
   * @returns {Promise<Release | undefined>}
   */
  async #running(releases, published) {
    const title = TEXT.step.running;
    const { kms } = this.#options;
    if (!kms) {
      this.#steps.note('running', title, null, TEXT.step.notAsked);
      return undefined;
    }
    return await this.#steps.run('running', title, async (compare) => {
      const told = await kms.measurement(undefined, { signal: this.#signal });
      const release = releases.find(({ version }) => version === told.release) ?? published;
      compare(TEXT.compared.version, told.release, release.version, 'other_release_runs');
      compare(TEXT.compared.worker, told.digests.worker, release.worker, 'other_worker_runs');
      compare(TEXT.compared.wasm, told.digests.wasm, release.wasm, 'other_wasm_runs');
      return [release, runningText(release, published)];
    });
  }

  /**
   * @param {{ releases: Release[], csp: string }} checked
   * @param {Kms | undefined} kms
   * @returns {boolean}
   */
  #pinned({ releases, csp }, kms) {
    const own = kms?.csp === csp && releases.some(({ manifest }) => manifest === kms.release.manifest);
    const enforced = own && kms.isolation().pin === 'enforced';
    const webcat = releases.some((release) => release.webcat);
    const detail = enforced
      ? TEXT.step.isEnforced
      : webcat ? TEXT.step.notInWebcat : TEXT.step.notEnforced;
    this.#steps.note('enforced', TEXT.step.enforced, enforced ? true : null, detail);
    if (webcat) {
      this.#steps.note('extension', TEXT.step.extension, null, TEXT.step.unseen);
    }
    return enforced;
  }

  /** What this way of verifying never looks at, so that nobody takes it for done. */
  #notAsked() {
    this.#steps.note('headers', TEXT.step.headers, null, TEXT.step.headersUnread);
    if (this.#options.policy) return;
    this.#steps.note('vouched', TEXT.step.vouched, null, TEXT.step.notVouched);
  }
}

/**
 * @param {Release} running
 * @param {Release} published
 */
const runningText = (running, published) =>
  running === published
    ? TEXT.step.runs(running.version)
    : TEXT.step.runsOther(running.version, published.version);

/** @type {Judge} */
const ownJudge = async (options) => (await import('./policy.js')).verifyPolicy(options);

/**
 * @param {unknown} error
 * @param {AbortSignal} signal
 * @returns {string}
 */
function codeOf(error, signal) {
  if (signal.aborted) return 'no_answer';
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'unreadable';
}
