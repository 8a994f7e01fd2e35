// What the enclave needs from the browser. A lack is a typed refusal, never a hang.

/**
 * True when reading the value neither throws nor gives nothing.
 * @param {() => unknown} read
 * @returns {boolean}
 */
function available(read) {
  try {
    return Boolean(read());
  } catch {
    return false;
  }
}

/**
 * The names of what is missing here.
 * @returns {string[]}
 */
function missingCapabilities() {
  /** @type {[string, () => unknown][]} */
  const needs = [
    ['framed', () => window !== window.parent],
    ['secure-context', () => window.isSecureContext],
    ['origin', () => window.origin !== 'null'],
    ['webcrypto', () => crypto.subtle],
    ['indexeddb', () => indexedDB],
    ['wasm', () => WebAssembly.compile],
    ['worker', () => Worker],
    ['locks', () => navigator.locks],
    ['promises', () => Promise.withResolvers],
    ['stylesheets', () => document.adoptedStyleSheets],
  ];
  return needs.filter(([, read]) => !available(read)).map(([name]) => name);
}
