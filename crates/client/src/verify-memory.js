import { isRecord } from './bytes.js';

/** @typedef {Pick<Storage, 'getItem' | 'setItem'>} Memory where a page keeps what was verified */
/** @typedef {{ manifest: string, version: string, last: number }} Seen `last`: ms since 1970 */
/** @typedef {Seen & { first: number, before: Seen | null }} Remembered */

const DIGEST = /^sha256-[A-Za-z0-9+/]{43}=$/;
const VERSION = /^[\w.+-]{1,64}$/;

/** @param {string} origin */
const place = (origin) => `ats-kms-verified ${origin}`;

/**
 * What was last verified in this browser. It is a help for people and never a proof: nothing is
 * decided by it. What cannot be read counts as nothing.
 *
 * @param {Memory | null | undefined} memory
 * @param {string} origin of the enclave
 * @returns {Remembered | null}
 */
export function recall(memory, origin) {
  try {
    const text = memory?.getItem(place(origin));
    /** @type {unknown} */
    const value = JSON.parse(text ?? 'null');
    return isRemembered(value) ? value : null;
  } catch {
    return null;
  }
}

/**
 * Remembers a release that has just been verified, and the one it has replaced.
 *
 * @param {Memory | null | undefined} memory
 * @param {string} origin
 * @param {Seen} seen
 */
export function remember(memory, origin, { manifest, version, last }) {
  const past = recall(memory, origin);
  const same = past?.manifest === manifest;
  const first = same ? past.first : last;
  const before = same ? past.before : past && pick(past);
  try {
    memory?.setItem(place(origin), JSON.stringify({ manifest, version, last, first, before }));
  } catch {
    // Full or forbidden: then nothing is remembered, as in a new browser.
  }
}

/**
 * @param {Seen} seen
 * @returns {Seen}
 */
const pick = ({ manifest, version, last }) => ({ manifest, version, last });

/**
 * @param {unknown} value
 * @returns {value is Seen}
 */
const isSeen = (value) =>
  isRecord(value) && DIGEST.test(String(value['manifest'])) &&
  VERSION.test(String(value['version'])) && isTime(value['last']);

/** @param {unknown} value */
const isTime = (value) =>
  typeof value === 'number' && !Number.isNaN(new Date(value).getTime());

/**
 * @param {unknown} value
 * @returns {value is Remembered}
 */
function isRemembered(value) {
  if (!isSeen(value)) return false;
  const { first, before } = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (value));
  return isTime(first) && (before === null || isSeen(before));
}
