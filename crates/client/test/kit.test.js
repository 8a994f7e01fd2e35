// The verifier that the package carries, over the cases that every home of it has to pass.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadKit, said } from '../src/kit.js';

const folder = new URL('../../verify/cases/', import.meta.url);
const file = (name) => (name ? readFileSync(new URL(name, folder)).toString('base64') : null);
// `cargo xtask build` puts it there.
const kit = await loadKit(readFileSync(new URL('../src/kit.wasm', import.meta.url)));

/** The case with its files in place of their names. */
const question = ({ policy, manifest, proof, growth, revocations, mark, now }) => ({
  policy: file(policy),
  manifest: file(manifest),
  proof: file(proof),
  growth: file(growth),
  revocations: revocations?.map(file) ?? null,
  mark: file(mark),
  now,
});
const cases = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({ name, ...JSON.parse(readFileSync(new URL(name, folder), 'utf8')) }));

test('every case comes to its answer, and only an accepted release is pinned', () => {
  assert.ok(cases.length >= 70, `${cases.length}`);
  for (const { name, answer, ...rest } of cases) {
    const told = said(() => kit.verify(JSON.stringify(question(rest))));
    assert.deepEqual(told.answer, answer, name);
    assert.equal(told.pin?.manifest, answer.release?.manifest, name);
    assert.equal(answer.accepted, !name.endsWith('_fail.json'), name);
  }
});

test('each attack has an error of its own', () => {
  const attacks = {
    'split view': 'log_split',
    'forked log': 'log_forked',
    'rollback': 'rollback',
    'missing witness quorum': 'quorum_missing',
    'too-young entry': 'too_young',
    'wrong key': 'log_unknown',
    'truncated proof': 'proof_truncated',
    'replayed checkpoint': 'log_replayed',
  };
  for (const [attack, code] of Object.entries(attacks)) {
    assert.ok(cases.some(({ answer }) => answer.code === code), attack);
  }
});

test('what is no question has no answer', () => {
  for (const bad of ['', '{}', 'null', '\ud800']) {
    assert.equal(kit.verify(bad), undefined);
    assert.equal(kit.wanted(bad), undefined);
    assert.equal(kit.growth(bad, '[]'), undefined);
  }
});

test('a digest becomes the rows of a QR code, and nothing else does', () => {
  const rows = kit.qr(`sha256-${'A'.repeat(43)}=`).split('\n');
  assert.ok(rows.length >= 21 && rows.every((row) => row.length === rows.length && /^[01]+$/.test(row)));
  for (const digest of ['', 'sha256-', `sha384-${'A'.repeat(64)}`]) assert.equal(kit.qr(digest), undefined);
});
