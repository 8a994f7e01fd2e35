import assert from 'node:assert/strict';
import { createECDH } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import ece from 'http_ece';
import { encryptWebPush } from '../src/webpush.js';

const file = new URL('../../../tests/vectors/webpush/messages.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8'));
const bytes = (text) => Buffer.from(text, 'base64url');

test('messages decrypt in the library http_ece', () => {
  const receiver = createECDH('prime256v1');
  receiver.setPrivateKey(bytes(vectors.privateKey));
  const keys = { version: 'aes128gcm', privateKey: receiver, authSecret: bytes(vectors.auth) };
  assert.equal(vectors.messages.length, 4);
  for (const { payload, body } of vectors.messages) {
    assert.equal(ece.decrypt(bytes(body), keys).toString(), payload);
    const changed = bytes(body);
    changed[changed.length - 1] ^= 1;
    assert.throws(() => ece.decrypt(changed, keys));
  }
});

test('a subscription is taken as it is, or as its JSON', async () => {
  const asked = [];
  const kms = {
    async batch(requests, options) {
      asked.push([requests, options]);
      return [{ result: { body: Uint8Array.of(1) } }];
    },
  };
  const [p256dh, auth, payload] = [Uint8Array.of(4, 251), Uint8Array.of(255), new Uint8Array(3)];
  const live = { getKey: (name) => ({ p256dh, auth })[name].buffer };
  assert.deepEqual(await encryptWebPush(kms, live, payload), Uint8Array.of(1));
  const json = { endpoint: 'https://push.example/1', keys: { p256dh: 'BPs', auth: '_w==' } };
  await encryptWebPush(kms, json, payload, { paddedLength: 64, deadlineMs: 5 });
  const request = (more) => [
    { method: 'webpush.encrypt', params: { p256dh, auth, payload, ...more } },
  ];
  assert.deepEqual(asked, [
    [request({}), {}],
    [request({ paddedLength: 64 }), { deadlineMs: 5 }],
  ]);
  for (const bad of [{}, { keys: { p256dh: 'BPs' } }, { keys: { p256dh: 'B!', auth: '_w' } }]) {
    await assert.rejects(encryptWebPush(kms, bad, payload), { name: 'TypeError' });
  }
});
