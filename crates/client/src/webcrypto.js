import { KmsError } from './errors.js';
import {
  asObject,
  bufferOf,
  bytesOf,
  checkedName,
  contextOf,
  failure,
  kindOf,
  paramsOf,
  unsupported,
} from './webcrypto-algorithm.js';
import { KmsKey, checkPeer, idFor, idOf, pairOf, secretOf } from './webcrypto-key.js';

/** @typedef {import('./kms.js').Kms} Kms */
/** @typedef {'sign' | 'verify' | 'mac' | 'verifyMac' | 'encrypt' | 'decrypt'} Calls */
/** @typedef {'create' | 'describe' | 'publicKey' | 'agree' | 'derive' | 'wrap' | 'unwrap'} KeyCalls */
/** @typedef {Pick<Kms, Calls> & { keys: Pick<Kms['keys'], KeyCalls> }} SubtleKms */
/** @typedef {import('./webcrypto-algorithm.js').Algorithm} Algorithm */
/** @typedef {import('./webcrypto-algorithm.js').Usage} Usage */
/** @typedef {import('./webcrypto-key.js').KmsKeyPair} KmsKeyPair */
/** @typedef {'Ed25519' | 'X25519' | { name: 'Ed25519' | 'X25519' } | { name: 'ECDSA' | 'ECDH', namedCurve: string }} PairAlgorithm */
/** @typedef {{ name: 'AES-GCM', length: number } | { name: 'HMAC', hash: string | { name: string }, length?: number } | { name: 'HKDF' } | 'HKDF'} SecretAlgorithm */

export { KmsKey };

/** What keys are wrapped as; the second is the name of newer drafts. */
const WRAPPED_FORMATS = ['raw', 'raw-secret'];

/** The part of `SubtleCrypto` that keys of the enclave can do. */
export class KmsSubtle {
  #kms;

  /** @param {SubtleKms} kms */
  constructor(kms) {
    this.#kms = kms;
  }

  /**
   * Whether an operation can be done, as `SubtleCrypto.supports` tells of the browser's own keys.
   *
   * @param {string} operation
   * @param {Algorithm} algorithm
   * @param {Algorithm | number} [additional] what is derived, wrapped or unwrapped
   * @returns {boolean}
   */
  static supports(operation, algorithm, additional) {
    const made = typeof additional === 'number' ? undefined : additional;
    try {
      return supported(operation, algorithm, made);
    } catch {
      return false;
    }
  }

