import { given, isRecord, randomToken } from './bytes.js';
import { KmsError, errorFrom } from './errors.js';
import { INTERACTIVE } from './methods.gen.js';

/** @typedef {import('./protocol.gen.js').Methods} Methods */
/** @typedef {keyof Methods} Method */
/** @typedef {import('./protocol.gen.js').ErrorCode} ErrorCode */

/**
 * @typedef {object} CallOptions
 * @property {AbortSignal} [signal] rejects the call with `aborted` and tells the enclave
 * @property {number} [deadlineMs] 1 to 1800000; 30 s if absent, 1800 s where a person may be asked
 */

/** @typedef {{ [M in Method]: { method: M, params?: Methods[M]['params'] } }[Method]} Request */

/**
 * @typedef {{ result: unknown, error?: undefined } | { error: KmsError, result?: undefined }} Reply
 */

/**
 * @typedef {object} RpcOptions
 * @property {(event: string, data: unknown) => void} [onEvent]
 * @property {(error: KmsError) => void} [onDead] called once, whatever ended the connection
 * @property {number} [quietMs] silence, with a call waiting, after which a ping is sent
 * @property {number} [pongMs] how long the ping may go unanswered
 */

/**
 * @typedef {object} Pending
 * @property {(reply: Reply) => void} settle
 * @property {number} due when the call is given up
 */

const DEADLINE_MS = 30_000;
const INTERACTIVE_MS = 1_800_000;
const MAX_BATCH = 64;
const MAX_DATA = 1 << 20;
const TRANSFER_FROM = 1 << 16;
/** A timer this late means that the page slept: the answer may be waiting behind it. */
const SLEPT_MS = 1_000;

/** One port, many calls. Knows nothing of frames: anything that looks like a MessagePort will do. */
export class Rpc {
  /** @type {Map<string, Pending>} */
  #pending = new Map();
  /** @type {KmsError | undefined} */
  #dead;
  #port;
  #options;
  /** Ids are this connection's random name and a count: a new random number each costs too much. */
  #name = randomToken();
  #count = 0;
  /** One timer for all deadlines, set for the earliest. @type {ReturnType<typeof setTimeout> | undefined} */
  #sweeper;
  #sweepAt = Infinity;
  #lastHeard = 0;
  #asked = 0;
  #slept = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #watch;

