import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { afterEach, test } from 'node:test';
import { KmsError } from '../src/errors.js';
import { checkPinned } from '../src/rollout.js';
import { explainFailure, verifyEnclave } from '../src/verify.js';
import { digestBytes, shortCode, wordCode } from '../src/verify-digest.js';
import {
  enrol, enrolPath, html, manifest, module, next, nextManifest, nextModule, nextPath, pin, sri, tools, toolsPath,
  webcat, webcatManifest, webcatPath, webcatPin,
} from './sample.js';

const realFetch = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = realFetch;
});

/** Plays the server. `changed` replaces what is served at a path. */
function serve(changed = {}, types = {}) {
  const files = {
    '/': html,
    [pin.module.path]: module,
    [toolsPath]: tools,
    '/enrol': enrol.html,
    [enrolPath]: enrol.script,
    '/.well-known/ats-kms/manifest.json': manifest,
    ...changed,
  };
  globalThis.fetch = async (url, options) => {
    assert.equal(options.cache, 'no-store');
    assert.equal(options.credentials, 'omit');
    const body = files[new URL(url).pathname];
    if (body instanceof Error) throw body;
    if (body === undefined) return new Response('', { status: 404 });
    const path = new URL(url).pathname;
    const plain = ['/', '/enrol', '/webcat/'].includes(path) ? 'text/html' : 'text/javascript';
    return new Response(body, { headers: { 'content-type': types[path] ?? plain } });
  };
}

/** Plays a connection. */
const connection = (pinned, told = {}) => ({
  release: pin,
  csp: pin.csp,
  isolation: () => ({ pin: pinned }),
  measurement: async () => ({
    release: pin.version,
    nonce: 'n',
    digests: { worker: pin.worker, wasm: pin.wasm, ...told },
  }),
});
const failed = ({ steps }) => steps.filter(({ ok }) => ok === false).map(({ id }) => id);

test('the level says what the browser does, not more', async () => {
  serve();
  const enforced = await verifyEnclave({ release: pin, kms: connection('enforced') });
  assert.equal(enforced.level, 'enforced by browser');
  const checked = await verifyEnclave({ release: pin, kms: connection('checked') });
  assert.equal(checked.level, 'checked');
  const alone = await verifyEnclave({ release: pin });
  assert.equal(alone.level, 'checked');
  assert.equal(alone.steps.find(({ id }) => id === 'running').ok, null);
  for (const { notProven } of [enforced, checked, alone]) assert.ok(notProven.length >= 2);
  assert.ok(checked.notProven.length > enforced.notProven.length);
});

const servedForWebcat = (changed = {}) => serve({
  '/.well-known/ats-kms/manifest.json': webcatManifest,
  '/webcat/': webcat.html,
  [webcatPath]: webcat.script,
  ...changed,
});

test('of the page for WEBCAT no more is claimed than was seen', async () => {
  servedForWebcat();
  const kms = { ...connection('checked'), release: webcatPin, csp: webcatPin.csp };
  const { level, steps, notProven } = await verifyEnclave({ release: webcatPin, kms });
  assert.equal(level, 'checked');
  const step = (name) => steps.find(({ id }) => id === name);
  assert.equal(step('extension').ok, null);
  assert.match(step('extension').detail, /cannot see whether WEBCAT is installed/);
  assert.equal(step('enforced').ok, null);
  assert.match(notProven[0], /extension WEBCAT/);
  assert.ok(!notProven.some((sentence) => sentence.includes('Chrome and Edge can')));
  serve();
  const other = await verifyEnclave({ release: pin, kms: connection('checked') });
  assert.ok(!other.steps.some(({ id }) => id === 'extension'));
  assert.match(other.notProven[0], /Chrome and Edge can/);
});

test('the page for WEBCAT is compared with its own pin', async () => {
  servedForWebcat({ '/webcat/': html });
  assert.deepEqual(failed(await verifyEnclave({ release: webcatPin })), ['asset:/webcat/']);
  servedForWebcat();
  const wrong = { ...webcatPin, html: pin.html };
  assert.deepEqual(failed(await verifyEnclave({ release: wrong })), ['manifest']);
});

