// Streams of the client, over a connection that stays open between the steps of a test.
import { connect } from '/client/index.js';
import { decryptStream, encryptStream } from '/client/streams.js';

const MIB = 1 << 20;
const SEALED_CHUNK = 65_536 + 16;
const HEADER = 65;
const context = { user: '7' };

let kms;
let waiting;
let key;

function message(length) {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
}

/** A source that hands out pieces as it is asked for them. */
function source(bytes, size) {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(bytes.slice(at, (at += size)));
    },
  });
}

/** All that comes out. A `Response` would do, but Chromium's does not tell what went wrong. */
async function through(bytes, pair, size = 100_000) {
  const parts = [];
  const sink = new WritableStream({ write: (part) => void parts.push(part) });
  await source(bytes, size).pipeThrough(pair).pipeTo(sink);
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

const encrypted = (bytes, size) => through(bytes, encryptStream(kms, { ...key, context }), size);
const decrypted = (bytes, size) => through(bytes, decryptStream(kms, { ...key, context }), size);
const outcome = (promise) => promise.then(() => 'result', ({ code, name }) => code ?? name);
const same = (one, other) =>
  one.length === other.length && one.every((byte, at) => byte === other[at]);

/** How many streams can be open now; none of them stays. */
async function room() {
  const open = [];
  let code;
  do {
    const pair = encryptStream(kms, key);
    const writer = pair.writable.getWriter();
    code = await outcome(writer.write(Uint8Array.of(1)));
    if (code === 'result') open.push(writer);
  } while (code === 'result');
  await Promise.all(open.map((writer) => writer.abort()));
  return { open: open.length, code };
}

/** A stream that has made something and waits for more. */
async function begun(pair, bytes) {
  const [writer, reader] = [pair.writable.getWriter(), pair.readable.getReader()];
  const written = writer.write(bytes);
  await reader.read();
  void written.catch(() => {});
  return { writer, reader };
}

/** What both sides of a stream say when more is written to it and read from it. */
async function goOn({ writer, reader }) {
  void writer.write(message(MIB)).catch(() => {});
  const read = async () => {
    while (!(await reader.read()).done);
  };
  return [await outcome(read()), await outcome(writer.closed)];
}

const STEPS = {
  open: async () => {
    const release = await (await fetch('/release.json')).json();
    kms = await connect({ release });
    waiting = kms.setup();
    return null;
  },
  /** Waits for the person; makes a key at the first time. */
  ready: async () => {
    await waiting;
    key ??= { keyId: (await kms.keys.create({ spec: 'aes-256' })).keyId };
    return null;
  },
  /** Large, empty, and cut at odd places. */
  whole: async () => {
    const found = [];
    for (const [length, size] of [[5 * MIB, 100_000], [5 * MIB, 5 * MIB], [0, 1], [65_536, 65_536]]) {
      const plain = message(length);
      const made = await encrypted(plain, size);
      const tags = Math.max(1, Math.ceil(length / 65_536)) * 16;
      const hidden = length < 64 || !same(made.slice(HEADER, HEADER + 64), plain.slice(0, 64));
      const back = same(await decrypted(made, size), plain);
      found.push(made.length === HEADER + length + tags && hidden && back);
    }
    return found;
  },
  /** As many as there may be, side by side, in the small memory of the enclave. */
  together: async () => {
    const plain = message(3 * MIB);
    const made = await Promise.all([0, 1, 2, 3].map(() => encrypted(plain, MIB)));
    const read = await Promise.all(made.map((bytes) => decrypted(bytes, MIB)));
    return read.map((bytes) => same(bytes, plain));
  },
  damage: async () => {
    const made = await encrypted(message(MIB));
    const flipped = (at) => {
      const bytes = made.slice();
      bytes[at] ^= 1;
      return bytes;
    };
    const [first, second] = [HEADER, HEADER + SEALED_CHUNK];
    const rest = made.subarray(second + SEALED_CHUNK);
    const chunk = (at) => made.subarray(at, at + SEALED_CHUNK);
    const joined = async (...parts) => new Uint8Array(await new Blob(parts).arrayBuffer());
    const header = made.subarray(0, HEADER);
    const damaged = {
      flipped: flipped(second + 9),
      header: flipped(40),
      cut: made.slice(0, made.length - 1),
      'cut between chunks': made.slice(0, second),
      'only the header': header,
      swapped: await joined(header, chunk(second), chunk(first), rest),
      repeated: await joined(header, chunk(first), chunk(first), rest),
      dropped: await joined(header, chunk(first), rest),
    };
    const found = {};
    for (const [name, bytes] of Object.entries(damaged)) found[name] = await outcome(decrypted(bytes));
    found.foreign = await outcome(through(made, decryptStream(kms, key)));
    return found;
  },
  abort: async () => {
    const stop = new AbortController();
    const { signal } = stop;
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(message(300_000)),
    });
    let seen = 0;
    const sink = new WritableStream({
      write: ({ length }) => {
        seen += length;
        if (seen > 2 * MIB) stop.abort();
      },
    });
    const piped = endless.pipeThrough(encryptStream(kms, { ...key, context }, { signal })).pipeTo(sink);
    const aborted = await outcome(piped);
    const cancelled = await begun(encryptStream(kms, key), message(MIB));
    await cancelled.reader.cancel();
    return { aborted, enough: seen > 2 * MIB, ...(await room()) };
  },
  lock: async () => {
    const made = await encrypted(message(2 * MIB));
    const encrypting = await begun(encryptStream(kms, key), message(MIB));
    const decrypting = await begun(
      decryptStream(kms, { ...key, context }),
      made.subarray(0, MIB),
    );
    await kms.lock();
    const found = [await goOn(encrypting), await goOn(decrypting)];
    waiting = kms.unlock();
    return found.flat();
  },
  disable: async () => {
    const { keyId } = await kms.keys.create({ spec: 'aes-256' });
    const stream = await begun(encryptStream(kms, { keyId }), message(MIB));
    await kms.keys.disable(keyId);
    return goOn(stream);
  },
  log: async () => {
    const { entries } = await kms.audit.list({ limit: 100 });
    await kms.audit.verify();
    const streams = entries.filter(({ method }) => method.startsWith('streams.'));
    return [...new Set(streams.map(({ method }) => method))].sort();
  },
};

export default ({ op }) => STEPS[op]();
