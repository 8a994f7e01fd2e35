import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hide, keep, talk } from '../examples/webcrypto-secrets.js';
import { KmsError } from '../src/errors.js';
import { KmsKey, KmsSubtle } from '../src/webcrypto.js';
import { softKms } from './soft-kms.js';

const AES = { name: 'AES-GCM', length: 256 };
const HMAC = { name: 'HMAC', hash: 'SHA-256' };
const HKDF = { name: 'HKDF', hash: 'SHA-256' };
const CURVES = ['X25519', { name: 'ECDH', namedCurve: 'P-256' }];
const bytes = (text) => new TextEncoder().encode(text);
const data = bytes('data');
const named = (name) => ({ name });
const nameOf = (algorithm) => algorithm.name ?? algorithm;

/** A facade, and what it asked of the enclave. */
function facade() {
  const kms = softKms();
  return { kms, subtle: new KmsSubtle(kms) };
}

test('what is encrypted is decrypted, with the same additional data only', async () => {
  const { subtle } = facade();
  const key = await subtle.generateKey(AES, false, ['encrypt', 'decrypt']);
  assert.deepEqual({ ...key }, {
    type: 'secret',
    extractable: false,
    algorithm: AES,
    usages: ['encrypt', 'decrypt'],
  });
  const how = { name: 'AES-GCM', additionalData: bytes('here'), tagLength: 128 };
  const ciphertext = await subtle.encrypt(how, key, data);
  assert.equal(ciphertext.constructor, ArrayBuffer);
  assert.deepEqual(new Uint8Array(await subtle.decrypt(how, key, ciphertext)), data);
  for (const other of ['AES-GCM', { ...how, additionalData: bytes('there') }]) {
    await assert.rejects(subtle.decrypt(other, key, ciphertext), (error) => {
      assert.equal(error.name, 'OperationError');
      return error.cause instanceof KmsError && error.cause.code === 'invalid_ciphertext';
    });
  }
  // No bytes are as none.
  const bare = await subtle.encrypt('AES-GCM', key, data);
  const none = { name: 'AES-GCM', additionalData: new Uint8Array() };
  assert.deepEqual(new Uint8Array(await subtle.decrypt(none, key, bare)), data);
});

test('the context that bytes become is the documented one', async () => {
  const { kms, subtle } = facade();
  const key = await subtle.generateKey(AES, false, ['encrypt', 'decrypt']);
  const { keyId } = await kms.keys.create({ spec: 'aes-256' });
  const own = await subtle.secretKey(keyId);
  const how = { name: 'AES-GCM', additionalData: Uint8Array.of(0, 255, 62) };
  const ciphertext = await subtle.encrypt(how, own, data);
  const context = { additionalData: 'AP8-' };
  assert.deepEqual(await kms.decrypt(keyId, new Uint8Array(ciphertext), { context }), data);
  const most = { name: 'AES-GCM', additionalData: new Uint8Array(192) };
  await subtle.encrypt(most, key, data);
  const more = { name: 'AES-GCM', additionalData: new Uint8Array(193) };
  await assert.rejects(subtle.encrypt(more, key, data), named('OperationError'));
});

test('codes are made and verified', async () => {
  const { subtle } = facade();
  const key = await subtle.generateKey(HMAC, false, ['sign', 'verify']);
  assert.deepEqual(key.algorithm, { name: 'HMAC', hash: { name: 'SHA-256' }, length: 256 });
  assert.ok(Object.isFrozen(key.algorithm) && Object.isFrozen(key.algorithm.hash));
  const code = await subtle.sign('HMAC', key, data);
  assert.equal(await subtle.verify('HMAC', key, code, data), true);
  assert.equal(await subtle.verify('HMAC', key, code, data.subarray(1)), false);
});

