/** @typedef {import('./kms.js').Kms} Kms */
/** @typedef {Pick<Kms, 'sign' | 'verify'> & { keys: Pick<Kms['keys'], 'create' | 'publicKey'> }} SubtleKms */
/** @typedef {import('./protocol.gen.js').KeySpec} KeySpec */
/** @typedef {string | { name: string, namedCurve?: string, hash?: string | { name: string } }} Algorithm */
/** @typedef {'sign' | 'verify' | 'generateKey' | 'exportKey'} Operation */

const OPERATIONS = ['sign', 'verify', 'generateKey', 'exportKey'];

/** Which key a handle stands for. Nobody else can make a handle. @type {WeakMap<KmsKey, string>} */
const ids = new WeakMap();

/** A handle of a key in the enclave, shaped like a `CryptoKey`. It holds nothing of the key. */
export class KmsKey {
  /**
   * @internal
   * @param {'private' | 'public'} type
   * @param {KeySpec} spec
   */
  constructor(type, spec) {
    this.type = type;
    /** Whether the private half can ever leave the enclave. */
    this.extractable = type === 'public';
    this.algorithm = Object.freeze(
      spec === 'ed25519' ? { name: 'Ed25519' } : { name: 'ECDSA', namedCurve: 'P-256' },
    );
    /** @type {readonly ('sign' | 'verify')[]} */
    this.usages = Object.freeze([type === 'private' ? 'sign' : 'verify']);
    Object.freeze(this);
  }
}

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
   * @returns {boolean}
   */
  static supports(operation, algorithm) {
    try {
      specOf(algorithm, operation);
      return OPERATIONS.includes(operation);
    } catch {
      return false;
    }
  }

  /**
   * Makes a key in the enclave.
   *
   * @param {Algorithm} algorithm
   * @param {boolean} extractable only `false` can be had
   * @param {('sign' | 'verify')[]} usages
   * @returns {Promise<{ privateKey: KmsKey, publicKey: KmsKey }>}
   */
  async generateKey(algorithm, extractable, usages) {
    const spec = specOf(algorithm, 'generateKey');
    if (extractable) throw failure('NotSupportedError', 'A key of the enclave stays in it.');
    if (!usages.includes('sign') || usages.some((usage) => !['sign', 'verify'].includes(usage))) {
      throw failure('SyntaxError', 'A key of the enclave signs and verifies.');
    }
    const { keyId } = await this.#kms.keys.create({ spec });
    return handles(keyId, spec);
  }

  /**
   * Handles of a key that is there already and signs.
   *
   * @param {string} keyId
   * @returns {Promise<{ privateKey: KmsKey, publicKey: KmsKey }>}
   */
  async keyPair(keyId) {
    const { jwk } = await this.#kms.keys.publicKey(keyId);
    if (jwk?.use !== 'sig') throw failure('NotSupportedError', 'The key does not sign.');
    return handles(keyId, jwk.crv === 'Ed25519' ? 'ed25519' : 'ec-p256');
  }

  /**
   * @param {Algorithm} algorithm `Ed25519`, or `ECDSA` with `SHA-256`
   * @param {KmsKey} key
   * @param {BufferSource} data
   * @returns {Promise<ArrayBuffer>}
   */
  async sign(algorithm, key, data) {
    const keyId = idOf(key, 'sign', algorithm);
    return bufferOf(await this.#kms.sign(keyId, bytesOf(data)));
  }

  /**
   * @param {Algorithm} algorithm
   * @param {KmsKey} key
   * @param {BufferSource} signature
   * @param {BufferSource} data
   * @returns {Promise<boolean>}
   */
  async verify(algorithm, key, signature, data) {
    const keyId = idOf(key, 'verify', algorithm);
    return this.#kms.verify(keyId, bytesOf(data), bytesOf(signature));
  }

  /**
   * @param {'jwk' | 'spki' | 'raw'} format
   * @param {KmsKey} key a public one
   * @returns {Promise<JsonWebKey | ArrayBuffer>}
   */
  async exportKey(format, key) {
    const keyId = idOf(key, 'exportKey', key.algorithm);
    const { jwk, spki, raw } = await this.#kms.keys.publicKey(keyId);
    if (format === 'spki') return bufferOf(spki);
    if (format === 'raw') return bufferOf(raw);
    if (format !== 'jwk' || jwk === undefined) {
      throw failure('NotSupportedError', 'There is no such format.');
    }
    const { kty, crv, x, y } = jwk;
    const point = y === undefined ? { x } : { x, y };
    return { kty, crv, ...point, ext: true, key_ops: ['verify'] };
  }
}

/**
 * @param {string} keyId
 * @param {KeySpec} spec
 */
function handles(keyId, spec) {
  const pair = { privateKey: new KmsKey('private', spec), publicKey: new KmsKey('public', spec) };
  ids.set(pair.privateKey, keyId);
  ids.set(pair.publicKey, keyId);
  return pair;
}

/**
 * @param {Algorithm} algorithm
 * @param {string} operation
 * @returns {KeySpec}
 */
function specOf(algorithm, operation) {
  /** @type {Exclude<Algorithm, string>} */
  const { name, namedCurve, hash } =
    typeof algorithm === 'string' ? { name: algorithm } : algorithm;
  if (name === 'Ed25519') return 'ed25519';
  const usesHash = operation === 'sign' || operation === 'verify';
  const digest = typeof hash === 'object' ? hash.name : hash;
  const fits = usesHash ? digest === 'SHA-256' : namedCurve === 'P-256';
  if (name !== 'ECDSA' || !fits) throw failure('NotSupportedError', 'No key does this.');
  return 'ec-p256';
}

/**
 * The key that a handle stands for, if it may do this.
 *
 * @param {KmsKey} key
 * @param {'sign' | 'verify' | 'exportKey'} operation
 * @param {Algorithm} algorithm
 * @returns {string}
 */
function idOf(key, operation, algorithm) {
  const keyId = ids.get(key);
  if (keyId === undefined) throw failure('InvalidAccessError', 'This is no key of the enclave.');
  const usage = operation === 'exportKey' ? key.extractable : key.usages.includes(operation);
  const asked = specOf(algorithm, operation);
  const own = key.algorithm.name === 'Ed25519' ? 'ed25519' : 'ec-p256';
  if (!usage || asked !== own) throw failure('InvalidAccessError', 'The key is not for this.');
  return keyId;
}

/**
 * @param {string} name
 * @param {string} message
 */
function failure(name, message) {
  return new DOMException(message, name);
}

/**
 * @param {BufferSource} source
 * @returns {Uint8Array}
 */
function bytesOf(source) {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice()
    : new Uint8Array(source).slice();
}

/**
 * @param {Uint8Array} bytes
 * @returns {ArrayBuffer}
 */
function bufferOf(bytes) {
  return new Uint8Array(bytes).buffer;
}
