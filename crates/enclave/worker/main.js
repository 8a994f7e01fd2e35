// The worker's own script around the wasm: start it, hand over ports, and stop it for good when
// it fails. One source for both roles: the enclave, and a key derivation.

/** The enclave's memory is fixed. */
const ENCLAVE_PAGES = INITIAL_PAGES;

/** A key derivation grows its memory once, before a secret is in it, and ends right after. */
const KDF_PAGES = 1280;

const TICK_MS = 1000;

const worker = {
  /** @type {EnclaveInstance | null} */
  enclave: null,
  /** Ports of the clients, kept to tell them when the enclave is gone. @type {MessagePort[]} */
  ports: [],
  started: false,
  /** Whether it waits for its one derivation. */
  derives: false,
  crashed: false,
};

/**
 * The first use of a browser's crypto or storage takes many times as long as the next one. Both
 * are woken while the wasm is still being checked; what comes of it is of no interest.
 */
function wakeBrowser() {
  const idle = () => {};
  const curve = { name: 'ECDSA', namedCurve: 'P-256' };
  for (const algorithm of [curve, { name: 'Ed25519' }]) {
    crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']).then(idle, idle);
  }
  indexedDB.databases().then(idle, idle);
}

try {
  wakeBrowser();
} catch {
  // What is missing is told by the self-test.
}

/**
 * Ends everything: the clients are told, the frame is told, no state is kept.
 * Wasm that trapped may hold half-done state; it is never entered again.
 */
function crash() {
  if (worker.crashed) return;
  worker.crashed = true;
  worker.enclave = null;
  for (const port of worker.ports) {
    port.onmessage = null;
    port.postMessage({ event: 'fault', data: { code: 'enclave_crashed' } });
  }
  postToFrame({ kind: 'crashed' });
  closeWorker();
}

/**
 * Runs a step of the enclave; any exception that comes out of it is a trap.
 * @param {() => void} step
 */
function guarded(step) {
  if (worker.crashed) return;
  try {
    step();
  } catch {
    crash();
  }
}

/** @param {InitMessage & { role: 'enclave' }} message */
async function startEnclave({ module, release, host, origin, names, partitioned }) {
  instantiate(module, ENCLAVE_PAGES);
  const { version, digests, signers } = release;
  const { worker: workerDigest, wasm: wasmDigest } = digests;
  const config = { version, workerDigest, wasmDigest, host, origin, signers, names, partitioned };
  const enclave = new wasm_bindgen.Enclave(config, postToFrame);
  await enclave.start();
  worker.enclave = enclave;
  setInterval(() => guarded(() => enclave.tick()), TICK_MS);
  postToFrame({ kind: 'booted' });
}

/** @param {InitMessage & { role: 'kdf' }} message */
function startKdf({ module }) {
  instantiate(module, KDF_PAGES);
  worker.derives = true;
  postToFrame({ kind: 'kdf_ready' });
}

/** @param {MessagePort} port */
function takeKdfJob(port) {
  worker.derives = false;
  port.onmessage = (event) => {
    port.onmessage = null;
    if (event.data.op === 'derive') answerKdf(port, event.data);
    postToFrame({ kind: 'kdf_done' });
  };
}

/**
 * One derivation; the worker, with its memory, ends after it.
 * @param {MessagePort} port
 * @param {KdfJob} job
 */
function answerKdf(port, job) {
  const { passphrase, salt, memoryKib, iterations, parallelism } = job;
  try {
    const key = wasm_bindgen.kdf(passphrase, salt, memoryKib, iterations, parallelism);
    port.postMessage({ key }, [key.buffer]);
  } catch (error) {
    port.postMessage({ error: typeof error === 'string' ? error : 'internal' });
  } finally {
    passphrase.fill(0);
  }
}

/** @param {InitMessage} message */
async function init(message) {
  worker.started = true;
  try {
    await closed;
    if (message.role === 'enclave') await startEnclave(message);
    else startKdf(message);
  } catch (error) {
    failBoot(error);
  }
}

/**
 * @param {ConnectMessage} message
 * @param {MessagePort | undefined} port
 */
function connect(message, port) {
  if (port === undefined) return;
  worker.ports.push(port);
  const { origin, nonce, version } = message;
  guarded(() => worker.enclave?.connect(origin, nonce, version, port));
}

self.onmessage = ({ data, ports }) => {
  if (!worker.started) {
    if (data.kind === 'init') init(data);
  } else if (data.kind === 'connect') connect(data, ports[0]);
  else if (data.kind === 'kdf_port' && worker.derives) takeKdfJob(data.port);
  else if (data.ui !== undefined) guarded(() => worker.enclave?.ui(data));
};

// A trap inside a callback of the wasm surfaces here, as does one inside a future.
self.onerror = () => {
  crash();
  return true;
};
self.onunhandledrejection = (event) => {
  event.preventDefault();
  crash();
};