test('both sides of an agreement have the same key, of this enclave or of the browser', async () => {
  const { subtle } = facade();
  for (const curve of CURVES) {
    const own = await subtle.generateKey(curve, false, ['deriveKey']);
    const other = await subtle.generateKey(curve, false, ['deriveKey']);
    assert.deepEqual([own.privateKey.usages, own.publicKey.usages], [['deriveKey'], []]);
    const name = nameOf(curve);
    const raw = await subtle.exportKey('raw', other.publicKey);
    const outside = await crypto.subtle.importKey('raw', raw, curve, true, []);
    const agree = (peer, from) =>
      subtle.deriveKey({ name, public: peer }, from.privateKey, HMAC, false, ['sign', 'verify']);
    const [one, same] = [await agree(outside, own), await agree(own.publicKey, other)];
    const code = await subtle.sign('HMAC', one, data);
    assert.equal(await subtle.verify('HMAC', same, code, data), true, name);
  }
});

test('a peer is a public key of the same kind', async () => {
  const { subtle } = facade();
  const [own, other] = await Promise.all(
    CURVES.map((curve) => subtle.generateKey(curve, false, ['deriveKey'])),
  );
  const forged = new KmsKey('public', { name: 'X25519' }, []);
  const wrong = { name: 'ECDH', namedCurve: 'P-384' };
  const p384 = await crypto.subtle.generateKey(wrong, false, ['deriveBits']);
  for (const peer of [own.privateKey, other.publicKey, forged, null, {}]) {
    const asked = subtle.deriveKey({ name: 'X25519', public: peer }, own.privateKey, AES, false, ['encrypt']);
    await assert.rejects(asked, named('InvalidAccessError'));
  }
  const asked = subtle.deriveKey(
    { name: 'ECDH', public: p384.publicKey }, other.privateKey, AES, false, ['encrypt'],
  );
  await assert.rejects(asked, named('InvalidAccessError'));
  // Of small order: the enclave refuses it.
  const small = await crypto.subtle.importKey('raw', new Uint8Array(32), 'X25519', true, []);
  const { kms, subtle: refusing } = facade();
  kms.keys.agree = () => Promise.reject(new KmsError('invalid_key'));
  const pair = await refusing.generateKey('X25519', false, ['deriveKey']);
  const refused = refusing.deriveKey(
    { name: 'X25519', public: small }, pair.privateKey, AES, false, ['encrypt'],
  );
  await assert.rejects(refused, named('OperationError'));
});

test('the same info derives the same key, and a wrapped key comes back', async () => {
  const { subtle } = facade();
  const root = await subtle.generateKey('HKDF', true, ['deriveKey']);
  const derive = (info) =>
    subtle.deriveKey({ ...HKDF, ...info }, root, HMAC, true, ['sign', 'verify']);
  const key = await derive({ info: bytes('one'), salt: new Uint8Array() });
  const code = await subtle.sign('HMAC', key, data);
  const same = await derive({ info: bytes('one') });
  assert.equal(await subtle.verify('HMAC', same, code, data), true);
  for (const info of [{ info: bytes('two') }, {}]) {
    assert.equal(await subtle.verify('HMAC', await derive(info), code, data), false);
  }
  const wrapping = await subtle.generateKey(AES, false, ['wrapKey', 'unwrapKey']);
  const how = { name: 'AES-GCM', additionalData: bytes('shelf') };
  for (const format of ['raw', 'raw-secret']) {
    const wrapped = await subtle.wrapKey(format, key, wrapping, how);
    assert.equal(wrapped.constructor, ArrayBuffer);
    const unwrap = (with_, as, usages) =>
      subtle.unwrapKey(format, wrapped, wrapping, with_, as, false, usages);
    const copy = await unwrap(how, HMAC, ['verify']);
    assert.deepEqual([copy.extractable, copy.usages], [false, ['verify']]);
    assert.equal(await subtle.verify('HMAC', copy, code, data), true);
    await assert.rejects(unwrap('AES-GCM', HMAC, ['verify']), named('OperationError'));
    await assert.rejects(unwrap(how, AES, ['encrypt']), named('OperationError'));
  }
});

test('a ciphertext is that of one key, not of its copies', async () => {
  const { subtle } = facade();
  const key = await subtle.generateKey(AES, true, ['encrypt', 'decrypt']);
  const wrapping = await subtle.generateKey(AES, false, ['wrapKey', 'unwrapKey']);
  const wrapped = await subtle.wrapKey('raw', key, wrapping, 'AES-GCM');
  const asked = ['raw', wrapped, wrapping, 'AES-GCM', AES, false, ['decrypt']];
  const copy = await subtle.unwrapKey(...asked);
  const ciphertext = await subtle.encrypt('AES-GCM', key, data);
  await assert.rejects(subtle.decrypt('AES-GCM', copy, ciphertext), named('OperationError'));
});

