import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, save } from '../examples/streams.js';
import { KmsError } from '../src/errors.js';
import { decryptStream, encryptStream } from '../src/streams.js';
import { pause } from './pause.js';
import { softStreams } from './soft-streams.js';

const CHUNK = 65_536;
const key = { keyId: 'AAECAwQFBgcICQoLDA0ODw' };

const message = (length) => Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 16)) % 251);

/** A source of bytes in pieces of this length. */
function pieces(bytes, size) {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, (at += size)));
    },
  });
}

const all = async (readable) => new Uint8Array(await new Response(readable).arrayBuffer());
const encrypted = (kms, bytes, size = 1 << 20) =>
  all(pieces(bytes, size).pipeThrough(encryptStream(kms, key)));
const decrypted = (kms, bytes, size = 1 << 20) =>
  all(pieces(bytes, size).pipeThrough(decryptStream(kms, key)));
const code = (expected) => (error) => error instanceof KmsError && error.code === expected;

test('what is encrypted is decrypted, in whatever pieces it comes', async () => {
  const { kms, open } = softStreams();
  const lengths = [0, 1, CHUNK, CHUNK + 1, 7 * CHUNK, 7 * CHUNK + 1, 15 * CHUNK + 5];
  for (const length of lengths) {
    const plain = message(length);
    for (const size of [1000, CHUNK, 458_753, 1 << 21]) {
      if (length > CHUNK + 1 && size < CHUNK) continue;
      const made = await encrypted(kms, plain, size);
      assert.equal(made.length, 65 + length + Math.max(1, Math.ceil(length / CHUNK)) * 16);
      assert.deepEqual(await decrypted(kms, made, size), plain, `${length} ${size}`);
    }
  }
  assert.equal(open.size, 0);
  // A header one byte at a time.
  const short = await encrypted(kms, message(3));
  assert.deepEqual(await decrypted(kms, short, 1), message(3));
});

test('views and buffers are taken as they are', async () => {
  const { kms } = softStreams();
  const { readable, writable } = encryptStream(kms, key);
  const writer = writable.getWriter();
  const bytes = message(16);
  void writer.write(bytes.buffer);
  void writer.write(new DataView(bytes.buffer, 4, 8));
  void writer.write(new Uint16Array(bytes.buffer, 2, 1));
  void writer.close();
  const plain = await decrypted(kms, await all(readable));
  assert.deepEqual(plain, Uint8Array.of(...bytes, ...bytes.slice(4, 12), ...bytes.slice(2, 4)));
});

test('what is no bytes ends both sides', async () => {
  for (const wrong of ['text', [1], null, { length: 2 }]) {
    const { kms, open } = softStreams();
    const { readable, writable } = encryptStream(kms, key);
    const writer = writable.getWriter();
    await writer.write(message(1));
    await assert.rejects(writer.write(wrong), TypeError);
    await assert.rejects(all(readable), TypeError);
    await pause(0);
    assert.equal(open.size, 0);
  }
});

test('few writes are under way, and none more while nobody reads', async () => {
  const { kms, heard, under } = softStreams();
  const { readable, writable } = encryptStream(kms, key);
  const writer = writable.getWriter();
  let taken = 0;
  const work = (async () => {
    for (; taken < 12; taken++) await writer.write(message(7 * CHUNK));
    await writer.close();
  })();
  await pause(50);
  const writes = () => heard.filter((method) => method === 'streams.write').length;
  assert.ok(writes() <= 4 && taken <= 5, `${writes()} writes, ${taken} taken`);
  const made = await all(readable);
  await work;
  assert.equal(writes(), 12);
  assert.equal(under.most, 4);
  assert.equal((await decrypted(kms, made)).length, 12 * 7 * CHUNK);
  // Also while nobody reads what was decrypted.
  const others = softStreams();
  const reading = decryptStream(others.kms, key);
  const source = pieces(await encrypted(others.kms, message(60 * CHUNK)), 1 << 20);
  others.heard.length = 0;
  const piped = source.pipeTo(reading.writable);
  await pause(50);
  assert.ok(others.heard.length <= 1 + 4, `${others.heard}`);
  assert.equal((await all(reading.readable)).length, 60 * CHUNK);
  await piped;
});

test('the streams of a connection share its room, and one that ends gives it back', async () => {
  const { kms, under } = softStreams();
  const plain = message(40 * CHUNK);
  for (let round = 0; round < 2; round++) {
    const made = await Promise.all([0, 1, 2, 3].map(() => encrypted(kms, plain)));
    assert.equal(under.most, 8);
    assert.ok(made.every(({ length }) => length === 65 + 40 * (CHUNK + 16)));
    const broken = made.map((bytes) => decrypted(kms, bytes.fill(0, 70, 80)));
    for (const one of broken) await assert.rejects(one, code('invalid_ciphertext'));
  }
});

