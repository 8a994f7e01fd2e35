// Test builds only: keeps hold of the workers, so that a test can question them.

/** @type {Worker[]} */
const probeWorkers = [];

globalThis.Worker = class extends Worker {
  constructor(...args) {
    super(...args);
    probeWorkers.push(this);
  }
};

/**
 * Asks the enclave's worker.
 * @param {string} command
 * @param {unknown} argument
 * @returns {Promise<unknown>}
 */
globalThis.probeWorker = (command, argument) =>
  new Promise((resolve, reject) => {
    const worker = probeWorkers[0];
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
    const call = probeWorker('call', { name, argument: Object.fromEntries(entries) });
    answers.push(await call.then(encode, ({ message }) => ({ error: message })));
  }
  return JSON.stringify(answers);
};

/**
 * Tells the enclave's worker to come to harm; there is no answer.
 * @param {string} harm
 */
globalThis.tellWorker = (harm) => probeWorkers[0].postMessage({ probe: harm });
