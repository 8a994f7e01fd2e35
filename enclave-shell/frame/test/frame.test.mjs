import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createContext, runInContext } from 'node:vm';

const text = (name) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
const protocol = text('../../crates/client/src/protocol.gen.d.ts');
const PARTS = [
  'limits.js',
  '../ui/strings.js',
  'format.js',
  'passkey.js',
  'ui-keys.js',
  'ui-backup.js',
];

/** What the frame's parts define, in one scope as they are served. */
function frame({ names = [], answer = () => null, ...globals } = {}) {
  const asked = [];
  const ceremony = (kind) => async (options) => {
    asked.push({ kind, ...options });
    return answer(kind);
  };
  const world = {
    RELEASE: { origin: 'https://kms.example:8443' },
    location: new URL('https://kms.example:8443/'),
    navigator: { credentials: { create: ceremony('create'), get: ceremony('get') } },
    siteName: () => 'site.example',
    btoa,
    URL,
    DOMException,
    ...classes,
    ...globals,
  };
  world.window = world;
  const exported = ['TEXT', 'PASSKEY_LIMIT_MS', ...names].join(', ');
  const source = `${PARTS.map(text).join('\n')}\n({ ${exported} });`;
  return { asked, ...runInContext(source, createContext(world)) };
}

class PublicKeyCredential {
  constructor(response, results = {}) {
    this.rawId = new ArrayBuffer(4);
    this.response = response;
    this.results = results;
  }

  getClientExtensionResults() {
    return this.results;
  }
}
class AuthenticatorAttestationResponse {
  getPublicKey() {
    return null;
  }
}
class AuthenticatorAssertionResponse {
  clientDataJSON = new ArrayBuffer(1);
  authenticatorData = new ArrayBuffer(2);
  signature = new ArrayBuffer(3);
}
const classes = { PublicKeyCredential, AuthenticatorAttestationResponse, AuthenticatorAssertionResponse };

/** The values of a type of the protocol that is one of some names. */
function namesOf(type) {
  const [, body] = protocol.match(new RegExp(`export type ${type} =([^;]*);`));
  return Array.from(body.matchAll(/'([^']+)'/g), ([, name]) => name);
}

/** The members of a type of the protocol. */
function membersOf(type) {
  const [, body] = protocol.match(new RegExp(`export interface ${type} \\{(.*?)\\n\\}`, 's'));
  return Array.from(body.matchAll(/^ {2}(\w+)\??:/gm), ([, name]) => name);
}

const TEMPLATE = { typ: 'receipt+jwt', audiences: ['one.example'], maxLifeSeconds: 60 };
const KEY = {
  callerOrigins: ['https://site.example'],
  usage: ['sign'],
  audit: 'durable',
  policy: {},
};
const { TEXT, policySentences, wordsFor } = frame({ names: ['policySentences', 'wordsFor'] });
const said = (change, policy = {}) => policySentences({ ...KEY, ...change, policy }).join('\n');

test('every name that the protocol has for a key or a way to unlock has words of its own', () => {
  const tables = [
    ['EnrolmentKind', TEXT.kind],
    ['KeyUsage', TEXT.usage],
    ['KeySpec', TEXT.spec],
    ['KeyState', TEXT.keyState],
    ['Protection', TEXT.protection],
    ['AuditMode', TEXT.policy.audit],
  ];
  for (const [type, words] of tables) {
    const names = namesOf(type);
    assert.ok(names.length > 1, type);
    assert.deepEqual(Object.keys(words).toSorted(), names.toSorted(), type);
    assert.equal(new Set(Object.values(words)).size, names.length, type);
    assert.ok(Object.values(words).every((word) => word.length > 3), type);
  }
});

test('what a kind of way to unlock is called is a name that the enclave takes for a new one', () => {
  for (const name of Object.values(TEXT.kind)) assert.match(name, /^[^\p{Cc}]{1,64}$/u);
});

test('a policy is shown with every use, and a use without words by its name', () => {
  for (const usage of namesOf('KeyUsage')) {
    assert.match(said({ usage: ['sign', usage] }), new RegExp(`making signatures and ${TEXT.usage[usage]},`));
  }
  for (const usage of ['teleport', 'toString', '__proto__']) {
    assert.match(said({ usage: ['sign', usage] }), new RegExp(`making signatures and ${usage},`));
    assert.equal(wordsFor(TEXT.usage, usage), usage);
    assert.match(said({ audit: usage }), new RegExp(`^${usage}$`, 'm'));
  }
});

