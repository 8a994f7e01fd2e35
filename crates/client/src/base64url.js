import { base64 } from './bytes.js';

/**
 * @param {Uint8Array} bytes
 * @returns {string} base64url without padding (RFC 4648, section 5)
 */
export function base64url(bytes) {
  return base64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
