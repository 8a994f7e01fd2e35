import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, test } from 'node:test';
import { KmsError } from '../src/errors.js';
import { Rpc } from '../src/rpc.js';
import { pause } from './pause.js';

/** @type {MessagePort[]} */
let open = [];
afterEach(() => {
  for (const port of open) port.close();
  open = [];
});

/** A client and a peer that answers as `answer` says; everything it hears is kept in `heard`. */
function pair(answer = () => undefined, options = {}) {
  const { port1, port2 } = new MessageChannel();
  open.push(port1, port2);
  const heard = [];
  port2.onmessage = ({ data }) => {
    heard.push(data);
    const reply = answer(data);
    if (reply !== undefined) port2.postMessage(reply);
  };
  return { rpc: new Rpc(port1, options), peer: port2, heard };
}
const code = (expected) => (error) => {
  assert.ok(error instanceof KmsError);
  assert.equal(error.code, expected);
  return true;
};

test('a call resolves to the result of its own reply', async () => {
  const { rpc, heard } = pair(({ id, params }) => ({ id, result: { echo: params.keyId } }));
  const [a, b] = await Promise.all([
    rpc.call('keys.describe', { keyId: 'a' }),
    rpc.call('keys.describe', { keyId: 'b' }),
  ]);
  assert.deepEqual([a.echo, b.echo], ['a', 'b']);
  assert.notEqual(heard[0].id, heard[1].id);
  assert.match(heard[0].id, /^[A-Za-z0-9_-]{22}-[0-9a-z]+$/);
  assert.deepEqual(Object.keys(heard[0]).sort(), ['id', 'method', 'params']);
});

test('replies may come in any order', async () => {
  const waiting = [];
  const { rpc, peer } = pair((request) => {
    waiting.push(request);
    if (waiting.length < 2) return undefined;
    for (const { id, method } of waiting.reverse()) peer.postMessage({ id, result: { method } });
    return undefined;
  });
  const replies = await Promise.all([rpc.call('rpc.ping', {}), rpc.call('vault.lock', {})]);
  assert.deepEqual(replies, [{ method: 'rpc.ping' }, { method: 'vault.lock' }]);
});

test('an error reply rejects with its code, retry class and delay', async () => {
  const error = { code: 'too_many_requests', message: 'Slow.', retry: 'backoff', retryAfterMs: 7 };
  const { rpc } = pair(({ id }) => ({ id, error }));
  await assert.rejects(rpc.call('rpc.ping', {}), (caught) => {
    code('too_many_requests')(caught);
    assert.equal(caught.message, 'Slow.');
    assert.equal(caught.retry, 'backoff');
    assert.equal(caught.retryAfterMs, 7);
    return true;
  });
});

test('an error of unknown form becomes a typed one', async () => {
  for (const error of [null, 'boom', { code: 7 }, { code: '<b>' }]) {
    const { rpc } = pair(({ id }) => ({ id, error }));
    await assert.rejects(rpc.call('rpc.ping', {}), code('internal'));
  }
});

test('messages of unknown form, unknown and late replies disturb nothing', async () => {
  const { rpc, peer } = pair(({ id }) => {
    for (const noise of [null, 1, 'x', [], [null], {}, { id: 'other', result: 1 }, { id: {} }]) {
      peer.postMessage(noise);
    }
    peer.postMessage({ id, result: { first: true } });
    return { id, result: { second: true } };
  });
  assert.deepEqual(await rpc.call('rpc.ping', {}), { first: true });
  assert.deepEqual(await rpc.call('rpc.ping', {}), { first: true });
});

test('a reply without an id belongs to the only call that waits, and to none of several', async () => {
  const { rpc, peer } = pair();
  const one = rpc.call('rpc.ping', {});
  peer.postMessage({ id: null, error: { code: 'payload_too_large' } });
  await assert.rejects(one, code('payload_too_large'));
  const two = [rpc.call('rpc.ping', { }, { deadlineMs: 60 }), rpc.call('rpc.ping', {}, { deadlineMs: 60 })];
  peer.postMessage({ id: null, error: { code: 'payload_too_large' } });
  for (const call of two) await assert.rejects(call, code('deadline_exceeded'));
});

test('a deadline rejects, tells the enclave, and travels with the request', async () => {
  const { rpc, heard } = pair();
  await assert.rejects(rpc.call('rpc.ping', {}, { deadlineMs: 30 }), code('deadline_exceeded'));
  await pause(10);
  assert.equal(heard[0].deadlineMs, 30);
  assert.deepEqual(heard[1], { cancel: heard[0].id });
});

test('a deadline that is none is refused before anything is sent', async () => {
  const { rpc, heard } = pair();
  for (const deadlineMs of [0, -1, 1.5, NaN, 1_800_001]) {
    await assert.rejects(rpc.call('rpc.ping', {}, { deadlineMs }), code('invalid_params'));
  }
  await pause(10);
  assert.deepEqual(heard, []);
});

