// The script of the worker around the tools for backups: it writes one file or opens one, and
// ends. Plaintext and keys come and go over the enclave's port; the file itself is the frame's.

const tools = {
  /** @type {ToolsInstance | null} */
  instance: null,
  /** The file to open. @type {Uint8Array<ArrayBuffer> | null} */
  file: null,
  /** Bytes written so far. */
  written: 0,
  started: false,
};

/** @param {ToolsInitMessage} message */
async function initTools({ module, port, file }) {
  tools.started = true;
  try {
    await closed;
    instantiate(module, INITIAL_PAGES);
    tools.instance = new wasm_bindgen.Tools();
    tools.file = file === undefined ? null : new Uint8Array(file);
    port.onmessage = ({ data }) => onToolsJob(port, data);
  } catch (error) {
    failBoot(error, port);
  }
}

/**
 * One job, one answer; `end` needs none.
 * @param {MessagePort} port
 * @param {ToolsJob} job
 */
function onToolsJob(port, job) {
  if (job.op === 'end') {
    closeWorker();
    return;
  }
  try {
    const ok = doToolsJob(job);
    port.postMessage({ ok }, ok instanceof Uint8Array ? [ok.buffer] : []);
  } catch (error) {
    // Names of errors are strings. Anything else is a trap, and the wasm is not entered again.
    if (typeof error !== 'string') throw error;
    port.postMessage({ error });
  }
}

/**
 * @param {Exclude<ToolsJob, { op: 'end' }>} job
 * @returns {unknown}
 */
function doToolsJob(job) {
  const { instance } = tools;
  if (instance === null) throw 'internal';
  switch (job.op) {
    case 'create':
      instance.create(job.phrase, job.passphrase);
      return true;
    case 'write':
      passFile(instance.write(job.part));
      return true;
    case 'finish':
      passFile(instance.finish());
      postToFrame({ kind: 'file_end' });
      return tools.written;
    case 'kdf':
      return instance.kdf(chosenFile());
    case 'open':
      instance.open(chosenFile(), job.kind, job.key);
      return true;
    case 'read':
      return instance.read();
  }
}

/** @returns {Uint8Array<ArrayBuffer>} */
function chosenFile() {
  if (tools.file === null) throw 'backup_foreign';
  return tools.file;
}

/** @param {Uint8Array<ArrayBuffer>} part */
function passFile(part) {
  tools.written += part.length;
  if (part.length > 0) postToFrame({ kind: 'file', part }, [part.buffer]);
}

/** The frame tells the enclave. */
function crashTools() {
  tools.instance = null;
  postToFrame({ kind: 'crashed' });
  closeWorker();
}

self.onmessage = ({ data }) => {
  if (!tools.started && data.kind === 'init' && data.role === 'tools') initTools(data);
};
self.onerror = () => {
  crashTools();
  return true;
};
self.onunhandledrejection = (event) => {
  event.preventDefault();
  crashTools();
};
