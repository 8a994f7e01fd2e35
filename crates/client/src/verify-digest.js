import { base64 } from './bytes.js';
import { Mismatch } from './fetch-bytes.js';

/**
 * @param {unknown} found
 * @param {string} expected
 * @param {string} text
 */
export function same(found, expected, text) {
  if (found !== expected) throw new Mismatch(text);
}

/**
 * @param {'SHA-256' | 'SHA-384'} algorithm
 * @param {Uint8Array<ArrayBuffer>} bytes
 */
export const hash = async (algorithm, bytes) =>
  new Uint8Array(await crypto.subtle.digest(algorithm, bytes));

/**
 * @param {'SHA-256' | 'SHA-384'} algorithm
 * @param {Uint8Array<ArrayBuffer>} bytes
 */
export const sri = async (algorithm, bytes) =>
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
