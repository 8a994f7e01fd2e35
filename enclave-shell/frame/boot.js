// The order of the start: listen, check, isolate, run.

/**
 * Waits for the worker's word that the enclave runs; what it says later goes to the UI.
 * @param {Worker} worker
 * @returns {Promise<void>}
 */
function watchWorker(worker) {
  return new Promise((resolve, reject) => {
    const died = () => {
      reject(new Refusal('enclave_crashed', 'the worker did not start'));
      if (channel.worker === worker) closeAfterCrash();
    };
    worker.onerror = died;
    worker.onmessageerror = died;
    worker.onmessage = (event) => {
      const report = readReport(event.data);
      if (report === null) return;
      if ('ui' in report) onUiRequest(report, event.ports);
      else if (report.kind === 'booted') resolve();
      else if (report.kind === 'boot_failed') reject(new Refusal(report.code, report.detail));
      else died();
    };
  });
}

/**
 * Everything that can run at the same time does: the worker starts and tests itself while the
 * wasm is decoded, hashed and compiled and the frame tests its own isolation. The worker gets the
 * module, and with it the ability to do anything, only when all of it has passed.
 * @returns {Promise<Worker>}
 */
async function start() {
  const missing = missingCapabilities();
  if (missing.length > 0) throw new Refusal('unsupported_environment', missing.join(' '));
  const source = new TextEncoder().encode(WORKER_SOURCE);
  prepareWorkers(source);
  const worker = startWorker('ats-kms-enclave');
  const running = watchWorker(worker);
  running.catch(() => worker.terminate());
  try {
    const [module, partitioned] = await Promise.all([
      checkedModule('wasm', WASM_TEXT, RELEASE.digests.wasm),
      isPartitioned(),
      // What the server sends as a worker is not for the frame to see: the extension compares it.
      RELEASE.workers ?? checkDigest('worker', source, RELEASE.digests.worker),
      testIsolation(),
    ]);
    host.module = module;
    const { version, digests, signers } = RELEASE;
    const release = { version, digests, signers };
    const { hostname, origin } = location;
    const init = { kind: 'init', role: 'enclave', module, release, host: hostname, origin };
    worker.postMessage({ ...init, names: TEXT.kind, partitioned });
    await running;
    return worker;
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

async function boot() {
  window.addEventListener('message', onHandshake);
  const limit = new Refusal('enclave_crashed', 'the start took too long');
  try {
    const worker = await within(start(), BOOT_LIMIT_MS, limit);
    applyStyle();
    showIdle();
    watchFrame();
    serveWith(worker);
  } catch (error) {
    closeAtBoot(toRefusal(error));
    applyStyle();
  }
}

boot();
