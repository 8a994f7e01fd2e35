import { base64, isRecord } from './bytes.js';
import { connect as connectPinned } from './connect.js';
import { loadKit, said } from './kit.js';
import { PolicyError } from './policy-error.js';
import { fetchRelease, fetchTiles } from './policy-files.js';
import { withMark } from './policy-mark.js';
import { checkRelease } from './release.js';
import { explainFailure } from './verify-failures.js';

export { PolicyError } from './policy-error.js';

/** @typedef {import('./release.js').Release} Release */
/** @typedef {import('./kit.js').Kit} Kit */
/** @typedef {import('./policy-files.js').ReleaseFiles} ReleaseFiles */
/**
 * @typedef {object} Policy the content of the policy's file (docs/releases.md)
 * @property {number} schema
 * @property {string} origin origin of the enclave
 * @property {{ threshold: number, keys: string[] }} signers
 * @property {string[]} transparency
 * @property {number} cool_down_hours
 */
/**
 * @typedef {object} Accepted
 * @property {string} version
 * @property {number} epoch
 * @property {string} manifest digest of the manifest
 * @property {string} log the log's name
 * @property {number} index place of the statement in it
 * @property {number} size of the tree that the witnesses have seen
 * @property {number} time when a quorum of them had, in seconds since 1970
 */
const TIMEOUT_MS = 15_000;

/**
 * Verifies what the enclave's server publishes by a policy, and remembers it. Rejects with a
 * {@link PolicyError}.
 *
 * @param {{ policy: Policy, signal?: AbortSignal, timeoutMs?: number }} options
 * @returns {Promise<{ release: Release, accepted: Accepted }>}
 */
export async function verifyPolicy({ policy, signal, timeoutMs = TIMEOUT_MS }) {
  return await verifyWith(await loadKit(), { policy, signal, timeoutMs });
}

/**
 * Verifies by the policy, and connects to nothing but the release that was accepted.
 *
 * @param {Omit<import('./connect.js').ConnectOptions, 'release'> & { policy: Policy }} options
 */
export async function connect({ policy, ...options }) {
  const { signal } = options;
  const { release } = await verifyPolicy({ policy, ...(signal && { signal }) });
  return await connectPinned({ ...options, release });
}

/**
 * @internal
 * @param {Kit} kit
 * @param {{ policy: Policy, signal?: AbortSignal | undefined, timeoutMs: number }} options
 * @returns {Promise<{ release: Release, accepted: Accepted }>}
 */
export async function verifyWith(kit, { policy, signal, timeoutMs }) {
  const stop = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]);
  const origin = originOf(policy);
  const files = await fetchRelease(origin, stop);
  return await withMark(origin, async (mark, keep) => {
    const question = ask(policy, files, mark);
    question.growth = await growthOf(kit, question, stop);
    const { answer, pin } = said(() => kit.verify(JSON.stringify(question)));
    // A refusal is remembered too: it may have been by a revocation, which nobody shows again.
    if (answer.mark) keep(JSON.stringify(answer.mark));
    if (answer.accepted !== true) throw refusal(answer.code, files);
    const { releases: [release] } = checkRelease(pin, origin);
    return { release, accepted: answer.release };
  }, stop);
}

/**
 * What could not be read explains everything but a revocation.
 *
 * @param {string} code
 * @param {ReleaseFiles} files
 */
function refusal(code, { unreachable }) {
  if (unreachable && code !== 'revoked') return unreachable;
  return new PolicyError(code, explainFailure(code)?.text ?? 'The release is refused.');
}

/**
 * @param {unknown} policy
 * @returns {string}
 */
function originOf(policy) {
  const origin = isRecord(policy) ? policy['origin'] : undefined;
  if (typeof origin === 'string' && URL.canParse(origin) && new URL(origin).origin === origin) {
    return origin;
  }
  throw new PolicyError('policy_form', 'The policy names no origin.');
}

/**
 * @param {Policy} policy
 * @param {ReleaseFiles} files
 * @param {string | null} mark
 */
function ask(policy, { manifest, proof, revocations }, mark) {
  /** @param {string} text */
  const encoded = (text) => base64(new TextEncoder().encode(text));
  return {
    policy: encoded(JSON.stringify(policy)),
    manifest: base64(manifest),
    proof: base64(proof),
    growth: /** @type {string | null} */ (null),
    revocations: revocations?.map(base64) ?? null,
    mark: mark === null ? null : encoded(mark),
    now: Math.floor(Date.now() / 1000),
  };
}

/**
 * That the log has grown from the tree that was seen, made of the log's own tiles. What cannot be had
 * is null; the verifier refuses then, if it needs it.
 *
 * @param {Kit} kit
 * @param {ReturnType<typeof ask>} question
 * @param {AbortSignal} signal
 * @returns {Promise<string | null>}
 */
async function growthOf(kit, question, signal) {
  const text = JSON.stringify(question);
  const wanted = said(() => kit.wanted(text));
  const tiles = wanted && (await fetchTiles(wanted, signal));
  if (!tiles) return null;
  const growth = said(() => kit.growth(text, JSON.stringify(tiles.map(base64))));
  return growth === null ? null : base64(new TextEncoder().encode(growth));
}
