import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkIsolation } from '../src/isolation.js';
import { checkRelease } from '../src/release.js';
import { checkPinned } from '../src/rollout.js';
import { next, pin, webcatPin } from './sample.js';

test('a pin is accepted for its own origin, with or without naming it', () => {
  assert.equal(checkRelease(pin, undefined).origin, 'https://kms.example');
  assert.equal(checkRelease(pin, 'https://kms.example/').origin, 'https://kms.example');
});

test('whatever would pin nothing is refused', () => {
  const broken = [
    undefined,
    null,
    'x',
    [],
    { ...pin, manifest: 'sha256-short' },
    { ...pin, worker: undefined },
    { ...pin, version: '<b>' },
    { ...pin, url: 'https://kms.example/path' },
    { ...pin, url: 'javascript:alert(1)' },
    { ...pin, url: 'https://user@kms.example/' },
    { ...pin, url: 'https://user:password@kms.example' },
    { ...pin, url: 'https://kms.example/?query' },
    { ...pin, url: 'https://kms.example/#part' },
    { ...pin, url: 'blob:https://kms.example/1' },
    { ...pin, module: { ...pin.module, integrity: 'sha256-x' } },
    { ...pin, module: { ...pin.module, path: 'enclave.js' } },
    { ...pin, tools: undefined },
    { ...pin, tools: { ...pin.tools, integrity: pin.tools.integrity.slice(0, -1) } },
    { ...pin, tools: { ...pin.tools, path: 'https://other.example/tools.js' } },
    { ...pin, tools: pin.module },
    { ...pin, csp: "script-src 'self'" },
    { ...pin, csp: pin.csp.replace(`'${pin.module.integrity}' `, '') },
    { ...pin, csp: pin.csp.replace(`'${pin.tools.integrity}' `, '') },
    { ...pin, csp: pin.csp.replace(pin.tools.integrity, pin.module.integrity) },
    { ...pin, csp: `${pin.csp} 'sha384-${'A'.repeat(64)}'` },
    { ...pin, csp: `${pin.csp} '${pin.html}'` },
    { ...pin, csp: `${pin.csp}, script-src *` },
    { ...pin, csp: pin.csp.replace("script-src '", "script-src * '") },
    { ...pin, csp: `${pin.csp}; script-src-elem *` },
    { ...pin, csp: pin.csp.replace("'sha384-", "'SHA384-") },
    { ...pin, csp: `${pin.csp}\n` },
    { ...pin, csp: pin.csp + ' '.repeat(4096) },
  ];
  for (const release of broken) {
    assert.throws(() => checkRelease(release, undefined), { code: 'invalid_release' });
  }
  for (const url of ['https://other.example', 'https://user@kms.example/', 'https://kms.example/path']) {
    assert.throws(() => checkRelease(pin, url), { code: 'invalid_release' }, url);
  }
});

test('two releases of one origin let the browser run the scripts of both and no other', () => {
  const { releases, origin, csp } = checkPinned([pin, next], 'https://kms.example');
  assert.deepEqual(releases, [pin, next]);
  assert.equal(origin, 'https://kms.example');
  const scripts = (text) => text.match(/sha384-[^']+/g);
  assert.deepEqual(new Set(scripts(csp)), new Set([...scripts(pin.csp), ...scripts(next.csp)]));
  // But for them it says what each of the two says.
  const rest = (text) => text.replaceAll(/'sha384-[^']+' /g, '');
  assert.equal(rest(csp), rest(next.csp));
  for (const one of [pin, [pin]]) assert.equal(checkPinned(one, undefined).csp, pin.csp);
});

test('two that do not fit together are refused', () => {
  const wider = pin.csp.replace("'none'", "'self'");
  const lists = [
    [],
    [pin, pin],
    [pin, next, { ...next, version: '1.2.5' }],
    [pin, { ...next, version: pin.version }],
    [pin, { ...next, url: 'https://other.example' }],
    [pin, { ...next, csp: next.csp.replace("'none'", "'self'") }],
    [{ ...pin, csp: wider }, next],
    [pin, { ...next, csp: pin.csp }],
    [pin, { ...next, wasm: 'x' }],
    [pin, null],
    ...[[pin, next]].map((both) => both.map((one) => ({ ...one, csp: one.csp + ' '.repeat(3900) }))),
  ];
  for (const list of lists) {
    assert.throws(() => checkPinned(list, undefined), { code: 'invalid_release' }, JSON.stringify(list));
  }
});

test('a worker that the server sends is never said to be enforced', () => {
  globalThis.HTMLIFrameElement = class { get csp() { return ''; } };
  globalThis.window = { opener: null, length: 1 };
  window.parent = window;
  try {
    for (const [{ csp }, level] of [[pin, 'enforced'], [webcatPin, 'checked']]) {
      assert.equal(checkIsolation({ getAttribute: () => csp }, csp).pin, level);
    }
  } finally {
    delete globalThis.HTMLIFrameElement;
    delete globalThis.window;
  }
});

test('a page for WEBCAT does not take the place of the other one', () => {
  const later = { ...webcatPin, version: next.version };
  assert.throws(() => checkPinned([pin, later], undefined), { code: 'invalid_release' });
});
