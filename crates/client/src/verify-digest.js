import { base64 } from './bytes.js';
import { WORDS } from './wordlist.gen.js';

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

/**
 * The first 66 bits of a digest as six words of the English list of BIP-39, to be read aloud or
 * compared between devices. Every verifier says the same words.
 *
 * @param {Uint8Array} digest
 * @returns {string}
 */
export function wordCode(digest) {
  let bits = 0n;
  for (const byte of digest.subarray(0, 9)) bits = (bits << 8n) | BigInt(byte);
  const said = [];
  for (let shift = 61n; shift >= 6n; shift -= 11n) said.push(WORDS[Number((bits >> shift) & 2047n)]);
  return said.join(' ');
}

/**
 * @param {string} digest `sha256-…` in base64
 * @returns {Uint8Array}
 */
export const digestBytes = (digest) =>
  Uint8Array.from(atob(digest.slice('sha256-'.length)), (letter) => letter.charCodeAt(0));
