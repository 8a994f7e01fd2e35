// How every worker starts: the self-test and the lockdown come first, then the wasm.

/** Pages of 64 KiB that the modules are linked for. */
const INITIAL_PAGES = 128;

/** Runs beside the frame's own checks; `init` waits for it. */
const closed = testIsolation().then(lockDown);
// Reported when `init` arrives.
closed.catch(() => {});

/**
 * @param {WebAssembly.Module} module
 * @param {number} maximum pages; memory that never grows never leaves a copy behind
 */
function instantiate(module, maximum) {
  const memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum });
  wasm_bindgen.initSync({ module, memory });
}

/**
 * Tells why this worker does not run, and ends it.
 * @param {unknown} error
 * @param {MessagePort} [port] of who waits for it
 */
function failBoot(error, port) {
  const { code, detail } = bootError(error);
  port?.postMessage({ error: code });
  postToFrame({ kind: 'boot_failed', code, detail });
  closeWorker();
}

/**
 * Names of error codes cross from the wasm as strings; anything else is no text for anybody.
 * @param {unknown} error
 * @returns {{ code: string, detail: string }}
 */
function bootError(error) {
  if (error instanceof WorkerRefusal) return { code: error.code, detail: error.detail };
  if (error instanceof RangeError) return { code: 'out_of_memory', detail: 'wasm memory' };
  if (typeof error === 'string') return { code: error, detail: '' };
  return { code: 'enclave_crashed', detail: 'the wasm did not start' };
}
