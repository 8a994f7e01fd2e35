'use strict';
// First in the worker's source, so the directive above holds for all of it.
// References that this script keeps for itself, taken before anything is removed or frozen.

/** Closes this worker. */
const closeWorker = self.close.bind(self);

/** The own channel of this worker: to the frame, never to the page. */
const postToFrame = /** @type {(message: unknown, transfer?: Transferable[]) => void} */ (
  self.postMessage.bind(self)
);

/** An error that the frame reports: a wire code, and a detail that names no input. */
class WorkerRefusal extends Error {
  /**
   * @param {string} code
   * @param {string} detail
   */
  constructor(code, detail) {
    super(code);
    /** @readonly */
    this.code = code;
    /** @readonly */
    this.detail = detail;
  }
}
