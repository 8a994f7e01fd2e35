import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { connect, verifyPolicy, verifyWith } from '../src/policy.js';
import { explainFailure } from '../src/verify-failures.js';
import { manifest, pin } from './sample.js';

const policy = { schema: 1, origin: pin.url, signers: {}, transparency: [], cool_down_hours: 1 };
const FOLDER = '/.well-known/ats-kms/';
const real = { fetch: globalThis.fetch, navigator: globalThis.navigator };
const define = (name, value) =>
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
let stored;
let order;

beforeEach(() => {
  stored = new Map();
  order = Promise.resolve();
  define('localStorage', {
    getItem: (name) => stored.get(name) ?? null,
    setItem: (name, value) => stored.set(name, value),
  });
  const request = (_name, _options, work) => (order = order.then(work, work));
  define('navigator', { locks: { request } });
});
afterEach(() => {
  define('fetch', real.fetch);
  define('navigator', real.navigator);
  delete globalThis.localStorage;
});

function serve(changed = {}) {
  const files = {
    [`${FOLDER}manifest.json`]: manifest,
    [`${FOLDER}manifest.tlog-proof`]: 'proof',
    [`${FOLDER}revocations.json`]: '[]',
    ...changed,
  };
  define('fetch', async (url, options) => {
    assert.deepEqual([options.cache, options.credentials, options.redirect],
      ['no-store', 'omit', 'error']);
    const body = files[url.pathname];
    return body === undefined ? new Response('', { status: 404 }) : new Response(body);
  });
}

/** Plays the verifier, and keeps what it was asked. */
function verifier(answer = {}, wanted = null, given = pin) {
  const asked = [];
  return {
    asked,
    verify: (question) => {
      asked.push(JSON.parse(question));
      const accepted = { accepted: true, code: null, release: { epoch: 2 }, mark: { epoch: 2 } };
      return JSON.stringify({ answer: { ...accepted, ...answer }, pin: given });
    },
    wanted: () => JSON.stringify(wanted),
    growth: (_question, tiles) => JSON.stringify(JSON.parse(tiles).join('+')),
  };
}
const text = (base64) => Buffer.from(base64, 'base64').toString();
const run = (kit) => verifyWith(kit, { policy, timeoutMs: 1000 });

test('an accepted release is pinned, and remembered for the next time', async () => {
  serve();
  const kit = verifier();
  const { release, accepted } = await run(kit);
  assert.deepEqual(release, pin);
  assert.equal(accepted.epoch, 2);
  await run(kit);
  assert.deepEqual(kit.asked.map(({ mark }) => mark && text(mark)), [null, '{"epoch":2}']);
  assert.deepEqual(JSON.parse(text(kit.asked[0].policy)), policy);
  assert.equal(text(kit.asked[0].manifest), manifest.toString());
});

test('a refusal has the verifier\u2019s code, and is remembered', async () => {
  serve();
  const refused = { accepted: false, code: 'revoked', release: null, mark: { revoked: ['it'] } };
  await assert.rejects(run(verifier(refused)), { name: 'PolicyError', code: 'revoked' });
  assert.deepEqual([...stored.values()], ['{"revoked":["it"]}']);
});

test('what cannot be read is kept as it was', async () => {
  serve();
  stored.set(`ats-kms mark ${pin.url}`, 'damaged');
  const refused = { accepted: false, code: 'mark_form', release: null, mark: null };
  await assert.rejects(run(verifier(refused)), { code: 'mark_form' });
  assert.deepEqual([...stored.values()], ['damaged']);
});

test('what the server does not have is left to the verifier, which refuses it', async () => {
  const asked = async (name) => {
    serve({ [FOLDER + name]: undefined });
    const kit = verifier({ accepted: false, code: 'revocations_missing' });
    await assert.rejects(run(kit), { code: 'revocations_missing' }, name);
    return kit.asked[0];
  };
  assert.equal((await asked('manifest.json')).manifest, '');
  assert.equal((await asked('manifest.tlog-proof')).proof, '');
  assert.equal((await asked('revocations.json')).revocations, null);
});

test('what cannot be asked for refuses, and a revocation counts all the same', async () => {
  for (const [name, limit] of [['manifest.json', 65_536], ['revocations.json', 1 << 20]]) {
    serve({ [FOLDER + name]: Buffer.alloc(limit + 1) });
    const kit = verifier({ accepted: false, code: 'manifest_form', mark: { revoked: [name] } });
    await assert.rejects(run(kit), { name: 'PolicyError', code: 'files_unreachable' }, name);
    assert.deepEqual([...stored.values()], [JSON.stringify({ revoked: [name] })]);
    await assert.rejects(run(verifier({ accepted: false, code: 'revoked' })), { code: 'revoked' });
  }
});