test('every member of a policy adds what it says', () => {
  const members = {
    notBefore: [Date.UTC(2030, 0, 2, 10), /before 2 Jan 2030/],
    notAfter: [Date.UTC(2031, 0, 2, 10), /from 2 Jan 2031 on/],
    maxUses: [12, /12 times in all; 0 are counted/],
    rate: [{ uses: 5, periodMs: 90_000 }, /5 times in 1 min 30 s/],
    confirmation: ['sheet', /asked before each use/],
    jwt: [TEMPLATE, /of the type receipt\+jwt and live 1 min at most/],
  };
  // These two stand beside the policy in what the frame is told.
  const beside = ['operations', 'callerOrigins'];
  assert.deepEqual([...Object.keys(members), ...beside].toSorted(), membersOf('KeyPolicy').toSorted());
  for (const [name, [value, words]] of Object.entries(members)) {
    assert.doesNotMatch(said({}), words);
    assert.match(said({}, { [name]: value }), words);
  }
  assert.doesNotMatch(said({}, { confirmation: 'none' }), /asked before/);
  assert.match(said({}, { confirmation: 'assertion' }), /asked before/);
});

test('every site that may use a key is named, and an insecure one as such', () => {
  const callerOrigins = ['https://site.example', 'https://a.example:8443', 'http://localhost'];
  const words = said({ callerOrigins });
  assert.match(words, /^site\.example made the key/);
  assert.match(words, /use it, too: a\.example:8443, http:\/\/localhost\./);
  assert.doesNotMatch(said({}), /too/);
});

test('every member of a template that a site could use adds what it says', () => {
  const members = {
    typ: ['JWT', /of the type JWT/],
    audiences: [['a.example', 'b.example'], /for a\.example and b\.example, and for nobody else/],
    maxLifeSeconds: [3 * 86_400, /live 3 days at most/],
    claims: [{ sub: 'text', roles: 'texts', age: 'number', adult: 'boolean' },
      /of sub \(a text\), roles \(texts\), age \(a number\), adult \(yes or no\)/],
    fixed: [{ iss: 'me', level: 3 }, /says iss: "me", level: 3/],
  };
  // With these the enclave writes `nbf` and `jti`, and a site chooses no more and no less.
  const byEnclave = ['notBefore', 'tokenId'];
  assert.deepEqual(
    [...Object.keys(members), 'required', ...byEnclave].toSorted(),
    membersOf('JwtTemplate').toSorted(),
  );
  for (const [name, [value, words]] of Object.entries(members)) {
    assert.match(said({}, { jwt: { ...TEMPLATE, [name]: value } }), words);
  }
  const claims = { sub: 'text', role: 'text' };
  assert.match(said({}, { jwt: { ...TEMPLATE, claims, required: ['sub'] } }), /sub \(a text, always there\), role \(a text\)/);
  assert.match(said({}, { jwt: TEMPLATE }), /choose nothing/);
});

const bytes = (...values) => Uint8Array.from(values);
const plain = (value) => JSON.parse(JSON.stringify(value));
const CEREMONIES = ['createPasskey', 'usePasskey', 'signByPasskey', 'prfByCredential'];
const NEW = { challenge: bytes(1), user: bytes(2), salt: bytes(3), exclude: [bytes(4), bytes(5)] };

test('a passkey is made discoverable, with the salt of its enrolment and without attestation', async () => {
  const answer = () => new PublicKeyCredential(new AuthenticatorAttestationResponse());
  const { asked, createPasskey, PASSKEY_LIMIT_MS } = frame({ names: CEREMONIES, answer });
  const { signal } = new AbortController();
  await createPasskey(NEW, signal);
  const [{ kind, publicKey, ...rest }] = asked;
  assert.deepEqual([kind, Object.keys(rest), rest.signal], ['create', ['signal'], signal]);
  const { challenge, user, rp, pubKeyCredParams, excludeCredentials, extensions, ...others } = publicKey;
  assert.equal(challenge, NEW.challenge);
  assert.equal(user.id, NEW.user);
  assert.equal(rp.id, 'kms.example');
  assert.deepEqual(Array.from(pubKeyCredParams, ({ type, alg }) => [type, alg]), [-8, -7, -257].map((alg) => ['public-key', alg]));
  assert.deepEqual(Array.from(excludeCredentials, ({ type, id }) => [type, id]), NEW.exclude.map((id) => ['public-key', id]));
  assert.deepEqual([Object.keys(extensions), Object.keys(extensions.prf)], [['prf'], ['eval']]);
  assert.equal(extensions.prf.eval.first, NEW.salt);
  assert.equal(extensions.prf.eval.second, undefined);
  assert.deepEqual(plain(others), {
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    attestation: 'none',
    timeout: PASSKEY_LIMIT_MS,
  });
});

