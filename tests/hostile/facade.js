// The facade that is shaped like Web Cryptography, over the client and the enclave as it is served.
// What comes out is checked with the browser's own `crypto.subtle`.
import { connect } from '/client/index.js';
import { KmsSubtle } from '/client/webcrypto.js';
import { askForLease, examples, push } from '/hostile/adapters.js';

let kms = null;
let waiting = null;

const AES = { name: 'AES-GCM', length: 256 };
const HMAC = { name: 'HMAC', hash: 'SHA-256' };
const ECDH = { name: 'ECDH', namedCurve: 'P-256' };
const utf8 = (text) => new TextEncoder().encode(text);
const data = utf8('some text');

const same = (a, b) => `${new Uint8Array(a)}` === `${new Uint8Array(b)}`;
const nameOf = (promise) => promise.then(() => 'done', ({ name }) => name);

/** A text in CBOR (RFC 8949), of less than 24 bytes. */
const text = (value) => [0x60 + value.length, ...utf8(value)];
const bytes = (value) => [0x58, value.length, ...value];

async function hmacOf(secret) {
  const key = await crypto.subtle.importKey('raw', secret, HMAC, false, ['sign']);
  return crypto.subtle.sign('HMAC', key, data);
}

async function encryption(subtle) {
  const key = await subtle.generateKey(AES, false, ['encrypt', 'decrypt']);
  const how = { name: 'AES-GCM', additionalData: utf8('here') };
  const ciphertext = await subtle.encrypt(how, key, data);
  const iv = new Uint8Array(12);
  const handle = await subtle.secretKey(await onlyKey());
  return {
    handle: handle.usages.join(' '),
    read: same(await subtle.decrypt(how, key, ciphertext), data),
    elsewhere: await nameOf(subtle.decrypt('AES-GCM', key, ciphertext)),
    'own nonce': await nameOf(subtle.encrypt({ ...how, iv }, key, data)),
    'no ciphertext': await nameOf(subtle.decrypt(how, key, iv)),
    'not for it': await nameOf(subtle.sign('HMAC', key, data)),
    context: same(
      await kms.decrypt(await onlyKey(), new Uint8Array(ciphertext), {
        context: { additionalData: 'aGVyZQ' },
      }),
      data,
    ),
  };
}

/** What the first key that was made is called. */
async function onlyKey() {
  const { keys } = await kms.keys.list();
  if (keys.length !== 1) throw new Error(`${keys.length} keys`);
  return keys[0].keyId;
}

/** The other side is the browser, which computes by docs/formats.md what both have. */
async function agreement(subtle) {
  const ours = await subtle.generateKey(ECDH, false, ['deriveKey']);
  const theirs = await crypto.subtle.generateKey(ECDH, false, ['deriveBits']);
  const key = await subtle.deriveKey(
    { name: 'ECDH', public: theirs.publicKey },
    ours.privateKey,
    HMAC,
    false,
    ['sign'],
  );
  const raw = await subtle.exportKey('raw', ours.publicKey);
  const peer = await crypto.subtle.importKey('raw', raw, ECDH, true, []);
  const how = { name: 'ECDH', public: peer };
  const shared = await crypto.subtle.deriveBits(how, theirs.privateKey, 256);
  const own = new Uint8Array(await crypto.subtle.exportKey('raw', theirs.publicKey));
  const hex = (half) => [...half].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const halves = [own, new Uint8Array(raw)].sort((a, b) => (hex(a) < hex(b) ? -1 : 1));
  const info = [0x85, ...text('ats-kms/v1/agree'), ...text('hmac-sha256')];
  for (const half of halves) info.push(...bytes(half));
  const hkdf = await crypto.subtle.importKey('raw', shared, 'HKDF', false, ['deriveBits']);
  const derived = await crypto.subtle.deriveBits(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: Uint8Array.of(...info, 0xa0) },
    hkdf,
    256,
  );
  return same(await subtle.sign('HMAC', key, data), await hmacOf(derived));
}

