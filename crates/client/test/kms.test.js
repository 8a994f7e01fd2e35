import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { KmsError } from '../src/errors.js';
import { Kms } from '../src/kms.js';
import { pin } from './sample.js';
import { pause } from './pause.js';

/** @type {MessagePort[]} */
let open = [];
afterEach(() => {
  for (const port of open) port.close();
  open = [];
});

/** A connection with a sheet that only remembers what it was told. */
function connected(results = {}) {
  const { port1, port2 } = new MessageChannel();
  open.push(port1, port2);
  const asked = [];
  port2.onmessage = ({ data: { id, method, params } }) => {
    asked.push([method, params]);
    if (method in results) port2.postMessage({ id, result: results[method] });
  };
  const sheet = {
    iframe: new EventTarget(),
    shown: [],
    removed: 0,
    show(...asked) {
      this.shown.push(asked);
    },
    remove() {
      this.removed += 1;
    },
  };
  const life = new AbortController();
  const kms = new Kms(port1, /** @type {any} */ (sheet), pin, pin.csp, pin.url, life);
  return { kms, sheet, life, asked, peer: port2 };
}

test('each method asks what the table calls it, with exactly its parameters', async () => {
  const [data, signature] = [new Uint8Array([1]), new Uint8Array(64)];
  const { kms, asked } = connected({
    'sign': { signature },
    'verify': { valid: true },
    'encrypt': { ciphertext: data },
    'decrypt': { plaintext: data },
    'rewrap': { ciphertext: data },
    'mac': { mac: data },
    'verify_mac': { valid: false },
    'seal': { sealed: data },
    'open': { plaintext: data },
    'random': { bytes: data },
    'data_keys.generate': {},
    'data_keys.decrypt': { plaintext: data },
    'keys.create': {},
    'keys.list': {},
    'keys.describe': {},
    'keys.public_key': {},
    'keys.update': {},
    'keys.rotate': {},
    'keys.set_min_versions': {},
    'keys.trim': {},
    'keys.enable': {},
    'keys.disable': {},
    'keys.schedule_deletion': {},
    'keys.cancel_deletion': {},
    'keys.manage': {},
    'keys.agree': {},
    'keys.wrap': { wrapped: data },
    'keys.unwrap': {},
    'keys.export': { sealed: data },
    'keys.import': {},
    'keys.derive': {},
    'audit.list': {},
    'audit.verify': {},
    'audit.checkpoint': {},
    'audit.prove_inclusion': {},
    'audit.prove_consistency': {},
    'vault.setup': {},
    'vault.unlock': {},
    'vault.manage': {},
    'vault.backup': {},
    'vault.restore': {},
    'vault.reset': {},
    'vault.lock': {},
    'vault.status': {},
    'rpc.ping': {},
  });
  assert.deepEqual(await kms.sign('k', data), signature);
  assert.equal(await kms.verify('k', data, signature), true);
  const context = { user: '7' };
  for (const name of ['encrypt', 'decrypt', 'rewrap']) {
    assert.deepEqual(await kms[name]('k', data), data);
    assert.deepEqual(await kms[name]('k', data, { context }), data);
  }
  await kms.encrypt('k', data, { version: 1 });
  assert.deepEqual(await kms.mac('k', data), data);
  await kms.mac('k', data, { version: 1 });
  assert.equal(await kms.verifyMac('k', data, signature), false);
  await kms.verifyMac('k', data, signature, { version: 1 });
  for (const name of ['seal', 'open']) {
    assert.deepEqual(await kms[name]('k', data), data);
    await kms[name]('k', data, { context, version: 1 });
  }
  assert.deepEqual(await kms.random(32), data);
  await kms.dataKeys.generate('k');
  await kms.dataKeys.generate('k', { context, withPlaintext: true });
  assert.deepEqual(await kms.dataKeys.decrypt('k', data, { context }), data);
  await kms.keys.create({ spec: 'ed25519', label: undefined });
  await kms.keys.list();
  await kms.keys.describe('k');
  await kms.keys.publicKey('k');
  await kms.keys.publicKey('k', { version: 1 });
  await kms.sign('k', data, { version: 1 });
  await kms.verify('k', data, signature, { version: 1 });
  await kms.keys.update('k', { alias: 'a' });
  await kms.keys.rotate('k');
  await kms.keys.setMinVersions('k', { minEncryptionVersion: 2 });
  await kms.keys.trim('k', 2);
  await kms.keys.enable('k');
  await kms.keys.disable('k');
  await kms.keys.scheduleDeletion('k');
  await kms.keys.scheduleDeletion('k', { days: 7 });
  await kms.keys.cancelDeletion('k');
  const key = { spec: 'aes-256' };
  await kms.keys.agree('k', data, key);
  await kms.keys.derive('k', key, { context, version: 1 });
  assert.deepEqual(await kms.keys.wrap('k', 't', { context }), data);
  await kms.keys.unwrap('k', data, key, { context });
  assert.deepEqual(await kms.keys.export('k', data, { version: 1 }), data);
  await kms.keys.import('k', data, key);
  await kms.keys.manage();
  await kms.keys.manage('k');
  await kms.audit.list({ from: 3 });
  await kms.audit.verify();
  await kms.audit.checkpoint();
  await kms.audit.proveInclusion({ seq: 3 });
  await kms.audit.proveConsistency({ from: 3, to: 5 });
  for (const name of ['setup', 'unlock', 'manage', 'backup', 'restore', 'reset']) await kms[name]();
  for (const name of ['lock', 'status', 'ping']) await kms[name]();
  assert.deepEqual(asked, [
    ['sign', { keyId: 'k', data }],
    ['verify', { keyId: 'k', data, signature }],
    ['encrypt', { keyId: 'k', plaintext: data }],
    ['encrypt', { keyId: 'k', plaintext: data, context }],
    ['decrypt', { keyId: 'k', ciphertext: data }],
    ['decrypt', { keyId: 'k', ciphertext: data, context }],
    ['rewrap', { keyId: 'k', ciphertext: data }],
    ['rewrap', { keyId: 'k', ciphertext: data, context }],
    ['encrypt', { keyId: 'k', plaintext: data, version: 1 }],
    ['mac', { keyId: 'k', data }],
    ['mac', { keyId: 'k', data, version: 1 }],
    ['verify_mac', { keyId: 'k', data, mac: signature }],
    ['verify_mac', { keyId: 'k', data, mac: signature, version: 1 }],
    ['seal', { keyId: 'k', plaintext: data }],
    ['seal', { keyId: 'k', plaintext: data, context, version: 1 }],
    ['open', { keyId: 'k', sealed: data }],
    ['open', { keyId: 'k', sealed: data, context, version: 1 }],
    ['random', { length: 32 }],
    ['data_keys.generate', { keyId: 'k' }],
    ['data_keys.generate', { keyId: 'k', context, withPlaintext: true }],
    ['data_keys.decrypt', { keyId: 'k', wrapped: data, context }],
    ['keys.create', { spec: 'ed25519' }],
    ['keys.list', {}],
    ['keys.describe', { keyId: 'k' }],
    ['keys.public_key', { keyId: 'k' }],
    ['keys.public_key', { keyId: 'k', version: 1 }],
    ['sign', { keyId: 'k', data, version: 1 }],
    ['verify', { keyId: 'k', data, signature, version: 1 }],
    ['keys.update', { keyId: 'k', alias: 'a' }],
    ['keys.rotate', { keyId: 'k' }],
    ['keys.set_min_versions', { keyId: 'k', minEncryptionVersion: 2 }],
    ['keys.trim', { keyId: 'k', minAvailableVersion: 2 }],
    ['keys.enable', { keyId: 'k' }],
    ['keys.disable', { keyId: 'k' }],
    ['keys.schedule_deletion', { keyId: 'k' }],
    ['keys.schedule_deletion', { keyId: 'k', days: 7 }],
    ['keys.cancel_deletion', { keyId: 'k' }],
    ['keys.agree', { keyId: 'k', peer: data, key }],
    ['keys.derive', { keyId: 'k', key, context, version: 1 }],
    ['keys.wrap', { keyId: 'k', targetKeyId: 't', context }],
    ['keys.unwrap', { keyId: 'k', wrapped: data, key, context }],
    ['keys.export', { keyId: 'k', recipient: data, version: 1 }],
    ['keys.import', { keyId: 'k', sealed: data, key }],
    ['keys.manage', {}],
    ['keys.manage', { keyId: 'k' }],
    ['audit.list', { from: 3 }],
    ['audit.verify', {}],
    ['audit.checkpoint', {}],
    ['audit.prove_inclusion', { seq: 3 }],
    ['audit.prove_consistency', { from: 3, to: 5 }],
    ['vault.setup', {}],
    ['vault.unlock', {}],
    ['vault.manage', {}],
    ['vault.backup', {}],
    ['vault.restore', {}],
    ['vault.reset', {}],
    ['vault.lock', {}],
    ['vault.status', {}],
    ['rpc.ping', {}],
  ]);
});

