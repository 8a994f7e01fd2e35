import { base64url } from './base64url.js';

/** @typedef {import('./protocol.gen.js').CreateKeyParams} CreateKeyParams */
/** @typedef {import('./protocol.gen.js').EncryptionContext} EncryptionContext */
/** @typedef {import('./protocol.gen.js').KeyInfo} KeyInfo */
/** @typedef {import('./protocol.gen.js').KeySpec} KeySpec */
/** @typedef {import('./protocol.gen.js').KeyUsage} KeyUsage */
/** @typedef {import('./webcrypto-key.js').KmsKey} KmsKey */
/** @typedef {'encrypt' | 'decrypt' | 'sign' | 'verify' | 'deriveKey' | 'wrapKey' | 'unwrapKey'} Usage */
/** @typedef {string | { name: string }} Hash */
/** @typedef {{ name: string, namedCurve?: string, hash?: { name: string }, length?: number }} KeyAlgorithm */
/** @typedef {string | AlgorithmObject} Algorithm */

/**
 * What members an algorithm may have; which, depends on its name.
 *
 * @typedef {object} AlgorithmObject
 * @property {string} name
 * @property {string} [namedCurve]
 * @property {Hash} [hash]
 * @property {number} [length]
 * @property {BufferSource} [iv]
 * @property {BufferSource} [additionalData]
 * @property {number} [tagLength]
 * @property {KmsKey | CryptoKey} [public]
 * @property {BufferSource} [salt]
 * @property {BufferSource} [info]
 */

/**
 * @typedef {object} Kind
 * @property {KeySpec} spec
 * @property {boolean} pair
 * @property {KeyAlgorithm} algorithm what `algorithm` of a handle is
 * @property {Partial<Record<Usage, KeyUsage>>} uses which use of the enclave a usage stands for
 */

const SIGNS = { sign: 'sign', verify: 'verify' };
const AGREES = { deriveKey: 'agree' };

/**
 * The keys of the enclave as Web Cryptography names them. The first usage of a pair is that of its
 * private half.
 *
 * @type {Kind[]}
 */
const KINDS = /** @type {any} */ ([
  { spec: 'ed25519', pair: true, algorithm: { name: 'Ed25519' }, uses: SIGNS },
  { spec: 'ec-p256', pair: true, algorithm: { name: 'ECDSA', namedCurve: 'P-256' }, uses: SIGNS },
  { spec: 'x25519', pair: true, algorithm: { name: 'X25519' }, uses: AGREES },
  {
    spec: 'ec-p256-agreement',
    pair: true,
    algorithm: { name: 'ECDH', namedCurve: 'P-256' },
    uses: AGREES,
  },
  {
    spec: 'aes-256',
    pair: false,
    algorithm: { name: 'AES-GCM', length: 256 },
    uses: { encrypt: 'encrypt', decrypt: 'decrypt', wrapKey: 'wrap', unwrapKey: 'unwrap' },
  },
  {
    spec: 'hmac-sha256',
    pair: false,
    algorithm: { name: 'HMAC', hash: { name: 'SHA-256' }, length: 256 },
    uses: { sign: 'mac', verify: 'verify_mac' },
  },
  // A key that derives has the spec of one for codes, and is never for both.
  { spec: 'hmac-sha256', pair: false, algorithm: { name: 'HKDF' }, uses: { deriveKey: 'derive' } },
]);

/** As many as fit in the longest text of a context, 256 bytes, as base64url. */
const MAX_CONTEXT_BYTES = 192;

/**
 * @param {string} name of a `DOMException`
 * @param {string} message
 * @param {unknown} [cause]
 */
export function failure(name, message, cause) {
  const error = new DOMException(message, name);
  return cause === undefined ? error : Object.assign(error, { cause });
}

/** @param {string} message */
export function unsupported(message) {
  return failure('NotSupportedError', message);
}

/**
 * @param {Algorithm} algorithm
 * @returns {AlgorithmObject}
 */
export function asObject(algorithm) {
  return typeof algorithm === 'string' ? { name: algorithm } : algorithm;
}

/**
 * What keys of an algorithm are, as for `generateKey`.
 *
 * @param {Algorithm} algorithm
 * @returns {Kind}
 */
export function kindOf(algorithm) {
  const { name, namedCurve, hash, length } = asObject(algorithm);
  const kind = KINDS.find((known) => known.algorithm.name === name);
  const own = kind?.algorithm;
  const fits =
    own !== undefined &&
    // `HMAC` alone has a length that need not be given, and `HKDF` has a hash only when it is used.
    (length === own.length || (length === undefined && name === 'HMAC')) &&
    (own.namedCurve === undefined || namedCurve === own.namedCurve) &&
    (own.hash === undefined || isSha256(hash));
  if (kind === undefined || !fits) throw unsupported('The enclave has no such keys.');
  return kind;
}