  /**
   * Makes a key in the enclave.
   *
   * @overload
   * @param {PairAlgorithm} algorithm
   * @param {boolean} extractable only `false` can be had
   * @param {Usage[]} usages
   * @returns {Promise<KmsKeyPair>}
   */
  /**
   * @overload
   * @param {SecretAlgorithm} algorithm
   * @param {boolean} extractable whether it can be wrapped
   * @param {Usage[]} usages
   * @returns {Promise<KmsKey>}
   */
  /**
   * @overload
   * @param {Algorithm} algorithm
   * @param {boolean} extractable
   * @param {Usage[]} usages
   * @returns {Promise<KmsKey | KmsKeyPair>}
   */
  /**
   * @param {Algorithm} algorithm
   * @param {boolean} extractable
   * @param {Usage[]} usages
   * @returns {Promise<KmsKey | KmsKeyPair>}
   */
  async generateKey(algorithm, extractable, usages) {
    const kind = kindOf(algorithm);
    const key = await named(this.#kms.keys.create(paramsOf(kind, extractable, usages)));
    return kind.pair ? pairOf(key) : secretOf(key);
  }

  /**
   * Handles of a pair that is there already.
   *
   * @param {string} keyId
   * @returns {Promise<KmsKeyPair>}
   */
  async keyPair(keyId) {
    return pairOf(await this.#kms.keys.describe(keyId));
  }

  /**
   * The handle of a symmetric key that is there already.
   *
   * @param {string} keyId
   * @returns {Promise<KmsKey>}
   */
  async secretKey(keyId) {
    return secretOf(await this.#kms.keys.describe(keyId));
  }

  /**
   * @param {Algorithm} algorithm `Ed25519`, `ECDSA` with `SHA-256`, or `HMAC`
   * @param {KmsKey} key
   * @param {BufferSource} data
   * @returns {Promise<ArrayBuffer>}
   */
  async sign(algorithm, key, data) {
    const keyId = idFor(key, 'sign', checkedName('sign', algorithm));
    const bytes = bytesOf(data);
    const make = key.type === 'secret' ? this.#kms.mac(keyId, bytes) : this.#kms.sign(keyId, bytes);
    return bufferOf(await named(make));
  }

  /**
   * @param {Algorithm} algorithm
   * @param {KmsKey} key
   * @param {BufferSource} signature
   * @param {BufferSource} data
   * @returns {Promise<boolean>}
   */
  async verify(algorithm, key, signature, data) {
    const keyId = idFor(key, 'verify', checkedName('verify', algorithm));
    const bytes = bytesOf(data);
    return named(
      key.type === 'secret'
        ? this.#kms.verifyMac(keyId, bytes, bytesOf(signature))
        : this.#kms.verify(keyId, bytes, bytesOf(signature)),
    );
  }

  /**
   * @param {Algorithm} algorithm `AES-GCM` without `iv`
   * @param {KmsKey} key
   * @param {BufferSource} data
   * @returns {Promise<ArrayBuffer>} names the key's version and the nonce
   */
  async encrypt(algorithm, key, data) {
    const keyId = idFor(key, 'encrypt', checkedName('encrypt', algorithm));
    const context = contextOf('additionalData', algorithm);
    return bufferOf(await named(this.#kms.encrypt(keyId, bytesOf(data), context)));
  }

  /**
   * @param {Algorithm} algorithm as it was encrypted with
   * @param {KmsKey} key
   * @param {BufferSource} data what `encrypt` made
   * @returns {Promise<ArrayBuffer>}
   */
  async decrypt(algorithm, key, data) {
    const keyId = idFor(key, 'decrypt', checkedName('decrypt', algorithm));
    const context = contextOf('additionalData', algorithm);
    return bufferOf(await named(this.#kms.decrypt(keyId, bytesOf(data), context)));
  }

  /**
   * Makes a key of another one, inside the enclave.
   *
   * @param {Algorithm} algorithm `X25519` or `ECDH` with `public`, of the enclave or the browser;
   *   `HKDF` with `SHA-256`, `info` and no `salt`
   * @param {KmsKey} baseKey
   * @param {Algorithm} derivedKeyType `AES-GCM`, `HMAC` or `HKDF`
   * @param {boolean} extractable whether it can be wrapped, if `baseKey` can; a private key never can
   * @param {Usage[]} usages
   * @returns {Promise<KmsKey>}
   */
  async deriveKey(algorithm, baseKey, derivedKeyType, extractable, usages) {
    const keyId = idFor(baseKey, 'deriveKey', checkedName('deriveKey', algorithm));
    if (extractable && !baseKey.extractable) {
      throw failure('InvalidAccessError', 'What is made of a key that stays in the enclave stays.');
    }
    const params = paramsOf(symmetric(derivedKeyType), extractable, usages);
    const { keys } = this.#kms;
    if (baseKey.type === 'secret') {
      return secretOf(await named(keys.derive(keyId, params, contextOf('info', algorithm))));
    }
    const peer = await this.#peer(baseKey, asObject(algorithm).public);
    return secretOf(await named(keys.agree(keyId, peer, params)));
  }

  /**
   * @param {'raw' | 'raw-secret'} format
   * @param {KmsKey} key an extractable one
   * @param {KmsKey} wrappingKey
   * @param {Algorithm} wrapAlgorithm `AES-GCM` without `iv`
   * @returns {Promise<ArrayBuffer>} in the enclave's own form: `unwrapKey` alone reads it
   */
  async wrapKey(format, key, wrappingKey, wrapAlgorithm) {
    const keyId = idFor(wrappingKey, 'wrapKey', checkedName('wrapKey', wrapAlgorithm));
    const target = idOf(key);
    checkFormat(format);
    if (key.type !== 'secret') throw unsupported('Only symmetric keys are wrapped.');
    if (!key.extractable) throw failure('InvalidAccessError', 'The key stays in the enclave.');
    const context = contextOf('additionalData', wrapAlgorithm);
    return bufferOf(await named(this.#kms.keys.wrap(keyId, target, context)));
  }

  /**
   * @param {'raw' | 'raw-secret'} format
   * @param {BufferSource} wrappedKey what `wrapKey` made
   * @param {KmsKey} unwrappingKey
   * @param {Algorithm} unwrapAlgorithm as it was wrapped with
   * @param {Algorithm} unwrappedKeyAlgorithm `AES-GCM`, `HMAC` or `HKDF`
   * @param {boolean} extractable whether it can be wrapped again
   * @param {Usage[]} usages
   * @returns {Promise<KmsKey>}
   */
  async unwrapKey(
    format,
    wrappedKey,
    unwrappingKey,
    unwrapAlgorithm,
    unwrappedKeyAlgorithm,
    extractable,
    usages,
  ) {
    const keyId = idFor(unwrappingKey, 'unwrapKey', checkedName('unwrapKey', unwrapAlgorithm));
    checkFormat(format);
    const params = paramsOf(symmetric(unwrappedKeyAlgorithm), extractable, usages);
    const context = contextOf('additionalData', unwrapAlgorithm);
    const made = this.#kms.keys.unwrap(keyId, bytesOf(wrappedKey), params, context);
    return secretOf(await named(made));
  }

  /**
   * @param {'jwk' | 'spki' | 'raw'} format
   * @param {KmsKey} key a public one
   * @returns {Promise<JsonWebKey | ArrayBuffer>}
   */
  async exportKey(format, key) {
    const keyId = idOf(key);
    if (!key.extractable) throw failure('InvalidAccessError', 'The key stays in the enclave.');
    if (key.type !== 'public') throw unsupported('A secret key leaves the enclave wrapped only.');
    const { jwk, spki, raw } = await named(this.#kms.keys.publicKey(keyId));
    if (format === 'spki') return bufferOf(spki);
    if (format === 'raw') return bufferOf(raw);
    if (format !== 'jwk' || jwk === undefined) throw unsupported('There is no such format.');
    const { kty, crv, x, y } = jwk;
    const point = y === undefined ? { x } : { x, y };
    return { kty, crv, ...point, ext: true, key_ops: [...key.usages] };
  }

  /**
   * The other side's public key as it is sent to the enclave, which judges it.
   *
   * @param {KmsKey} own
   * @param {KmsKey | CryptoKey | undefined} key
   * @returns {Promise<Uint8Array>}
   */
  async #peer(own, key) {
    checkPeer(own, key);
    if (key instanceof KmsKey) return (await named(this.#kms.keys.publicKey(idOf(key)))).raw;
    return new Uint8Array(await crypto.subtle.exportKey('raw', /** @type {CryptoKey} */ (key)));
  }
}

/**
 * @param {string} operation
 * @param {Algorithm} algorithm
 * @param {Algorithm} [additional]
 * @returns {boolean}
 */
function supported(operation, algorithm, additional) {
  switch (operation) {
    case 'sign':
    case 'verify':
    case 'encrypt':
    case 'decrypt':
      return checkedName(operation, algorithm) !== '';
    case 'generateKey':
      return kindOf(algorithm) !== undefined;
    case 'exportKey':
      return kindOf(algorithm).pair;
    case 'deriveKey':
    case 'wrapKey':
    case 'unwrapKey':
      checkedName(operation, algorithm);
      return additional === undefined || symmetric(additional) !== undefined;
    default:
      return false;
  }
}

/**
 * @param {Algorithm} algorithm
 * @returns {import('./webcrypto-algorithm.js').Kind}
 */
function symmetric(algorithm) {
  const kind = kindOf(algorithm);
  if (kind.pair) throw unsupported('Only symmetric keys are made of others.');
  return kind;
}

/** @param {string} format */
function checkFormat(format) {
  if (!WRAPPED_FORMATS.includes(format)) throw unsupported('There is no such format.');
}

/**
 * The enclave's refusals that Web Cryptography has a name for, under that name. The others stay as
 * they are: it knows neither locked vaults nor persons who decline.
 *
 * @template T
 * @param {Promise<T>} call
 * @returns {Promise<T>}
 */
async function named(call) {
  try {
    return await call;
  } catch (error) {
    throw error instanceof KmsError ? nameOf(error) : error;
  }
}

/** @param {KmsError} error */
function nameOf(error) {
  switch (error.code) {
    case 'invalid_ciphertext':
    case 'invalid_key':
    case 'payload_too_large':
      return failure('OperationError', error.message, error);
    case 'unsupported_algorithm':
      return unsupported(error.message);
    case 'policy_denied':
      return error.rule === 'operation'
        ? failure('InvalidAccessError', error.message, error)
        : error;
    default:
      return error;
  }
}
