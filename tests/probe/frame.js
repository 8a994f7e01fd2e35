// Test builds only: keeps hold of the workers, so that a test can question them.

/** @type {Worker[]} */
const probeWorkers = [];

globalThis.Worker = class extends Worker {
  constructor(url, options) {
    // What this frame is to lack, its workers lack too.
    super(url, { ...options, name: `${options?.name} ${self.name}` });
    // The self-test tries one that must not start; it has no name.
    if (options?.name) probeWorkers.push(this);
    const isKdf = options?.name === 'ats-kms-kdf';
    const isFirst = probeWorkers.length === 2;
    const silent = (isFirst && lacks('frame:first-kdf')) || lacks('frame:every-kdf');
    this.fails = isKdf && ((isFirst && lacks('frame:first-kdf-fails')) || lacks('frame:every-kdf-fails'));
    this.silent = (isKdf && silent) || this.fails;
  }

  postMessage(message, ...rest) {
    // As an engine does that starts a worker and never runs it.
    if (!this.silent || message.kind !== 'init') super.postMessage(message, ...rest);
    // Or that cannot load its script.
    else if (this.fails) setTimeout(() => this.dispatchEvent(new Event('error')));
  }
};

/** Whether the person had just pressed something, for each time the browser was asked. */
globalThis.probePersists = [];

if (navigator.storage?.persist) {
  // Asked in earnest, a browser may ask the person.
  StorageManager.prototype.persist = async () => {
    probePersists.push(navigator.userActivation?.isActive ?? true);
    return false;
  };
}

/**
 * Asks the enclave's worker, or another one.
 * @param {string} command
 * @param {unknown} argument
 * @param {Worker} [worker]
 * @returns {Promise<unknown>}
 */
globalThis.probeWorker = (command, argument, worker = probeWorkers[0]) =>
  new Promise((resolve, reject) => {
    const id = crypto.randomUUID();
    const listen = ({ data }) => {
      if (data.probed !== id) return;
      worker.removeEventListener('message', listen);
      if ('error' in data) reject(new Error(data.error));
      else resolve(data.result);
    };
    worker.addEventListener('message', listen);
    worker.postMessage({ probe: command, argument, id });
  });

/**
 * A key of a passphrase, by a helper as the enclave gets one.
 * @param {{ passphrase: Uint8Array, salt: Uint8Array }} job
 * @returns {Promise<Uint8Array>}
 */
function probeKdf(job) {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve, reject) => {
    port1.onmessage = ({ data }) => ('key' in data ? resolve(data.key) : reject(Error(data.error)));
    runKdf(port2);
    port1.postMessage({ op: 'derive', ...job });
  });
}

/**
 * Calls functions that only the probe build exports, one after another. The list travels as JSON,
 * with bytes as `{ bytes: base64 }`: Firefox keeps a driver's script away from a page's arrays.
 * @param {string} list
 * @returns {Promise<string>}
 */
globalThis.probeCalls = async (list) => {
  const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const decode = (part) => (typeof part.bytes === 'string' ? bytes(part.bytes) : part);
  const encode = (result) =>
    result instanceof Uint8Array ? { bytes: btoa(String.fromCharCode(...result)) } : result;
  const answers = [];
  for (const { name, argument } of JSON.parse(list)) {
    const entries = Object.entries(argument).map(([key, part]) => [key, decode(part)]);
    const input = Object.fromEntries(entries);
    const inHelper = name === 'probeKdf';
    const call = inHelper ? probeKdf(input) : probeWorker('call', { name, argument: input });
    answers.push(await call.then(encode, ({ message }) => ({ error: message })));
  }
  return JSON.stringify(answers);
};

/**
 * Tells the enclave's worker to come to harm; there is no answer.
 * @param {string} harm
 */
globalThis.tellWorker = (harm) => probeWorkers[0].postMessage({ probe: harm });

/** Tells the enclave what the frame tells it when the person presses anything. */
globalThis.probeActivity = () => probeWorkers[0].postMessage({ ui: 'activity' });

/**
 * How many workers were started beside the enclave's, and how many of them still answer.
 * @returns {Promise<{ started: number, alive: number }>}
 */
globalThis.probeHelpers = async () => {
  const helpers = probeWorkers.slice(1);
  const answers = helpers.map((worker) =>
    Promise.race([
      probeWorker('alive', null, worker).then(() => 1),
      new Promise((resolve) => setTimeout(() => resolve(0), 300)),
    ]),
  );
  const alive = await Promise.all(answers);
  return { started: helpers.length, alive: alive.reduce((sum, one) => sum + one, 0) };
};

/**
 * All bytes that the enclave has stored, in hexadecimal.
 * @returns {Promise<string>}
 */
globalThis.probeStored = async () => {
  const done = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const database = await done(indexedDB.open('ats-kms'));
  let text = '';
  for (const name of database.objectStoreNames) {
    const values = await done(database.transaction(name).objectStore(name).getAll());
    for (const value of values.filter((value) => value instanceof Uint8Array)) {
      text += [...value].map((byte) => byte.toString(16).padStart(2, '0')).join('') + ' ';
    }
  }
  database.close();
  return text;
};
