import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

const src = new URL('../src/', import.meta.url);
const text = (name) => readFileSync(new URL(name, src), 'utf8');

/** What the exports of package.json lead to. */
const ENTRIES = [
  'index.js', 'verify.js', 'embedder.js', 'jose.js', 'poa.js', 'policy.js', 'standing.js', 'streams.js',
  'webcrypto.js', 'webpush.js',
];

/** All files that a module loads, itself included. */
function graph(name, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const [, next] of text(name).matchAll(/^(?:import|export) [^;]*?from '\.\/([^']+)';/gm)) {
    graph(next, seen);
  }
  return seen;
}

test('every entry point can be imported where there is no document', async () => {
  assert.equal(typeof globalThis.document, 'undefined');
  const client = await import('../src/index.js');
  const verify = await import('../src/verify.js');
  assert.equal(typeof client.connect, 'function');
  assert.equal(typeof verify.verifyEnclave, 'function');
  for (const name of ['embedder', 'jose', 'poa', 'policy', 'standing', 'streams', 'webcrypto', 'webpush']) {
    assert.ok(Object.keys(await import(`@ats-run/kms-client/${name}`)).length > 0, name);
  }
  const { pin } = await import('./sample.js');
  await assert.rejects(client.connect({ release: pin }), { code: 'unsupported_environment' });
});

test('the client stays under 10 KiB compressed, of which no bundler ships more', () => {
  const files = [...graph('index.js')];
  assert.ok(files.length > 5 && !files.some((name) => name.includes('verify')));
  // Comments are the only thing every bundler drops; names are kept here.
  const code = files.map((name) => text(name).replace(/\/\*\*[^]*?\*\/|^ *\/\/.*$/gm, ''));
  const size = gzipSync(code.join(''), { level: 9 }).length;
  assert.ok(size > 3_000 && size < 10 * 1024, `${files.length} files, ${size} bytes`);
});

test('the verifier is in the package, and whoever does not ask for it does not load it', () => {
  const { files } = JSON.parse(text('../package.json'));
  assert.ok(files.includes('src/kit.wasm'));
  for (const entry of ENTRIES.filter((name) => name !== 'policy.js')) {
    assert.ok(![...graph(entry)].some((name) => name.startsWith('kit')), entry);
  }
});

test('nothing is imported from outside, and every file is reached', () => {
  const reached = new Set(ENTRIES.flatMap((name) => [...graph(name)]));
  // What is loaded when it is asked for counts as well.
  for (const name of reached) {
    for (const [, next] of text(name).matchAll(/await import\('\.\/([^']+)'\)/g)) graph(next, reached);
  }
  const files = readdirSync(src).filter((name) => name.endsWith('.js'));
  assert.deepEqual(files.sort(), [...reached].sort());
  for (const name of files) {
    for (const [, from] of text(name).matchAll(/^(?:import|export) [^;]*?from '([^']+)';/gm)) {
      assert.match(from, /^\.\/[a-z0-9-]+(?:\.gen)?\.js$/, name);
    }
  }
});

test('no inline style or markup, which the embedder\u2019s policy may forbid', () => {
  const forbidden = /innerHTML|outerHTML|insertAdjacent|cssText|\.style\b|\('style'|srcdoc|eval\(/;
  for (const name of ENTRIES.flatMap((entry) => [...graph(entry)])) {
    assert.doesNotMatch(text(name), forbidden, name);
  }
});
