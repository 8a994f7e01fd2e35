import { base64url } from './base64url.js';
import { given } from './bytes.js';
import { single } from './single.js';

/** @typedef {Pick<import('./kms.js').Kms, 'sign'> & { keys: Pick<import('./kms.js').Kms['keys'], 'publicKey'> }} SigningKms */
/** @typedef {import('./protocol.gen.js').Jwk} Jwk */
/** @typedef {import('./protocol.gen.js').Methods} Methods */
/** @typedef {import('./protocol.gen.js').ClaimValue} ClaimValue */
/** @typedef {import('./rpc.js').CallOptions} CallOptions */
/** @typedef {string | number | boolean | null | Json[] | { [name: string]: Json }} Json */
/** @typedef {{ [name: string]: Json | undefined }} JwtPayload */

/**
 * A signing key of the enclave, for tokens. Only its public half is here.
 *
 * @typedef {object} JoseKey
 * @property {'EdDSA' | 'ES256'} alg
 * @property {string} kid thumbprint of the public key (RFC 7638)
 * @property {Jwk} publicJwk what a verifier needs, as `importJWK` of the library `jose` takes it
 * @property {(input: Uint8Array) => Promise<Uint8Array>} sign
 */

/**
 * A key of the enclave, for the builders below.
 *
 * @param {SigningKms} kms
 * @param {string} keyId
 * @returns {Promise<JoseKey>}
 */
export async function joseKey(kms, keyId) {
  const { jwk } = await kms.keys.publicKey(keyId);
  const alg = jwk?.alg;
  if (jwk === undefined || (alg !== 'EdDSA' && alg !== 'ES256')) {
    throw new TypeError('the key does not sign tokens');
  }
  return Object.freeze({
    alg,
    kid: jwk.kid,
    publicJwk: jwk,
    sign: (/** @type {Uint8Array} */ input) => kms.sign(keyId, input),
  });
}

/**
 * The public halves as a JWK Set (RFC 7517, section 5), as `createLocalJWKSet` takes it.
 *
 * @param {JoseKey[]} keys
 * @returns {{ keys: Jwk[] }}
 */
export function jwkSet(keys) {
  return { keys: keys.map(({ publicJwk }) => publicJwk) };
}

/**
 * Signs a token with a key that has a template (`policy.jwt`). The enclave writes header, `iat`,
 * `exp` and what the template fixes; what the template does not allow is refused with
 * `policy_denied`, and `error.rule` says why.
 *
 * @param {import('./single.js').AskedKms} kms
 * @param {string} keyId
 * @param {{ [name: string]: ClaimValue }} [claims] what the template leaves to the page
 * @param {CallOptions & { lifeSeconds?: number, version?: number }} [options] as long as the
 *   template lets it live, and the latest version, if none is named
 * @returns {Promise<Methods['jwt.sign']['result']>}
 */
export function signJwt(kms, keyId, claims = {}, { lifeSeconds, version, ...options } = {}) {
  const params = { keyId, claims, ...given({ lifeSeconds, version }) };
  return single(kms, { method: 'jwt.sign', params }, options);
}

/**
 * Whether a token is one of a key that has a template: signed by a version of it that may still be
 * used to verify, and what the template allows at this moment. Whatever is wrong about the token,
 * the answer is `false`; only what is wrong about the key is thrown.
 *
 * @param {import('./single.js').AskedKms} kms
 * @param {{ keyId: string, token: string }} asked
 * @param {CallOptions} [options]
 * @returns {Promise<boolean>}
 */
export async function verifyJwt(kms, { keyId, token }, options = {}) {
  return (await single(kms, { method: 'jwt.verify', params: { keyId, token } }, options)).valid;
}

/** Header parameters that can be set; all others would be a way around a verifier's rules. */
const SETTABLE = ['alg', 'kid', 'typ'];

/**
 * A compact JWS (RFC 7515, section 7.1), built as by the class of that name in the library `jose`.
 */
export class CompactSign {
  #payload;
  /** @type {{ alg?: string, kid?: string, typ?: string }} */
  #header = {};

  /** @param {Uint8Array} payload */
  constructor(payload) {
    if (!(payload instanceof Uint8Array)) throw new TypeError('the payload must be bytes');
    this.#payload = payload;
  }

  /**
   * @param {{ alg?: string, kid?: string, typ?: string }} header `alg` and `kid` come from the
   *   key; where they are given, they must be the key's
   */
  setProtectedHeader(header) {
    const unknown = Object.keys(header).find((name) => !SETTABLE.includes(name));
    if (unknown !== undefined) throw new TypeError(`the header may not have ${unknown}`);
    this.#header = { ...header };
    return this;
  }

  /**
   * @param {JoseKey} key
   * @returns {Promise<string>}
   */
  async sign(key) {
    const { alg = key.alg, kid = key.kid, typ } = this.#header;
    if (alg !== key.alg || kid !== key.kid) throw new TypeError('the header is of another key');
    const header = typ === undefined ? { alg, kid } : { alg, kid, typ };
    const encoder = new TextEncoder();
    const head = base64url(encoder.encode(JSON.stringify(header)));
    const input = `${head}.${base64url(this.#payload)}`;
    return `${input}.${base64url(await key.sign(encoder.encode(input)))}`;
  }
}

/** A JWT (RFC 7519), built as by the class of that name in the library `jose`. */
export class SignJWT {
  /** @type {JwtPayload} */
  #payload;
  /** @type {{ alg?: string, kid?: string, typ?: string }} */
  #header = { typ: 'JWT' };

  /** @param {JwtPayload} [payload] */
  constructor(payload = {}) {
    this.#payload = { ...payload };
  }

  /** @param {{ alg?: string, kid?: string, typ?: string }} header */
  setProtectedHeader(header) {
    this.#header = { typ: 'JWT', ...header };
    return this;
  }

  /** @param {string} issuer */
  setIssuer(issuer) {
    return this.#set('iss', issuer);
  }

  /** @param {string} subject */
  setSubject(subject) {
    return this.#set('sub', subject);
  }

  /** @param {string | string[]} audience */
  setAudience(audience) {
    return this.#set('aud', audience);
  }

  /** @param {string} id */
  setJti(id) {
    return this.#set('jti', id);
  }

  /** @param {number | Date} [time] now if absent; a number is in seconds since 1970 */
  setIssuedAt(time = new Date()) {
    return this.#set('iat', seconds(time));
  }

  /** @param {number | Date} time */
  setNotBefore(time) {
    return this.#set('nbf', seconds(time));
  }

  /** @param {number | Date} time */
  setExpirationTime(time) {
    return this.#set('exp', seconds(time));
  }

  /**
   * @param {JoseKey} key
   * @returns {Promise<string>}
   */
  sign(key) {
    const payload = new TextEncoder().encode(JSON.stringify(this.#payload));
    return new CompactSign(payload).setProtectedHeader(this.#header).sign(key);
  }

  /**
   * @param {string} claim
   * @param {Json} value
   */
  #set(claim, value) {
    this.#payload[claim] = value;
    return this;
  }
}

/**
 * NumericDate (RFC 7519, section 2).
 *
 * @param {number | Date} time
 * @returns {number}
 */
function seconds(time) {
  const value = time instanceof Date ? Math.floor(time.getTime() / 1000) : time;
  if (!Number.isSafeInteger(value)) throw new TypeError('a time is a Date or whole seconds');
  return value;
}
