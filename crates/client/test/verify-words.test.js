import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { explainFailure } from '../src/verify.js';
import { digestBytes, wordCode } from '../src/verify-digest.js';
import { recall, remember } from '../src/verify-memory.js';
import { parseManifest } from '../src/verify-manifest.js';
import { rebuildCommands } from '../src/verify-rebuild.js';
import { asText, history, idleText } from '../src/verify-report.js';
import { notProven } from '../src/verify-words.js';
import { WORDS } from '../src/wordlist.gen.js';
import { manifest } from './sample.js';

const sha256 = (text) => createHash('sha256').update(text).digest();
const sri = (text) => `sha256-${sha256(text).toString('base64')}`;
const [older, newer] = ['older', 'newer'].map((text) => sri(text));
const ORIGIN = 'https://kms.example';

test('the list of words is the published one', () => {
  // SHA-256 of bip-0039/english.txt.
  const published = '2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda';
  assert.equal(sha256(`${WORDS.join('\n')}\n`).toString('hex'), published);
});

test('the words are those of every other verifier', () => {
  // crates/manifest/src/code.rs has the same answers.
  assert.equal(wordCode(sha256('abc')), 'risk scheme quiz bulk brother vivid');
  assert.equal(wordCode(sha256('')), 'together mail awful cradle scrub apart');
  assert.equal(wordCode(new Uint8Array(32)), Array(6).fill('abandon').join(' '));
  assert.equal(wordCode(new Uint8Array(32).fill(255)), Array(6).fill('zoo').join(' '));
  assert.deepEqual(Buffer.from(digestBytes(older)), sha256('older'));
});

test('every code of the native verifier is explained', () => {
  const cases = new URL('../../verify/cases/', import.meta.url);
  const names = readdirSync(cases).filter((name) => name.endsWith('.json'));
  const read = (name) => JSON.parse(readFileSync(new URL(name, cases), 'utf8'));
  const codes = new Set(names.map((name) => read(name).answer.code).filter(Boolean));
  // Its test `every_code_has_a_case` sees to it that these are all.
  assert.ok(codes.size > 40, `${codes.size} codes`);
  for (const code of codes) assert.ok(explainFailure(code), code);
});

test('every code that the kit raises is explained', () => {
  const src = new URL('../src/', import.meta.url);
  const raised = new Set();
  for (const name of readdirSync(src).filter((each) => /^(verify|fetch|policy|kit)/.test(each))) {
    const text = readFileSync(new URL(name, src), 'utf8');
    const uses = /new (?:Mismatch|PolicyError)\(([^{}]*?)[,)]|compare\([^;]*?, ('[a-z_]+')\);/g;
    for (const [, thrown, compared] of text.matchAll(uses)) {
      for (const [, code] of (thrown ?? compared).matchAll(/'([a-z_]+)'/g)) raised.add(code);
    }
  }
  assert.ok(raised.size > 12, `${[...raised]}`);
  for (const code of raised) assert.ok(explainFailure(code), code);
});

test('an explanation is a sentence, and an advice says what to do', () => {
  for (const code of ['revoked', 'too_young', 'log_split', 'no_answer', 'policy_form', 'from_the_future']) {
    const { text, advice } = explainFailure(code);
    assert.match(text, /^[A-Z][^_]+\.$/);
    assert.match(advice, /[Dd]o not unlock|Never unlock|verify again|Wait|tell the people/);
  }
  assert.match(explainFailure('revoked').advice, /^Never unlock/);
  for (const code of ['', 'constructor', '__proto__', 'nothing']) {
    assert.equal(explainFailure(code), undefined);
  }
});

/** Plays `localStorage`. */
function storage() {
  const kept = new Map();
  return { kept, getItem: (at) => kept.get(at) ?? null, setItem: (at, text) => kept.set(at, text) };
}
const release = (manifest, version, last) => ({ manifest, version, last });

test('the memory keeps the release, since when, and the one before', () => {
  const memory = storage();
  assert.equal(recall(memory, ORIGIN), null);
  remember(memory, ORIGIN, release(older, '1.0.0', 1));
  remember(memory, ORIGIN, release(older, '1.0.0', 2));
  assert.deepEqual(recall(memory, ORIGIN), { ...release(older, '1.0.0', 2), first: 1, before: null });
  remember(memory, ORIGIN, release(newer, '1.1.0', 3));
  remember(memory, ORIGIN, release(newer, '1.1.0', 4));
  const before = release(older, '1.0.0', 2);
  assert.deepEqual(recall(memory, ORIGIN), { ...release(newer, '1.1.0', 4), first: 3, before });
  assert.equal(recall(memory, 'https://other.example'), null);
});

