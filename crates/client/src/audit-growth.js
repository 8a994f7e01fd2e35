// Whether a log has grown from what it was: loaded when somebody asks, which few pages do.
import { base64 } from './bytes.js';

/**
 * A tree without entries begins every tree.
 *
 * @param {{ size: number, root: string }} old
 * @param {{ size: number, root: string }} grown
 * @param {Uint8Array[]} proof
 */
export async function isConsistent(old, grown, proof) {
  const path = proof.map(base64);
  if (old.size === 0) return path.length === 0;
  const [first, second] = await roots(old.size, grown.size, path, old.root);
  return path.length === 0 && first === old.root && second === grown.root;
}

/**
 * Roots of the first `size` entries and of all `of` entries (RFC 9162, section 2.1.4.1). What a proof
 * lacks is empty, which gives other roots.
 *
 * @param {number} size
 * @param {number} of
 * @param {string[]} path the proof, used up from its beginning
 * @param {string} [root] of the first entries, where they are a node of the whole tree and the proof
 *   leaves it out
 * @returns {Promise<[string, string]>}
 */
async function roots(size, of, path, root) {
  const next = () => path.shift() ?? '';
  if (size === of) {
    const whole = root ?? next();
    return [whole, whole];
  }
  let left = 1;
  while (left * 2 < of) left *= 2;
  if (size <= left) {
    const [first, second] = await roots(size, left, path, root);
    return [first, await node(second, next())];
  }
  const [first, second] = await roots(size - left, of - left, path);
  const other = next();
  return [await node(other, first), await node(other, second)];
}

/**
 * @param {string} left
 * @param {string} right both in base64
 */
async function node(left, right) {
  const text = `\x01${atob(left)}${atob(right)}`;
  const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
  return base64(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}
