import { given } from './bytes.js';
import { KmsError } from './errors.js';

/** @typedef {import('./kms.js').Kms} Kms */
/** @typedef {import('./protocol.gen.js').Methods} Methods */
/** @typedef {import('./protocol.gen.js').EncryptionContext} EncryptionContext */
/** @typedef {'streams.encrypt' | 'streams.decrypt' | 'streams.write' | 'streams.close'} StreamMethod */

/**
 * What `pipeThrough` takes.
 *
 * @typedef {object} BytePair
 * @property {ReadableStream<Uint8Array>} readable
 * @property {WritableStream<BufferSource>} writable
 */

const CHUNK = 65_536;
const TAG = 16;
/** Chunks of one write: as many as the enclave takes. */
const AT_ONCE = 7;
const HEADER = 65;
/** Writes of one stream that are under way: the way to the enclave takes longer than its work. */
const UNDER_WAY = 4;
/** Those of a whole connection: what the small memory of the enclave has room for. */
const MOST_UNDER_WAY = 8;

/**
 * Encrypts whatever is written, in chunks; what is read is the header and then the ciphertext. It
 * is one use of the key.
 *
 * @param {Pick<Kms, 'batch'>} kms an unlocked connection
 * @param {{ keyId: string, context?: EncryptionContext, version?: number }} params the latest
 *   version if none is named
 * @param {{ signal?: AbortSignal }} [options]
 * @returns {BytePair}
 */
export function encryptStream(kms, { keyId, context, version }, options) {
  const params = { keyId, ...given({ context, version }) };
  return new Pair(kms, { unit: CHUNK, header: 0 }, () => call(kms, 'streams.encrypt', params), options);
}

/**
 * Decrypts what `encryptStream` made. A chunk is read only if it and all before it are authentic;
 * that the message is complete is known when the readable side closes, and not before.
 *
 * @param {Pick<Kms, 'batch'>} kms an unlocked connection
 * @param {{ keyId: string, context?: EncryptionContext }} params the context that it was encrypted
 *   with
 * @param {{ signal?: AbortSignal }} [options]
 * @returns {BytePair}
 */
export function decryptStream(kms, { keyId, context }, options) {
  const params = { keyId, ...given({ context }) };
  /** @param {Uint8Array} header */
  const open = (header) => call(kms, 'streams.decrypt', { ...params, header });
  return new Pair(kms, { unit: CHUNK + TAG, header: HEADER }, open, options);
}

/**
 * @template {StreamMethod} M
 * @param {Pick<Kms, 'batch'>} kms
 * @param {M} method
 * @param {Methods[M]['params']} params
 * @param {AbortSignal} [signal]
 * @returns {Promise<Methods[M]['result']>}
 */
async function call(kms, method, params, signal) {
  const request = /** @type {import('./rpc.js').Request} */ ({ method, params });
  const [reply] = await kms.batch([request], given({ signal }));
  if (!reply || reply.error) throw reply?.error ?? new KmsError('internal');
  return /** @type {Methods[M]['result']} */ (reply.result);
}

/**
 * @param {unknown} source
 * @returns {Uint8Array} the same bytes
 */
function bytesOf(source) {
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (!ArrayBuffer.isView(source)) throw new TypeError('a stream takes bytes');
  return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
}

/** Room for the writes of a connection. */
class Room {
  #free = MOST_UNDER_WAY;
  /** @type {(() => void)[]} */
  #waiting = [];

  /** @type {WeakMap<object, Room>} */
  static #rooms = new WeakMap();

  /** @param {object} kms */
  static of(kms) {
    const room = Room.#rooms.get(kms) ?? new Room();
    Room.#rooms.set(kms, room);
    return room;
  }

