import { isRecord, randomToken } from './bytes.js';
import { KmsError } from './errors.js';
import { checkIsolation } from './isolation.js';
import { Rpc } from './rpc.js';

/** @typedef {import('./rpc.js').CallOptions} CallOptions */
/** @typedef {import('./release.js').Release} Release */
/** @typedef {import('./protocol.gen.js').Methods} Methods */
/** @typedef {import('./protocol.gen.js').Events} EnclaveEvents */
/** @typedef {EnclaveEvents & { closed: { error: KmsError } }} KmsEvents */

/**
 * The members that are not undefined.
 *
 * @template {Record<string, unknown>} T
 * @param {T} members
 * @returns {{ [K in keyof T]?: Exclude<T[K], undefined> }}
 */
function given(members) {
  const kept = Object.entries(members).filter(([, value]) => value !== undefined);
  return /** @type {any} */ (Object.fromEntries(kept));
}

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
   * @param {string} origin
   * @param {AbortController} life aborted when the connection ends
   */
  constructor(port, sheet, release, origin, life) {
    this.#sheet = sheet;
    this.#origin = origin;
    /** The pinned release this connection was made with. */
    this.release = release;
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
    this.keys = {
      /**
       * @param {Methods['keys.create']['params']} params
       * @param {CallOptions} [options]
       */
      create: (params, options) => rpc.call('keys.create', params, options),
      /**
       * One page of keys; pass `next` of the reply as `cursor` to see the following one.
       *
       * @param {Methods['keys.list']['params']} [page]
       * @param {CallOptions} [options]
       */
      list: (page = {}, options) => rpc.call('keys.list', page, options),
      /**
       * @param {string} keyId
       * @param {CallOptions} [options]
       */
      describe: (keyId, options) => rpc.call('keys.describe', { keyId }, options),
      /**
       * @param {string} keyId
       * @param {CallOptions & { version?: number }} [options] the latest version if none is named
       */
      publicKey: (keyId, { version, ...options } = {}) =>
        rpc.call('keys.public_key', { keyId, ...given({ version }) }, options),
      /**
       * Replaces label and alias; what is absent is removed.
       *
       * @param {string} keyId
       * @param {{ label?: string, alias?: string }} names
       * @param {CallOptions} [options]
       */
      update: (keyId, names, options) => rpc.call('keys.update', { ...names, keyId }, options),
      /**
       * Adds a version, which signs from now on. The older ones still verify.
       *
       * @param {string} keyId
       * @param {CallOptions} [options]
       */
      rotate: (keyId, options) => rpc.call('keys.rotate', { keyId }, options),
      /**
       * Raises the oldest versions that may be used; they are never lowered.
       *
       * @param {string} keyId
       * @param {{ minDecryptionVersion?: number, minEncryptionVersion?: number }} versions
       * @param {CallOptions} [options]
       */
      setMinVersions: (keyId, versions, options) =>
        rpc.call('keys.set_min_versions', { ...versions, keyId }, options),
      /**
       * Deletes the versions below one that is not above the minimum versions.
       *
       * @param {string} keyId
       * @param {number} minAvailableVersion
       * @param {CallOptions} [options]
       */
      trim: (keyId, minAvailableVersion, options) =>
        rpc.call('keys.trim', { keyId, minAvailableVersion }, options),
      /**
       * @param {string} keyId
       * @param {CallOptions} [options]
       */
      enable: (keyId, options) => rpc.call('keys.enable', { keyId }, options),
      /**
       * @param {string} keyId
       * @param {CallOptions} [options]
       */
      disable: (keyId, options) => rpc.call('keys.disable', { keyId }, options),
      /**
       * Lets a key wait for its deletion, 7 to 30 days; it cannot be used meanwhile.
       *
       * @param {string} keyId
       * @param {CallOptions & { days?: number }} [options] 30 days if none are named
       */
      scheduleDeletion: (keyId, { days, ...options } = {}) =>
        rpc.call('keys.schedule_deletion', { keyId, ...given({ days }) }, options),
      /**
       * Keeps the key after all. It is disabled then.
       *
       * @param {string} keyId
       * @param {CallOptions} [options]
       */
      cancelDeletion: (keyId, options) => rpc.call('keys.cancel_deletion', { keyId }, options),
    };
    /** What was done with the keys. Read-only. */
    this.audit = {
      /**
       * @param {Methods['audit.list']['params']} [page]
       * @param {CallOptions} [options]
       */
      list: (page = {}, options) => rpc.call('audit.list', page, options),
      /** @param {CallOptions} [options] */
      verify: (options) => rpc.call('audit.verify', {}, options),
    };
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
    return checkIsolation(this.#sheet.iframe, this.release);
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