/**
 * What a key is that is there already.
 *
 * @param {KeyInfo} key
 * @returns {Kind}
 */
export function kindOfKey({ spec, usage }) {
  const kind = KINDS.find((known) => known.spec === spec && usagesOf(known, usage).length > 0);
  if (kind === undefined) throw unsupported('Web Cryptography has no such keys.');
  return kind;
}

/**
 * The usages that the enclave allows.
 *
 * @param {Kind} kind
 * @param {readonly KeyUsage[]} allowed
 * @returns {Usage[]}
 */
export function usagesOf({ uses }, allowed) {
  const all = /** @type {[Usage, KeyUsage][]} */ (Object.entries(uses));
  return all.filter(([, use]) => allowed.includes(use)).map(([usage]) => usage);
}

/**
 * What `keys.create` and its like get, so that the key does what is asked for and no more.
 *
 * @param {Kind} kind
 * @param {boolean} extractable whether the key may be wrapped
 * @param {readonly Usage[]} usages
 * @returns {CreateKeyParams}
 */
export function paramsOf({ spec, pair, uses }, extractable, usages) {
  if (pair && extractable) throw unsupported('A private key of the enclave stays in it.');
  const needed = pair ? Object.keys(uses)[0] : usages[0];
  const isFor = usages.every((usage) => Object.hasOwn(uses, usage));
  if (!isFor || needed === undefined || !usages.includes(/** @type {Usage} */ (needed))) {
    throw failure('SyntaxError', 'Keys of this kind are for other usages.');
  }
  if (pair) return { spec };
  const operations = usages.map((usage) => /** @type {KeyUsage} */ (uses[usage]));
  return { spec, policy: { operations: [...new Set([...operations, ...exported(extractable)])] } };
}

/**
 * @param {boolean} extractable
 * @returns {KeyUsage[]}
 */
function exported(extractable) {
  return extractable ? ['export'] : [];
}

/**
 * The name of the algorithm, if an operation can be done so with keys of the enclave.
 *
 * @param {Usage} operation
 * @param {Algorithm} algorithm
 * @returns {string}
 */
export function checkedName(operation, algorithm) {
  const asked = asObject(algorithm);
  const kind = KINDS.find(({ algorithm: { name } }) => name === asked.name);
  if (kind === undefined || !Object.hasOwn(kind.uses, operation)) {
    throw unsupported('No key does this.');
  }
  CHECKS[asked.name]?.(asked);
  return asked.name;
}

/**
 * What an operation needs to be told.
 *
 * @type {Record<string, (algorithm: AlgorithmObject) => void>}
 */
const CHECKS = {
  ECDSA: checkHash,
  X25519: checkPublic,
  ECDH: checkPublic,
  'AES-GCM': checkGcm,
  HKDF: checkHkdf,
};

/** @param {AlgorithmObject} algorithm */
function checkHash({ hash }) {
  if (!isSha256(hash)) throw unsupported('The hash is SHA-256.');
}

/** @param {AlgorithmObject} algorithm */
function checkPublic(algorithm) {
  if (typeof algorithm.public !== 'object') throw new TypeError('public is a public key');
}

/** @param {AlgorithmObject} algorithm */
function checkHkdf(algorithm) {
  checkHash(algorithm);
  if (algorithm.salt !== undefined && algorithm.salt.byteLength > 0) {
    throw unsupported('Derivation in the enclave is without salt.');
  }
}

/** @param {AlgorithmObject} algorithm */
function checkGcm({ iv, tagLength = 128 }) {
  if (iv !== undefined) throw unsupported('The enclave chooses the nonce itself.');
  if (tagLength !== 128) throw unsupported('The tag has 128 bits.');
}

/** @param {Hash | undefined} hash */
function isSha256(hash) {
  return (typeof hash === 'object' ? hash.name : hash) === 'SHA-256';
}

/**
 * Bytes that have to be the same again, as a context of the enclave.
 *
 * @param {'additionalData' | 'info'} name
 * @param {Algorithm} algorithm
 * @returns {{ context?: EncryptionContext }}
 */
export function contextOf(name, algorithm) {
  const source = asObject(algorithm)[name];
  const bytes = source === undefined ? new Uint8Array() : bytesOf(source);
  // To Web Cryptography no bytes are the same as none given.
  if (bytes.length === 0) return {};
  if (bytes.length > MAX_CONTEXT_BYTES) {
    throw failure('OperationError', `${name} has ${MAX_CONTEXT_BYTES} bytes at most.`);
  }
  return { context: { [name]: base64url(bytes) } };
}

/**
 * @param {BufferSource} source
 * @returns {Uint8Array}
 */
export function bytesOf(source) {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice()
    : new Uint8Array(source).slice();
}

/**
 * @param {Uint8Array} bytes
 * @returns {ArrayBuffer}
 */
export function bufferOf(bytes) {
  return new Uint8Array(bytes).buffer;
}
