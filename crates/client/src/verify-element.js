import { given } from './bytes.js';
import { verifyEnclave } from './verify-enclave.js';
import { recall } from './verify-memory.js';
import { qrBox } from './verify-qr.js';
import { idleText } from './verify-report.js';
import { STYLE } from './verify-style.js';
import { TEXT } from './verify-text.js';
import { button, element, more, result } from './verify-view.js';

/** @typedef {import('./release.js').Pinned} Pinned */
/** @typedef {import('./verify-enclave.js').VerifyReport} VerifyReport */
/** @typedef {import('./verify-memory.js').Memory} Memory */
/** @typedef {import('./verify-policy.js').Policy} Policy */

/**
 * Defines `<kms-verify>`. Importing the verify kit does it, where there are custom elements.
 *
 * Properties: `release` (the pin, or a list of the current and the next one) or `policy` (whose word counts for a release), `url`, `kms`, `memory` (where to remember what was verified:
 * the page's `localStorage` if it is not set, nothing if it is null), `source` (address of the
 * repository). Method `run()`. Event `kms-verify` with the report as `detail`. Attribute `level`
 * afterwards, for style sheets.
 *
 * @param {string} [name]
 */
export function defineKmsVerify(name = 'kms-verify') {
  if (customElements.get(name)) return;

  class KmsVerify extends HTMLElement {
    /** @type {string | undefined} */
    url;
    /** @type {import('./kms.js').Kms | undefined} */
    kms;
    /** @type {Memory | null} */
    memory = ownStorage();
    /** @type {string | undefined} */
    source;
    /** @type {VerifyReport | undefined} */
    report;
    /** @type {Policy | undefined} */
    #policy;
    /** @type {Pinned | undefined} */
    #release;
    /** @type {Promise<VerifyReport> | undefined} */
    #running;
    #button = button(TEXT.verify, 'verify');
    #live = element('div', 'result');
    #more = element('div', 'more');

    constructor() {
      super();
      const root = this.attachShadow({ mode: 'open' });
      const style = new CSSStyleSheet();
      style.replaceSync(STYLE);
      root.adoptedStyleSheets = [style];
      this.#live.setAttribute('role', 'status');
      this.#button.addEventListener('click', () => this.run());
      const top = element('div', 'top');
      top.append(this.#live, this.#button);
      root.append(top, this.#more);
      this.#idle();
    }

    get release() {
      return this.#release;
    }

    /** What was verified before says nothing about another pin. */
    set release(release) {
      this.#release = release;
      if (!this.#running) this.#idle();
    }

    get policy() {
      return this.#policy;
    }

    set policy(policy) {
      this.#policy = policy;
      if (!this.#running) this.#idle();
    }

    #idle() {
      this.report = undefined;
      this.removeAttribute('level');
      this.#more.replaceChildren();
      this.#live.replaceChildren(element('p', 'hint', idleText(this.#past())));
    }

    #past() {
      const url = this.#policy?.origin ?? [this.#release].flat()[0]?.url;
      try {
        return url === undefined ? null : recall(this.memory, new URL(url).origin);
      } catch {
        // No address, no memory; verifying says what is wrong with the pin.
        return null;
      }
    }

    /**
     * Verifies and shows the result.
     *
     * @returns {Promise<VerifyReport>}
     */
    run() {
      this.#running ??= this.#verify().finally(() => {
        this.#running = undefined;
      });
      return this.#running;
    }

    async #verify() {
      this.removeAttribute('level');
      this.#button.setAttribute('aria-disabled', 'true');
      this.#live.replaceChildren(element('p', 'hint', TEXT.busy));
      this.#more.replaceChildren();
      const { release, policy, memory, url, kms, source } = this;
      try {
        const report = await verifyEnclave({ release, memory, ...given({ policy, url, kms, source }) });
        this.report = report;
        this.setAttribute('level', report.level);
        this.#live.replaceChildren(...result(report));
        this.#more.replaceChildren(...more(report), ...qrBox(report));
        this.dispatchEvent(new CustomEvent('kms-verify', { detail: report, bubbles: true }));
        return report;
      } finally {
        this.#button.removeAttribute('aria-disabled');
        this.#button.textContent = TEXT.again;
      }
    }
  }
  customElements.define(name, KmsVerify);
}

/** The page's own storage, where it has one. */
function ownStorage() {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
