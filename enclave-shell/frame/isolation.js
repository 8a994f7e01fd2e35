// The isolation self-test of the frame: what the headers forbid must really fail.
// Each probe answers true when the forbidden thing worked.

/**
 * A worker from the network: refused by Trusted Types as it is called, or by the CSP after.
 * @returns {Promise<boolean>}
 */
function networkWorkerWorks() {
  return new Promise((resolve) => {
    const script = document.querySelector('script');
    try {
      const worker = new Worker(script ? script.src : reachable(), { type: 'module' });
      // A blocked load gives a plain Event; an ErrorEvent comes from a script that ran.
      worker.onerror = (event) => {
        worker.terminate();
        resolve(event instanceof ErrorEvent);
      };
      worker.onmessage = () => resolve(true);
    } catch {
      resolve(false);
    }
  });
}

/** @returns {[string, boolean][]} */
function probeNow() {
  /** @type {[string, boolean][]} */
  const results = [
    // Indirect, so that a bundler or a reader does not take it for real use.
    ['eval', succeeds(() => (0, eval)('1'))],
    ['function', succeeds(() => Function('return 1'))],
    ['opaque-origin', window.origin === 'null' || window.origin !== location.origin],
  ];
  const factory = window.trustedTypes;
  if (factory) {
    const rules = { createScriptURL: String };
    results.push(['policy', succeeds(() => factory.createPolicy('other', rules))]);
    results.push(['policy-twice', succeeds(() => factory.createPolicy('kms', rules))]);
  }
  return results;
}

/**
 * Runs every probe at once; the policy `kms` must exist already.
 * @returns {Promise<void>}
 */
async function testIsolation() {
  const limit = new Refusal('isolation_failure', 'a probe did not answer');
  /** @type {(name: string, probe: Promise<boolean>) => Promise<[string, boolean]>} */
  const named = async (name, probe) => [name, await within(probe, PROBE_LIMIT_MS, limit)];
  const later = await Promise.all([
    named('fetch', fetchWorks()),
    named('xhr', xhrWorks()),
    named('websocket', socketWorks()),
    named('import', importWorks()),
    named('network-worker', networkWorkerWorks()),
  ]);
  const open = [...probeNow(), ...later].filter(([, works]) => works).map(([name]) => name);
  if (open.length > 0) throw new Refusal('isolation_failure', open.join(' '));
}
