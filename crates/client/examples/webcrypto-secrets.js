// Keys that are agreed on, derived and wrapped, by code that was written for `crypto.subtle`.
import { KmsSubtle } from '@ats-run/kms-client/webcrypto';

const AES = { name: 'AES-GCM', length: 256 };
const HMAC = { name: 'HMAC', hash: 'SHA-256' };

/**
 * Each side agrees with the other on the same key, which neither of them ever sees.
 *
 * @param {import('@ats-run/kms-client').Kms} kms an unlocked connection
 * @param {BufferSource} message
 */
export async function talk(kms, message) {
  const subtle = new KmsSubtle(kms);
  const ours = await subtle.generateKey('X25519', false, ['deriveKey']);
  const theirs = await subtle.generateKey('X25519', false, ['deriveKey']);
  /** @param {import('@ats-run/kms-client/webcrypto').KmsKey} own @param {typeof own} other */
  const agree = (own, other) =>
    subtle.deriveKey({ name: 'X25519', public: other }, own, HMAC, false, ['sign', 'verify']);
  const sending = await agree(ours.privateKey, theirs.publicKey);
  const receiving = await agree(theirs.privateKey, ours.publicKey);
  const code = await subtle.sign('HMAC', sending, message);
  return subtle.verify('HMAC', receiving, code, message);
}

/**
 * Nothing but this key reads what it encrypted.
 *
 * @param {import('@ats-run/kms-client').Kms} kms
 * @param {BufferSource} message
 */
export async function hide(kms, message) {
  const subtle = new KmsSubtle(kms);
  const key = await subtle.generateKey(AES, false, ['encrypt', 'decrypt']);
  // No `iv`: the enclave chooses the nonce, and the ciphertext names it.
  const how = { name: 'AES-GCM', additionalData: new TextEncoder().encode('draft 7') };
  const ciphertext = await subtle.encrypt(how, key, message);
  return subtle.decrypt(how, key, ciphertext);
}

/**
 * A key for each record from one that derives, and a copy of that one, wrapped for keeping.
 *
 * @param {import('@ats-run/kms-client').Kms} kms
 * @param {BufferSource} message
 */
export async function keep(kms, message) {
  const subtle = new KmsSubtle(kms);
  const wrapping = await subtle.generateKey(AES, false, ['wrapKey', 'unwrapKey']);
  const root = await subtle.generateKey({ name: 'HKDF' }, true, ['deriveKey']);
  const info = new TextEncoder().encode('record 7');
  const record = await subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', info },
    root,
    HMAC,
    true,
    ['sign', 'verify'],
  );
  const code = await subtle.sign('HMAC', record, message);
  const wrapped = await subtle.wrapKey('raw', record, wrapping, 'AES-GCM');
  const copy = await subtle.unwrapKey(
    'raw',
    wrapped,
    wrapping,
    'AES-GCM',
    HMAC,
    false,
    ['verify'],
  );
  return { wrapped, copy, valid: await subtle.verify('HMAC', copy, code, message) };
}
