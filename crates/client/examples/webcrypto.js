// Code that was written for `crypto.subtle`, over a key that stays in the enclave.
import { KmsSubtle } from '@ats-run/kms-client/webcrypto';

/** @param {import('@ats-run/kms-client').Kms} kms an unlocked connection */
export async function sealOfApproval(kms) {
  const subtle = new KmsSubtle(kms);
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  const { privateKey, publicKey } = await subtle.generateKey(
    { name: 'ECDSA', namedCurve: 'P-256' },
    false,
    ['sign', 'verify'],
  );
  const data = new TextEncoder().encode('approved');
  const signature = await subtle.sign(algorithm, privateKey, data);
  const valid = await subtle.verify(algorithm, publicKey, signature, data);
  return { data, signature, valid, spki: await subtle.exportKey('spki', publicKey) };
}