test('a passkey is used for this host alone, with a salt per enrolment, by a verified person', async () => {
  const used = { prf: { results: { first: bytes(7, 8) } } };
  const answer = () => new PublicKeyCredential(new AuthenticatorAssertionResponse(), used);
  const page = frame({ names: CEREMONIES, answer });
  const passkeys = [
    { credential: bytes(251, 255), salt: bytes(1) },
    { credential: bytes(9), salt: bytes(2) },
  ];
  const prf = page.prfByCredential({ passkeys });
  assert.deepEqual(Object.keys(prf.evalByCredential), ['-_8', 'CQ']);
  assert.equal(prf.evalByCredential['-_8'].first, passkeys[0].salt);
  assert.equal(prf.evalByCredential.CQ.first, passkeys[1].salt);
  const ids = passkeys.map(({ credential }) => credential);
  const factor = await page.usePasskey(bytes(3), ids, prf);
  assert.deepEqual(Array.from(factor.prf), [7, 8]);
  await page.signByPasskey(bytes(4), ids);
  assert.deepEqual(page.asked.map(({ kind }) => kind), ['get', 'get']);
  for (const { publicKey } of page.asked) {
    assert.equal(publicKey.rpId, 'kms.example');
    assert.equal(publicKey.userVerification, 'required');
    assert.equal(publicKey.timeout, page.PASSKEY_LIMIT_MS);
    assert.deepEqual(Array.from(publicKey.allowCredentials, ({ id }) => id), ids);
  }
  const [unlock, approval] = page.asked.map(({ publicKey }) => publicKey.extensions);
  assert.equal(unlock.prf, prf);
  assert.deepEqual(Object.keys(approval), []);
});

test('no prompt is shown on another host, be it a part of it or around it', async () => {
  for (const host of ['example', 'kms.example.evil', 'a.kms.example', 'localhost']) {
    const page = frame({ names: CEREMONIES, location: new URL(`https://${host}/`) });
    const calls = [
      () => page.createPasskey(NEW),
      () => page.usePasskey(bytes(1), [], {}),
      () => page.signByPasskey(bytes(1), []),
    ];
    for (const call of calls) await assert.rejects(call, { code: 'passkey_failed' });
    assert.deepEqual(page.asked, []);
  }
});

test('a passkey without an answer of the PRF opens nothing, and what is none is refused', async () => {
  const made = new PublicKeyCredential(new AuthenticatorAttestationResponse(), { prf: { enabled: false } });
  const create = frame({ names: CEREMONIES, answer: () => made });
  await assert.rejects(() => create.createPasskey(NEW), { code: 'passkey_without_prf' });
  for (const results of [{}, { prf: {} }, { prf: { results: {} } }]) {
    const used = new PublicKeyCredential(new AuthenticatorAssertionResponse(), results);
    const page = frame({ names: CEREMONIES, answer: () => used });
    await assert.rejects(() => page.usePasskey(bytes(1), [], {}), { code: 'passkey_without_prf' });
  }
  const foreign = [null, { rawId: new ArrayBuffer(1) }, new PublicKeyCredential({})];
  for (const value of foreign) {
    const page = frame({ names: CEREMONIES, answer: () => value });
    await assert.rejects(() => page.createPasskey(NEW), { code: 'passkey_failed' });
    await assert.rejects(() => page.usePasskey(bytes(1), [], {}), { code: 'passkey_failed' });
  }
});

test('a file is a backup up to 512 MiB', () => {
  const { checkFile } = frame({ names: ['checkFile'] });
  const most = 512 * 1024 * 1024;
  assert.equal(checkFile(undefined), TEXT.restore.noFile);
  assert.equal(checkFile({ size: most }), null);
  assert.equal(checkFile({ size: most + 1 }), TEXT.restore.large);
  assert.match(TEXT.restore.large, /512 MiB/);
  assert.match(text('../../docs/recovery.md'), /No file above 512 MiB is read/);
});