/** Both sides are in the enclave. */
async function x25519(subtle) {
  const [one, other] = [
    await subtle.generateKey('X25519', false, ['deriveKey']),
    await subtle.generateKey('X25519', false, ['deriveKey']),
  ];
  const agree = (from, to, extractable = false) =>
    subtle.deriveKey({ name: 'X25519', public: to.publicKey }, from.privateKey, HMAC, extractable, [
      'sign',
      'verify',
    ]);
  const code = await subtle.sign('HMAC', await agree(one, other), data);
  return {
    agreed: await subtle.verify('HMAC', await agree(other, one), code, data),
    'with itself': await subtle.verify('HMAC', await agree(one, one), code, data),
    'to leave': await nameOf(agree(one, other, true)),
  };
}

/** A ciphertext is bound to the name of its key. */
async function copies(subtle) {
  const key = await subtle.generateKey(AES, true, ['encrypt', 'decrypt']);
  const above = await subtle.generateKey(AES, false, ['wrapKey', 'unwrapKey']);
  const wrapped = await subtle.wrapKey('raw-secret', key, above, 'AES-GCM');
  const copy = await subtle.unwrapKey('raw-secret', wrapped, above, 'AES-GCM', AES, false, [
    'decrypt',
  ]);
  const ciphertext = await subtle.encrypt('AES-GCM', key, data);
  return {
    original: same(await subtle.decrypt('AES-GCM', key, ciphertext), data),
    copy: await nameOf(subtle.decrypt('AES-GCM', copy, ciphertext)),
  };
}

async function wrapping(subtle) {
  const root = await subtle.generateKey('HKDF', true, ['deriveKey']);
  const derive = (info) =>
    subtle.deriveKey({ name: 'HKDF', hash: 'SHA-256', info: utf8(info) }, root, HMAC, true, [
      'sign',
      'verify',
    ]);
  const key = await derive('one');
  const code = await subtle.sign('HMAC', key, data);
  const above = await subtle.generateKey(AES, false, ['wrapKey', 'unwrapKey']);
  const how = { name: 'AES-GCM', additionalData: utf8('shelf') };
  const wrapped = await subtle.wrapKey('raw', key, above, how);
  const unwrap = (asked, as = HMAC, usages = ['verify']) =>
    subtle.unwrapKey('raw', wrapped, above, asked, as, false, usages);
  const copy = await unwrap(how);
  return {
    'derived again': await subtle.verify('HMAC', await derive('one'), code, data),
    'derived otherwise': await subtle.verify('HMAC', await derive('two'), code, data),
    unwrapped: await subtle.verify('HMAC', copy, code, data),
    'another code': await subtle.verify('HMAC', copy, code, data.subarray(1)),
    elsewhere: await nameOf(unwrap('AES-GCM')),
    'another kind': await nameOf(unwrap(how, AES, ['encrypt'])),
    'wrapped again': await nameOf(subtle.wrapKey('raw', copy, above, how)),
    'by a handle for less': await nameOf(subtle.sign('HMAC', copy, data)),
  };
}

async function promises(subtle) {
  const { publicKey } = await subtle.generateKey('Ed25519', false, ['sign']);
  const secret = await subtle.generateKey(AES, false, ['encrypt']);
  return {
    supported: KmsSubtle.supports('wrapKey', 'AES-GCM', HMAC),
    unsupported: KmsSubtle.supports('encrypt', { name: 'AES-GCM', iv: new Uint8Array(12) }),
    'public raw': (await subtle.exportKey('raw', publicKey)).byteLength,
    'secret raw': await nameOf(subtle.exportKey('raw', secret)),
    'locked vault': await kms.lock().then(() => nameOf(subtle.encrypt('AES-GCM', secret, data))),
  };
}

const STEPS = {
  async open({ url }) {
    const release = await (await fetch('/release.json')).json();
    kms = await connect({ release, url });
    waiting = kms.setup();
    return null;
  },
  async run() {
    await waiting;
    const subtle = new KmsSubtle(kms);
    return {
      encryption: await encryption(subtle),
      agreement: await agreement(subtle),
      x25519: await x25519(subtle),
      copies: await copies(subtle),
      wrapping: await wrapping(subtle),
    };
  },
  examples: () => examples(kms),
  /** The person is asked. */
  async allow({ audience }) {
    waiting = askForLease(kms, audience);
    return null;
  },
  push: async () => push(kms, await waiting),
  /** Ends with a locked vault. */
  promises: () => promises(new KmsSubtle(kms)),
};

export default ({ op, ...argument }) => STEPS[op](argument);
