import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasWorker, headerGaps } from '../src/embedder.js';

const ENCLAVE = 'https://kms.example';
const OPENER = { 'Cross-Origin-Opener-Policy': 'same-origin' };
const FRAMES = 'frame-src https://kms.example blob:';
const GOOD = `default-src 'self'; ${FRAMES}; frame-ancestors 'none'`;

const gaps = (headers, metas) => headerGaps(ENCLAVE, new Headers(headers), metas);
const ofPolicy = (policy, metas) => gaps({ ...OPENER, 'Content-Security-Policy': policy }, metas);

test('a careful page lacks nothing, a careless one what matters', () => {
  assert.deepEqual(ofPolicy(GOOD), []);
  assert.deepEqual(gaps({}), ['opener', 'any_frame', 'framed']);
});

test('other opener policies do not sever', () => {
  for (const value of ['same-origin-allow-popups', 'noopener-allow-popups', 'unsafe-none']) {
    const headers = { 'Cross-Origin-Opener-Policy': value, 'Content-Security-Policy': GOOD };
    assert.deepEqual(gaps(headers), ['opener'], value);
  }
});

test('frames beside the enclave, and an enclave that is kept out, are told', () => {
  for (const [policy, expected] of [
    ['frame-src *', ['other_frames']],
    ['frame-src https: blob:', ['other_frames']],
    [`${FRAMES} https://ads.example`, ['other_frames']],
    ['child-src https://kms.example/ blob:', []],
    ["script-src 'self'", ['any_frame']],
    ['frame-src https://kms.example', ['no_saving']],
    ["frame-src 'none'", ['no_enclave', 'no_saving']],
    ["default-src 'self'", ['no_enclave', 'no_saving', 'other_frames']],
  ]) {
    assert.deepEqual(ofPolicy(`${policy}; frame-ancestors 'self'`), expected, policy);
  }
});

test('of several policies all count, those in the page too', () => {
  assert.deepEqual(ofPolicy(`frame-src *, ${GOOD}`), []);
  assert.deepEqual(ofPolicy(`${GOOD}, frame-src 'none'`), ['no_enclave', 'no_saving']);
  assert.deepEqual(ofPolicy("frame-ancestors 'none'", [FRAMES]), []);
  assert.deepEqual(ofPolicy(FRAMES, ["frame-ancestors 'none'"]), ['framed']);
});

test('passkeys that are kept from the frame are told', () => {
  const headers = (list) => ({
    ...OPENER,
    'Content-Security-Policy': GOOD,
    'Permissions-Policy': `camera=(), publickey-credentials-get=${list}`,
  });
  for (const list of ['()', '(self)', '(self "https://kms.example.evil")']) {
    assert.deepEqual(gaps(headers(list)), ['no_passkeys'], list);
  }
  for (const list of ['*', '(self "https://kms.example")']) {
    assert.deepEqual(gaps(headers(list)), [], list);
  }
});

test('a service worker is told that answers already, and one that is still being installed', async () => {
  const registered = (registration) => async () => registration;
  for (const [workers, expected] of [
    [{ controller: {}, getRegistration: registered(undefined) }, true],
    [{ controller: null, getRegistration: registered({ installing: {}, active: null }) }, true],
    [{ controller: null, getRegistration: registered({ waiting: {}, active: null }) }, true],
    [{ controller: null, getRegistration: registered(undefined) }, false],
    [{ controller: null, getRegistration: () => Promise.reject(new Error('private')) }, false],
    [undefined, false],
  ]) {
    assert.equal(await hasWorker(workers), expected);
  }
});
