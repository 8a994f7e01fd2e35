// The enclave's worker and its helper for key derivation: started here, never from the network.

const host = {
  /** Worker scripts may come from here alone; set once. */
  url: '',
  /** @type {KmsPolicy | undefined} */
  policy: undefined,
  /** The checked module, for the workers of key derivations. @type {WebAssembly.Module | null} */
  module: null,
};

/**
 * Makes the address of the worker from the very bytes that are hashed, and the one Trusted Types
 * policy of this document, which lets nothing but this address through.
 * @param {Uint8Array<ArrayBuffer>} source
 */
function prepareWorkers(source) {
  host.url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const createScriptURL = (/** @type {string} */ url) => {
    if (url !== host.url) throw new TypeError('not the worker of this release');
    return url;
  };
  host.policy = window.trustedTypes?.createPolicy('kms', { createScriptURL });
}

/**
 * @param {string} name
 * @returns {Worker}
 */
function startWorker(name) {
  return new Worker(host.policy?.createScriptURL(host.url) ?? host.url, { name });
}

/**
 * What a worker told, or null: the channel is a closed set of messages.
 * @param {unknown} data
 * @returns {WorkerReport | UiRequest | null}
 */
function readReport(data) {
  if (typeof data !== 'object' || data === null) return null;
  const message = /** @type {Record<string, unknown>} */ (data);
  const known =
    ['booted', 'boot_failed', 'crashed', 'kdf_done'].includes(String(message.kind)) ||
    ['show', 'busy', 'hide', 'kdf'].includes(String(message.ui));
  return known ? /** @type {WorkerReport | UiRequest} */ (data) : null;
}

/**
 * Runs one key derivation in its own worker, whose memory goes away with it.
 * @param {MessagePort} port
 */
function runKdf(port) {
  const worker = startWorker('ats-kms-kdf');
  const timer = setTimeout(() => end(), KDF_LIMIT_MS);
  const end = () => {
    clearTimeout(timer);
    worker.terminate();
  };
  worker.onerror = end;
  worker.onmessage = (event) => {
    const report = readReport(event.data);
    if (report !== null && 'kind' in report) end();
  };
  worker.postMessage({ kind: 'init', role: 'kdf', module: host.module, port }, [port]);
}

/**
 * Draws what the enclave asks for.
 * @param {UiRequest} request
 * @param {readonly MessagePort[]} ports
 */
function onUiRequest(request, ports) {
  if (request.ui === 'show') showScreen(request);
  else if (request.ui === 'busy') setBusy(true);
  else if (request.ui === 'hide') showIdle();
  else if (ports[0]) runKdf(ports[0]);
}