test('the digest that is compared is shown', async () => {
  serve();
  const { steps } = await verifyEnclave({ release: pin });
  assert.ok(steps.find(({ id }) => id === 'manifest').detail.includes(pin.manifest));
});

test('an enforced pin is not said to prove the words in the frame', async () => {
  serve();
  const { notProven } = await verifyEnclave({ release: pin, kms: connection('enforced') });
  assert.ok(notProven.some((sentence) => sentence.includes('other words')));
});

test('an enclave that never answers ends with the time limit', { timeout: 2000 }, async () => {
  serve();
  const measurement = (_nonce, options) =>
    new Promise((_, reject) => options?.signal.addEventListener('abort', reject));
  const kms = { ...connection('enforced'), measurement };
  const report = await verifyEnclave({ release: pin, kms, timeoutMs: 100 });
  assert.deepEqual(failed(report), ['running']);
});

test('a connection made with another release enforces nothing', async () => {
  serve();
  for (const other of [{ csp: 'another' }, { release: { ...pin, manifest: pin.worker } }]) {
    const kms = { ...connection('enforced'), ...other };
    assert.equal((await verifyEnclave({ release: pin, kms })).level, 'checked');
  }
});

test('each change fails and is named', async () => {
  const flipped = Buffer.from(module);
  flipped[0] ^= 1;
  const cases = [
    [{ [pin.module.path]: flipped }, `asset:${pin.module.path}`],
    [{ [pin.module.path]: module.subarray(1) }, `asset:${pin.module.path}`],
    [{ [pin.module.path]: Buffer.concat([module, module]) }, `asset:${pin.module.path}`],
    [{ [pin.module.path]: undefined }, `asset:${pin.module.path}`],
    [{ [toolsPath]: module }, `asset:${toolsPath}`],
    [{ [toolsPath]: undefined }, `asset:${toolsPath}`],
    [{ '/enrol': html }, 'asset:/enrol'],
    [{ [enrolPath]: enrol.html }, `asset:${enrolPath}`],
    [{ '/': module }, 'asset:/'],
    [{ '/': new TypeError('offline') }, 'asset:/'],
    [{ '/.well-known/ats-kms/manifest.json': Buffer.from(`${manifest} `) }, 'manifest'],
    [{ '/.well-known/ats-kms/manifest.json': Buffer.alloc(300_000) }, 'manifest'],
  ];
  for (const [changed, id] of cases) {
    serve(changed);
    const report = await verifyEnclave({ release: pin, kms: connection('enforced') });
    assert.equal(report.level, 'failed');
    assert.deepEqual(failed(report), [id]);
  }
});

test('an enclave that reports anything else fails, whatever the browser enforces', async () => {
  serve();
  const wrong = connection('enforced', { wasm: pin.worker });
  const report = await verifyEnclave({ release: pin, kms: wrong });
  assert.equal(report.level, 'failed');
  assert.deepEqual(failed(report), ['running']);
});

test('a manifest that contradicts the pin fails even with the pinned digest', async () => {
  serve();
  const report = await verifyEnclave({ release: { ...pin, worker: pin.wasm } });
  assert.deepEqual(failed(report), ['manifest']);
});

test('the frame\u2019s page is the pinned one, not any page of the release', async () => {
  serve();
  const report = await verifyEnclave({ release: { ...pin, html: sri('sha256', enrol.html) } });
  assert.deepEqual(failed(report), ['manifest']);
});

test('a script of the pin that the manifest lists otherwise, or not at all, fails', async () => {
  const other = { path: enrolPath, integrity: pin.tools.integrity };
  const csp = pin.csp.replace(pin.tools.integrity, pin.module.integrity.replace(/[a-y]/, 'z'));
  const unlisted = { path: '/r/ffffffffffffffff/tools.js', integrity: pin.tools.integrity };
  for (const release of [{ ...pin, tools: other }, { ...pin, tools: unlisted }]) {
    serve();
    assert.deepEqual(failed(await verifyEnclave({ release })), ['manifest']);
  }
  serve();
  assert.deepEqual(failed(await verifyEnclave({ release: { ...pin, csp } })), ['pin']);
});

