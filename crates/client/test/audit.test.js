import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { Audit } from '../src/audit.js';
import { base64 } from '../src/bytes.js';

const hash = (...parts) => new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest());
const leaf = (text) => hash(Uint8Array.of(0), Buffer.from(text));
const node = (left, right) => hash(Uint8Array.of(1), left, right);
const half = (count) => 2 ** Math.floor(Math.log2(count - 1));

/** Root and consistency proof as RFC 6962, section 2.1 defines them: by recursion. */
function root(leaves) {
  if (leaves.length === 0) return hash();
  if (leaves.length === 1) return leaves[0];
  const at = half(leaves.length);
  return node(root(leaves.slice(0, at)), root(leaves.slice(at)));
}
function proof(from, leaves, whole = true) {
  if (from === 0) return [];
  if (from === leaves.length) return whole ? [] : [root(leaves)];
  const at = half(leaves.length);
  const [left, right] = [leaves.slice(0, at), leaves.slice(at)];
  return from <= at
    ? [...proof(from, left, whole), root(right)]
    : [...proof(from - at, right, false), root(left)];
}

const note = (leaves, origin = 'log') =>
  `${origin}\n${leaves.length}\n${base64(root(leaves))}\n\n\u2014 log AAAAAAA=\n`;

/** A log of this many entries, as the enclave would answer. */
function log(count, change = (result) => result) {
  const leaves = Array.from({ length: count }, (_, n) => leaf(`entry ${n}`));
  const asked = [];
  const answers = {
    'audit.checkpoint': () => ({ note: note(leaves), verifierKey: 'key' }),
    'audit.prove_consistency': ({ from, to }) => ({ hashes: proof(from, leaves.slice(0, to)) }),
    'audit.list': ({ from, limit }) => ({
      entries: leaves.slice(from - 1, from - 1 + limit).map((hash, index) => ({
        seq: from + index,
        method: 'sign',
        keyId: index % 2 === 0 ? 'k' : undefined,
        hash,
        leaf: index % 2 === 0 ? Uint8Array.of(1, 2) : undefined,
      })),
    }),
  };
  const call = async (method, params) => {
    asked.push([method, params]);
    return change(answers[method](params), method);
  };
  return { audit: new Audit({ call }), leaves, asked };
}

test('a log that has only grown is told from every other one', async () => {
  for (let size = 0; size <= 33; size += 1) {
    const { audit, leaves } = log(size);
    for (let from = 0; from <= size; from += 1) {
      const pinned = { note: note(leaves.slice(0, from)), verifierKey: 'key' };
      assert.deepEqual(await audit.verifySince(pinned), await audit.checkpoint());
      if (from === 0) continue;
      const other = [...leaves.slice(0, from - 1), leaf('another history')];
      const forged = { note: note(other), verifierKey: 'key' };
      await assert.rejects(audit.verifySince(forged), { code: 'audit_corrupt' }, `${from} ${size}`);
    }
  }
});

test('a wrong proof proves nothing', async () => {
  const pinned = { note: note(log(6).leaves), verifierKey: 'key' };
  const changes = [
    (hashes) => hashes.slice(1),
    (hashes) => hashes.slice(0, -1),
    (hashes) => [...hashes, hash()],
    (hashes) => [hash(), ...hashes.slice(1)],
    () => [],
  ];
  for (const change of changes) {
    const { audit } = log(11, (result, method) =>
      method === 'audit.prove_consistency' ? { hashes: change(result.hashes) } : result);
    await assert.rejects(audit.verifySince(pinned), { code: 'audit_corrupt' });
  }
});

test('a checkpoint of another log, a longer one or none at all is refused', async () => {
  const { audit, leaves } = log(5);
  for (const pinned of [
    { note: note(leaves), verifierKey: 'other' },
    { note: note(leaves, 'other'), verifierKey: 'key' },
    { note: note(log(6).leaves), verifierKey: 'key' },
    { note: 'log\n05\nAA==\n', verifierKey: 'key' },
    { note: 'log\n5\n', verifierKey: 'key' },
    { note: '', verifierKey: 'key' },
  ]) {
    await assert.rejects(audit.verifySince(pinned), { code: 'audit_corrupt' }, pinned.note);
  }
});

test('an export has every entry, the checkpoint last', async () => {
  for (const size of [1, 100, 101, 250]) {
    const { audit, leaves, asked } = log(size);
    let text = '';
    for await (const part of audit.export()) text += part;
    const lines = text.trimEnd().split('\n').map((line) => JSON.parse(line));
    assert.deepEqual(lines.pop(), { checkpoint: note(leaves) });
    assert.deepEqual(lines.map(({ hash }) => hash), leaves.map(base64));
    assert.deepEqual(lines[0], { seq: 1, method: 'sign', keyId: 'k', hash: lines[0].hash, leaf: 'AQI=' });
    if (size > 1) assert.deepEqual(lines[1], { seq: 2, method: 'sign', hash: lines[1].hash });
    assert.equal(asked.length, 1 + Math.ceil(size / 100));
  }
});

test('an export without all entries is none', async () => {
  const { audit } = log(250, (result, method) =>
    method === 'audit.list' ? { entries: result.entries.slice(1) } : result);
  await assert.rejects(audit.export().next(), { code: 'audit_corrupt' });
});
