import { fetchBytes } from './fetch-bytes.js';
import { single } from './single.js';
import { Mismatch } from './verify-failures.js';

/** @typedef {import('./rpc.js').CallOptions} CallOptions */
/** @typedef {import('./single.js').AskedKms} AskedKms */
/** @typedef {import('./protocol.gen.js').NoticeParams} NoticeParams */
/** @typedef {import('./protocol.gen.js').Standing} Standing */

const MAX_MANIFEST = 64 * 1024;
const MAX_LIST = 256 * 1024;
const MAX_REVOCATIONS = 64;
const TIMEOUT_MS = 10_000;
/** The release that a revocation names. It only says which file to ask for; the enclave checks all. */
const NAMED = /^manifest (sha256-[A-Za-z0-9+/]{43}=)$/m;

/**
 * Tells the enclave what signers say against a release: the release that runs, or another one that
 * it shall never be followed by. The enclave checks every byte.
 *
 * @param {AskedKms} kms
 * @param {NoticeParams} notice
 * @param {CallOptions} [options]
 * @returns {Promise<Standing>} what it knows of the release that runs
 */
export async function tell(kms, notice, options = {}) {
  const { standing } = await single(kms, { method: 'enclave.notice', params: notice }, options);
  return standing;
}

/**
 * Tells the enclave what its own server publishes: the list of revocations, each with the manifest of
 * the release that it names, be it the one that runs or another one. To be called before an unlock is
 * asked for. Rejects where the list is not to be had, or the manifest of the pinned release when it is
 * revoked: what is kept back here is no reason to go on. Of another release that the server does not
 * have, there is nothing to tell.
 *
 * @param {AskedKms} kms
 * @param {{ url: string, manifest: string }} release the pinned release
 * @param {{ signal?: AbortSignal }} [options]
 * @returns {Promise<Standing>}
 */
export async function tellPublished(kms, { url, manifest: own }, { signal } = {}) {
  const stop = AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])]);
  /** @param {string} name @param {number} max */
  const read = async (name, max) =>
    (await fetchBytes(new URL(`/.well-known/ats-kms/${name}`, url), max, stop)).bytes;
  const list = notesOf(await read('revocations.json', MAX_LIST));
  const manifests = await Promise.all(list.map(async (note) => {
    const digest = NAMED.exec(note)?.[1];
    if (!digest) return null;
    const manifest = read(`manifests/${hex(digest)}.json`, MAX_MANIFEST);
    return await manifest.catch((problem) => {
      const none = problem instanceof Mismatch && problem.code === 'bad_status';
      if (none && digest !== own) return null;
      throw problem;
    });
  }));
  /** @type {Standing} */
  let standing = 'unknown';
  for (const [place, note] of list.entries()) {
    const manifest = manifests[place];
    if (!manifest) continue;
    const statement = new TextEncoder().encode(note);
    standing = await tell(kms, { manifest, statement }, { signal: stop });
  }
  return standing;
}

/** @param {string} digest `sha256-…` in base64 */
const hex = (digest) =>
  [...atob(digest.slice('sha256-'.length))]
    .map((byte) => byte.charCodeAt(0).toString(16).padStart(2, '0'))
    .join('');

/**
 * @param {Uint8Array} bytes
 * @returns {string[]}
 */
function notesOf(bytes) {
  /** @type {unknown} */
  let list;
  try {
    list = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new Mismatch('revocations_missing', { cause });
  }
  const isText = (/** @type {unknown} */ note) => typeof note === 'string';
  if (!Array.isArray(list) || list.length > MAX_REVOCATIONS || !list.every(isText)) {
    throw new Mismatch('revocations_missing');
  }
  return list;
}