test('what is made of a key that stays in the enclave stays', async () => {
  const { subtle } = facade();
  const root = await subtle.generateKey('HKDF', false, ['deriveKey']);
  const { privateKey, publicKey } = await subtle.generateKey('X25519', false, ['deriveKey']);
  const asked = [[HKDF, root], [{ name: 'X25519', public: publicKey }, privateKey]];
  for (const [how, key] of asked) {
    const leaving = subtle.deriveKey(how, key, HMAC, true, ['sign']);
    await assert.rejects(leaving, named('InvalidAccessError'));
    assert.equal((await subtle.deriveKey(how, key, HMAC, false, ['sign'])).extractable, false);
  }
});

test('a key is made for what was asked, and no more', async () => {
  const { kms, subtle } = facade();
  await subtle.generateKey(AES, true, ['wrapKey', 'encrypt', 'encrypt']);
  await subtle.generateKey(HMAC, false, ['verify']);
  await subtle.generateKey('HKDF', false, ['deriveKey']);
  await subtle.generateKey('X25519', false, ['deriveKey']);
  assert.deepEqual(kms.asked, [
    { spec: 'aes-256', policy: { operations: ['wrap', 'encrypt', 'export'] } },
    { spec: 'hmac-sha256', policy: { operations: ['verify_mac'] } },
    { spec: 'hmac-sha256', policy: { operations: ['derive'] } },
    { spec: 'x25519' },
  ]);
  const encrypting = await subtle.generateKey(AES, false, ['encrypt']);
  const refused = subtle.decrypt('AES-GCM', encrypting, data);
  await assert.rejects(refused, named('InvalidAccessError'));
  for (const usages of [[], ['sign'], ['toString'], ['deriveKey']]) {
    await assert.rejects(subtle.generateKey(AES, false, usages), named('SyntaxError'));
  }
  await assert.rejects(subtle.generateKey('X25519', false, []), named('SyntaxError'));
});

test('a policy that says less than a handle is heard as Web Cryptography would say it', async () => {
  const { kms, subtle } = facade();
  const key = await subtle.generateKey(AES, false, ['encrypt']);
  const refusals = [
    [{ rule: 'operation' }, 'policy_denied', 'InvalidAccessError'],
    [{ rule: 'max_uses' }, 'policy_denied', 'KmsError'],
    [{}, 'payload_too_large', 'OperationError'],
    [{}, 'unsupported_algorithm', 'NotSupportedError'],
    [{}, 'locked', 'KmsError'],
  ];
  for (const [more, code, name] of refusals) {
    kms.encrypt = () => Promise.reject(new KmsError(code, more));
    await assert.rejects(subtle.encrypt('AES-GCM', key, data), named(name), code);
  }
});

test('no secret key comes out', async () => {
  const { subtle } = facade();
  const [stays, leaves] = await Promise.all(
    [false, true].map((extractable) => subtle.generateKey(AES, extractable, ['encrypt', 'wrapKey'])),
  );
  const { privateKey, publicKey } = await subtle.generateKey('Ed25519', false, ['sign']);
  const wrap = (format, key, how = 'AES-GCM') => subtle.wrapKey(format, key, leaves, how);
  await assert.rejects(wrap('raw', stays), named('InvalidAccessError'));
  for (const key of [privateKey, publicKey]) {
    await assert.rejects(wrap('raw', key), named('NotSupportedError'));
  }
  for (const format of ['jwk', 'pkcs8', 'spki', undefined]) {
    await assert.rejects(wrap(format, leaves), named('NotSupportedError'));
  }
  for (const format of ['raw', 'raw-secret', 'jwk']) {
    await assert.rejects(subtle.exportKey(format, leaves), named('NotSupportedError'));
    await assert.rejects(subtle.exportKey(format, stays), named('InvalidAccessError'));
  }
});

