// Symmetric keys for `softKms`: bound to what the enclave binds to, in no form of the enclave.
import { KmsError } from '../src/errors.js';

const SIZE = 32;
const NONCE = 12;
const ORDINARY = { 'aes-256': ['encrypt', 'decrypt'], 'hmac-sha256': ['mac', 'verify_mac'] };

const random = (length) => crypto.getRandomValues(new Uint8Array(length));
const bound = (...parts) => new TextEncoder().encode(JSON.stringify(parts));

async function aes(secret, usage) {
  return crypto.subtle.importKey('raw', secret, 'AES-GCM', false, [usage]);
}

async function locked(secret, data, additionalData) {
  const iv = random(NONCE);
  const key = await aes(secret, 'encrypt');
  const made = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, key, data);
  return new Uint8Array([...iv, ...new Uint8Array(made)]);
}

async function unlocked(secret, data, additionalData) {
  const key = await aes(secret, 'decrypt');
  const how = { name: 'AES-GCM', iv: data.subarray(0, NONCE), additionalData };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(how, key, data.subarray(NONCE)));
  } catch (cause) {
    throw new KmsError('invalid_ciphertext', { cause });
  }
}

async function hkdf(secret, info) {
  const key = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits']);
  const how = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, 8 * SIZE));
}

async function hmac(secret, data) {
  const how = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', secret, how, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, data));
}

/** Refuses as the enclave does what the policy of a key does not name. */
function allowed({ info, secret }, use) {
  if (!info.usage.includes(use)) throw new KmsError('policy_denied', { rule: 'operation' });
  return secret;
}

/** Refuses a new key that could leave when the one that it is made of could not. */
function staysIn({ info }, { policy }) {
  const leaves = policy?.operations?.includes('export') ?? false;
  if (leaves && !info.usage.includes('export')) {
    throw new KmsError('policy_denied', { rule: 'operation' });
  }
}

const same = (a, b) => Buffer.compare(a, b) === 0;
const purpose = ({ spec, policy }) => [spec, policy?.operations?.includes('derive') ?? false];

/** @returns the methods about symmetric keys, over a table of keys */
export function softSecrets(of, add) {
  const made = (params, secret) => add(params, ORDINARY[params.spec], { secret });
  return {
    create: async (params) => made(params, random(SIZE)),
    keys: {
      async agree(keyId, peer, params, { context } = {}) {
        const { make, privateKey, publicKey } = of(keyId);
        staysIn(of(keyId), params);
        const theirs = await crypto.subtle
          .importKey('raw', peer, make, true, [])
          .catch((cause) => Promise.reject(new KmsError('invalid_key', { cause })));
        const how = { name: make.name, public: theirs };
        const shared = new Uint8Array(await crypto.subtle.deriveBits(how, privateKey, 8 * SIZE));
        const own = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey));
        const halves = [own, peer].map((half) => Buffer.from(half).toString('hex')).sort();
        return made(params, await hkdf(shared, bound('agree', purpose(params), halves, context)));
      },
      async derive(keyId, params, { context } = {}) {
        const secret = allowed(of(keyId), 'derive');
        staysIn(of(keyId), params);
        return made(params, await hkdf(secret, bound('derive', purpose(params), context)));
      },
      async wrap(keyId, targetKeyId, { context } = {}) {
        const target = of(targetKeyId);
        const secret = allowed(of(keyId), 'wrap');
        return locked(secret, allowed(target, 'export'), bound(target.info.spec, keyId, context));
      },
      async unwrap(keyId, wrapped, params, { context } = {}) {
        const secret = allowed(of(keyId), 'unwrap');
        return made(params, await unlocked(secret, wrapped, bound(params.spec, keyId, context)));
      },
    },
    operations: {
      encrypt: async (keyId, data, { context } = {}) =>
        locked(allowed(of(keyId), 'encrypt'), data, bound('encrypt', keyId, context)),
      decrypt: async (keyId, data, { context } = {}) =>
        unlocked(allowed(of(keyId), 'decrypt'), data, bound('encrypt', keyId, context)),
      mac: async (keyId, data) => hmac(allowed(of(keyId), 'mac'), data),
      verifyMac: async (keyId, data, mac) =>
        same(await hmac(allowed(of(keyId), 'verify_mac'), data), mac),
    },
  };
}