test('whatever is damaged or cut off ends both sides', async () => {
  const { kms, open } = softStreams();
  const made = await encrypted(kms, message(9 * CHUNK));
  const flipped = (at) => made.map((byte, index) => (index === at ? byte ^ 1 : byte));
  const sealed = CHUNK + 16;
  const damaged = [
    new Uint8Array(),
    made.slice(0, 64),
    made.slice(0, 65),
    made.slice(0, 65 + sealed),
    made.slice(0, 65 + 8 * sealed),
    made.slice(0, made.length - 1),
    flipped(0),
    flipped(65),
    flipped(65 + 8 * sealed),
    flipped(made.length - 1),
    Uint8Array.from([...made.slice(0, 65), ...made.slice(65 + sealed)]),
  ];
  for (const [at, bytes] of damaged.entries()) {
    await assert.rejects(decrypted(kms, bytes), code('invalid_ciphertext'), `${at}`);
  }
  // It is told at once, also to who writes no more.
  const { readable, writable } = decryptStream(kms, key);
  const writer = writable.getWriter();
  void writer.write(flipped(65)).catch(() => {});
  await assert.rejects(readable.getReader().read(), code('invalid_ciphertext'));
  await assert.rejects(writer.closed, code('invalid_ciphertext'));
  assert.equal(open.size, 0);
});

test('a stream that cannot be opened ends both sides', async () => {
  const before = (method) => {
    if (method !== 'streams.close') throw new KmsError('locked');
  };
  const { kms, heard } = softStreams({ before });
  await assert.rejects(encrypted(kms, message(1)), code('locked'));
  await assert.rejects(decrypted(kms, message(100)), code('locked'));
  assert.deepEqual(heard, ['streams.encrypt', 'streams.decrypt']);
});

/** Ways to give up a stream, and what its two sides then say. */
const WAYS = {
  signal: ({ stop }) => stop.abort('enough'),
  'the writable side': ({ writer }) => writer.abort(new Error('enough')),
  'the readable side': ({ reader }) => reader.cancel(new Error('enough')),
};

test('whoever gives up a stream ends it in the enclave', async () => {
  for (const [name, giveUp] of Object.entries(WAYS)) {
    for (const moment of ['before', 'while it opens', 'between', 'in a write']) {
      let go = () => {};
      const gate = new Promise((resolve) => (go = () => resolve(undefined)));
      const held = { 'while it opens': 'streams.encrypt', 'in a write': 'streams.write' }[moment];
      const before = (method) => (method === held ? gate : undefined);
      const { kms, open, heard } = softStreams({ before });
      const stop = new AbortController();
      const { readable, writable } = encryptStream(kms, key, { signal: stop.signal });
      const [writer, reader] = [writable.getWriter(), readable.getReader()];
      const ended = [writer.closed.catch((error) => error), reader.closed.catch((error) => error)];
      const written = moment === 'before' ? [] : [writer.write(message(20 * CHUNK))];
      for (const write of written) write.catch(() => {});
      if (moment !== 'before') void reader.read().catch(() => {});
      await pause(20);
      const given = giveUp({ stop, writer, reader });
      go();
      await given;
      await pause(20);
      assert.equal(open.size, 0, `${name} ${moment}`);
      assert.equal(heard.includes('streams.close'), moment !== 'before', `${name} ${moment}`);
      const [writing] = await Promise.all(ended);
      if (name === 'signal') assert.ok(code('aborted')(writing), `${moment} ${writing}`);
      else assert.equal(writing.message, 'enough', `${name} ${moment}`);
    }
  }
  const { kms, heard } = softStreams();
  const { readable } = decryptStream(kms, key, { signal: AbortSignal.abort() });
  await assert.rejects(all(readable), code('aborted'));
  assert.deepEqual(heard, []);
});

test('the example works', async () => {
  const { kms } = softStreams();
  const file = new Blob([message(3 * CHUNK)]);
  const kept = [];
  const sink = () => new WritableStream({ write: (chunk) => void kept.push(chunk) });
  await save(kms, key, file, sink());
  const source = new Blob(kept.splice(0)).stream();
  await load(kms, key, source, sink());
  const read = new Uint8Array(await new Blob(kept).arrayBuffer());
  assert.deepEqual(read, message(3 * CHUNK));
});
