import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sealOfApproval } from '../examples/webcrypto.js';
import { KmsKey, KmsSubtle } from '../src/webcrypto.js';
import { softKms } from './soft-kms.js';

const KINDS = [
  { make: 'Ed25519', use: { name: 'Ed25519' } },
  { make: { name: 'ECDSA', namedCurve: 'P-256' }, use: { name: 'ECDSA', hash: { name: 'SHA-256' } } },
];
const BOTH = ['sign', 'verify'];
const data = new TextEncoder().encode('data');
const named = (name) => ({ name });

test('what a handle signs, Web Cryptography verifies with the exported key', async () => {
  const subtle = new KmsSubtle(softKms());
  for (const { make, use } of KINDS) {
    const { privateKey, publicKey } = await subtle.generateKey(make, false, BOTH);
    const signature = await subtle.sign(use, privateKey, data);
    assert.equal(signature.constructor, ArrayBuffer);
    assert.equal(await subtle.verify(use, publicKey, signature, data), true);
    assert.equal(await subtle.verify(use, publicKey, signature, data.subarray(1)), false);
    for (const format of ['jwk', 'spki', 'raw']) {
      const exported = await subtle.exportKey(format, publicKey);
      const imported = await crypto.subtle.importKey(format, exported, make, true, ['verify']);
      assert.equal(await crypto.subtle.verify(use, imported, signature, data), true, format);
    }
  }
});

test('handles of a key that is there already', async () => {
  const kms = softKms();
  const subtle = new KmsSubtle(kms);
  for (const spec of ['ed25519', 'ec-p256']) {
    const { keyId } = await kms.keys.create({ spec });
    const { privateKey, publicKey } = await subtle.keyPair(keyId);
    const use = spec === 'ed25519' ? KINDS[0].use : KINDS[1].use;
    const view = new DataView(data.buffer, 1, 2);
    const signature = await subtle.sign(use, privateKey, view);
    assert.equal(await subtle.verify(use, publicKey, new Uint8Array(signature), view), true);
  }
});

test('a handle holds nothing and cannot be forged', async () => {
  const subtle = new KmsSubtle(softKms());
  const { privateKey, publicKey } = await subtle.generateKey('Ed25519', false, BOTH);
  assert.deepEqual(JSON.parse(JSON.stringify(privateKey)), {
    type: 'private',
    extractable: false,
    algorithm: { name: 'Ed25519' },
    usages: ['sign'],
  });
  assert.ok(Object.isFrozen(privateKey) && Object.isFrozen(privateKey.usages));
  const forged = new KmsKey('private', { name: 'Ed25519' }, ['sign']);
  for (const key of [forged, structuredClone({ ...privateKey }), null]) {
    await assert.rejects(subtle.sign('Ed25519', key, data), named('InvalidAccessError'));
  }
  await assert.rejects(subtle.sign('Ed25519', publicKey, data), named('InvalidAccessError'));
  const wrong = subtle.verify('Ed25519', privateKey, new Uint8Array(64), data);
  await assert.rejects(wrong, named('InvalidAccessError'));
  await assert.rejects(subtle.sign(KINDS[1].use, privateKey, data), named('InvalidAccessError'));
  for (const format of ['jwk', 'spki', 'raw', 'pkcs8']) {
    await assert.rejects(subtle.exportKey(format, privateKey), named('InvalidAccessError'));
  }
  await assert.rejects(subtle.exportKey('pkcs8', publicKey), named('NotSupportedError'));
});

test('nothing is promised that is not done', async () => {
  const subtle = new KmsSubtle(softKms());
  const make = KINDS[1].make;
  await assert.rejects(subtle.generateKey(make, true, BOTH), named('NotSupportedError'));
  for (const usages of [[], ['verify'], ['sign', 'deriveKey']]) {
    await assert.rejects(subtle.generateKey(make, false, usages), named('SyntaxError'));
  }
  for (const other of ['RSA-PSS', { name: 'ECDSA', namedCurve: 'P-384' }, 'AES-GCM', 'ECDSA']) {
    await assert.rejects(subtle.generateKey(other, false, BOTH), named('NotSupportedError'));
  }
  const supported = [
    ['sign', 'Ed25519'],
    ['verify', { name: 'ECDSA', hash: 'SHA-256' }],
    ['generateKey', { name: 'ECDSA', namedCurve: 'P-256' }],
    ['exportKey', 'Ed25519'],
  ];
  for (const [operation, algorithm] of supported) {
    assert.equal(KmsSubtle.supports(operation, algorithm), true, operation);
  }
  const unsupported = [
    ['sign', { name: 'ECDSA', hash: 'SHA-512' }],
    ['sign', 'ECDSA'],
    ['generateKey', { name: 'ECDSA', namedCurve: 'P-521' }],
    ['encrypt', 'Ed25519'],
    ['deriveBits', 'X25519'],
    ['toString', 'Ed25519'],
    ['sign', null],
  ];
  for (const [operation, algorithm] of unsupported) {
    assert.equal(KmsSubtle.supports(operation, algorithm), false, operation);
  }
});

test('the example works', async () => {
  const { data, signature, valid, spki } = await sealOfApproval(softKms());
  assert.equal(valid, true);
  const { make, use } = KINDS[1];
  const key = await crypto.subtle.importKey('spki', spki, make, false, ['verify']);
  assert.equal(await crypto.subtle.verify(use, key, signature, data), true);
});
