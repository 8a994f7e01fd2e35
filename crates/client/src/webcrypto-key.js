import { failure, kindOfKey, usagesOf } from './webcrypto-algorithm.js';

/** @typedef {import('./protocol.gen.js').KeyInfo} KeyInfo */
/** @typedef {import('./webcrypto-algorithm.js').KeyAlgorithm} KeyAlgorithm */
/** @typedef {import('./webcrypto-algorithm.js').Usage} Usage */
/** @typedef {{ privateKey: KmsKey, publicKey: KmsKey }} KmsKeyPair */

/** Which key a handle stands for. Nobody else can make a handle. @type {WeakMap<KmsKey, string>} */
const ids = new WeakMap();

/** A handle of a key in the enclave, shaped like a `CryptoKey`. It holds nothing of the key. */
export class KmsKey {
  /**
   * @internal
   * @param {'private' | 'public' | 'secret'} type
   * @param {KeyAlgorithm} algorithm
   * @param {Usage[]} usages
   * @param {boolean} [extractable]
   */
  constructor(type, algorithm, usages, extractable = type === 'public') {
    this.type = type;
    /** Whether the key can ever leave the enclave: a public one as it is, a secret one wrapped. */
    this.extractable = extractable;
    const { hash } = algorithm;
    this.algorithm = Object.freeze({
      ...algorithm,
      ...(hash === undefined ? {} : { hash: Object.freeze({ ...hash }) }),
    });
    /** @type {readonly Usage[]} */
    this.usages = Object.freeze([...usages]);
    Object.freeze(this);
  }
}

/**
 * Handles of a pair.
 *
 * @param {KeyInfo} key
 * @returns {KmsKeyPair}
 */
export function pairOf(key) {
  const { kind, usages } = known(key, true);
  const isPublic = (/** @type {Usage} */ usage) => usage === 'verify';
  const own = usages.filter((usage) => !isPublic(usage));
  const pair = {
    privateKey: new KmsKey('private', kind.algorithm, own),
    publicKey: new KmsKey('public', kind.algorithm, usages.filter(isPublic)),
  };
  ids.set(pair.privateKey, key.keyId);
  ids.set(pair.publicKey, key.keyId);
  return pair;
}

/**
 * The handle of a symmetric key.
 *
 * @param {KeyInfo} key
 * @returns {KmsKey}
 */
export function secretOf(key) {
  const { kind, usages } = known(key, false);
  const handle = new KmsKey('secret', kind.algorithm, usages, key.usage.includes('export'));
  ids.set(handle, key.keyId);
  return handle;
}

/**
 * @param {KeyInfo} key
 * @param {boolean} pair
 */
function known(key, pair) {
  const kind = kindOfKey(key);
  if (kind.pair !== pair) throw failure('NotSupportedError', 'The key is of another type.');
  return { kind, usages: usagesOf(kind, key.usage) };
}

/**
 * @param {KmsKey} key
 * @returns {string}
 */
export function idOf(key) {
  const keyId = ids.get(key);
  if (keyId === undefined) throw failure('InvalidAccessError', 'This is no key of the enclave.');
  return keyId;
}

/**
 * The key that a handle stands for, if it may do this.
 *
 * @param {KmsKey} key
 * @param {Usage} usage
 * @param {string} name of the algorithm
 * @returns {string}
 */
export function idFor(key, usage, name) {
  const keyId = idOf(key);
  if (!key.usages.includes(usage) || key.algorithm.name !== name) {
    throw failure('InvalidAccessError', 'The key is not for this.');
  }
  return keyId;
}

/**
 * Checks that a key can take part in an agreement with `own`: the public half of the same kind.
 *
 * @param {KmsKey} own
 * @param {KmsKey | CryptoKey | undefined} peer
 */
export function checkPeer(own, peer) {
  const algorithm = /** @type {KeyAlgorithm | undefined} */ (peer?.algorithm);
  const fits =
    peer?.type === 'public' &&
    algorithm?.name === own.algorithm.name &&
    algorithm.namedCurve === own.algorithm.namedCurve;
  if (!fits) throw failure('InvalidAccessError', 'This is no public key of the same kind.');
}

