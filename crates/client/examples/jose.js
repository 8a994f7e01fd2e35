// A token that a key of the enclave signs and any library verifies.
import { SignJWT, joseKey, jwkSet } from '@ats-run/kms-client/jose';

/**
 * @param {import('@ats-run/kms-client').Kms} kms an unlocked connection
 * @param {string} keyId
 */
export async function receipt(kms, keyId) {
  const key = await joseKey(kms, keyId);
  const token = await new SignJWT({ amount: 12 })
    .setIssuer('https://shop.example')
    .setAudience('https://bank.example')
    .setIssuedAt()
    .setExpirationTime(new Date(Date.now() + 300_000))
    .sign(key);
  // What the other side needs to verify it.
  return { token, keys: jwkSet([key]) };
}