  /**
   * @param {MessagePort} port
   * @param {RpcOptions} [options]
   */
  constructor(port, options = {}) {
    this.#port = port;
    this.#options = { quietMs: 2_000, pongMs: 2_500, ...options };
    port.addEventListener('message', (event) => this.#receive(event.data));
    // Not every engine tells that the other end is gone; where one does, nobody has to wait.
    port.addEventListener('close', () => this.close(new KmsError('enclave_crashed')));
    port.start();
  }

  /** Why the connection ended, if it has. */
  get dead() {
    return this.#dead;
  }

  /**
   * @template {Method} M
   * @param {M} method
   * @param {Methods[M]['params']} params
   * @param {CallOptions} [options]
   * @returns {Promise<Methods[M]['result']>}
   */
  async call(method, params, options = {}) {
    const [reply] = await this.#send([/** @type {Request} */ ({ method, params })], options, false);
    if (!reply || reply.error) throw reply?.error ?? new KmsError('internal');
    return /** @type {Methods[M]['result']} */ (reply.result);
  }

  /**
   * Sends many requests as one message. Resolves to one reply each, in the same order; a request
   * that fails does not disturb the others.
   *
   * @param {Request[]} requests 1 to 64
   * @param {CallOptions} [options]
   * @returns {Promise<Reply[]>}
   */
  async batch(requests, options = {}) {
    if (requests.length < 1 || requests.length > MAX_BATCH) {
      throw new KmsError('invalid_request', { detail: `a batch holds 1 to ${MAX_BATCH} requests` });
    }
    return this.#send(requests, options, true);
  }

  /**
   * Ends the connection: everything that waits rejects with `error`, and so does all that follows.
   *
   * @param {KmsError} [error]
   */
  close(error = new KmsError('closed')) {
    if (this.#dead) return;
    this.#dead = error;
    clearTimeout(this.#watch);
    clearTimeout(this.#sweeper);
    for (const id of [...this.#pending.keys()]) this.#settle(id, { error });
    this.#port.close();
    this.#options.onDead?.(error);
  }

  /**
   * @param {Request[]} requests
   * @param {CallOptions} options
   * @param {boolean} asBatch
   * @returns {Promise<Reply[]>}
   */
  async #send(requests, { signal, deadlineMs }, asBatch) {
    if (this.#dead) throw this.#dead;
    if (signal?.aborted) throw new KmsError('aborted', { cause: signal.reason });
    checkDeadline(deadlineMs);
    /** @type {ArrayBuffer[]} */
    const transfer = [];
    const messages = requests.map(({ method, params = {} }) => ({
      id: this.#nextId(),
      method,
      params: prepare(params, transfer),
      ...given({ deadlineMs }),
    }));
    const replies = messages.map(({ id, method }) => {
      const wait = deadlineMs ?? (INTERACTIVE.includes(method) ? INTERACTIVE_MS : DEADLINE_MS);
      return this.#expect(id, wait);
    });
    this.#post(messages, transfer, asBatch);
    if (signal === undefined) return Promise.all(replies);
    const stop = () => {
      for (const { id } of messages) {
        this.#cancel(id, new KmsError('aborted', { cause: signal.reason }));
      }
    };
    signal.addEventListener('abort', stop, { once: true });
    return Promise.all(replies).finally(() => signal.removeEventListener('abort', stop));
  }

  /**
   * @param {{ id: string }[]} messages
   * @param {ArrayBuffer[]} transfer
   * @param {boolean} asBatch
   */
  #post(messages, transfer, asBatch) {
    try {
      this.#port.postMessage(asBatch ? messages : messages[0], transfer);
    } catch (cause) {
      // Not cloneable: nothing has left the page.
      const error = new KmsError('invalid_params', { cause });
      for (const { id } of messages) this.#settle(id, { error });
    }
    this.#listen();
  }

  /**
   * @param {string} id
   * @param {number} waitMs
   * @returns {Promise<Reply>}
   */
  #expect(id, waitMs) {
    return new Promise((settle) => {
      const due = now() + waitMs;
      this.#pending.set(id, { settle, due });
      this.#sweepBy(due);
    });
  }

  #nextId() {
    return `${this.#name}-${(this.#count++).toString(36)}`;
  }

  /**
   * Makes sure that the deadlines are looked at when this one is due.
   *
   * @param {number} due
   */
  #sweepBy(due) {
    if (due >= this.#sweepAt) return;
    clearTimeout(this.#sweeper);
    this.#sweepAt = due;
    this.#sweeper = setTimeout(() => this.#sweep(), due - now());
  }

  #sweep() {
    this.#sweepAt = Infinity;
    const time = now();
    for (const [id, { due }] of [...this.#pending]) {
      if (due <= time) this.#cancel(id, new KmsError('deadline_exceeded'));
      else this.#sweepBy(due);
    }
  }

  /**
   * @param {string} id
   * @param {KmsError} error
   */
  #cancel(id, error) {
    if (this.#settle(id, { error })) this.#port.postMessage({ cancel: id });
  }

  /**
   * @param {string} id
   * @param {Reply} reply
   * @returns {boolean} false if nobody waits for it (any more)
   */
  #settle(id, reply) {
    const waiting = this.#pending.get(id);
    if (!waiting) return false;
    this.#pending.delete(id);
    waiting.settle(reply);
    return true;
  }

  /** @param {unknown} message */
  #receive(message) {
    if (this.#dead) return;
    this.#lastHeard = now();
    for (const item of Array.isArray(message) ? message : [message]) {
      if (!isRecord(item)) continue;
      if (typeof item['event'] === 'string') this.#event(item['event'], item['data']);
      else this.#reply(item);
    }
  }

  /**
   * @param {string} event
   * @param {unknown} data
   */
  #event(event, data) {
    if (event === 'fault') this.close(errorFrom(data, 'enclave_crashed'));
    else this.#options.onEvent?.(event, data);
  }

  /** @param {Record<string, unknown>} item */
  #reply(item) {
    let id = item['id'];
    // The enclave could not read an id. With one call waiting there is no doubt whose it was.
    if (id === null && this.#pending.size === 1) [id] = this.#pending.keys();
    if (typeof id !== 'string') return;
    this.#settle(
      id,
      'error' in item ? { error: errorFrom(item['error'], 'internal') } : { result: item['result'] },
    );
  }

  /** Starts to watch for silence, unless somebody does already. */
  #listen() {
    if (this.#watch !== undefined || this.#dead || this.#pending.size === 0) return;
    this.#lastHeard = now();
    this.#watch = setTimeout(() => this.#quiet(), this.#options.quietMs);
  }

  #quiet() {
    this.#watch = undefined;
    if (this.#dead || this.#pending.size === 0) return;
    const silent = now() - this.#lastHeard;
    if (silent < this.#options.quietMs) {
      this.#watch = setTimeout(() => this.#quiet(), this.#options.quietMs - silent);
      return;
    }
    this.#asked = now();
    this.#port.postMessage({ id: this.#nextId(), method: 'rpc.ping' });
    this.#watch = setTimeout(() => this.#judge(), this.#options.pongMs);
  }

  #judge() {
    this.#watch = undefined;
    if (this.#lastHeard >= this.#asked) {
      this.#slept = false;
      this.#listen();
      return;
    }
    const late = now() - this.#asked - this.#options.pongMs;
    if (late > SLEPT_MS && !this.#slept) {
      this.#slept = true;
      this.#quiet();
      return;
    }
    if (this.#pending.size > 0) this.close(new KmsError('enclave_unresponsive'));
  }
}

const now = () => performance.now();

/** @param {number | undefined} deadlineMs */
function checkDeadline(deadlineMs) {
  if (deadlineMs === undefined) return;
  if (!Number.isInteger(deadlineMs) || deadlineMs < 1 || deadlineMs > INTERACTIVE_MS) {
    throw new KmsError('invalid_params', { detail: 'deadlineMs' });
  }
}

/**
 * Copies bytes so that neither the rest of a larger buffer nor shared memory is cloned with them,
 * and so that the caller's own array is never detached.
 *
 * @param {object} params
 * @param {ArrayBuffer[]} transfer
 * @returns {Record<string, unknown>}
 */
function prepare(params, transfer) {
  /** @type {Record<string, unknown>} */
  const out = {};
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined) continue;
    if (!(value instanceof Uint8Array)) {
      out[name] = value;
      continue;
    }
    if (value.byteLength > MAX_DATA) throw new KmsError('payload_too_large', { detail: name });
    const copy = new Uint8Array(value);
    if (copy.byteLength >= TRANSFER_FROM) transfer.push(copy.buffer);
    out[name] = copy;
  }
  return out;
}
