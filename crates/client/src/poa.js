import { given } from './bytes.js';
import { single } from './single.js';

/** @typedef {import('./rpc.js').CallOptions} CallOptions */
/** @typedef {import('./single.js').AskedKms} AskedKms */
/** @typedef {import('./protocol.gen.js').Methods} Methods */
/** @typedef {import('./protocol.gen.js').BrokerLog} BrokerLog */
/** @typedef {import('./protocol.gen.js').RevocationTarget} RevocationTarget */

/**
 * A challenge as a relay brings it.
 *
 * @typedef {object} Pending
 * @property {string} id
 * @property {string} challenge what approvers sign about, as the broker wrote it
 * @property {string} digest
 * @property {number} expires until when it waits, in seconds since 1970-01-01T00:00Z
 * @property {string | null} first the first of two approvals, if it was given
 */

/**
 * A key that approves what workloads ask for. The enclave asks the person about each use of it.
 */
export class Approver {
  #kms;
  #keyId;

  /**
   * @param {AskedKms} kms
   * @param {string} keyId a key whose policy has `approve`
   */
  constructor(kms, keyId) {
    this.#kms = kms;
    this.#keyId = keyId;
  }

  /**
   * What the key saw last of its broker's log: its `size` is what the proof has to begin from.
   *
   * @param {CallOptions} [options]
   */
  async seen(options = {}) {
    return (await this.#ask('poa.log', {}, options)).seen;
  }

  /**
   * Mints the token of a challenge, or gives the first of two approvals: as the challenge says.
   *
   * @param {Pick<Pending, 'challenge'> & Partial<Pending>} pending
   * @param {BrokerLog} log
   * @param {CallOptions & { lifeSeconds?: number, version?: number }} [options]
   */
  approve({ challenge, first }, log, { lifeSeconds, version, ...options } = {}) {
    const more = given({ first: first ?? undefined, lifeSeconds, version });
    return this.#ask('poa.approve', { challenge, log, ...more }, options);
  }

  /**
   * Signs that a challenge is rejected.
   *
   * @param {Pick<Pending, 'challenge'>} pending
   * @param {CallOptions & { audience?: string, version?: number }} [options] the broker's SPIFFE id,
   *   where the challenge is for another service
   */
  reject({ challenge }, { audience, version, ...options } = {}) {
    return this.#ask('poa.reject', { challenge, ...given({ audience, version }) }, options);
  }

  /**
   * Signs that something is revoked.
   *
   * @param {string} audience the broker's SPIFFE id
   * @param {RevocationTarget} what
   * @param {string} value
   * @param {CallOptions & { version?: number }} [options]
   */
  revoke(audience, what, value, { version, ...options } = {}) {
    return this.#ask('poa.revoke', { audience, what, value, ...given({ version }) }, options);
  }

  /**
   * Signs that the latest version takes the place of the one that the broker knows.
   *
   * @param {string} audience the broker's SPIFFE id
   * @param {number} version
   * @param {CallOptions} [options]
   */
  rotate(audience, version, options = {}) {
    return this.#ask('poa.rotate', { audience, version }, options);
  }

  /**
   * @template {'poa.log' | 'poa.approve' | 'poa.reject' | 'poa.revoke' | 'poa.rotate'} M
   * @param {M} method
   * @param {Omit<Methods[M]['params'], 'keyId'>} members
   * @param {CallOptions} options
   * @returns {Promise<Methods[M]['result']>}
   */
  #ask(method, members, options) {
    const params = /** @type {any} */ ({ keyId: this.#keyId, ...members });
    return single(this.#kms, { method, params }, options);
  }
}

/** What a relay refused, or its broker. */
export class RelayError extends Error {
  /**
   * @param {number} status
   * @param {string | undefined} code
   */
  constructor(status, code) {
    super(`The relay answered ${status}${code === undefined ? '' : `: ${code}`}.`);
    this.name = 'RelayError';
    this.status = status;
    /** The broker's word for it. */
    this.code = code;
  }
}

/** What `enclave-shell relay` offers to a page. */
export class Relay {
  #base;

  /** @param {string} origin its origin, such as `http://127.0.0.1:7003` */
  constructor(origin) {
    this.#base = new URL(origin);
  }

  /**
   * What waits for approvers.
   *
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {Promise<Pending[]>}
   */
  async pending(options = {}) {
    return (await this.#ask('challenges', options)).challenges;
  }

  /**
   * The broker's log, with the proof that it has grown since what was seen.
   *
   * @param {{ size: number }} [seen] as {@link Approver.seen} tells
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {Promise<BrokerLog>}
   */
  async log(seen, options = {}) {
    const path = seen === undefined ? 'log' : `log?since=${seen.size}`;
    const { proof = [], ...log } = await this.#ask(path, options);
    return { ...log, proof: proof.map(bytes) };
  }

  /**
   * Sends what an approver signed about a challenge.
   *
   * @param {string} id
   * @param {string} signed
   * @param {{ signal?: AbortSignal }} [options]
   */
  async approve(id, signed, options = {}) {
    const path = `challenges/${encodeURIComponent(id)}/approvals`;
    await this.#ask(path, { ...options, body: { signed } });
  }

  /**
   * Sends a statement.
   *
   * @param {string} statement
   * @param {{ signal?: AbortSignal }} [options]
   */
  async state(statement, options = {}) {
    await this.#ask('revocations', { ...options, body: { statement } });
  }

  /**
   * @param {string} path
   * @param {{ signal?: AbortSignal, body?: object }} options
   */
  async #ask(path, { signal, body }) {
    const post = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const response = await fetch(new URL(path, this.#base), {
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
      ...(signal === undefined ? {} : { signal }),
      ...(body === undefined ? {} : { ...post, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = text === '' ? {} : JSON.parse(text);
    if (!response.ok) throw new RelayError(response.status, answer.code);
    return answer;
  }
}

/**
 * @param {string} text base64
 * @returns {Uint8Array}
 */
function bytes(text) {
  return Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
}