test('abort rejects at once with the reason, and tells the enclave', async () => {
  const { rpc, heard } = pair();
  const stop = new AbortController();
  const call = rpc.call('vault.unlock', {}, { signal: stop.signal });
  await pause(10);
  stop.abort('changed my mind');
  await assert.rejects(call, (error) => code('aborted')(error) && error.cause === 'changed my mind');
  await pause(10);
  assert.deepEqual(heard[1], { cancel: heard[0].id });
  await assert.rejects(rpc.call('rpc.ping', {}, { signal: stop.signal }), code('aborted'));
  await pause(10);
  assert.equal(heard.length, 2);
});

test('a signal that outlives its call does nothing afterwards', async () => {
  const { rpc, heard } = pair(({ id }) => (id ? { id, result: {} } : undefined));
  const stop = new AbortController();
  await rpc.call('rpc.ping', {}, { signal: stop.signal });
  stop.abort();
  await pause(10);
  assert.equal(heard.length, 1);
});

test('close rejects what waits and what follows, once', async () => {
  const ends = [];
  const { rpc } = pair(undefined, { onDead: (error) => ends.push(error.code) });
  const calls = [rpc.call('rpc.ping', {}), rpc.batch([{ method: 'rpc.ping' }])];
  rpc.close();
  rpc.close();
  await assert.rejects(calls[0], code('closed'));
  assert.equal((await calls[1])[0].error.code, 'closed');
  await assert.rejects(rpc.call('rpc.ping', {}), code('closed'));
  assert.deepEqual(ends, ['closed']);
});

test('a fault of the enclave ends the connection', async () => {
  const { rpc, peer } = pair();
  const call = rpc.call('rpc.ping', {});
  peer.postMessage({ event: 'fault', data: { code: 'enclave_crashed' } });
  await assert.rejects(call, code('enclave_crashed'));
  assert.equal(rpc.dead.code, 'enclave_crashed');
});

test('a batch is one message; each request has its own outcome, in order', async () => {
  const { rpc, heard } = pair((batch) =>
    batch.map(({ id, method }) =>
      method === 'sign' ? { id, error: { code: 'not_found' } } : { id, result: { method } },
    ),
  );
  const replies = await rpc.batch([
    { method: 'rpc.ping' },
    { method: 'sign', params: { keyId: 'k', data: new Uint8Array(1) } },
    { method: 'vault.status' },
  ]);
  assert.equal(heard.length, 1);
  assert.equal(replies[0].result.method, 'rpc.ping');
  assert.equal(replies[1].error.code, 'not_found');
  assert.equal(replies[2].result.method, 'vault.status');
});

test('an empty or oversized batch is refused before anything is sent', async () => {
  const { rpc, heard } = pair();
  const requests = Array.from({ length: 65 }, () => ({ method: 'rpc.ping' }));
  await assert.rejects(rpc.batch(requests), code('invalid_request'));
  await assert.rejects(rpc.batch([]), code('invalid_request'));
  await pause(10);
  assert.deepEqual(heard, []);
});

test('aborting a batch cancels each of its requests', async () => {
  const { rpc, heard } = pair();
  const stop = new AbortController();
  const batch = rpc.batch([{ method: 'rpc.ping' }, { method: 'rpc.ping' }], { signal: stop.signal });
  await pause(10);
  stop.abort();
  assert.deepEqual((await batch).map(({ error }) => error.code), ['aborted', 'aborted']);
  await pause(10);
  assert.deepEqual(heard.slice(1), heard[0].map(({ id }) => ({ cancel: id })));
});

test('only the view of a larger buffer travels, and the caller keeps the array', async () => {
  const { rpc, heard } = pair(({ id }) => ({ id, result: { signature: new Uint8Array(64) } }));
  const secret = new Uint8Array(1 << 18).fill(7);
  for (const data of [secret.subarray(8, 16), secret.subarray(0, 1 << 17)]) {
    await rpc.call('sign', { keyId: 'k', data });
    const sent = heard.at(-1).params.data;
    assert.equal(sent.buffer.byteLength, data.byteLength);
    assert.deepEqual(sent, data);
  }
  assert.equal(secret.byteLength, 1 << 18);
});

test('what is sent is handed over, not copied once more', async () => {
  const { port1, port2 } = new MessageChannel();
  open.push(port1, port2);
  port2.onmessage = ({ data }) => port2.postMessage({ id: data.id, result: {} });
  const sent = [];
  const post = port1.postMessage.bind(port1);
  port1.postMessage = (message, transfer) => {
    sent.push(message.params.data);
    post(message, transfer);
  };
  const data = new Uint8Array(1 << 18);
  await new Rpc(port1, {}).call('sign', { keyId: 'k', data });
  assert.deepEqual([sent[0].byteLength, data.byteLength], [0, 1 << 18]);
});

