// The enclave's worker and its helpers: started here, from what the frame holds. In the page for
// WEBCAT they come from the server, since the extension wants to see and compare them as they load.

const host = {
  /** Scripts may come from these addresses alone; each is set once. @type {Set<string>} */
  urls: new Set(),
  /** The worker of the enclave and of key derivations. */
  url: '',
  /** @type {KmsPolicy | undefined} */
  policy: undefined,
  /** The checked module, for the workers of key derivations. @type {WebAssembly.Module | null} */
  module: null,
};

/**
 * The address of a worker: made from the very bytes that are hashed, unless the server has it.
 * @param {Uint8Array<ArrayBuffer>} source
 * @param {string} [served]
 * @returns {string}
 */
function workerUrl(source, served) {
  const url = served ?? URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  host.urls.add(url);
  return url;
}

/**
 * Makes the address of the worker, and the one Trusted Types policy of this document, which lets
 * nothing through but the workers of this release and its second script.
 * @param {Uint8Array<ArrayBuffer>} source
 */
function prepareWorkers(source) {
  host.url = workerUrl(source, RELEASE.workers?.enclave);
  host.urls.add(RELEASE.tools.url);
  const createScriptURL = (/** @type {string} */ url) => {
    if (!host.urls.has(url)) throw new TypeError('not a script of this release');
    return url;
  };
  host.policy = window.trustedTypes?.createPolicy('kms', { createScriptURL });
}

/**
 * @param {string} url
 * @returns {string}
 */
function trusted(url) {
  return host.policy?.createScriptURL(url) ?? url;
}

/**
 * @param {string} name
 * @param {string} [url]
 * @returns {Worker}
 */
function startWorker(name, url = host.url) {
  return new Worker(trusted(url), { name });
}

/** Names of what a worker may tell. */
const REPORTS = ['booted', 'boot_failed', 'crashed', 'kdf_ready', 'kdf_done', 'file', 'file_end'];

/** Names of what the enclave may ask the frame for. */
const REQUESTS = ['show', 'strength', 'busy', 'hide', 'log', 'kdf', 'tools'];

/**
 * What a worker told, or null: the channel is a closed set of messages.
 * @param {unknown} data
 * @returns {WorkerReport | UiRequest | null}
 */
function readReport(data) {
  if (typeof data !== 'object' || data === null) return null;
  const message = /** @type {Record<string, unknown>} */ (data);
  const known = REPORTS.includes(String(message.kind)) || REQUESTS.includes(String(message.ui));
  return known ? /** @type {WorkerReport | UiRequest} */ (data) : null;
}

function tellHelperFailed() {
  ui.answer({ ui: 'helper_failed' });
}

/**
 * Watches a helper, which answers on its own port as long as it lives; when it dies the enclave
 * is told instead, unless somebody knows better.
 * @param {Worker} worker
 * @param {(report: WorkerReport) => boolean} onReport whether the helper goes on
 * @param {() => void} [onEnd]
 * @param {() => void} [onDeath]
 * @returns {() => void} ends it
 */
function watchHelper(worker, onReport, onEnd, onDeath = tellHelperFailed) {
  const end = () => {
    onEnd?.();
    worker.onmessage = null;
    worker.onerror = null;
    worker.terminate();
  };
  const fail = () => {
    end();
    onDeath();
  };
  worker.onerror = fail;
  worker.onmessageerror = fail;
  worker.onmessage = (event) => {
    const report = readReport(event.data);
    if (report === null || 'ui' in report) return;
    if (report.kind === 'crashed') fail();
    else if (!onReport(report)) end();
  };
  return end;
}

/**
 * Runs one key derivation in its own worker, whose memory goes away with it. The worker gets the port
 * when it says that it runs: WebKitGTK was seen to leave one unanswered, and another one can have it.
 * So it can where the browser says that the first did not start.
 * @param {MessagePort} port
 * @param {number} [starts] that are left
 */
function runKdf(port, starts = KDF_STARTS) {
  const worker = startWorker('ats-kms-kdf');
  let runs = false;
  const startAnother = () => {
    if (starts > 1) runKdf(port, starts - 1);
    else port.postMessage({ error: 'internal' });
  };
  const end = watchHelper(
    worker,
    (report) => {
      if (report.kind === 'boot_failed') port.postMessage({ error: report.code });
      if (report.kind !== 'kdf_ready') return false;
      runs = true;
      clearTimeout(timer);
      timer = setTimeout(end, KDF_LIMIT_MS);
      worker.postMessage({ kind: 'kdf_port', port }, [port]);
      return true;
    },
    () => clearTimeout(timer),
    () => (runs ? tellHelperFailed() : startAnother()),
  );
  let timer = setTimeout(() => {
    end();
    startAnother();
  }, KDF_START_LIMIT_MS);
  worker.postMessage({ kind: 'init', role: 'kdf', module: host.module });
}

/**
 * Does what the enclave asks for.
 * @param {UiRequest} request
 * @param {readonly MessagePort[]} ports
 */
function onUiRequest(request, ports) {
  const [port] = ports;
  if (request.ui === 'show') {
    keepTools(request.screen);
    showScreen(request);
  } else if (request.ui === 'strength') ui.screen?.strength(request.score);
  else if (request.ui === 'busy') setBusy(true);
  else if (request.ui === 'log') takeLog(request.entries);
  else if (request.ui === 'hide') {
    keepTools(null);
    showIdle();
  } else if (port && request.ui === 'kdf') runKdf(port);
  else if (port) runTools(port);
}
