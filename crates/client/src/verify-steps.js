import { KmsError } from './errors.js';
import { adviceFor, explainFailure, Mismatch } from './verify-failures.js';
import { TEXT } from './verify-text.js';

/** @typedef {import('./verify-manifest.js').Compare} Compare */
/** @typedef {{ what: string, expected: string, found: string }} Comparison */

/**
 * @typedef {object} VerifyStep
 * @property {string} id
 * @property {string} title
 * @property {boolean | null} ok null: not done, and why stands in `detail`
 * @property {string} detail
 * @property {Comparison[]} compared what was compared with what, as far as it came
 * @property {string} [code] name of the failure, for machines
 * @property {string} [advice] what a person should do about the failure
 */

/** What a server says is shown, but not at any length. */
const MAX_SHOWN = 200;

/** The steps of one verification in order, each with its outcome. */
export class Steps {
  /** @type {VerifyStep[]} */
  all = [];

  /** The first step that does not hold. */
  get failed() {
    return this.all.find(({ ok }) => ok === false);
  }

  /**
   * @template T
   * @param {string} id
   * @param {string} title
   * @param {(compare: Compare) => Promise<[T, string]>} work
   * @returns {Promise<T | undefined>}
   */
  async run(id, title, work) {
    /** @type {Comparison[]} */
    const compared = [];
    try {
      const [value, detail] = await work((what, found, expected, code) => {
        const shown = String(found ?? TEXT.view.nothing).slice(0, MAX_SHOWN);
        compared.push({ what, expected, found: shown });
        if (found !== expected) throw new Mismatch(code);
      });
      this.all.push({ id, title, ok: true, detail, compared });
      return value;
    } catch (error) {
      this.all.push({ id, title, ok: false, compared, ...tell(error) });
      return undefined;
    }
  }

  /**
   * Notes what is not decided by a comparison.
   *
   * @param {string} id
   * @param {string} title
   * @param {true | null} ok
   * @param {string} detail
   */
  note(id, title, ok, detail) {
    this.all.push({ id, title, ok, detail, compared: [] });
  }
}

/**
 * @param {unknown} error
 * @returns {{ code: string, detail: string, advice: string }}
 */
function tell(error) {
  if (error instanceof KmsError) {
    return { code: error.code, detail: error.message, advice: adviceFor(error) };
  }
  const code = error instanceof Mismatch ? error.code : 'unreadable';
  const { text, advice } = explainFailure(code) ?? { text: code, advice: '' };
  return { code, detail: text, advice };
}
