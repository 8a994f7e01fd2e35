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
 * Tells the enclave's worker to come to harm; there is no answer.
 * @param {string} harm
 */
globalThis.tellWorker = (harm) => probeWorkers[0].postMessage({ probe: harm });