test('the sheet follows the attention the enclave asks for', async () => {
  const { sheet, peer } = connected();
  peer.postMessage({ event: 'attention', data: { visible: true, screen: 'unlock' } });
  peer.postMessage({ event: 'attention', data: { visible: 'yes' } });
  peer.postMessage({ event: 'attention' });
  await pause(10);
  assert.deepEqual(sheet.shown, [[true, 'unlock'], [false, undefined]]);
});

test('a dismissed sheet is reported to the enclave', async () => {
  const { kms, asked } = connected();
  kms.dismiss();
  await pause(10);
  assert.deepEqual(asked, [['ui.dismiss', {}]]);
});

test('listeners hear their event until taken back, by hand or by signal', async () => {
  const { kms, peer } = connected();
  const heard = [];
  const stop = new AbortController();
  const listener = ({ reason }) => heard.push(reason);
  const off = kms.on('locked', listener);
  kms.on('locked', listener, { signal: stop.signal });
  const tell = async (reason) => {
    peer.postMessage({ event: 'locked', data: { reason } });
    await pause(10);
  };
  await tell('idle');
  off();
  await tell('requested');
  stop.abort();
  await tell('hidden');
  kms.on('locked', listener, { signal: stop.signal });
  await tell('fault');
  assert.deepEqual(heard, ['idle', 'idle', 'requested']);
});

test('the end removes the frame, is told once and cannot be feigned by an event', async () => {
  const { kms, sheet, life, peer } = connected();
  const ends = [];
  kms.on('closed', ({ error }) => ends.push(error.code));
  peer.postMessage({ event: 'closed', data: {} });
  await pause(10);
  assert.deepEqual(ends, []);
  const call = kms.ping();
  await kms[Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]();
  kms.close();
  await assert.rejects(call, { code: 'closed' });
  assert.deepEqual([ends, sheet.removed, life.signal.aborted, kms.closed], [['closed'], 1, true, true]);
});

test('a frame that loads again is no longer the enclave that was connected', async () => {
  const { kms, sheet } = connected();
  const call = kms.ping();
  sheet.iframe.dispatchEvent(new Event('load'));
  await assert.rejects(call, (error) => error instanceof KmsError && error.code === 'enclave_crashed');
});

test('a measurement with another nonce is refused', async () => {
  const { kms } = connected({ 'enclave.measurement': { nonce: 'old', release: '1', digests: {} } });
  await assert.rejects(kms.measurement('A'.repeat(22)), { code: 'integrity_failure' });
});