test('nothing is promised of secrets that is not done', async () => {
  const { kms, subtle } = facade();
  const key = await subtle.generateKey(AES, true, ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey']);
  const root = await subtle.generateKey('HKDF', false, ['deriveKey']);
  const iv = new Uint8Array(12);
  for (const more of [{ iv }, { tagLength: 96 }]) {
    const how = { name: 'AES-GCM', ...more };
    for (const usage of ['encrypt', 'decrypt']) {
      await assert.rejects(subtle[usage](how, key, data), named('NotSupportedError'));
    }
    await assert.rejects(subtle.wrapKey('raw', key, key, how), named('NotSupportedError'));
    const unwrapped = subtle.unwrapKey('raw', data, key, how, AES, false, ['encrypt']);
    await assert.rejects(unwrapped, named('NotSupportedError'));
    assert.equal(KmsSubtle.supports('encrypt', how), false);
  }
  for (const more of [{ salt: bytes('salt') }, { hash: 'SHA-512' }]) {
    const derived = subtle.deriveKey({ ...HKDF, ...more }, root, AES, false, ['encrypt']);
    await assert.rejects(derived, named('NotSupportedError'));
  }
  for (const made of ['X25519', 'Ed25519', 'AES-CBC', { name: 'AES-GCM', length: 128 }]) {
    const derived = subtle.deriveKey(HKDF, root, made, false, ['encrypt']);
    await assert.rejects(derived, named('NotSupportedError'));
  }
  // Kinds of the enclave that Web Cryptography has no name for, and pairs for secrets.
  const { keyId } = await kms.keys.create({ spec: 'ec-p256', policy: { operations: ['vapid'] } });
  await assert.rejects(subtle.keyPair(keyId), named('NotSupportedError'));
  const pair = await kms.keys.create({ spec: 'x25519' });
  await assert.rejects(subtle.secretKey(pair.keyId), named('NotSupportedError'));
});

test('what can be done with secrets is told', async () => {
  const { subtle } = facade();
  const { publicKey } = await subtle.generateKey('X25519', false, ['deriveKey']);
  const x25519 = { name: 'X25519', public: publicKey };
  const supported = [
    ['encrypt', 'AES-GCM'],
    ['decrypt', { name: 'AES-GCM', additionalData: data }],
    ['generateKey', AES],
    ['generateKey', { ...HMAC, length: 256 }],
    ['generateKey', 'HKDF'],
    ['generateKey', CURVES[1]],
    ['sign', 'HMAC'],
    ['exportKey', 'X25519'],
    ['deriveKey', x25519, AES],
    ['deriveKey', HKDF, HMAC],
    ['deriveKey', HKDF, 256],
    ['wrapKey', 'AES-GCM', HMAC],
    ['unwrapKey', 'AES-GCM', AES],
  ];
  for (const asked of supported) assert.equal(KmsSubtle.supports(...asked), true, asked[0]);
  const unsupported = [
    ['encrypt', 'HMAC'],
    ['encrypt', 'AES-CBC'],
    ['generateKey', { name: 'AES-GCM', length: 128 }],
    ['generateKey', { ...HMAC, length: 512 }],
    ['generateKey', { name: 'HMAC', hash: 'SHA-1' }],
    ['exportKey', AES],
    ['importKey', AES],
    ['deriveKey', 'X25519', AES],
    ['deriveKey', x25519, 'X25519'],
    ['deriveKey', HKDF, 'AES-GCM'],
    ['deriveBits', HKDF],
    ['wrapKey', 'AES-KW', AES],
    ['wrapKey', 'AES-GCM', 'Ed25519'],
    ['sign', 'AES-GCM'],
    ['constructor', 'AES-GCM'],
    ['sign', '__proto__'],
  ];
  for (const asked of unsupported) assert.equal(KmsSubtle.supports(...asked), false, `${asked}`);
});

test('the examples work', async () => {
  assert.equal(await talk(softKms(), data), true);
  assert.deepEqual(new Uint8Array(await hide(softKms(), data)), data);
  const { wrapped, copy, valid } = await keep(softKms(), data);
  assert.equal(valid, true);
  assert.equal(copy.extractable, false);
  assert.ok(wrapped.byteLength > 32);
});
