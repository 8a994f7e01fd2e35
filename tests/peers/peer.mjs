// Other people's libraries, for the tests to compare with. A line of JSON asks, a line answers; bytes
// travel as `{ bytes: base64 }`.
import { createECDH } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import * as hpke from '@hpke/core';
import { gcm } from '@noble/ciphers/aes.js';
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { expand, hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import ece from 'http_ece';
import * as jose from 'jose';
import {
  agreedInfo,
  array,
  contextIsAsWritten,
  encodedContext,
  example,
  parts,
  prefix,
} from './formats.mjs';
import { openPayload, sealPayload } from './streams.mjs';
import { publicHalf, XWing } from './x-wing.mjs';

const utf8 = (text) => new TextEncoder().encode(text);
const FORMATS = readFileSync(new URL('../../docs/formats.md', import.meta.url), 'utf8');

/** The two KEMs of keys that open. */
const KEMS = { 'hpke-x25519': new hpke.DhkemX25519HkdfSha256(), 'hpke-x-wing': new XWing() };

const suiteOf = (spec = 'hpke-x25519') =>
  new hpke.CipherSuite({
    kem: KEMS[spec],
    kdf: new hpke.HkdfSha256(),
    aead: new hpke.Aes256Gcm(),
  });

async function seal({ raw, to }, info, aad, plaintext) {
  const suite = suiteOf(to);
  const recipientPublicKey = await suite.kem.deserializePublicKey(raw);
  const sender = await suite.createSenderContext({ recipientPublicKey, info });
  const ciphertext = await sender.seal(plaintext, aad);
  return new Uint8Array([...new Uint8Array(sender.enc), ...new Uint8Array(ciphertext)]);
}

async function open({ secret, to }, info, aad, sealed) {
  const suite = suiteOf(to);
  const recipientKey = await suite.kem.deserializePrivateKey(secret);
  const enc = sealed.slice(0, suite.kem.encSize);
  const recipient = await suite.createRecipientContext({ recipientKey, enc, info });
  return new Uint8Array(await recipient.open(sealed.slice(suite.kem.encSize), aad));
}

/** The example of the documentation, word for word. Whoever follows it gets `sealed`. */
async function sealByExample({ raw, plaintext }) {
  const AsyncFunction = (async () => {}).constructor;
  const code = `${example(FORMATS)}\nreturn sealed;`;
  const run = new AsyncFunction(...Object.keys(hpke), 'raw', 'plaintext', code);
  return run(...Object.values(hpke), raw, plaintext);
}

/** The first bytes of a stream: its own key, encrypted. */
const HEADER = 65;
const STREAM = { label: 'ats-kms/v1/stream' };

const aadOf = ({ label, keyId, version, context }) => array(label, keyId, version, context);

const AGREEING = {
  x25519: {
    half: (secret) => x25519.getPublicKey(secret),
    shared: (secret, peer) => x25519.getSharedSecret(secret, peer),
  },
  'ec-p256-agreement': {
    half: (secret) => p256.getPublicKey(secret, false),
    // The x coordinate, without what says that it is one.
    shared: (secret, peer) => p256.getSharedSecret(secret, peer, true).slice(1),
  },
};

const CURVES = {
  ed25519: {
    half: (secret) => ed25519.getPublicKey(secret),
    sign: (message, secret) => ed25519.sign(message, secret),
    verify: (...asked) => ed25519.verify(...asked),
  },
  'ec-p256': {
    half: (secret) => p256.getPublicKey(secret, false),
    sign: (message, secret) => p256.sign(message, secret),
    // What signs in a browser knows no rule of low numbers.
    verify: (...asked) => p256.verify(...asked, { lowS: false }),
  },
};

/** Keys with a public half. */
const HALVES = {
  ...CURVES,
  ...AGREEING,
  'hpke-x25519': AGREEING.x25519,
  'hpke-x-wing': { half: publicHalf },
};

const fromText = (text) => Buffer.from(text, 'base64url');

/** Who sends a push message, as a push service learns it from `Authorization` (RFC 8292). */
async function sender({ authorization, audience }) {
  const [, token, k] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(authorization);
  const point = fromText(k);
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((one) => one.toString('base64url'));
  const key = await jose.importJWK({ kty: 'EC', crv: 'P-256', x, y }, 'ES256');
  return jose.jwtVerify(token, key, { audience, algorithms: ['ES256'] });
}

/** The text of a push message, as the browser that gets it reads it. */
function pushed({ body, privateKey, auth }) {
  const receiver = createECDH('prime256v1');
  receiver.setPrivateKey(fromText(privateKey));
  const keys = { version: 'aes128gcm', privateKey: receiver, authSecret: fromText(auth) };
  return ece.decrypt(fromText(body), keys).toString();
}

const ASKED = {
  thumbprint: ({ jwk }) => jose.calculateJwkThumbprint(jwk),
  token: async ({ jwk, token }) =>
    (await jose.compactVerify(token, await jose.importJWK(jwk))).payload,
  jwt: ({ token, keys, ...rules }) => jose.jwtVerify(token, jose.createLocalJWKSet(keys), rules),
  sender,
  pushed,
  fromPem: async ({ pem, alg }) =>
    jose.exportJWK(await jose.importSPKI(pem, alg, { extractable: true })),
  half: ({ spec, secret }) => HALVES[spec].half(secret),
  sign: ({ spec, secret, message }) => CURVES[spec].sign(message, secret),
  verify: ({ spec, raw, message, signature }) => CURVES[spec].verify(signature, message, raw),
  hmac: ({ key, message }) => hmac(sha256, key, message),
  encrypt: ({ key, nonce, plaintext, ...bound }) => {
    const sealed = gcm(key, nonce, aadOf(bound)).encrypt(plaintext);
    return new Uint8Array([...prefix(bound.label, bound.version), ...nonce, ...sealed]);
  },
  decrypt: ({ key, ciphertext, ...bound }) => {
    const { form, version, nonce, sealed } = parts(ciphertext);
    if (form !== prefix(bound.label, version)[0]) throw new Error(`form ${form}`);
    return gcm(key, nonce, aadOf({ ...bound, version })).decrypt(sealed);
  },
  agreed: ({ spec, secret, peer, purpose, context }) => {
    const { half, shared } = AGREEING[spec];
    const info = agreedInfo(purpose, [half(secret), peer], context);
    return hkdf(sha256, shared(secret, peer), undefined, info, 32);
  },
  derived: ({ key, keyId, version, purpose, context }) =>
    expand(sha256, key, array('ats-kms/v1/derive', purpose, keyId, version, context), 32),
  sealStream: ({ key, nonce, streamKey, message, ...bound }) => {
    const header = ASKED.encrypt({ ...bound, ...STREAM, key, nonce, plaintext: streamKey });
    return new Uint8Array([...header, ...sealPayload(streamKey, message)]);
  },
  openStream: ({ key, sealed, ...bound }) => {
    const ciphertext = sealed.slice(0, HEADER);
    const streamKey = ASKED.decrypt({ ...bound, ...STREAM, key, ciphertext });
    return openPayload(streamKey, sealed.slice(HEADER));
  },
  seal: ({ context, plaintext, ...whom }) =>
    seal(whom, utf8('ats-kms/v1/seal'), encodedContext(context), plaintext),
  open: ({ context, sealed, ...who }) =>
    open(who, utf8('ats-kms/v1/seal'), encodedContext(context), sealed),
  sealKey: ({ spec, context, key, ...whom }) =>
    seal(whom, utf8('ats-kms/v1/key'), array(spec, context), key),
  openKey: ({ spec, context, sealed, ...who }) =>
    open(who, utf8('ats-kms/v1/key'), array(spec, context), sealed),
  sealByExample,
  contextIsAsWritten: () => contextIsAsWritten(FORMATS),
};

function encode(value) {
  return value instanceof Uint8Array ? { bytes: Buffer.from(value).toString('base64') } : value;
}

function decode(value) {
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value !== 'object' || value === null) return value;
  if (typeof value.bytes === 'string') return new Uint8Array(Buffer.from(value.bytes, 'base64'));
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, decode(part)]));
}

for await (const line of createInterface({ input: process.stdin })) {
  const { name, params } = JSON.parse(line);
  let answer;
  try {
    answer = { result: encode(await ASKED[name](decode(params))) };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
