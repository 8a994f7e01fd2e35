import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awaitReady, offerPort } from '../src/handshake.js';
import { next, pin } from './sample.js';

/** Plays the frame: hears the offer, says `say` on the port. */
async function shake(say, releases = [pin]) {
  let offer;
  const frame = {
    postMessage(message, origin, transfer) {
      offer = { message, origin, transfer };
    },
  };
  const { port, nonce } = offerPort(/** @type {any} */ (frame), 'https://kms.example');
  const ready = awaitReady(port, nonce, releases);
  const [far] = offer.transfer;
  for (const message of say(nonce)) far.postMessage(message);
  try {
    return { ...offer, outcome: await ready.then(({ version }) => version, (error) => error.code) };
  } finally {
    port.close();
    far.close();
  }
}
const ready = (data) => ({ event: 'ready', data });

test('the offer has the exact form of the protocol and goes to one origin only', async () => {
  const { message, origin, transfer, outcome } = await shake((nonce) => [
    ready({ nonce, protocol: 1, release: '1.2.3' }),
  ]);
  assert.equal(outcome, '1.2.3');
  assert.equal(origin, 'https://kms.example');
  assert.equal(transfer.length, 1);
  assert.deepEqual(Object.keys(message), ['kind', 'protocol', 'nonce']);
  assert.equal(message.kind, 'ats-kms/connect');
  assert.deepEqual(message.protocol, { min: 1, max: 1 });
  assert.match(message.nonce, /^[A-Za-z0-9_-]{22}$/);
});

test('each way to refuse has its own code', async () => {
  const cases = [
    ['unsupported_environment', () => [{ event: 'refused', data: { code: 'unsupported_environment', detail: 'indexeddb' } }]],
    ['integrity_failure', () => [{ event: 'refused', data: { code: 'integrity_failure' } }]],
    ['isolation_failure', () => [{ event: 'refused', data: { code: 'isolation_failure' } }]],
    ['enclave_crashed', () => [{ event: 'fault', data: {} }]],
    ['protocol_version', (nonce) => [ready({ nonce, protocol: 2, release: '1.2.3' })]],
    ['integrity_failure', (nonce) => [ready({ nonce, protocol: 1, release: '1.2.4' })]],
  ];
  for (const [code, say] of cases) assert.equal((await shake(say)).outcome, code);
});

test('an answer to another nonce is no answer', async () => {
  const { outcome } = await shake((nonce) => [
    ready({ nonce: 'AAAAAAAAAAAAAAAAAAAAAA', protocol: 1, release: 'evil' }),
    null,
    { event: 'ready' },
    { event: 'ready', data: { nonce, protocol: 1, release: '1.2.3' } },
  ]);
  assert.equal(outcome, '1.2.3');
});

test('of two pinned releases either may run, and it is known which', async () => {
  for (const release of ['1.2.3', '1.2.4']) {
    const say = (nonce) => [ready({ nonce, protocol: 1, release })];
    assert.equal((await shake(say, [pin, next])).outcome, release);
  }
  const third = (nonce) => [ready({ nonce, protocol: 1, release: '1.2.5' })];
  assert.equal((await shake(third, [pin, next])).outcome, 'integrity_failure');
});
