import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkRelease } from '../src/release.js';
import { pin } from './sample.js';

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
  assert.throws(() => checkRelease(pin, 'https://other.example'), { code: 'invalid_release' });
});
