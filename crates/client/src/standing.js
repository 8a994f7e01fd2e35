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
 * Tells the enclave what its own server publishes: the list of revocations, with the manifest that
 * is served. To be called before an unlock is asked for. Rejects where one of them is not to be had:
 * what is kept back here is no reason to go on.
 *
 * @param {AskedKms} kms
 * @param {{ url: string }} release the pinned release
 * @param {{ signal?: AbortSignal }} [options]
 * @returns {Promise<Standing>}
 */
export async function tellPublished(kms, { url }, { signal } = {}) {
  const stop = AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])]);
  /** @param {string} name @param {number} max */
  const read = async (name, max) =>
    (await fetchBytes(new URL(`/.well-known/ats-kms/${name}`, url), max, stop)).bytes;
  const manifest = await read('manifest.json', MAX_MANIFEST);
  const list = notesOf(await read('revocations.json', MAX_LIST));
  /** @type {Standing} */
  let standing = 'unknown';
  for (const note of list) {
    const statement = new TextEncoder().encode(note);
    standing = await tell(kms, { manifest, statement }, { signal: stop });
  }
  return standing;
}

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
