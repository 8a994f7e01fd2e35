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

const ABC = 'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=';
const ABC_FILE = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad.json';
const OTHER = `sha256-${'A'.repeat(43)}=`;
const OTHER_FILE = `${'0'.repeat(64)}.json`;
const pin = { url: 'https://kms.example', manifest: ABC };
const revoking = (digest) => `ats-kms/revocation/v1\norigin x\nmanifest ${digest}\nreason y\n\nsigned\n`;
const text = (bytes) => new TextDecoder().decode(bytes);

test('every published revocation reaches the enclave, with the manifest that it names', async () => {
  const list = [revoking(OTHER), revoking(ABC)];
  serve({ 'revocations.json': JSON.stringify(list), [ABC_FILE]: 'abc', [OTHER_FILE]: 'other' });
  const kms = enclave(['unknown', 'revoked']);
  assert.equal(await tellPublished(kms, pin), 'revoked');
  assert.deepEqual(kms.told.map(({ statement }) => text(statement)), list);
  assert.deepEqual(kms.told.map(({ manifest }) => text(manifest)), ['other', 'abc']);
});

test('an empty list is said to nobody, and one that is kept back is no empty list', async () => {
  serve({ 'revocations.json': '[]' });
  assert.equal(await tellPublished(enclave([]), pin), 'unknown');
  for (const list of [undefined, '', '{}', '[1]', JSON.stringify(Array(65).fill('x'))]) {
    serve({ 'revocations.json': list });
    await assert.rejects(tellPublished(enclave([]), pin), { name: 'Error' }, list);
  }
});

test('a manifest that is not there stops nothing, unless it is of the release that is to run', async () => {
  serve({ 'revocations.json': JSON.stringify(['no note', revoking(OTHER), revoking(ABC)]), [ABC_FILE]: 'abc' });
  const kms = enclave(['revoked']);
  assert.equal(await tellPublished(kms, pin), 'revoked');
  assert.equal(kms.told.length, 1);
  serve({ 'revocations.json': JSON.stringify([revoking(ABC)]) });
  await assert.rejects(tellPublished(enclave([]), pin), { code: 'bad_status' });
  // A file that was too long to read is not one that is not there.
  serve({ 'revocations.json': JSON.stringify([revoking(OTHER)]), [OTHER_FILE]: 'x'.repeat(65_537) });
  await assert.rejects(tellPublished(enclave([]), pin), { code: 'too_large' });
});

test('what a page has from elsewhere is told as it is', async () => {
  const kms = enclave(['deprecated']);
  const notice = { manifest: new Uint8Array(1), statement: new Uint8Array(2), successor: new Uint8Array(3) };
  assert.equal(await tell(kms, notice), 'deprecated');
  assert.deepEqual(kms.told, [notice]);
});
