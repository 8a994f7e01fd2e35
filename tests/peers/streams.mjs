// Messages of any length, from the text of docs/formats.md alone.
import { gcm } from '@noble/ciphers/aes.js';

const CHUNK = 65_536;
const TAG = 16;

/** The cipher of a chunk: the nonce has its number and whether it is the last. */
function cipher(key, number, isLast) {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(number, 7);
  nonce[11] = Number(isLast);
  return gcm(key, new Uint8Array(nonce));
}

/** Cuts after every so many bytes. Nothing is one empty piece. */
function pieces(bytes, size) {
  const count = Math.max(1, Math.ceil(bytes.length / size));
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
}

const each = (parts, work) =>
  new Uint8Array(Buffer.concat(parts.map((part, at) => work(part, at, at === parts.length - 1))));

/** The payload of a message under the stream's own key. */
export const sealPayload = (key, message) =>
  each(pieces(message, CHUNK), (part, ...at) => cipher(key, ...at).encrypt(part));

/** The message of a payload; throws if any of it is not authentic. */
export const openPayload = (key, payload) =>
  each(pieces(payload, CHUNK + TAG), (part, ...at) => cipher(key, ...at).decrypt(part));
