import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { tell, tellPublished } from '../src/standing.js';

const fetched = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = fetched;
});

/** A server of these files. */
function serve(files) {
  globalThis.fetch = async (url) => {
    const body = files[new URL(url).pathname.split('/').at(-1)];
    return body === undefined ? new Response('', { status: 404 }) : new Response(body);
  };
}

/** An enclave that notes what it is told. */
function enclave(standings) {
  const told = [];
  const batch = async ([{ method, params }]) => {
    assert.equal(method, 'enclave.notice');
    told.push(params);
    return [{ result: { standing: standings.shift() } }];
  };
  return { told, batch };
}

const pin = { url: 'https://kms.example' };

test('every published revocation reaches the enclave, with the manifest, as bytes', async () => {
  serve({ 'manifest.json': '{}', 'revocations.json': '["one\\n","two\\n"]' });
  const kms = enclave(['unknown', 'revoked']);
  assert.equal(await tellPublished(kms, pin), 'revoked');
  const text = (bytes) => new TextDecoder().decode(bytes);
  assert.deepEqual(kms.told.map(({ statement }) => text(statement)), ['one\n', 'two\n']);
  assert.deepEqual(kms.told.map(({ manifest }) => text(manifest)), ['{}', '{}']);
});

test('an empty list is said to nobody, and one that is kept back is no empty list', async () => {
  serve({ 'manifest.json': '{}', 'revocations.json': '[]' });
  assert.equal(await tellPublished(enclave([]), pin), 'unknown');
  for (const list of [undefined, '', '{}', '[1]', JSON.stringify(Array(65).fill('x'))]) {
    serve({ 'manifest.json': '{}', 'revocations.json': list });
    await assert.rejects(tellPublished(enclave([]), pin), { name: 'Error' }, list);
  }
  serve({ 'revocations.json': '[]' });
  await assert.rejects(tellPublished(enclave([]), pin), { code: 'bad_status' });
});

test('what a page has from elsewhere is told as it is', async () => {
  const kms = enclave(['deprecated']);
  const notice = { manifest: new Uint8Array(1), statement: new Uint8Array(2), successor: new Uint8Array(3) };
  assert.equal(await tell(kms, notice), 'deprecated');
  assert.deepEqual(kms.told, [notice]);
});
