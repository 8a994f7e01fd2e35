/**
 * @param {Uint8Array} bytes
 * @returns {string} base64 with padding
 */
export function base64(bytes) {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/**
 * @returns {string} 16 random bytes in base64url: ids of requests, nonces
 */
export function randomToken() {
  const text = base64(crypto.getRandomValues(new Uint8Array(16)));
  return text.slice(0, 22).replaceAll('+', '-').replaceAll('/', '_');
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
export function isRecord(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The members that are not undefined.
 *
 * @template {Record<string, unknown>} T
 * @param {T} members
 * @returns {{ [K in keyof T]?: Exclude<T[K], undefined> }}
 */
export function given(members) {
  const kept = Object.entries(members).filter(([, value]) => value !== undefined);
  return /** @type {any} */ (Object.fromEntries(kept));
}
