import { given } from './bytes.js';

/** @typedef {import('./rpc.js').Rpc} Rpc */
/** @typedef {import('./rpc.js').CallOptions} CallOptions */
/** @typedef {import('./protocol.gen.js').Methods} Methods */
/** @typedef {import('./protocol.gen.js').EncryptionContext} EncryptionContext */

/**
 * The methods about keys of this site.
 *
 * @param {Rpc} rpc
 */
export function keysOf(rpc) {
  return {
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
    /**
     * Agrees with the owner of a public key on a new key, `aes-256` or `hmac-sha256`. The other side
     * gives its own key, this one's public half, and the same context and spec.
     *
     * @param {string} keyId of the spec `x25519` or `ec-p256-agreement`
     * @param {Uint8Array} peer `raw` of the other side's public key
     * @param {Methods['keys.create']['params']} key what the new key is to be
     * @param {CallOptions & { context?: EncryptionContext, version?: number }} [options]
     */
    agree: (keyId, peer, key, { context, version, ...options } = {}) =>
      rpc.call('keys.agree', { keyId, peer, key, ...given({ context, version }) }, options),
    /**
     * Derives a new key, `aes-256` or `hmac-sha256`. The same key, version and context give the
     * same one.
     *
     * @param {string} keyId of the spec `hmac-sha256`, whose policy has `derive`
     * @param {Methods['keys.create']['params']} key what the new key is to be
     * @param {CallOptions & { context?: EncryptionContext, version?: number }} [options]
     */
    derive: (keyId, key, { context, version, ...options } = {}) =>
      rpc.call('keys.derive', { keyId, key, ...given({ context, version }) }, options),
    /**
     * Wraps a key whose policy has `export` under an `aes-256` key whose policy has `wrap`.
     *
     * @param {string} keyId the key that wraps
     * @param {string} targetKeyId
     * @param {CallOptions & { context?: EncryptionContext }} [options]
     * @returns {Promise<Uint8Array>}
     */
    wrap: async (keyId, targetKeyId, { context, ...options } = {}) => {
      const params = { keyId, targetKeyId, ...given({ context }) };
      return (await rpc.call('keys.wrap', params, options)).wrapped;
    },
    /**
     * @param {string} keyId the key that wrapped
     * @param {Uint8Array} wrapped
     * @param {Methods['keys.create']['params']} key what the new key is to be; of the wrapped spec
     * @param {CallOptions & { context?: EncryptionContext }} [options]
     */
    unwrap: (keyId, wrapped, key, { context, ...options } = {}) =>
      rpc.call('keys.unwrap', { keyId, wrapped, key, ...given({ context }) }, options),
    /**
     * Seals a key whose policy has `export` to an X25519 public key.
     *
     * @param {string} keyId
     * @param {Uint8Array} recipient `raw` of a key of the spec `hpke-x25519` or
     *   `hpke-x-wing`, here or elsewhere
     * @param {CallOptions & { context?: EncryptionContext, version?: number }} [options]
     * @returns {Promise<Uint8Array>}
     */
    export: async (keyId, recipient, { context, version, ...options } = {}) => {
      const params = { keyId, recipient, ...given({ context, version }) };
      return (await rpc.call('keys.export', params, options)).sealed;
    },
    /**
     * Opens a key that was sealed to a key of such a spec whose policy has `import`.
     *
     * @param {string} keyId
     * @param {Uint8Array} sealed
     * @param {Methods['keys.create']['params']} key what the new key is to be; of the sealed spec
     * @param {CallOptions & { context?: EncryptionContext, version?: number }} [options]
     */
    import: (keyId, sealed, key, { context, version, ...options } = {}) =>
      rpc.call('keys.import', { keyId, sealed, key, ...given({ context, version }) }, options),
    /**
     * Shows the person the enclave's own page of all keys, on one of this site if it is named.
     * Resolves when they close it; what they did there is not told, beyond what happened to
     * the keys of this site.
     *
     * @param {string} [keyId]
     * @param {CallOptions} [options]
     */
    manage: (keyId, options) => rpc.call('keys.manage', given({ keyId }), options),
  };
}

/**
 * The methods about data keys.
 *
 * @param {Rpc} rpc
 */
export function dataKeysOf(rpc) {
  return {
    /**
     * Makes a data key of 32 bytes. It comes out wrapped, and bare only if that is asked for and the
     * key's policy has `data_key_plaintext`.
     *
     * @param {string} keyId
     * @param {CallOptions & { context?: EncryptionContext, withPlaintext?: boolean }} [options]
     */
    generate: (keyId, { context, withPlaintext, ...options } = {}) =>
      rpc.call('data_keys.generate', { keyId, ...given({ context, withPlaintext }) }, options),
    /**
     * @param {string} keyId
     * @param {Uint8Array} wrapped
     * @param {CallOptions & { context?: EncryptionContext }} [options]
     * @returns {Promise<Uint8Array>}
     */
    decrypt: async (keyId, wrapped, { context, ...options } = {}) => {
      const params = { keyId, wrapped, ...given({ context }) };
      return (await rpc.call('data_keys.decrypt', params, options)).plaintext;
    },
  };
}
