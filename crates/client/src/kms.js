import { Audit } from './audit.js';
import { given, isRecord, randomToken } from './bytes.js';
import { KmsError } from './errors.js';
import { checkIsolation } from './isolation.js';
import { dataKeysOf, keysOf } from './keys.js';
import { Rpc } from './rpc.js';

/** @typedef {import('./rpc.js').CallOptions} CallOptions */
/** @typedef {import('./release.js').Release} Release */
/** @typedef {import('./protocol.gen.js').Methods} Methods */
/** @typedef {import('./protocol.gen.js').EncryptionContext} EncryptionContext */
/** @typedef {import('./protocol.gen.js').Events} EnclaveEvents */
/** @typedef {EnclaveEvents & { closed: { error: KmsError } }} KmsEvents */

/** A connection to the enclave. Made by `connect`. */
export class Kms {
  #rpc;
  #sheet;
  #origin;
  /** @type {Map<string, Set<(data: any) => void>>} */
  #listeners = new Map();

  /**
   * @param {MessagePort} port
   * @param {import('./sheet.js').Sheet} sheet
   * @param {Release} release
   * @param {string} csp
   * @param {string} origin
   * @param {AbortController} life aborted when the connection ends
   */
  constructor(port, sheet, release, csp, origin, life) {
    this.#sheet = sheet;
    this.#origin = origin;
    /** The pinned release that runs: it has said so itself. */
    this.release = release;
    /** What the browser was told to require of the frame, where it can be told. */
    this.csp = csp;
    this.#rpc = new Rpc(port, {
      onEvent: (event, data) => this.#event(event, data),
      onDead: (error) => {
        life.abort();
        sheet.remove();
        this.#tell('closed', { error });
      },
    });
    // A second load means that another document took the place of the one that was checked.
    sheet.iframe.addEventListener('load', () => this.close(new KmsError('enclave_crashed')), {
      signal: life.signal,
    });
    const rpc = this.#rpc;
    /** Keys of this site. Other sites' keys do not exist for it. */
    this.keys = keysOf(rpc);
    /** Keys for this page's own encryption, wrapped under keys of the enclave. */
    this.dataKeys = dataKeysOf(rpc);
    /** Tokens for Web Push (RFC 8292) under leases that the person allows. */
    this.vapid = {
      /**
       * Asks the person to allow tokens for a time. Resolves when they did.
       *
       * @param {Methods['vapid.create_lease']['params']} params
       * @param {CallOptions} [options]
       */
      createLease: (params, options) => rpc.call('vapid.create_lease', params, options),
      /**
       * @param {string} leaseId
       * @param {string} audience origin of the subscription's endpoint
       * @param {CallOptions} [options]
       */
      issueToken: (leaseId, audience, options) =>
        rpc.call('vapid.issue_token', { leaseId, audience }, options),
    };
    /** Leases of this site. */
    this.leases = {
      /** @param {CallOptions} [options] */
      list: async (options) => (await rpc.call('leases.list', {}, options)).leases,
      /**
       * Asks the person to extend a lease that has not ended. Resolves when they did.
       *
       * @param {Methods['leases.extend']['params']} params
       * @param {CallOptions} [options]
       */
      extend: (params, options) => rpc.call('leases.extend', params, options),
      /**
       * @param {string} leaseId
       * @param {CallOptions} [options]
       */
      revoke: async (leaseId, options) => {
        await rpc.call('leases.revoke', { leaseId }, options);
      },
    };
    /** What was done with the keys. Read-only. */
    this.audit = new Audit(rpc);
  }

  /** Origin of the enclave. */
  get origin() {
    return this.#origin;
  }

  /** Whether the connection has ended. */
  get closed() {
    return this.#rpc.dead !== undefined;
  }

  /**
   * Asks the person to protect a new vault, or to restore one. Resolves when that is done.
   *
   * @param {CallOptions} [options]
   */
  setup(options) {
    return this.#rpc.call('vault.setup', {}, options);
  }

  /**
   * Asks the person to unlock the vault. Resolves when that is done.
   *
   * @param {CallOptions} [options]
   */
  unlock(options) {
    return this.#rpc.call('vault.unlock', {}, options);
  }

  /**
   * Shows the person the vault's own page for ways to unlock, locking and backups. Resolves when
   * they close it; what they did there is not told, beyond what `status` says.
   *
   * @param {CallOptions} [options]
   */
  manage(options) {
    return this.#rpc.call('vault.manage', {}, options);
  }

  /**
   * Asks the person to save a backup of the whole vault. Resolves when they have; the file never
   * passes through this page.
   *
   * @param {CallOptions} [options]
   */
  backup(options) {
    return this.#rpc.call('vault.backup', {}, options);
  }

  /**
   * Asks the person for a backup to restore, where there is no vault yet. Resolves when the vault
   * is there and unlocked.
   *
   * @param {CallOptions} [options]
   */
  restore(options) {
    return this.#rpc.call('vault.restore', {}, options);
  }

  /**
   * Asks the person to delete the vault with every key in it. Resolves when it is gone.
   *
   * @param {CallOptions} [options]
   */
  reset(options) {
    return this.#rpc.call('vault.reset', {}, options);
  }

  /** @param {CallOptions} [options] */
  async lock(options) {
    await this.#rpc.call('vault.lock', {}, options);
  }

  /** @param {CallOptions} [options] */
  status(options) {
    return this.#rpc.call('vault.status', {}, options);
  }

  /** @param {CallOptions} [options] */
  async ping(options) {
    await this.#rpc.call('rpc.ping', {}, options);
  }

  /**
   * @param {string} keyId
   * @param {Uint8Array} data up to 1 MiB; hashed by the signature scheme itself
   * @param {CallOptions & { version?: number }} [options] the latest version if none is named
   * @returns {Promise<Uint8Array>}
   */
  async sign(keyId, data, { version, ...options } = {}) {
    return (await this.#rpc.call('sign', { keyId, data, ...given({ version }) }, options))
      .signature;
  }

  /**
   * @param {string} keyId
   * @param {Uint8Array} data
   * @param {Uint8Array} signature
   * @param {CallOptions & { version?: number }} [options] the latest version if none is named
   * @returns {Promise<boolean>}
   */
  async verify(keyId, data, signature, { version, ...options } = {}) {
    const params = { keyId, data, signature, ...given({ version }) };
    return (await this.#rpc.call('verify', params, options)).valid;
  }

  /**
   * Encrypts, bound to a context that whoever decrypts has to give again.
   *
   * @param {string} keyId
   * @param {Uint8Array} plaintext up to 1 048 320 bytes
   * @param {CallOptions & { context?: EncryptionContext, version?: number }} [options] the latest
   *   version if none is named
   * @returns {Promise<Uint8Array>} names the version that encrypted
   */
  async encrypt(keyId, plaintext, { context, version, ...options } = {}) {
    const params = { keyId, plaintext, ...given({ context, version }) };
    return (await this.#rpc.call('encrypt', params, options)).ciphertext;
  }

  /**
   * @param {string} keyId
   * @param {Uint8Array} ciphertext
   * @param {CallOptions & { context?: EncryptionContext }} [options] the context that it was
   *   encrypted with
   * @returns {Promise<Uint8Array>}
   */
  async decrypt(keyId, ciphertext, { context, ...options } = {}) {
    const params = { keyId, ciphertext, ...given({ context }) };
    return (await this.#rpc.call('decrypt', params, options)).plaintext;
  }

  /**
   * Encrypts again with the latest version. The plaintext stays in the enclave.
   *
   * @param {string} keyId
   * @param {Uint8Array} ciphertext
   * @param {CallOptions & { context?: EncryptionContext }} [options]
   * @returns {Promise<Uint8Array>}
   */
  async rewrap(keyId, ciphertext, { context, ...options } = {}) {
    const params = { keyId, ciphertext, ...given({ context }) };
    return (await this.#rpc.call('rewrap', params, options)).ciphertext;
  }

  /**
   * @param {string} keyId
   * @param {Uint8Array} data up to 1 MiB
   * @param {CallOptions & { version?: number }} [options] the latest version if none is named
   * @returns {Promise<Uint8Array>} 32 bytes
   */
  async mac(keyId, data, { version, ...options } = {}) {
    return (await this.#rpc.call('mac', { keyId, data, ...given({ version }) }, options)).mac;
  }

  /**
   * @param {string} keyId
   * @param {Uint8Array} data
   * @param {Uint8Array} mac
   * @param {CallOptions & { version?: number }} [options] the latest version if none is named
   * @returns {Promise<boolean>}
   */
  async verifyMac(keyId, data, mac, { version, ...options } = {}) {
    const params = { keyId, data, mac, ...given({ version }) };
    return (await this.#rpc.call('verify_mac', params, options)).valid;
  }

  /**
   * Seals to the public half of a key, bound to a context. Whoever has that half can do the same
   * without the enclave, by any library for HPKE (RFC 9180).
   *
   * @param {string} keyId
   * @param {Uint8Array} plaintext up to 1 048 320 bytes
   * @param {CallOptions & { context?: EncryptionContext, version?: number }} [options] the latest
   *   version if none is named
   * @returns {Promise<Uint8Array>} the encapsulated key, then the ciphertext
   */
  async seal(keyId, plaintext, { context, version, ...options } = {}) {
    const params = { keyId, plaintext, ...given({ context, version }) };
    return (await this.#rpc.call('seal', params, options)).sealed;
  }

  /**
   * @param {string} keyId
   * @param {Uint8Array} sealed
   * @param {CallOptions & { context?: EncryptionContext, version?: number }} [options] the version
   *   it was sealed to; the latest if none is named
   * @returns {Promise<Uint8Array>}
   */
  async open(keyId, sealed, { context, version, ...options } = {}) {
    const params = { keyId, sealed, ...given({ context, version }) };
    return (await this.#rpc.call('open', params, options)).plaintext;
  }

  /**
   * @param {number} length 1 to 4096
   * @param {CallOptions} [options]
   * @returns {Promise<Uint8Array>}
   */
  async random(length, options) {
    return (await this.#rpc.call('random', { length }, options)).bytes;
  }

  /**
   * Many requests in one message: far cheaper than as many calls. Resolves to one
   * `{ result }` or `{ error }` for each, in the same order.
   *
   * @param {import('./rpc.js').Request[]} requests 1 to 64
   * @param {CallOptions} [options]
   */
  batch(requests, options) {
    return this.#rpc.batch(requests, options);
  }

  /**
   * What the running enclave measured of itself. By itself this proves nothing: see `verify`.
   *
   * @param {string} [nonce] 16 to 64 base64url characters
   * @param {CallOptions} [options]
   */
  async measurement(nonce = randomToken(), options) {
    const told = await this.#rpc.call('enclave.measurement', { nonce }, options);
    if (told.nonce !== nonce) throw new KmsError('integrity_failure', { detail: 'nonce' });
    return told;
  }

  /** What can be told from here about this page and the frame in it. */
  isolation() {
    return checkIsolation(this.#sheet.iframe, this.csp);
  }

  /**
   * @template {keyof KmsEvents} E
   * @param {E} event
   * @param {(data: KmsEvents[E]) => void} listener
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {() => void} stops listening
   */
  on(event, listener, { signal } = {}) {
    // Wrapped, so that the same function can listen twice and each be taken back by itself.
    /** @param {any} data */
    const entry = (data) => listener(data);
    const set = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, set);
    const off = () => {
      set.delete(entry);
      signal?.removeEventListener('abort', off);
    };
    if (!signal?.aborted) {
      set.add(entry);
      signal?.addEventListener('abort', off);
    }
    return off;
  }

  /**
   * Ends the connection and removes the frame. All that waits rejects with `closed`.
   *
   * @param {KmsError} [error]
   */
  close(error) {
    this.#rpc.close(error);
  }

  async [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    this.close();
  }

  /** Tells the enclave that the person closed its sheet. */
  dismiss() {
    // Whoever asked for the sheet learns of the outcome; there is nobody else to tell.
    this.#rpc.call('ui.dismiss', {}).catch(() => {});
  }

  /**
   * @param {string} event
   * @param {unknown} data
   */
  #event(event, data) {
    if (event === 'attention' && isRecord(data)) {
      this.#sheet.show(data['visible'] === true, data['screen']);
    }
    if (event !== 'closed') this.#tell(event, data);
  }

  /**
   * @param {string} event
   * @param {unknown} data
   */
  #tell(event, data) {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        listener(data);
      } catch (error) {
        // A listener's own mistake is reported as such and stops nobody else.
        reportError(error);
      }
    }
  }
}
