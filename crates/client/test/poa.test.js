import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { Approver, Relay, RelayError } from '../src/poa.js';

const LOG = { key: 'k', checkpoint: 'c' };

function asked() {
  const calls = [];
  return {
    calls,
    async batch([{ method, params }], options) {
      calls.push([method, params, options]);
      return [{ result: method === 'poa.log' ? { seen: { size: 5 } } : { signed: 's' } }];
    },
  };
}

test('an approver asks the enclave about its key', async () => {
  const kms = asked();
  const alice = new Approver(kms, 'id');
  assert.deepEqual(await alice.seen(), { size: 5 });
  assert.deepEqual(await alice.approve({ challenge: 'x', first: null }, LOG), { signed: 's' });
  await alice.approve({ challenge: 'x', first: 'f' }, LOG, { lifeSeconds: 10, deadlineMs: 7 });
  await alice.reject({ challenge: 'x' }, { audience: 'a' });
  await alice.revoke('a', 'token', 'j', { version: 2 });
  await alice.rotate('a', 1);
  assert.deepEqual(kms.calls, [
    ['poa.log', { keyId: 'id' }, {}],
    ['poa.approve', { keyId: 'id', challenge: 'x', log: LOG }, {}],
    [
      'poa.approve',
      { keyId: 'id', challenge: 'x', log: LOG, first: 'f', lifeSeconds: 10 },
      { deadlineMs: 7 },
    ],
    ['poa.reject', { keyId: 'id', challenge: 'x', audience: 'a' }, {}],
    ['poa.revoke', { keyId: 'id', audience: 'a', what: 'token', value: 'j', version: 2 }, {}],
    ['poa.rotate', { keyId: 'id', audience: 'a', version: 1 }, {}],
  ]);
});

test('what the enclave refuses is thrown', async () => {
  const error = new Error('forked');
  const kms = { batch: async () => [{ error }] };
  await assert.rejects(new Approver(kms, 'id').seen(), error);
});

/** A relay that answers everything with one thing. */
async function relay(status, answer, use) {
  const requests = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => (body += part));
    request.on('end', () => {
      const type = request.headers['content-type'];
      requests.push([request.method, request.url, type, body]);
      response.writeHead(status).end(answer);
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  try {
    await use(new Relay(`http://127.0.0.1:${server.address().port}`));
  } finally {
    server.close();
  }
  return requests;
}

test('a relay brings what waits and the log', async () => {
  const waiting = await relay(200, '{"challenges":[{"id":"1"}]}', async (one) => {
    assert.deepEqual(await one.pending(), [{ id: '1' }]);
  });
  assert.deepEqual(waiting, [['GET', '/challenges', undefined, '']]);
  const log = JSON.stringify({ ...LOG, since: 5, proof: ['//8='] });
  const logs = await relay(200, log, async (one) => {
    const found = await one.log({ size: 5 });
    assert.deepEqual(found, { ...LOG, since: 5, proof: [Uint8Array.of(255, 255)] });
    await one.log(undefined);
  });
  assert.deepEqual(logs.map(([, path]) => path), ['/log?since=5', '/log']);
});

test('a relay takes what was signed', async () => {
  const sent = await relay(204, '', async (one) => {
    await one.approve('a/b', 's');
    await one.state('t');
  });
  assert.deepEqual(sent, [
    ['POST', '/challenges/a%2Fb/approvals', 'application/json', '{"signed":"s"}'],
    ['POST', '/revocations', 'application/json', '{"statement":"t"}'],
  ]);
});

test('a refusal has the word of the broker', async () => {
  await relay(403, '{"code":"token_key"}', async (one) => {
    await assert.rejects(one.approve('1', 's'), (error) => {
      assert.ok(error instanceof RelayError);
      assert.deepEqual([error.status, error.code], [403, 'token_key']);
      return true;
    });
  });
});
