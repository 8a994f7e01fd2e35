// Measures the enclave and the bare baseline in turns, from the embedding page. Times are
// milliseconds. Short operations are timed in blocks: some engines' clocks are coarse.

import { connect } from '/client/index.js';
import { verifyPolicy } from '/client/policy.js';
import { encryptStream } from '/client/streams.js';

const OPS_PER_BLOCK = 50;
const WARM_UP_BLOCKS = 3;

/** @type {any} */ let kms;
/** @type {any} */ let bare;
/** @type {any} */ let relay;
/** @type {any} */ let release;
/** @type {string} */ let bareOrigin;

/** Connects to the enclave and to a baseline of each kind. */
async function start(origin) {
  bareOrigin = origin;
  release = await (await fetch('/release.json')).json();
  kms = await enclave();
  bare = await bareFrame('direct');
  relay = await bareFrame('relay');
  return (await kms.status()).state;
}

function enclave() {
  return connect({ release, timeoutMs: 20_000 });
}

/** A frame of the baseline with one port to its worker. */
async function bareFrame(mode) {
  const frame = document.createElement('iframe');
  frame.sandbox.add('allow-scripts', 'allow-same-origin');
  const loaded = new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }));
  frame.src = `${bareOrigin}/bench/bare.html`;
  document.body.append(frame);
  await loaded;
  const { port1, port2 } = new MessageChannel();
  const ready = new Promise((resolve) => (port1.onmessage = resolve));
  frame.contentWindow.postMessage(mode, bareOrigin, [port2]);
  await ready;
  return { frame, call: caller(port1) };
}

function caller(port) {
  const waiting = new Map();
  let next = 0;
  port.onmessage = ({ data }) => {
    waiting.get(data.id)?.(data);
    waiting.delete(data.id);
  };
  return (message) =>
    new Promise((resolve) => {
      const id = `q${next++}`;
      waiting.set(id, resolve);
      port.postMessage({ id, ...message });
    });
}

async function timed(operation) {
  const from = performance.now();
  await operation();
  return performance.now() - from;
}

async function block(operation) {
  const all = await timed(async () => {
    for (let i = 0; i < OPS_PER_BLOCK; i++) await operation();
  });
  return all / OPS_PER_BLOCK;
}

/** One number for each block. */
async function inTurns(blocks, ours, reference) {
  const times = { ours: [], reference: [] };
  for (let i = -WARM_UP_BLOCKS; i < blocks; i++) {
    const pair = [await block(ours), await block(reference)];
    if (i >= 0) [times.ours[i], times.reference[i]] = pair;
  }
  return times;
}

function echo(blocks) {
  return inTurns(blocks, () => kms.ping(), () => bare.call({ method: 'rpc.ping' }));
}

async function sign(blocks, spec) {
  const { keyId } = await kms.keys.create({ spec, label: 'Benchmark', audit: 'deferred' });
  const data = crypto.getRandomValues(new Uint8Array(200));
  return inTurns(blocks, () => kms.sign(keyId, data), () => bare.call({ sign: spec, data }));
}

const BATCH = 64;
const DATA = new Uint8Array(200);

/** Every key that was made in bulk. @type {string[]} */
const bulk = [];

/** The same request many times, in batches. */
async function batches(count, request) {
  const results = [];
  for (let left = count; left > 0; left -= BATCH) {
    const replies = await kms.batch(new Array(Math.min(BATCH, left)).fill(request));
    if (replies.some(({ error }) => error)) throw new Error('not all of it was done');
    results.push(...replies.map(({ result }) => result));
  }
  return results;
}

/** Makes the log longer. */
async function logEntries(count) {
  const { keyId } = await kms.keys.create({ spec: 'ec-p256', audit: 'deferred' });
  await batches(count, { method: 'sign', params: { keyId, data: DATA } });
}

/** Makes more keys. */
async function makeKeys(count) {
  const params = { spec: 'ec-p256', audit: 'deferred' };
  const keys = await batches(count, { method: 'keys.create', params });
  bulk.push(...keys.map(({ keyId }) => keyId));
}

