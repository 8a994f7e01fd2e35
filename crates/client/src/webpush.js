import { given } from './bytes.js';
import { single } from './single.js';

/** @typedef {import('./rpc.js').CallOptions} CallOptions */
/** @typedef {import('./single.js').AskedKms} AskedKms */

/**
 * A subscription as the browser of the receiver gives it, or the JSON of it.
 *
 * @typedef {{ getKey(name: 'p256dh' | 'auth'): ArrayBuffer | null }
 *   | { keys?: { [name: string]: string } }} Subscription
 */

/**
 * Encrypts a message for a subscription (RFC 8291). The enclave makes a key for it and keeps
 * nothing; whoever sends it to the push service adds the header field `Content-Encoding: aes128gcm`.
 *
 * @param {AskedKms} kms
 * @param {Subscription} subscription
 * @param {Uint8Array} payload at most 3993 bytes
 * @param {CallOptions & { paddedLength?: number }} [options] the length that a shorter payload is
 *   padded to; a push service sees the length
 * @returns {Promise<Uint8Array>} the body of the request
 */
export async function encryptWebPush(
  kms,
  subscription,
  payload,
  { paddedLength, ...options } = {},
) {
  const [p256dh, auth] = [keyOf(subscription, 'p256dh'), keyOf(subscription, 'auth')];
  const params = { p256dh, auth, payload, ...given({ paddedLength }) };
  return (await single(kms, { method: 'webpush.encrypt', params }, options)).body;
}

/**
 * @param {Subscription} subscription
 * @param {'p256dh' | 'auth'} name
 * @returns {Uint8Array}
 */
function keyOf(subscription, name) {
  if ('getKey' in subscription) return new Uint8Array(subscription.getKey(name) ?? new ArrayBuffer(0));
  const text = subscription.keys?.[name];
  if (!/^[A-Za-z0-9_-]+={0,2}$/.test(text ?? '')) throw new TypeError(`no key ${name}`);
  const binary = atob(/** @type {string} */ (text).replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (one) => one.charCodeAt(0));
}