test('shared memory is copied, too much data is refused', async () => {
  const { rpc, heard } = pair(({ id }) => ({ id, result: {} }));
  await rpc.call('sign', { keyId: 'k', data: new Uint8Array(new SharedArrayBuffer(4)) });
  assert.ok(heard[0].params.data.buffer instanceof ArrayBuffer);
  const data = new Uint8Array((1 << 20) + 1);
  await assert.rejects(rpc.call('sign', { keyId: 'k', data }), code('payload_too_large'));
  assert.equal(heard.length, 1);
});

test('what cannot be cloned rejects and leaves the connection usable', async () => {
  const { rpc } = pair(({ id }) => ({ id, result: {} }));
  await assert.rejects(rpc.call('keys.create', { spec: () => {} }), code('invalid_params'));
  assert.deepEqual(await rpc.call('rpc.ping', {}), {});
});

test('events reach the listener', async () => {
  const events = [];
  const { peer } = pair(undefined, { onEvent: (...event) => events.push(event) });
  peer.postMessage({ event: 'locked', data: { reason: 'idle' } });
  await pause(10);
  assert.deepEqual(events, [['locked', { reason: 'idle' }]]);
});

test('silence is followed by a ping, and an answered ping keeps the connection', async () => {
  const { rpc, peer, heard } = pair(
    ({ id, method }) => (method === 'rpc.ping' ? { id, result: {} } : undefined),
    { quietMs: 20, pongMs: 400 },
  );
  const call = rpc.call('vault.unlock', {});
  const pinged = () => heard.filter(({ method }) => method === 'rpc.ping').length;
  // The second one says that the first was answered.
  while (pinged() < 2) await pause(10);
  peer.postMessage({ id: heard[0].id, result: { state: 'unlocked' } });
  assert.deepEqual(await call, { state: 'unlocked' });
  const pings = heard.length;
  await pause(120);
  assert.ok(heard.length <= pings + 1, 'nobody is pinged while nothing waits');
});

test('an unanswered ping ends everything that waits', async () => {
  const { rpc } = pair(undefined, { quietMs: 20, pongMs: 30 });
  const calls = [rpc.call('vault.unlock', {}), rpc.call('vault.status', {})];
  const started = performance.now();
  for (const call of calls) await assert.rejects(call, code('enclave_unresponsive'));
  assert.ok(performance.now() - started < 1_000);
});

test('a port whose other end is gone ends the connection without waiting', async () => {
  const { rpc, peer } = pair();
  const call = rpc.call('rpc.ping', {});
  await pause(5);
  peer.close();
  await assert.rejects(call, code('enclave_crashed'));
});

test('each deadline is kept, whatever the others are', async () => {
  const { rpc, heard } = pair();
  const from = performance.now();
  const ended = [];
  const call = (deadlineMs) =>
    rpc.call('rpc.ping', {}, { deadlineMs }).catch(({ code: why }) => {
      ended.push([deadlineMs, why, performance.now() - from >= deadlineMs - 1]);
    });
  const calls = [call(90), call(30), call(60)];
  await Promise.all(calls);
  assert.deepEqual(ended, [30, 60, 90].map((ms) => [ms, 'deadline_exceeded', true]));
  await pause(10);
  assert.equal(heard.filter(({ cancel }) => cancel !== undefined).length, 3);
});

test('only calls that wait for a person may take half an hour', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  // A whole number: the sum of the steps below must be the half hour, not one rounding less.
  let clock = Math.ceil(performance.now());
  context.mock.method(performance, 'now', () => clock);
  const { rpc } = pair(undefined, { quietMs: 1e9, pongMs: 1e9 });
  const over = new Map();
  // Rows of the policy table: method, state of the vault, whether a person is asked.
  const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
  const [, table] = page.split(/^\| method \|/m);
  assert.match(table, /^ vault \| asks a person \|/);
  const rows = table.matchAll(/^\| `([a-z_.]+)` \| [^|]+ \| (?:yes|as the key says) \|/gmu);
  const person = [...rows].map((row) => row[1]);
  assert.ok(person.includes('leases.extend') && person.includes('sign'), String(person));
  for (const method of [...person, 'vault.status', 'verify']) {
    rpc.call(method, {}).catch(({ code: why }) => over.set(method, why));
  }
  const pass = async (ms) => {
    clock += ms;
    context.mock.timers.tick(ms);
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  };
  await pass(31_000);
  assert.deepEqual([...over.keys()], ['vault.status', 'verify']);
  await pass(1_768_000);
  assert.equal(over.size, 2);
  await pass(1000);
  assert.deepEqual([...over.keys()].slice(2), person);
  assert.ok([...over.values()].every((why) => why === 'deadline_exceeded'));
});
