// The isolation self-test of the worker. A blob worker inherits the document's policy in every
// engine that was measured; this finds out whether it does in this one.
// Each probe answers true when the forbidden thing worked.

/** Slowest probe; a probe without an answer has failed. */
const PROBE_LIMIT_MS = 2000;

/** Names of the forbidden things that worked at once. @returns {string[]} */
function openDoors() {
  const script = URL.createObjectURL(new Blob(['0'], { type: 'text/javascript' }));
  /** @type {[string, boolean][]} */
  const results = [
    ['eval', succeeds(() => (0, eval)('1'))],
    ['function', succeeds(() => Function('return 1'))],
    ['import-scripts', succeeds(() => importScripts(script))],
  ];
  URL.revokeObjectURL(script);
  const factory = self.trustedTypes;
  if (factory) {
    // This scope needs no policy: it takes the one allowed name with a policy that allows nothing.
    factory.createPolicy('kms', {});
    results.push(['policy', succeeds(() => factory.createPolicy('other', {}))]);
    results.push(['policy-twice', succeeds(() => factory.createPolicy('kms', {}))]);
  }
  return results.filter(([, works]) => works).map(([name]) => name);
}

/** Names of the needed things that are not there. @returns {string[]} */
function missingNeeds() {
  /** @type {[string, () => unknown][]} */
  const needs = [
    ['origin', () => self.origin !== 'null'],
    ['secure-context', () => self.isSecureContext],
    ['webcrypto', () => crypto.subtle && crypto.getRandomValues(new Uint8Array(1)).length === 1],
    ['indexeddb', () => indexedDB.cmp(1, 2) === -1],
    ['locks', () => navigator.locks],
    ['wasm', () => WebAssembly.validate(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))],
  ];
  return needs.filter(([, read]) => !succeeds(() => read() || missing())).map(([name]) => name);
}

/** @returns {never} */
function missing() {
  throw new TypeError('missing');
}

/**
 * @param {string} name
 * @param {Promise<boolean>} probe
 * @returns {Promise<[string, boolean]>}
 */
function bounded(name, probe) {
  return new Promise((resolve) => {
    // No answer counts as a door that is open: what is not shown to fail is not trusted.
    const timer = setTimeout(() => resolve([name, true]), PROBE_LIMIT_MS);
    probe.then((works) => {
      clearTimeout(timer);
      resolve([name, works]);
    });
  });
}

/**
 * Runs every probe at once.
 * @returns {Promise<void>}
 */
async function testIsolation() {
  const needs = missingNeeds();
  if (needs.length > 0) throw new WorkerRefusal('unsupported_environment', needs.join(' '));
  const network = [
    bounded('fetch', fetchWorks()),
    bounded('xhr', xhrWorks()),
    bounded('websocket', socketWorks()),
    bounded('import', importWorks()),
  ];
  const open = openDoors();
  for (const [name, works] of await Promise.all(network)) if (works) open.push(name);
  if (open.length > 0) {
    throw new WorkerRefusal('isolation_failure', open.map((name) => `worker-${name}`).join(' '));
  }
}