test('a list of revocations that is none counts as withheld', async () => {
  const read = async (list) => {
    serve({ [`${FOLDER}revocations.json`]: list });
    const kit = verifier();
    await run(kit);
    return kit.asked[0].revocations;
  };
  for (const list of ['', '{}', '[1]', 'null', '["', Buffer.from([0xff])]) {
    assert.equal(await read(list), null, String(list));
  }
  assert.deepEqual((await read('["note\\n"]')).map(text), ['note\n']);
});

test('nothing is accepted where nothing can be remembered', async () => {
  serve();
  globalThis.localStorage.setItem = () => {
    throw new DOMException('full', 'QuotaExceededError');
  };
  await assert.rejects(run(verifier()), { code: 'mark_unavailable' });
  define('navigator', {});
  await assert.rejects(run(verifier()), { code: 'mark_unavailable' });
});

test('two at once do not undo each other', async () => {
  serve();
  const kit = verifier();
  await Promise.all([run(kit), run(kit)]);
  assert.deepEqual(kit.asked.map(({ mark }) => mark === null), [true, false]);
});

test('growth comes from the tiles of the log, whole where they are whole by now', async () => {
  const wanted = { url: 'https://log.example/kms', paths: ['tile/0/000', 'tile/1/000.p/2'] };
  serve({ '/kms/tile/0/000': 'a', '/kms/tile/1/000': 'b' });
  const kit = verifier({}, wanted);
  await run(kit);
  assert.equal(text(kit.asked[0].growth), `${btoa('a')}+${btoa('b')}`);
  serve();
  const without = verifier({}, wanted);
  await run(without);
  assert.equal(without.asked[0].growth, null);
});

test('a pin that is none, or of another enclave, is not given out', async () => {
  serve();
  for (const other of [{ url: 'https://other.example' }, { csp: "script-src 'self'" }]) {
    const kit = verifier({}, null, { ...pin, ...other });
    await assert.rejects(run(kit), { code: 'invalid_release' });
  }
});

test('a policy without an origin is none', async () => {
  for (const origin of [undefined, 7, 'kms.example', 'https://kms.example/', 'https://a@b.example']) {
    const bad = verifyWith(verifier(), { policy: { ...policy, origin }, timeoutMs: 1000 });
    await assert.rejects(bad, { code: 'policy_form' }, String(origin));
  }
});

test('a verifier without an answer accepts nothing', async () => {
  serve();
  const broken = () => {
    throw new WebAssembly.RuntimeError('unreachable');
  };
  for (const name of ['verify', 'wanted']) {
    for (const none of [() => undefined, broken]) {
      await assert.rejects(run({ ...verifier(), [name]: none }), { code: 'kit_unavailable' });
    }
  }
  assert.equal(stored.size, 0);
});

test('where the verifier cannot be loaded, nothing is asked for and nothing is connected', async () => {
  const asked = [];
  define('fetch', async (url) => {
    asked.push(url.pathname);
    return new Response('', { status: 404 });
  });
  await assert.rejects(verifyPolicy({ policy }), { name: 'PolicyError', code: 'kit_unavailable' });
  await assert.rejects(connect({ policy }), { code: 'kit_unavailable' });
  assert.ok(asked.length === 2 && asked.every((path) => path.endsWith('/kit.wasm')), `${asked}`);
});

test('a page whose policy lets no WebAssembly run is told so', async () => {
  const { instantiate } = WebAssembly;
  define('fetch', async () => new Response('', { status: 404 }));
  const forbidden = async () => {
    throw new WebAssembly.CompileError('blocked by the policy of the page');
  };
  try {
    Object.assign(WebAssembly, { instantiate: forbidden });
    await assert.rejects(verifyPolicy({ policy }), { name: 'PolicyError', code: 'kit_forbidden' });
  } finally {
    Object.assign(WebAssembly, { instantiate });
  }
  const { text, advice } = explainFailure('kit_forbidden');
  assert.match(text, /'wasm-unsafe-eval'/);
  assert.match(advice, /the people who make this app/);
});

test('a verification that is called off is one of nothing', async () => {
  serve();
  const signal = AbortSignal.abort();
  define('fetch', async () => {
    throw signal.reason;
  });
  const kit = verifier({ accepted: false, code: 'manifest_form', mark: null });
  await assert.rejects(verifyWith(kit, { policy, signal, timeoutMs: 1000 }));
  assert.equal(stored.size, 0);
});
