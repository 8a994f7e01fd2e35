import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createContext, runInContext } from 'node:vm';

const folder = new URL('../', import.meta.url);
const text = (name) => readFileSync(new URL(name, folder), 'utf8');
const files = readdirSync(folder).filter((name) => name.endsWith('.js'));

class PublicKeyCredential {
  constructor(results) {
    this.results = results;
  }

  getClientExtensionResults() {
    return this.results;
  }
}

/** The page's ceremony in a browser that answers as `answer` does. */
function page({ answer = () => undefined, ...globals } = {}) {
  const asked = [];
  const create = async (options) => {
    asked.push(options);
    return answer();
  };
  const world = {
    ENROL: { origin: 'https://kms.example', version: '1.2.3' },
    location: new URL('https://kms.example/enrol'),
    navigator: { credentials: { create } },
    crypto,
    DOMException,
    PublicKeyCredential,
    ...globals,
  };
  world.window = { top: undefined, ...globals.window };
  world.window.top ??= world.window;
  const context = createContext(world);
  const source = `${text('../ui/strings.js')}\n${text('ceremony.js')}\n({ TEXT, obstacle, createPasskey });`;
  return { asked, ...runInContext(source, context) };
}
const failing = (name) => () => {
  throw new DOMException('', name);
};

test('a passkey is asked for that the frame can find and a vault can use', async () => {
  const { asked, createPasskey } = page();
  await createPasskey();
  const [{ publicKey, ...rest }] = asked;
  assert.deepEqual(Object.keys(rest), []);
  assert.equal(publicKey.rp.id, 'kms.example');
  assert.deepEqual({ ...publicKey.authenticatorSelection }, {
    residentKey: 'required',
    requireResidentKey: true,
    userVerification: 'required',
  });
  assert.deepEqual(JSON.parse(JSON.stringify(publicKey.extensions)), { prf: {} });
  assert.equal(publicKey.attestation, 'none');
  assert.deepEqual(Array.from(publicKey.pubKeyCredParams, ({ alg }) => alg), [-8, -7, -257]);
});

test('challenge and user handle are 32 random bytes each, anew each time', async () => {
  const { asked, createPasskey } = page();
  await createPasskey();
  await createPasskey();
  const values = asked.flatMap(({ publicKey: { challenge, user } }) => [challenge, user.id]);
  assert.ok(values.every(({ byteLength }) => byteLength === 32));
  assert.equal(new Set(values.map((value) => Buffer.from(value).toString('hex'))).size, 4);
});

test('only a passkey whose PRF is enabled is said to open a vault', async () => {
  const results = [
    [{ prf: { enabled: true } }, 'ready'],
    [{ prf: { enabled: false } }, 'no_prf'],
    [{ prf: { enabled: 'yes' } }, 'no_prf'],
    [{ prf: {} }, 'no_prf'],
    [{}, 'no_prf'],
  ];
  for (const [extensions, outcome] of results) {
    const { createPasskey } = page({ answer: () => new PublicKeyCredential(extensions) });
    assert.equal(await createPasskey(), outcome);
  }
  for (const answer of [() => null, () => ({ prf: { enabled: true } })]) {
    assert.equal(await page({ answer }).createPasskey(), 'failed');
  }
});

test('each way to fail has its own words', async () => {
  const cases = [
    ['NotAllowedError', 'cancelled'],
    ['AbortError', 'cancelled'],
    ['ConstraintError', 'no_authenticator'],
    ['NotSupportedError', 'no_authenticator'],
    ['SecurityError', 'failed'],
    ['UnknownError', 'failed'],
  ];
  for (const [name, outcome] of cases) {
    const { createPasskey, TEXT } = page({ answer: failing(name) });
    assert.equal(await createPasskey(), outcome);
    assert.ok(TEXT.enrol.outcome[outcome].body.length > 0);
  }
  const broken = page({
    answer: () => {
      throw new TypeError('no');
    },
  });
  assert.equal(await broken.createPasskey(), 'failed');
});

test('framed, elsewhere or without passkeys there is an obstacle, which has words', () => {
  const cases = [
    [{ window: { top: {} } }, 'framed'],
    [{ location: new URL('https://kms.example.evil/enrol') }, 'elsewhere'],
    [{ location: new URL('http://kms.example/enrol') }, 'elsewhere'],
    [{ PublicKeyCredential: undefined }, 'unsupported'],
    [{}, null],
  ];
  for (const [globals, expected] of cases) {
    const { obstacle, TEXT } = page(globals);
    assert.equal(obstacle(), expected);
    if (expected) assert.ok(TEXT.enrol.refused[expected].length > 0);
  }
});

test('the page reads no opener and has no storage, worker, channel, network or markup', () => {
  const forbidden = new RegExp(
    'opener|\\bparent\\b|postMessage|onmessage|[Ss]torage|indexedDB|cookie|caches|Worker|Channel|fetch|' +
      'XMLHttp|Socket|EventSource|sendBeacon|import\\b|eval|Function\\(|innerHTML|outerHTML|' +
      'insertAdjacent|cssText|console|https?:(?!//www\\.w3\\.org/2000/svg)',
  );
  assert.deepEqual(files.toSorted(), ['ceremony.js', 'enrol.js']);
  for (const name of [...files, '../ui/style.js']) {
    const code = text(name).replace(/\/\*\*[^]*?\*\/|^ *\/\/.*$/gm, '');
    assert.doesNotMatch(code, forbidden, name);
  }
});

test('the texts, which speak of all that, use nothing of the page but the name of its host', () => {
  const page = { Object, location: Object.freeze({ host: 'kms.example' }) };
  const used = new Set();
  const world = new Proxy(page, {
    has: (_, name) => used.add(name),
    get: (_, name) => page[name],
  });
  const tables = [new Function('world', `with (world) { ${text('../ui/strings.js')}\nreturn TEXT; }`)(world)];
  for (const table of tables) {
    for (const value of Object.values(table)) {
      if (typeof value === 'function') {
        for (const given of [1, 'text']) assert.equal(typeof value(given, given, given), 'string');
      } else if (typeof value === 'object') tables.push(value);
      else assert.equal(typeof value, 'string');
    }
  }
  assert.ok(tables.length > 50);
  assert.deepEqual([...used].sort(), ['Object', 'location']);
});