test('a memory that is damaged, full, forbidden or not there is an empty one', () => {
  const memory = storage();
  remember(memory, ORIGIN, release(older, '1.0.0', 1));
  const [[at, good]] = memory.kept;
  const bad = [
    '', '{', 'null', '[]', '1', good.replace('sha256', 'sha1'), good.replace('1.0.0', '<b>'),
    good.replace('"first":1', '"first":"1"'), good.replace('"first":1', '"first":1e300'),
    good.replace('null', '{}'), good.replace('"last":1,', ''),
  ];
  for (const text of bad) {
    memory.kept.set(at, text);
    assert.equal(recall(memory, ORIGIN), null, text);
  }
  const refuse = () => {
    throw new Error('refused');
  };
  for (const none of [{ getItem: refuse, setItem: refuse }, null, undefined]) {
    assert.equal(recall(none, ORIGIN), null);
    remember(none, ORIGIN, release(older, '1.0.0', 1));
  }
});

const REPORT = {
  level: 'checked', by: 'pin', version: '1.1.0', manifest: newer, words: wordCode(sha256('newer')), code: 'A',
  steps: [
    { id: 'a', title: 'One holds', ok: true, detail: 'It does.', compared: [{ what: 'X', expected: 'y', found: 'y' }] },
    { id: 'b', title: 'One does not', ok: false, detail: 'It does not.', compared: [], code: 'other_bytes' },
    { id: 'c', title: 'One is left out', ok: null, detail: 'Not asked.', compared: [] },
  ],
  notProven: ['Something.'], rebuild: 'make', past: null,
};

test('what is remembered is told without being called a proof', () => {
  const past = { ...release(older, '1.0.0', 2), first: 1, before: null };
  assert.match(history(REPORT).text, /first time/);
  const changed = history({ ...REPORT, past });
  assert.equal(changed.changed, true);
  for (const part of ['1.0.0', '1.1.0', '\u2192', wordCode(sha256('older')), REPORT.words]) {
    assert.ok(changed.text.includes(part), part);
  }
  const same = history({ ...REPORT, past: { ...past, manifest: newer, before: release(older, '0.9.0', 1) } });
  assert.equal(same.changed, false);
  assert.match(same.text, /^The same release as on .* replaced 0\.9\.0/);
  assert.match(history({ ...REPORT, level: 'failed', past }).text, /^It last held on .*1\.0\.0/);
  assert.match(history({ ...REPORT, level: 'failed' }).text, /not been verified here/);
  assert.equal(idleText(null), 'Not verified yet.');
  assert.match(idleText(past), /^Not verified now\. .*1\.0\.0/);
  const told = (remembered) => notProven('checked', { asked: false, remembered, policy: false, several: false }).length;
  assert.equal(told(true) - told(false), 1);
});

test('the report as text has everything in it', () => {
  const text = asText(REPORT);
  for (const part of [
    'Level: checked', newer, REPORT.words, '[ok] One holds', 'X: expected y, found y',
    '[FAILED other_bytes] One does not', '[not done] One is left out', '- Something.', 'make',
  ]) assert.ok(text.includes(part), part);
});

test('a commit is a name, or it is unknown', () => {
  const commit = (named) =>
    parseManifest(Buffer.from(JSON.stringify({ ...JSON.parse(manifest), commit: named }))).commit;
  for (const good of ['0f'.repeat(20), '0f'.repeat(32), `${'0f'.repeat(20)}-dirty`]) {
    assert.equal(commit(good), good);
  }
  const bad = [undefined, 7, '', 'unknown', 'HEAD', '$(id)', `${'0f'.repeat(20)};id`, `${'0f'.repeat(20)}\n`];
  for (const named of bad) assert.equal(commit(named), 'unknown', named);
});

test('the commands of a rebuild are filled in, and nothing but names gets into them', () => {
  const commit = 'a'.repeat(40);
  const given = { version: '1.1.0', commit, manifest: newer, origin: ORIGIN };
  const commands = rebuildCommands(given);
  const hex = sha256('newer').toString('hex');
  assert.deepEqual(commands.split('\n').slice(1), [
    `git checkout ${commit}`,
    `curl -sSf ${ORIGIN}/.well-known/ats-kms/manifest.json > manifest.json`,
    `echo '${hex}  manifest.json' | sha256sum --check`,
    'cargo xtask repro --against manifest.json',
  ]);
  const source = 'https://forge.example/kms.git';
  assert.match(rebuildCommands({ ...given, source }), /^git clone https:\/\/forge\.example\/kms\.git kms /);
  for (const evil of ['https://a/$(id)', 'https://a/;id', "https://a/'", 'ssh://a', '--upload-pack=id']) {
    assert.match(rebuildCommands({ ...given, source: evil }), /^# in a clone/);
    assert.equal(rebuildCommands({ ...given, origin: evil }), null);
  }
  assert.match(rebuildCommands({ ...given, commit: 'unknown' }), /# the manifest names no commit.*1\.1\.0/);
  assert.match(rebuildCommands({ ...given, commit: `${commit}-dirty` }), /git checkout a{40} # /);
});
