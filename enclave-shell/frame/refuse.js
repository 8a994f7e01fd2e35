// The one error of the frame: a typed refusal, with a detail that names no input.

class Refusal extends Error {
  /**
   * @param {RefusalCode} code
   * @param {string} [detail]
   */
  constructor(code, detail = '') {
    super(code);
    /** @readonly */
    this.code = code;
    /** @readonly */
    this.detail = detail;
  }
}

/**
 * Any failure as a refusal.
 * @param {unknown} error
 * @returns {Refusal}
 */
function toRefusal(error) {
  return error instanceof Refusal ? error : new Refusal('internal', 'unexpected failure at boot');
}

/**
 * Rejects with the refusal when the time is over; the timer never outlives the work.
 * @template T
 * @param {Promise<T>} work
 * @param {number} milliseconds
 * @param {Refusal} refusal
 * @returns {Promise<T>}
 */
function within(work, milliseconds, refusal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(refusal), milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