/** One number for each block of signatures whose entries are stored before they are given out. */
async function durableSign(blocks) {
  const { keyId } = await kms.keys.create({ spec: 'ec-p256', audit: 'durable' });
  const ours = [];
  for (let i = 0; i < blocks; i++) ours.push(await block(() => kms.sign(keyId, DATA)));
  return { ours };
}

/** Locks the vault and opens it again; when it was open. */
async function reopen() {
  await kms.lock();
  await kms.unlock();
  return Date.now();
}

/** Whether the log has been checked, which is done beside other work. */
async function checked() {
  const { audit } = await kms.status();
  return audit?.checked === audit?.count;
}

/** One number for each operation on some of all keys, none of which was used since the unlock. */
async function atLarge(count) {
  const times = { list: [], sign: [], rotate: [] };
  let cursor;
  for (let i = 0; i < count; i++) {
    const keyId = bulk[Math.floor((i * bulk.length) / count)];
    times.sign.push(await timed(() => kms.sign(keyId, DATA)));
    times.rotate.push(await timed(() => kms.keys.rotate(keyId)));
    const page = async () => {
      ({ next: cursor } = await kms.keys.list({ limit: 20, ...(cursor && { cursor }) }));
    };
    times.list.push(await timed(page));
  }
  return times;
}

const LARGE = 16 << 20;

/** One number for each 16 MiB: in the enclave as a stream, here in one call. */
async function aesGcm(count) {
  const { keyId } = await kms.keys.create({ spec: 'aes-256', audit: 'deferred' });
  const bytes = new Uint8Array(LARGE);
  const make = { name: 'AES-GCM', length: 256 };
  const key = await crypto.subtle.generateKey(make, false, ['encrypt']);
  const iv = () => crypto.getRandomValues(new Uint8Array(12));
  const sink = { length: 0, write: (part) => void (sink.length += part.length) };
  const operations = {
    ours: () =>
      new ReadableStream({
        start(controller) {
          controller.enqueue(bytes);
          controller.close();
        },
      })
        .pipeThrough(encryptStream(kms, { keyId }))
        .pipeTo(new WritableStream(sink)),
    reference: () => crypto.subtle.encrypt({ name: 'AES-GCM', iv: iv() }, key, bytes),
  };
  const times = { ours: [], reference: [] };
  for (let i = -1; i < count; i++) {
    for (const [name, operation] of Object.entries(operations)) {
      const time = await timed(operation);
      if (i >= 0) times[name][i] = time;
    }
  }
  if (sink.length < LARGE * count) throw new Error('not all of it was encrypted');
  return times;
}

/**
 * One number for each echo, at moments that no timer of the frames can foresee. The frames' main
 * threads are busy in turns of the clock (see busy.js): the even ones are the enclave's.
 */
async function underJank(count, turnMs) {
  const times = [[], []];
  const operations = [() => kms.ping(), () => relay.call({ method: 'rpc.ping' })];
  while (times.some((list) => list.length < count)) {
    const turn = Math.floor(Date.now() / turnMs) % 2;
    times[turn].push(await timed(operations[turn]));
    await new Promise((resolve) => setTimeout(resolve, 3 + Math.random() * 10));
  }
  return { ours: times[0], reference: times[1] };
}

/** From a new frame to an answering worker. The frames of `start` keep their processes alive. */
async function boot(count) {
  const times = { ours: [], reference: [] };
  for (let i = -1; i < count; i++) {
    const ours = await timed(async () => (await enclave()).close());
    let made;
    const reference = await timed(async () => (made = await bareFrame('direct')));
    made.frame.remove();
    if (i >= 0) [times.ours[i], times.reference[i]] = [ours, reference];
  }
  return times;
}

/**
 * One number for each verification by a policy, files and all, against what was seen before. The first
 * one, which loads the verifier, is not counted.
 */
async function verify(count) {
  const policy = await (await fetch('/policy.json')).json();
  const ours = [];
  for (let i = -1; i < count; i++) {
    const time = await timed(() => verifyPolicy({ policy }));
    if (i >= 0) ours[i] = time;
  }
  return { ours };
}

globalThis.bench = {
  start, setup: () => kms.setup(), echo, sign, aesGcm, underJank, boot,
  logEntries, makeKeys, durableSign, reopen, checked, atLarge, verify,
};
