import init, { growth, qr, verify, wanted } from './kit-glue.gen.js';
import { PolicyError } from './policy-error.js';

/**
 * The verifier: text in, text out, and undefined for what is no question.
 *
 * @typedef {object} Kit
 * @property {(question: string) => string | undefined} verify
 * @property {(question: string) => string | undefined} wanted
 * @property {(question: string, tiles: string) => string | undefined} growth
 * @property {(digest: string) => string | undefined} qr rows of a QR code, `1` for a dark module
 */

/**
 * Loads the wasm that lies beside this file, once.
 *
 * @param {URL | BufferSource} [wasm]
 * @returns {Promise<Kit>}
 */
export async function loadKit(wasm = new URL('./kit.wasm', import.meta.url)) {
  try {
    await init({ module_or_path: wasm });
    return { growth, qr, verify, wanted };
  } catch (cause) {
    if (await isForbidden()) throw new PolicyError('kit_forbidden', 'This page lets no WebAssembly run.', cause);
    throw new PolicyError('kit_unavailable', 'The verifier could not be loaded.', cause);
  }
}

/** The shortest module: where not even that may be compiled, the page's own policy is in the way. */
const NOTHING = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** Asked in the way in which the verifier was to be loaded. */
const isForbidden = () => WebAssembly.instantiate(NOTHING).then(() => false, () => true);

/**
 * What the verifier says. One that breaks off says nothing, which is no yes.
 *
 * @param {() => string | undefined} ask
 */
export function said(ask) {
  let text;
  try {
    text = ask();
  } catch (cause) {
    throw new PolicyError('kit_unavailable', 'The verifier has broken off.', cause);
  }
  if (text === undefined) throw new PolicyError('kit_unavailable', 'The verifier has no answer.');
  return JSON.parse(text);
}
