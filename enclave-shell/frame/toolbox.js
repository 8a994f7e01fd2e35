// The tools for backups: a second script, as pinned as the first, which is loaded when one is
// made or opened, and a worker of their own.

const toolbox = {
  /** The checked module and the address of its worker. @type {Promise<Tools> | null} */
  loaded: null,
  /** The backup that was chosen to be opened. @type {File | null} */
  file: null,
  /** The backup that was made, or will be. @type {PromiseWithResolvers<Blob> | null} */
  made: null,
  /** Where the person can save it from. */
  address: '',
  /** Ends the worker. */
  end() {},
  /** Number of the present run; a later one makes an earlier one void. */
  run: 0,
};

/** @typedef {{ module: WebAssembly.Module, url: string }} Tools */

/**
 * Loads the second script, once; where that failed it may be tried again.
 * @returns {Promise<Tools>}
 */
function loadTools() {
  const limit = new Refusal('internal', 'tools');
  toolbox.loaded ??= within(loadScript(), TOOLS_LOAD_LIMIT_MS, limit).then(checkTools);
  toolbox.loaded.catch(() => (toolbox.loaded = null));
  return toolbox.loaded;
}

/**
 * The engine compares the script with its digest before it runs any of it, and the policy of the
 * page lets no other one run.
 * @returns {Promise<void>}
 */
function loadScript() {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.integrity = RELEASE.tools.integrity;
    script.crossOrigin = 'anonymous';
    script.onload = () => resolve();
    script.onerror = () => {
      script.remove();
      reject(new Refusal('internal', 'tools'));
    };
    script.src = trusted(RELEASE.tools.url);
    document.head.append(script);
  });
}

/**
 * What the script left on the global object is taken from there, and checked as the enclave's
 * own code was.
 * @returns {Promise<Tools>}
 */
async function checkTools() {
  const { TOOLS_WORKER_SOURCE: worker, TOOLS_WASM_TEXT: wasm } = globalThis;
  if (worker === undefined || wasm === undefined) throw new Refusal('integrity_failure', 'tools');
  delete globalThis.TOOLS_WORKER_SOURCE;
  delete globalThis.TOOLS_WASM_TEXT;
  const { tools, toolsWorker } = RELEASE.digests;
  const source = new TextEncoder().encode(worker);
  const [module] = await Promise.all([
    checkedModule('tools', wasm, tools),
    checkDigest('tools worker', source, toolsWorker),
  ]);
  return { module, url: workerUrl(source, RELEASE.workers?.tools) };
}

/**
 * Runs the tools for one backup. Whatever fails before the worker has its port is answered here.
 * @param {MessagePort} port
 */
async function runTools(port) {
  endTools();
  const run = toolbox.run;
  const made = Promise.withResolvers();
  made.promise.catch(() => {});
  toolbox.made = made;
  try {
    const [tools, file] = await Promise.all([loadTools(), toolbox.file?.arrayBuffer()]);
    if (run !== toolbox.run) throw new Refusal('internal', 'the screen changed');
    startTools(tools, port, file, made);
  } catch (error) {
    made.reject(error);
    const { code } = toRefusal(error);
    port.postMessage({ error: code === 'integrity_failure' ? code : 'internal' });
  }
}

/**
 * @param {Tools} tools
 * @param {MessagePort} port
 * @param {ArrayBuffer | undefined} file
 * @param {PromiseWithResolvers<Blob>} made
 */
function startTools({ module, url }, port, file, made) {
  const worker = startWorker('ats-kms-tools', url);
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const parts = [];
  toolbox.end = watchHelper(worker, (report) => {
    if (report.kind === 'file') parts.push(report.part);
    else if (report.kind === 'file_end') {
      made.resolve(new Blob(parts, { type: 'application/octet-stream' }));
    }
    // The enclave still waits for the answer to the last job; the worker ends with its port.
    return report.kind !== 'boot_failed';
  });
  const init = { kind: 'init', role: 'tools', module, port };
  if (file === undefined) worker.postMessage(init, [port]);
  else worker.postMessage({ ...init, file }, [port, file]);
}

/**
 * The address of the backup that was made, if it is the whole of it.
 * @param {number} bytes
 * @returns {Promise<string>}
 */
async function backupAddress(bytes) {
  const blob = await toolbox.made?.promise;
  if (blob?.size !== bytes) throw new Refusal('internal', 'backup');
  URL.revokeObjectURL(toolbox.address);
  toolbox.address = URL.createObjectURL(blob);
  return toolbox.address;
}

/** Ends the tools, and forgets the backup they made. */
function endTools() {
  URL.revokeObjectURL(toolbox.address);
  toolbox.address = '';
  toolbox.run += 1;
  toolbox.end();
  toolbox.end = () => {};
  toolbox.made?.reject(new Refusal('internal', 'the screen changed'));
  toolbox.made = null;
}

/**
 * Keeps the tools, and the file that was chosen, for as long as the screens are about them.
 * @param {ScreenName | null} screen
 */
function keepTools(screen) {
  if (screen !== 'confirm_restore' && screen !== 'backup_ready') endTools();
  if (screen !== 'confirm_restore' && screen !== 'restore') toolbox.file = null;
}
