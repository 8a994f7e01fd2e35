import { PolicyError } from './policy-error.js';

/**
 * What was accepted before, in this page's own storage. A verification reads it, and writes it before
 * another one of any tab begins: of two at once, the older would otherwise undo the newer.
 *
 * @template T
 * @param {string} origin of the enclave
 * @param {(mark: string | null, keep: (mark: string) => void) => Promise<T>} work
 * @param {AbortSignal} signal
 * @returns {Promise<T>}
 */
export async function withMark(origin, work, signal) {
  const name = `ats-kms mark ${origin}`;
  /** @type {Storage} */
  let storage;
  let locks;
  try {
    storage = globalThis.localStorage;
    locks = navigator.locks;
    if (!storage || !locks) throw new TypeError('no storage or no locks');
  } catch (cause) {
    throw unavailable(cause);
  }
  return await locks.request(name, { signal }, () => work(read(storage, name), (mark) => {
    write(storage, name, mark);
  }));
}

/**
 * @param {Storage} storage
 * @param {string} name
 */
function read(storage, name) {
  try {
    return storage.getItem(name);
  } catch (cause) {
    throw unavailable(cause);
  }
}

/**
 * A mark that cannot be kept is as bad as none: what is accepted now could be undone later.
 *
 * @param {Storage} storage
 * @param {string} name
 * @param {string} mark
 */
function write(storage, name, mark) {
  try {
    storage.setItem(name, mark);
  } catch (cause) {
    throw unavailable(cause);
  }
}

/** @param {unknown} cause */
const unavailable = (cause) =>
  new PolicyError('mark_unavailable', 'What was seen before cannot be kept here.', cause);
