// The part of a connection that the adapters use, over keys of Node's own Web Cryptography.

const ALGORITHMS = {
  ed25519: { make: { name: 'Ed25519' }, use: 'Ed25519', alg: 'EdDSA' },
  'ec-p256': {
    make: { name: 'ECDSA', namedCurve: 'P-256' },
    use: { name: 'ECDSA', hash: 'SHA-256' },
    alg: 'ES256',
  },
};

const text = (bytes) => Buffer.from(bytes).toString('base64url');

/** RFC 7638, section 3: required members only, in order. */
async function thumbprint({ crv, kty, x, y }) {
  const json = JSON.stringify(y === undefined ? { crv, kty, x } : { crv, kty, x, y });
  return text(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(json)));
}

export function softKms() {
  const keys = new Map();
  const of = (keyId) => {
    const key = keys.get(keyId);
    if (key === undefined) throw Object.assign(new Error('no such key'), { code: 'not_found' });
    return key;
  };
  return {
    keys: {
      async create({ spec }) {
        const { make } = ALGORITHMS[spec];
        const pair = await crypto.subtle.generateKey(make, false, ['sign', 'verify']);
        const keyId = text(crypto.getRandomValues(new Uint8Array(16)));
        keys.set(keyId, { ...pair, ...ALGORITHMS[spec] });
        return { keyId };
      },
      async publicKey(keyId) {
        const { publicKey, alg } = of(keyId);
        const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
        const point = y === undefined ? { x } : { x, y };
        const kid = await thumbprint({ kty, crv, x, y });
        const spki = new Uint8Array(await crypto.subtle.exportKey('spki', publicKey));
        const raw = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey));
        return { jwk: { kty, crv, ...point, kid, alg, use: 'sig' }, spki, raw };
      },
    },
    async sign(keyId, data) {
      const { privateKey, use } = of(keyId);
      return new Uint8Array(await crypto.subtle.sign(use, privateKey, data));
    },
    async verify(keyId, data, signature) {
      const { publicKey, use } = of(keyId);
      return crypto.subtle.verify(use, publicKey, signature, data);
    },
  };
}
