// The client's adapters and its examples, word for word, over an enclave as it is served. What comes out
// is checked by the browser's own `crypto.subtle` here, and by other libraries where it is returned to.
import { joseKey, jwkSet, signJwt } from '/client/jose.js';
import { KmsSubtle } from '/client/webcrypto.js';
import { encryptWebPush } from '/client/webpush.js';

const AUDIENCE = 'https://bank.example';
const utf8 = (text) => new TextEncoder().encode(text);
const same = (a, b) => `${new Uint8Array(a)}` === `${new Uint8Array(b)}`;
const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

/** Tokens by the example, and one by a key with a template. */
async function tokens(kms) {
  const { receipt } = await import('/examples/jose.js');
  const made = [];
  for (const spec of ['ed25519', 'ec-p256']) {
    const { keyId } = await kms.keys.create({ spec });
    made.push(await receipt(kms, keyId));
  }
  const jwt = {
    typ: 'receipt+jwt',
    audiences: [AUDIENCE],
    maxLifeSeconds: 300,
    claims: { amount: 'number' },
    required: ['amount'],
    fixed: { iss: 'https://shop.example' },
  };
  const { keyId } = await kms.keys.create({ spec: 'ed25519', policy: { operations: ['jwt'], jwt } });
  const { token } = await signJwt(kms, keyId, { amount: 12 });
  made.push({ token, keys: jwkSet([await joseKey(kms, keyId)]) });
  return made;
}

/** A signature of the example verifies in the browser. */
async function signature(kms) {
  const { sealOfApproval } = await import('/examples/webcrypto.js');
  const made = await sealOfApproval(kms);
  const curve = { name: 'ECDSA', namedCurve: 'P-256' };
  const key = await crypto.subtle.importKey('spki', made.spki, curve, true, ['verify']);
  const how = { name: 'ECDSA', hash: 'SHA-256' };
  const outside = await crypto.subtle.verify(how, key, made.signature, made.data);
  const altered = await crypto.subtle.verify(how, key, made.signature, utf8('other'));
  return { valid: made.valid, outside, altered, supported: KmsSubtle.supports('sign', 'Ed25519') };
}

async function secrets(kms) {
  const { hide, keep, talk } = await import('/examples/webcrypto-secrets.js');
  const message = utf8('some text');
  return {
    talk: await talk(kms, message),
    hide: same(await hide(kms, message), message),
    keep: (await keep(kms, message)).valid,
  };
}

/** More than one chunk there and back. */
async function file(kms) {
  const { load, save } = await import('/examples/streams.js');
  const collect = () => {
    const parts = [];
    return [parts, new WritableStream({ write: (part) => void parts.push(part) })];
  };
  const { keyId } = await kms.keys.create({ spec: 'aes-256' });
  const params = { keyId, context: { file: 'notes' } };
  const content = new Uint8Array(150_000).map((_, at) => at % 251);
  const [kept, destination] = collect();
  await save(kms, params, new Blob([content]), destination);
  const [read, back] = collect();
  await load(kms, params, new Blob(kept).stream(), back);
  const stored = new Uint8Array(await new Blob(kept).arrayBuffer());
  const loaded = await new Blob(read).arrayBuffer();
  return { back: same(loaded, content), encrypted: !same(stored.slice(-150_000), content) };
}

/** What a server sends to a push service for a browser that has subscribed. */
async function push(kms, lease) {
  const curve = { name: 'ECDH', namedCurve: 'P-256' };
  const receiver = await crypto.subtle.generateKey(curve, true, ['deriveBits']);
  const p256dh = base64url(await crypto.subtle.exportKey('raw', receiver.publicKey));
  const { d } = await crypto.subtle.exportKey('jwk', receiver.privateKey);
  const auth = base64url(crypto.getRandomValues(new Uint8Array(16)));
  const body = await encryptWebPush(kms, { keys: { p256dh, auth } }, utf8('hello'), {
    paddedLength: 64,
  });
  const { authorization } = await kms.vapid.issueToken(lease.leaseId, lease.audiences[0]);
  return { authorization, body: base64url(body), auth, privateKey: d };
}

export async function examples(kms) {
  return {
    tokens: await tokens(kms),
    signature: await signature(kms),
    secrets: await secrets(kms),
    file: await file(kms),
  };
}

export async function askForLease(kms, audience) {
  const { keyId } = await kms.keys.create({ spec: 'ec-p256', policy: { operations: ['vapid'] } });
  const terms = { keyId, audiences: [audience], lifeMs: 86_400_000, tokens: 1 };
  return kms.vapid.createLease({ ...terms, contact: 'https://app.example/contact' });
}

export { push };