test('every file of the release is read and named', async () => {
  serve();
  const { steps } = await verifyEnclave({ release: pin });
  const read = steps.filter(({ id }) => id.startsWith('asset:')).map(({ id }) => id.slice(6));
  assert.deepEqual(read, ['/', '/enrol', enrolPath, pin.module.path, toolsPath]);
});

test('without a pin, or when given up, it fails instead of throwing', async () => {
  assert.deepEqual(failed(await verifyEnclave({ release: undefined })), ['pin']);
  globalThis.fetch = (_, { signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const report = await verifyEnclave({ release: pin, timeoutMs: 20 });
  assert.equal(report.level, 'failed');
  assert.equal(report.code, null);
});

test('the short code is that of every other verifier', async () => {
  // SHA-256("abc") starts ba 78 16 bf 8f.
  assert.equal(shortCode(new Uint8Array([0xba, 0x78, 0x16, 0xbf, 0x8f])), 'Q9W1-DFWF');
  serve();
  assert.match((await verifyEnclave({ release: pin })).code, /^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
});

test('a step tells what was compared with what, and how a failure is called', async () => {
  const other = Buffer.from(module).reverse();
  serve({ [pin.module.path]: other });
  const { steps } = await verifyEnclave({ release: pin, kms: connection('enforced', { wasm: pin.html }) });
  const step = (id) => steps.find((each) => each.id === id);
  const [manifestDigest] = step('manifest').compared;
  assert.deepEqual(manifestDigest, { what: 'Manifest', expected: pin.manifest, found: pin.manifest });
  assert.equal(step('manifest').compared.length, 7);
  const served = step(`asset:${pin.module.path}`);
  const expected = sri('sha256', module);
  assert.deepEqual(served.compared, [{ what: 'SHA-256', expected, found: sri('sha256', other) }]);
  assert.equal(served.code, 'other_bytes');
  assert.deepEqual(step('running').compared.at(-1), {
    what: 'WebAssembly', expected: pin.wasm, found: pin.html,
  });
  for (const { ok, code, detail, advice } of steps.filter(({ ok }) => ok === false)) {
    assert.deepEqual({ text: detail, advice }, explainFailure(code), ok);
  }
});

test('what is not looked at is said, and counts for no level', async () => {
  serve();
  const { steps, level } = await verifyEnclave({ release: pin, kms: connection('enforced') });
  assert.equal(level, 'enforced by browser');
  const left = steps.filter(({ ok }) => ok === null).map(({ id }) => id);
  assert.deepEqual(left, ['headers', 'vouched']);
});

test('the whole digest and its codes are of the manifest that was read', async () => {
  const other = Buffer.from(`${manifest} `);
  serve({ '/.well-known/ats-kms/manifest.json': other });
  const report = await verifyEnclave({ release: pin });
  assert.equal(report.manifest, sri('sha256', other));
  assert.equal(report.words, wordCode(digestBytes(report.manifest)));
  assert.equal(report.rebuild, null);
  serve();
  assert.equal((await verifyEnclave({ release: pin })).manifest, pin.manifest);
});

test('what a server says is not shown at any length', async () => {
  serve({}, { '/': `text/html;${'x'.repeat(5000)}` });
  const { steps } = await verifyEnclave({ release: pin });
  assert.ok(steps.find(({ id }) => id === 'asset:/').compared.at(-1).found.length <= 200);
});

test('an error of the connection has its own code and an advice', async () => {
  serve();
  const measurement = async () => {
    throw new KmsError('closed');
  };
  const { steps } = await verifyEnclave({ release: pin, kms: { ...connection('enforced'), measurement } });
  const { code, advice } = steps.find(({ id }) => id === 'running');
  assert.equal(code, 'closed');
  assert.match(advice, /verify again/);
  const [unpinned] = (await verifyEnclave({ release: {} })).steps;
  assert.equal(unpinned.code, 'invalid_release');
  assert.match(unpinned.advice, /tell the people/);
});

test('what was verified is remembered, what failed is not, and neither changes the level', async () => {
  const kept = new Map();
  const memory = { getItem: (at) => kept.get(at) ?? null, setItem: (at, text) => kept.set(at, text) };
  serve();
  assert.equal((await verifyEnclave({ release: pin, memory })).past, null);
  assert.equal(kept.size, 1);
  assert.equal(JSON.parse([...kept.values()][0]).manifest, pin.manifest);
  kept.forEach((_, at) => kept.set(at, kept.get(at).replace(pin.manifest, pin.html)));
  serve({ '/': module });
  const broken = await verifyEnclave({ release: pin, memory });
  assert.deepEqual([broken.level, broken.past.manifest], ['failed', pin.html]);
  serve();
  const changed = await verifyEnclave({ release: pin, memory });
  assert.deepEqual([changed.level, changed.past.manifest], ['checked', pin.html]);
  assert.ok(changed.notProven.some((sentence) => sentence.includes('remembers')));
  assert.equal((await verifyEnclave({ release: pin, memory })).past.before.manifest, pin.html);
});

test('a file sent as another kind of file fails', async () => {
  serve({}, { [pin.module.path]: 'text/plain' });
  const report = await verifyEnclave({ release: pin });
  assert.equal(report.level, 'failed');
  assert.deepEqual(failed(report), [`asset:${pin.module.path}`]);
});

test('a manifest that the other verifiers do not read is not read here', async () => {
  const source = await readFile(new URL('../../manifest/src/manifest.rs', import.meta.url), 'utf8');
  const [, factor] = /MANIFEST_LIMIT: usize = (\d+) \* 1024;/.exec(source);
  const path = '/.well-known/ats-kms/manifest.json';
  for (const [size, code] of [[factor * 1024, 'other_manifest'], [factor * 1024 + 1, 'too_large']]) {
    serve({ [path]: new Uint8Array(size).fill(32) });
    const { steps } = await verifyEnclave({ release: pin });
    assert.equal(steps.find(({ id }) => id === 'manifest').code, code);
  }
});

/** Plays a connection made with both releases, of which `release` runs. */
const during = (release, told = {}) => ({
  ...connection('enforced'),
  release,
  csp: checkPinned([pin, next], undefined).csp,
  measurement: async () => ({
    release: release.version,
    nonce: 'n',
    digests: { worker: release.worker, wasm: release.wasm, ...told },
  }),
});
/** The server has the next release. */
const NEXT = { '/.well-known/ats-kms/manifest.json': nextManifest, [nextPath]: nextModule };

test('during a roll-out either release counts, and the report says which', async () => {
  const release = [pin, next];
  for (const [changed, served] of [[{}, pin], [NEXT, next]]) {
    serve(changed);
    for (const runs of release) {
      const report = await verifyEnclave({ release, kms: during(runs) });
      assert.equal(report.level, 'enforced by browser', JSON.stringify(report.steps));
      assert.deepEqual(report.accepts, ['1.2.3', '1.2.4']);
      assert.equal(report.version, served.version);
      assert.equal(report.manifest, served.manifest);
      assert.equal(report.running, runs.version);
      const { detail } = report.steps.find(({ id }) => id === 'running');
      assert.equal(detail.includes('by now'), runs !== served);
      assert.ok(report.notProven.some((text) => text.includes('parts of both')));
    }
    const alone = await verifyEnclave({ release });
    assert.deepEqual([alone.level, alone.version, alone.running], ['checked', served.version, null]);
  }
});

test('during a roll-out a third release fails, and a frame that may run more is not enforced', async () => {
  const release = [pin, next];
  serve({ ...NEXT, '/.well-known/ats-kms/manifest.json': manifest.toString().replace('1.2.3', '1.2.5') });
  assert.deepEqual(failed(await verifyEnclave({ release, kms: during(pin) })), ['manifest']);
  serve();
  const other = during(next, { wasm: pin.wasm });
  assert.deepEqual(failed(await verifyEnclave({ release, kms: other })), ['running']);
  const third = during({ ...next, version: '1.2.5' });
  assert.deepEqual(failed(await verifyEnclave({ release, kms: third })), ['running']);
  // Of one release is asked, and two were let run.
  assert.equal((await verifyEnclave({ release: pin, kms: during(pin) })).level, 'checked');
});
