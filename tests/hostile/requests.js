// Requests no honest client sends. Each has one typed answer, and the line lives on.
import { connect } from './raw.js';

const deep = (levels) => (levels === 0 ? 1 : { a: deep(levels - 1) });
const ping = (more) => ({ id: 'a', method: 'rpc.ping', ...more });
const withOwn = (key) => Object.defineProperty({}, key, { value: 1, enumerable: true });

/** A view whose memory has been given away. */
function detached() {
  const bytes = new Uint8Array(8);
  new MessageChannel().port1.postMessage(null, [bytes.buffer]);
  return bytes;
}

const sign = (data) => ({ id: 'a', method: 'sign', params: { keyId: 'A'.repeat(22), data } });

/** A few hundred bytes on the way that unfold into sixteen million values. */
function unfolding() {
  let list = Array(64).fill(null);
  for (let i = 0; i < 3; i++) list = Array(64).fill(list);
  return list;
}

const REQUESTS = {
  'not an object': () => 'ping',
  null: () => null,
  number: () => 42,
  'no id': () => ({ method: 'rpc.ping' }),
  'null id': () => ping({ id: null }),
  'NaN id': () => ping({ id: NaN }),
  'number id': () => ping({ id: 1 }),
  'infinite id': () => ping({ id: 1e309 }),
  'empty id': () => ping({ id: '' }),
  'long id': () => ping({ id: 'a'.repeat(65) }),
  'id with markup': () => ping({ id: '<img>' }),
  'object id': () => ping({ id: {} }),
  'no method': () => ({ id: 'a' }),
  'unknown method': () => ping({ method: 'keys.reveal' }),
  'method in capitals': () => ping({ method: 'RPC.PING' }),
  'method with NUL': () => ping({ method: 'rpc.ping\0' }),
  'method __proto__': () => ping({ method: '__proto__' }),
  'method constructor': () => ping({ method: 'constructor' }),
  'method then': () => ping({ method: 'then' }),
  'object method': () => ping({ method: {} }),
  'huge method': () => ping({ method: 'a'.repeat(100_000) }),
  'unknown key': () => ping({ more: 1 }),
  '__proto__ key': () => Object.assign(withOwn('__proto__'), ping({})),
  'unknown parameter': () => ping({ params: { a: 1 } }),
  '__proto__ parameter': () => ping({ params: withOwn('__proto__') }),
  'constructor parameter': () => ping({ params: { constructor: 1 } }),
  'parameters as array': () => ping({ params: [] }),
  'parameters as text': () => ping({ params: 'x' }),
  'deep parameters': () => ping({ params: deep(100) }),
  'many parameters': () =>
    ping({ params: Object.fromEntries([...Array(1000).keys()].map((i) => [`k${i}`, i])) }),
  'unfolding parameters': () => ping({ params: unfolding() }),
  'circular parameters': () => {
    const params = {};
    params.params = params;
    return ping({ params });
  },
  'zero deadline': () => ping({ deadlineMs: 0 }),
  'negative deadline': () => ping({ deadlineMs: -1 }),
  'fractional deadline': () => ping({ deadlineMs: 1.5 }),
  'endless deadline': () => ping({ deadlineMs: Infinity }),
  'empty batch': () => [],
  'large batch': () => Array.from({ length: 65 }, (_, i) => ping({ id: `b${i}` })),
  'nested batch': () => [[ping({})]],
  'no data': () => ({ id: 'a', method: 'sign', params: { keyId: 'A'.repeat(22) } }),
  'text as data': () => sign('text'),
  'buffer as data': () => sign(new ArrayBuffer(8)),
  'floats as data': () => sign(new Float64Array(1)),
  'view as data': () => sign(new DataView(new ArrayBuffer(8))),
  'detached data': () => sign(detached()),
  'shared memory as data': () =>
    sign(new Uint8Array(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer, 0, 8)),
  'blob as data': () => sign(new Blob(['x'])),
  'date as data': () => sign(new Date()),
  'map as data': () => sign(new Map([[1, 2]])),
  'error as data': () => sign(new Error('x')),
  'big integer as data': () => sign(10n),
  'data over the limit': () => sign(new Uint8Array((1 << 20) + 1)),
  'message over the limit': () => sign(new Uint8Array(64 << 20)),
  'lone surrogate': () => ({ id: 'a', method: 'keys.create', params: { spec: 'ed25519', label: '\ud800' } }),
  'key id with path': () => ({ id: 'a', method: 'keys.describe', params: { keyId: '../header' } }),
  'unknown spec': () => ({ id: 'a', method: 'keys.create', params: { spec: 'rsa-2048' } }),
  'passphrase for unlock': () => ({ id: 'a', method: 'vault.unlock', params: { passphrase: 'hunter2' } }),
  'passphrase for setup': () => ({ id: 'a', method: 'vault.setup', params: { passphrase: 'hunter2' } }),
  'key material for setup': () =>
    ({ id: 'a', method: 'vault.setup', params: { existingMS: new Uint8Array(32) } }),
  'file for restore': () =>
    ({ id: 'a', method: 'vault.restore', params: { file: new Uint8Array(32) } }),
  'passphrase for backup': () =>
    ({ id: 'a', method: 'vault.backup', params: { passphrase: 'hunter2' } }),
  'consent for reset': () => ({ id: 'a', method: 'vault.reset', params: { confirm: true } }),
  'enrolment for manage': () =>
    ({ id: 'a', method: 'vault.manage', params: { remove: 'A'.repeat(22) } }),
  'enrolment by the page': () => ({ id: 'a', method: 'vault.enrol', params: {} }),
  'removal by the page': () => ({ id: 'a', method: 'vault.remove_enrolment', params: {} }),
  'PRF output for unlock': () =>
    ({ id: 'a', method: 'vault.unlock', params: { prf: new Uint8Array(32) } }),
  'user for setup': () => ({ id: 'a', method: 'vault.setup', params: { userId: 'mallory' } }),
  'user for unlock': () => ({ id: 'a', method: 'vault.unlock', params: { userId: 'mallory' } }),
  'user for reset': () => ({ id: 'a', method: 'vault.reset', params: { userId: 'mallory' } }),
  'credential of a gate': () =>
    ({ id: 'a', method: 'vault.unlock', params: { method: 'passkey-gate', userId: 'mallory' } }),
  'key material for create': () =>
    ({ id: 'a', method: 'keys.create', params: { spec: 'ed25519', privateKey: new Uint8Array(32) } }),
  'credential beside the parameters': () => ping({ passphrase: 'hunter2' }),
  'internal submit': () => ({ ui: 'submit', passphrase: new Uint8Array(12) }),
  'internal lock': () => ({ ui: 'lock' }),
  'internal init': () => ({ kind: 'init', role: 'enclave' }),
  'internal connect': () => ({ kind: 'connect', origin: 'http://evil.localhost', nonce: 'x', version: 1 }),
  'probe of a test build': () => ({ probe: 'scan' }),
};

/** A fingerprint of a reply: its code, or its codes, or that it was none. */
function codeOf(reply) {
  if (reply === null) return 'silence';
  if (Array.isArray(reply)) return [...new Set(reply.map(codeOf))].join(' ');
  return reply.error?.code ?? 'result';
}

export default async function attack({ kms }) {
  const { line } = await connect(kms);
  const answers = {};
  const echoes = [];
  for (const [name, make] of Object.entries(REQUESTS)) {
    let reply = null;
    try {
      reply = await line.next(make(), 5000);
      answers[name] = codeOf(reply);
    } catch (error) {
      // Some never leave the page.
      answers[name] = error.name;
    }
    // Apart from the id nothing of the input comes back.
    if (/hunter2|mallory|keys\.export|<img>|\.\.\/header|rsa-2048/.test(JSON.stringify(reply))) echoes.push(name);
  }
  const alive = await line.ask('rpc.ping');
  const status = await line.ask('vault.status');
  return { answers, echoes, alive: alive?.result ?? null, state: status?.result?.state ?? null };
}
