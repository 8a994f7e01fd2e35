import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as jose from 'jose';
import { receipt } from '../examples/jose.js';
import { CompactSign, SignJWT, joseKey, jwkSet, signJwt, verifyJwt } from '../src/jose.js';
import { softKms } from './soft-kms.js';

const SPECS = { ed25519: 'EdDSA', 'ec-p256': 'ES256' };

async function keyOf(spec) {
  const kms = softKms();
  const { keyId } = await kms.keys.create({ spec });
  return joseKey(kms, keyId);
}

test('tokens of every kind of key verify in the library jose', async () => {
  for (const [spec, alg] of Object.entries(SPECS)) {
    const key = await keyOf(spec);
    assert.equal(key.kid, await jose.calculateJwkThumbprint(key.publicJwk));
    const token = await new SignJWT({ scope: ['a', 'b'] })
      .setProtectedHeader({ alg })
      .setIssuer('issuer')
      .setSubject('subject')
      .setAudience(['one', 'two'])
      .setJti('id')
      .setIssuedAt()
      .setNotBefore(Math.floor(Date.now() / 1000))
      .setExpirationTime(new Date(Date.now() + 60_000))
      .sign(key);
    const known = jose.createLocalJWKSet(jwkSet([key]));
    const rules = { issuer: 'issuer', subject: 'subject', audience: 'two', algorithms: [alg] };
    const { payload, protectedHeader } = await jose.jwtVerify(token, known, rules);
    assert.deepEqual(protectedHeader, { alg, kid: key.kid, typ: 'JWT' });
    assert.deepEqual(payload.scope, ['a', 'b']);
    assert.equal(payload.jti, 'id');
    const other = await jose.importJWK((await keyOf(spec)).publicJwk);
    await assert.rejects(jose.jwtVerify(token, other), jose.errors.JWSSignatureVerificationFailed);
  }
});

test('bytes are signed as they are', async () => {
  for (const spec of Object.keys(SPECS)) {
    const key = await keyOf(spec);
    const payload = Uint8Array.of(0, 255, 10, 128);
    const jws = await new CompactSign(payload).sign(key);
    const verified = await jose.compactVerify(jws, await jose.importJWK(key.publicJwk));
    assert.deepEqual(new Uint8Array(verified.payload), payload);
    assert.deepEqual(verified.protectedHeader, { alg: key.alg, kid: key.kid });
  }
});

test('a header says what is true of the key, and nothing else', async () => {
  const key = await keyOf('ed25519');
  const sign = (header) => new CompactSign(new Uint8Array(1)).setProtectedHeader(header).sign(key);
  for (const header of [{ alg: 'ES256' }, { alg: 'none' }, { kid: 'other' }]) {
    await assert.rejects(sign(header), { name: 'TypeError' });
  }
  for (const name of ['crit', 'jwk', 'jku', 'b64', 'x5c']) {
    assert.throws(() => new SignJWT().setProtectedHeader({ [name]: 1 }).sign(key), {
      name: 'TypeError',
    });
  }
  assert.throws(() => new CompactSign('text'), { name: 'TypeError' });
  for (const time of [1.5, '1 hour', NaN]) {
    assert.throws(() => new SignJWT().setExpirationTime(time), { name: 'TypeError' });
  }
});

test('tokens by a template verify in the library jose', async () => {
  const file = new URL('../../../tests/vectors/jwt/tokens.json', import.meta.url);
  const vectors = JSON.parse(readFileSync(file, 'utf8'));
  assert.deepEqual(
    vectors.map(({ spec, jwk }) => [spec, jwk.alg]),
    Object.entries(SPECS),
  );
  for (const { jwk, token } of vectors) {
    assert.equal(jwk.kid, await jose.calculateJwkThumbprint(jwk));
    const rules = {
      algorithms: [jwk.alg],
      audience: 'https://bank.example',
      currentDate: new Date(1_800_000_000_000),
      issuer: 'https://shop.example',
      maxTokenAge: 300,
      requiredClaims: ['jti', 'nbf'],
      typ: 'receipt+jwt',
    };
    const known = jose.createLocalJWKSet({ keys: [jwk] });
    const { payload, protectedHeader } = await jose.jwtVerify(token, known, rules);
    assert.deepEqual(protectedHeader, { alg: jwk.alg, kid: jwk.kid, typ: 'receipt+jwt' });
    const { amount, lines, iat, nbf, exp } = payload;
    assert.deepEqual([amount, lines], [12, ['tea \u2615', '"cake"']]);
    assert.deepEqual([nbf - iat, exp - iat], [0, 300]);
    const late = { ...rules, currentDate: new Date(1_800_000_300_000) };
    await assert.rejects(jose.jwtVerify(token, known, late), jose.errors.JWTExpired);
    const changed = token.replace(/\.[^.]*\./, `.${btoa('{"amount":99}').replace(/=*$/, '')}.`);
    await assert.rejects(
      jose.jwtVerify(changed, known, rules),
      jose.errors.JWSSignatureVerificationFailed,
    );
  }
});

test('a token by a template is one request, and its refusal is thrown', async () => {
  const asked = [];
  const refusal = Object.assign(new Error('no'), { code: 'policy_denied', rule: 'jwt_claim' });
  const kms = {
    async batch(requests, options) {
      asked.push([requests, options]);
      return asked.length === 1 ? [{ result: { token: 'a.b.c' } }] : [{ error: refusal }];
    },
  };
  const signed = await signJwt(kms, 'key', { amount: 1 }, { lifeSeconds: 60, deadlineMs: 5 });
  assert.deepEqual(signed, { token: 'a.b.c' });
  await assert.rejects(signJwt(kms, 'key'), refusal);
  const request = (params) => [{ method: 'jwt.sign', params: { keyId: 'key', ...params } }];
  assert.deepEqual(asked, [
    [request({ claims: { amount: 1 }, lifeSeconds: 60 }), { deadlineMs: 5 }],
    [request({ claims: {} }), {}],
  ]);
});

test('whether a token is valid is one request, and a refusal of the key is thrown', async () => {
  const asked = [];
  const refusal = Object.assign(new Error('no'), { code: 'policy_denied', rule: 'operation' });
  const replies = [{ result: { valid: true } }, { result: { valid: false } }, { error: refusal }];
  const kms = {
    async batch(requests, options) {
      asked.push([requests, options]);
      return [replies[asked.length - 1]];
    },
  };
  const given = { keyId: 'key', token: 'a.b.c' };
  assert.equal(await verifyJwt(kms, { ...given, version: 1 }, { deadlineMs: 5 }), true);
  assert.equal(await verifyJwt(kms, given), false);
  await assert.rejects(verifyJwt(kms, given), refusal);
  const request = [{ method: 'jwt.verify', params: given }];
  assert.deepEqual(asked, [
    [request, { deadlineMs: 5 }],
    [request, {}],
    [request, {}],
  ]);
});

test('a key that signs no tokens is refused', async () => {
  const keys = { publicKey: async () => ({ jwk: { alg: 'ECDH-ES', kid: 'a' } }) };
  await assert.rejects(joseKey({ keys }, 'a'), { name: 'TypeError' });
});

test('the example works', async () => {
  const kms = softKms();
  const { keyId } = await kms.keys.create({ spec: 'ed25519' });
  const { token, keys } = await receipt(kms, keyId);
  const rules = { issuer: 'https://shop.example', audience: 'https://bank.example' };
  const { payload } = await jose.jwtVerify(token, jose.createLocalJWKSet(keys), rules);
  assert.equal(payload.amount, 12);
  assert.equal(payload.exp - payload.iat <= 301, true);
});
