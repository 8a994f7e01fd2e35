import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';
import { explainFailure, verifyEnclave } from '../src/verify.js';
import { noteRefused } from '../src/verify-policy.js';
import { Steps } from '../src/verify-steps.js';
import { levelText } from '../src/verify-report.js';
import { enrol, enrolPath, html, manifest, module, pin, tools, toolsPath } from './sample.js';

const policy = {
  schema: 1,
  origin: pin.url,
  signers: { threshold: 2, keys: ['alice+1+k', 'bob+2+k', 'carol+3+k'] },
  transparency: ['log log.example+4+k', 'witness W1 w1+5+k', 'witness W2 w2+6+k', 'group all all W1 W2'],
  cool_down_hours: 24,
};
const accepted = {
  version: pin.version, epoch: 7, manifest: pin.manifest, log: 'log.example', index: 3, size: 6, time: 1_800_000_000,
};
const ORDER = [
  'policy', 'revocations', 'policy-manifest', 'signers', 'log', 'witnesses', 'inclusion', 'age', 'growth', 'order',
];
const accepts = async () => ({ release: pin, accepted });
const refuses = (code) => async () => {
  throw Object.assign(new Error('refused'), { code });
};

const realFetch = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = realFetch;
});
beforeEach(() => {
  const files = {
    '/': html, '/enrol': enrol.html, [pin.module.path]: module, [toolsPath]: tools,
    [enrolPath]: enrol.script, '/.well-known/ats-kms/manifest.json': manifest,
  };
  globalThis.fetch = async (url) => {
    const { pathname } = new URL(url);
    const type = ['/', '/enrol'].includes(pathname) ? 'text/html' : 'text/javascript';
    return new Response(files[pathname], { headers: { 'content-type': type } });
  };
});
const connection = (pinned) => ({
  release: pin,
  csp: pin.csp,
  isolation: () => ({ pin: pinned }),
  measurement: async () => ({
    release: pin.version, nonce: 'n', digests: { worker: pin.worker, wasm: pin.wasm },
  }),
});

test('an accepted release shows who vouches for it, and is compared like a pinned one', async () => {
  const report = await verifyEnclave({ policy, judge: accepts, kms: connection('enforced') });
  assert.deepEqual([report.level, report.by, report.version], ['enforced by browser', 'policy', pin.version]);
  assert.deepEqual(report.steps.slice(0, 10).map(({ id }) => id), ORDER);
  const detail = (id) => report.steps.find((step) => step.id === id).detail;
  assert.match(detail('signers'), /2 of 3 \(alice, bob, carol\)/);
  assert.match(detail('log'), /log\.example, with 6 entries/);
  assert.match(detail('witnesses'), /2 \(W1, W2\), by .*2027/);
  assert.match(detail('inclusion'), /Entry 3, .* of 6/);
  assert.match(detail('age'), /24 hours/);
  const left = report.steps.filter(({ ok }) => ok === null).map(({ id }) => id);
  assert.deepEqual(left, ['headers']);
  assert.ok(report.steps.some(({ id }) => id === 'manifest') && report.rebuild);
  assert.ok(report.notProven.some((sentence) => sentence.includes('newer release')));
});

test('a policy makes no level higher', async () => {
  const judge = accepts;
  assert.equal((await verifyEnclave({ policy, judge, kms: connection('checked') })).level, 'checked');
  assert.equal((await verifyEnclave({ policy, judge })).level, 'checked');
  const other = { ...connection('enforced'), release: { ...pin, manifest: pin.html } };
  assert.equal((await verifyEnclave({ policy, judge, kms: other })).level, 'checked');
  const another = async () => ({ release: { ...pin, manifest: pin.html }, accepted });
  const changed = await verifyEnclave({ policy, judge: another });
  assert.equal(changed.level, 'failed');
  assert.equal(changed.steps.find(({ ok }) => ok === false).id, 'manifest');
  for (const level of ['enforced by browser', 'checked', 'failed']) {
    assert.match(levelText({ level, by: 'policy', accepts: ['1.2.3'] })[1], /signers/);
    assert.match(levelText({ level, by: 'pin', accepts: ['1.2.3'] })[1], /pinned/);
  }
});

test('a refusal is one failed step, and nothing after it is called done', async () => {
  const report = await verifyEnclave({ policy, judge: refuses('quorum_missing'), kms: connection('enforced') });
  assert.equal(report.level, 'failed');
  assert.deepEqual(report.steps.map(({ id }) => id), ORDER);
  assert.deepEqual(report.steps.map(({ ok }) => ok), [
    true, true, true, true, true, false, null, null, null, null,
  ]);
  const { code, detail, advice } = report.steps[5];
  assert.equal(code, 'quorum_missing');
  assert.deepEqual({ text: detail, advice }, explainFailure('quorum_missing'));
  assert.equal(report.rebuild, null);
});

test('every code of the native verifier has its step, in the verifier\u2019s order', () => {
  const rust = readFileSync(new URL('../../verify/src/fault.rs', import.meta.url), 'utf8');
  const codes = [...rust.matchAll(/^ {4}\w+ = "([a-z_]+)": "/gm)].map(([, code]) => code);
  assert.ok(codes.length > 40);
  let last = 0;
  for (const code of codes) {
    assert.ok(explainFailure(code), code);
    const steps = new Steps();
    noteRefused(steps, code);
    const failed = steps.all.filter(({ ok }) => ok === false);
    assert.equal(failed.length, 1);
    const place = ORDER.indexOf(failed[0].id);
    assert.equal(place === 0, /^(policy|mark)_/.test(code), code);
    assert.ok(place >= last, code);
    last = place;
  }
});

test('what is no verdict fails at the first step', async () => {
  const cases = [
    [refuses('files_unreachable'), 'files_unreachable'],
    [refuses('kit_unavailable'), 'kit_unavailable'],
    [refuses('kit_forbidden'), 'kit_forbidden'],
    [refuses(7), 'unreadable'],
    [async () => undefined, 'unreadable'],
    [async () => ({ release: { ...pin, csp: 'none' }, accepted }), 'invalid_release'],
  ];
  for (const [judge, code] of cases) {
    const { level, steps } = await verifyEnclave({ policy, judge });
    assert.equal(level, 'failed');
    assert.deepEqual([steps[0].ok, steps[0].code], [false, code]);
    assert.ok(steps[0].detail.endsWith('.') && steps[0].advice.length > 0);
  }
  const judge = ({ signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const late = await verifyEnclave({ policy, judge, timeoutMs: 20 });
  assert.deepEqual(late.steps[0].code, 'no_answer');
});