  async enter() {
    if (this.#free > 0) this.#free--;
    else await new Promise((resolve) => this.#waiting.push(() => resolve(undefined)));
  }

  leave() {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}

/**
 * A stream of the enclave between a writable and a readable side. Few writes are under way, and the
 * next one waits until somebody reads.
 *
 * @implements {BytePair}
 */
class Pair {
  #kms;
  #open;
  /** The header, as far as it has come. */
  #header;
  #missing;
  /** Bytes that wait for more: the last chunk of a stream has to be told. */
  #held;
  #length = 0;
  /** @type {string | undefined} */
  #streamId;
  #chunk = 0;
  /** Until everything that was sent has been delivered. @type {Promise<void>} */
  #delivered = Promise.resolve();
  /** The same of each write that is under way. @type {Promise<void>[]} */
  #underWay = [];
  #room;
  #wake = () => {};
  #life = new AbortController();
  /** @type {ReadableStreamDefaultController<Uint8Array>} */
  #out = /** @type {any} */ (undefined);
  /** @type {WritableStreamDefaultController} */
  #in = /** @type {any} */ (undefined);

  /**
   * @param {Pick<Kms, 'batch'>} kms
   * @param {{ unit: number, header: number }} sizes of a whole chunk, and of what comes before them
   * @param {(header: Uint8Array) => Promise<{ streamId: string, header?: Uint8Array }>} open
   * @param {{ signal?: AbortSignal }} [options]
   */
  constructor(kms, { unit, header }, open, { signal } = {}) {
    this.#kms = kms;
    this.#room = Room.of(kms);
    this.#open = open;
    this.#header = new Uint8Array(header);
    this.#missing = header;
    this.#held = new Uint8Array(AT_ONCE * unit);
    this.readable = new ReadableStream({
      start: (controller) => void (this.#out = controller),
      pull: () => this.#wake(),
      cancel: (reason) => this.#end(reason),
    });
    this.writable = new WritableStream({
      start: (controller) => void (this.#in = controller),
      write: (chunk) => this.#attempt(() => this.#take(bytesOf(chunk))),
      close: () => this.#attempt(() => this.#finish()),
      abort: (reason) => this.#end(reason),
    });
    const stop = () => this.#end(new KmsError('aborted', { cause: signal?.reason }));
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { signal: this.#life.signal });
  }

  /** @param {() => Promise<void>} work */
  async #attempt(work) {
    try {
      await work();
    } catch (error) {
      this.#end(error);
      throw error;
    }
  }

  /** @param {Uint8Array} bytes */
  async #take(bytes) {
    let rest = this.#streamId === undefined ? await this.#begin(bytes) : bytes;
    const size = this.#held.length;
    while (rest.length > 0) {
      if (this.#length === size) await this.#sendHeld(false);
      // What is whole and not the end needs no copy here.
      const whole = this.#length === 0 && rest.length > size;
      const part = rest.subarray(0, size - this.#length);
      if (whole) await this.#send(part, false);
      else this.#hold(part);
      rest = rest.subarray(part.length);
    }
  }

  /** @param {Uint8Array} part */
  #hold(part) {
    this.#held.set(part, this.#length);
    this.#length += part.length;
  }

  /**
   * Opens the stream as soon as the header is there.
   *
   * @param {Uint8Array} bytes
   * @returns {Promise<Uint8Array>} what comes behind the header
   */
  async #begin(bytes) {
    const part = bytes.subarray(0, this.#missing);
    this.#header.set(part, this.#header.length - this.#missing);
    this.#missing -= part.length;
    if (this.#missing > 0) return bytes.subarray(part.length);
    // Not aborted with the rest: a stream that was opened for nothing has to be closed.
    const { streamId, header } = await this.#open(this.#header);
    this.#streamId = streamId;
    if (this.#life.signal.aborted) this.#closeStream();
    this.#life.signal.throwIfAborted();
    if (header) this.#out.enqueue(header);
    return bytes.subarray(part.length);
  }

  async #finish() {
    if (this.#streamId === undefined) await this.#begin(new Uint8Array());
    // It ends within its header.
    if (this.#streamId === undefined) throw new KmsError('invalid_ciphertext');
    await this.#sendHeld(true);
    await this.#delivered;
    this.#streamId = undefined;
    this.#out.close();
    this.#life.abort();
  }

  /** @param {boolean} last */
  async #sendHeld(last) {
    const held = this.#held.subarray(0, this.#length);
    this.#length = 0;
    await this.#send(held, last);
  }

  /**
   * Resolves when one more can be sent.
   *
   * @param {Uint8Array} data copied when it is sent
   * @param {boolean} last
   */
  async #send(data, last) {
    while ((this.#out.desiredSize ?? 0) <= 0 && !this.#life.signal.aborted) {
      await new Promise((resolve) => (this.#wake = () => resolve(undefined)));
    }
    await this.#room.enter();
    const answer = this.#write(data, last).finally(() => this.#room.leave());
    this.#chunk += AT_ONCE;
    this.#delivered = this.#deliver(this.#delivered, answer);
    // The next write may never come: what fails ends everything by itself.
    for (const promise of [answer, this.#delivered]) promise.catch((error) => this.#end(error));
    this.#underWay.push(this.#delivered);
    if (this.#underWay.length >= UNDER_WAY) await this.#underWay.shift();
  }

  /**
   * @param {Uint8Array} data
   * @param {boolean} last
   */
  async #write(data, last) {
    this.#life.signal.throwIfAborted();
    const streamId = /** @type {string} */ (this.#streamId);
    const params = { streamId, chunk: this.#chunk, data, last };
    return call(this.#kms, 'streams.write', params, this.#life.signal);
  }

  /**
   * @param {Promise<void>} before
   * @param {Promise<Methods['streams.write']['result']>} answer
   */
  async #deliver(before, answer) {
    await before;
    const { data } = await answer;
    this.#life.signal.throwIfAborted();
    if (data.length > 0) this.#out.enqueue(data);
  }

  /**
   * Ends both sides, and the stream in the enclave.
   *
   * @param {unknown} reason
   */
  #end(reason) {
    if (this.#life.signal.aborted) return;
    this.#life.abort(reason);
    this.#out.error(reason);
    this.#in.error(reason);
    this.#wake();
    if (this.#streamId !== undefined) this.#closeStream();
  }

  #closeStream() {
    const streamId = /** @type {string} */ (this.#streamId);
    // A write that was aborted has ended it already.
    call(this.#kms, 'streams.close', { streamId }).catch(() => {});
  }
}
