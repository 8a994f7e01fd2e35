// The part of a connection that the adapters use, over keys of Node's own Web Cryptography.
import { softSecrets } from './soft-secrets.js';

const SIGNS = ['sign', 'verify'];
const AGREES = ['agree'];
const ALGORITHMS = {
  ed25519: { make: { name: 'Ed25519' }, use: 'Ed25519', alg: 'EdDSA', usage: SIGNS },
  'ec-p256': {
    make: { name: 'ECDSA', namedCurve: 'P-256' },
    use: { name: 'ECDSA', hash: 'SHA-256' },
    alg: 'ES256',
    usage: SIGNS,
  },
  x25519: { make: { name: 'X25519' }, alg: 'ECDH-ES', usage: AGREES },
  'ec-p256-agreement': {
    make: { name: 'ECDH', namedCurve: 'P-256' },
    alg: 'ECDH-ES',
    usage: AGREES,
  },
};

const text = (bytes) => Buffer.from(bytes).toString('base64url');

/** RFC 7638, section 3: required members only, in order. */
async function thumbprint({ crv, kty, x, y }) {
  const json = JSON.stringify(y === undefined ? { crv, kty, x } : { crv, kty, x, y });
  return text(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(json)));
}

/** @returns a connection, and as `asked` the parameters of all keys that were made */
export function softKms() {
  const keys = new Map();
  const asked = [];
  const of = (keyId) => {
    const key = keys.get(keyId);
    if (key === undefined) throw Object.assign(new Error('no such key'), { code: 'not_found' });
    return key;
  };
  const add = (params, usage, parts) => {
    asked.push(params);
    const keyId = text(crypto.getRandomValues(new Uint8Array(16)));
    const info = { keyId, spec: params.spec, usage: params.policy?.operations ?? usage };
    keys.set(keyId, { info, ...parts });
    return info;
  };
  const secrets = softSecrets(of, add);
  return {
    asked,
    keys: {
      ...secrets.keys,
      async create(params) {
        if (!(params.spec in ALGORITHMS)) return secrets.create(params);
        const { make, usage, ...how } = ALGORITHMS[params.spec];
        const usages = usage === SIGNS ? usage : ['deriveBits'];
        const pair = await crypto.subtle.generateKey(make, false, usages);
        return add(params, usage, { ...how, make, ...pair });
      },
      describe: async (keyId) => of(keyId).info,
      async publicKey(keyId) {
        const { publicKey, alg, use } = of(keyId);
        const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
        const point = y === undefined ? { x } : { x, y };
        const kid = await thumbprint({ kty, crv, x, y });
        const spki = new Uint8Array(await crypto.subtle.exportKey('spki', publicKey));
        const raw = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey));
        const jwk = { kty, crv, ...point, kid, alg, use: use ? 'sig' : 'enc' };
        const base64 = Buffer.from(spki).toString('base64').replaceAll(/.{64}(?!$)/g, '$&\n');
        const pem = `-----BEGIN PUBLIC KEY-----\n${base64}\n-----END PUBLIC KEY-----\n`;
        return { jwk, spki, pem, raw };
      },
    },
    ...secrets.operations,
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
