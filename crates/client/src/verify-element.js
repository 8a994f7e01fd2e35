import { STYLE } from './verify-style.js';
import { verifyEnclave } from './verify-enclave.js';

/** @typedef {import('./verify-enclave.js').VerifyReport} VerifyReport */
/** @typedef {import('./verify-enclave.js').Level} Level */

/** @type {Record<Level, [string, string]>} */
const SAYS = {
  'enforced by browser': [
    'Enforced by browser',
    'This browser refuses to run anything in the key vault but the pinned release.',
  ],
  checked: [
    'Checked',
    'What the server sends matches the pinned release. This browser does not enforce it.',
  ],
  failed: ['Failed', 'Something differs from the pinned release, or could not be read. See below.'],
};

const MARKS = {
  true: { state: 'ok', word: 'Holds', sign: '\u2713' },
  false: { state: 'bad', word: 'Does not hold', sign: '\u2715' },
  null: { state: 'skipped', word: 'Not done', sign: '\u2013' },
};

/**
 * Defines `<kms-verify>`. Importing the verify kit does it, where there are custom elements.
 *
 * Properties: `release` (the pin), `url`, `kms`. Method `run()`. Event `kms-verify` with the report
 * as `detail`. Attribute `level` afterwards, for style sheets.
 *
 * @param {string} [name]
 */
export function defineKmsVerify(name = 'kms-verify') {
  if (customElements.get(name)) return;

  class KmsVerify extends HTMLElement {
    /** @type {import('./release.js').Release | undefined} */
    release;
    /** @type {string | undefined} */
    url;
    /** @type {import('./kms.js').Kms | undefined} */
    kms;
    /** @type {VerifyReport | undefined} */
    report;
    /** @type {Promise<VerifyReport> | undefined} */
    #running;
    #button = button('Verify', 'verify');
    #live = element('div', 'result');
    #more = element('div', 'more');

    constructor() {
      super();
      const root = this.attachShadow({ mode: 'open' });
      const style = new CSSStyleSheet();
      style.replaceSync(STYLE);
      root.adoptedStyleSheets = [style];
      this.#live.setAttribute('role', 'status');
      this.#live.append(element('p', 'hint', 'Not verified yet.'));
      this.#button.addEventListener('click', () => this.run());
      const top = element('div', 'top');
      top.append(this.#live, this.#button);
      root.append(top, this.#more);
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
      this.#live.replaceChildren(element('p', 'hint', 'Verifying\u2026'));
      this.#more.replaceChildren();
      const { release, url, kms } = this;
      try {
        const report = await verifyEnclave({
          release,
          ...(url === undefined ? {} : { url }),
          ...(kms === undefined ? {} : { kms }),
        });
        this.report = report;
        this.#show(report);
        this.dispatchEvent(new CustomEvent('kms-verify', { detail: report, bubbles: true }));
        return report;
      } finally {
        this.#button.removeAttribute('aria-disabled');
        this.#button.textContent = 'Verify again';
      }
    }

    /** @param {VerifyReport} report */
    #show(report) {
      const [title, text] = SAYS[report.level];
      this.setAttribute('level', report.level);
      const head = element('p', 'level', title);
      const parts = [head, element('p', 'hint', text)];
      if (report.code) parts.push(codeLine(report));
      this.#live.replaceChildren(...parts);
      const copy = button('Copy report', 'copy');
      copy.addEventListener('click', async () => {
        copy.textContent = (await copyText(asText(report))) ? 'Copied' : 'Copying was refused';
      });
      this.#more.replaceChildren(details(report), copy);
    }
  }
  customElements.define(name, KmsVerify);
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} part both class inside and `::part()` outside
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[K]}
 */
function element(tag, part, text = '') {
  const made = document.createElement(tag);
  made.className = part;
  made.setAttribute('part', part);
  made.textContent = text;
  return made;
}

/**
 * @param {string} text
 * @param {string} part
 */
function button(text, part) {
  const made = element('button', part, text);
  made.type = 'button';
  return made;
}

/** @param {VerifyReport} report */
function codeLine({ level, code }) {
  // Of a failed verification it names what was read, which may be no release at all.
  const name = level === 'failed' ? 'Code of the manifest that was read ' : 'Release code ';
  const line = element('p', 'code-line', name);
  line.append(element('code', 'code', code ?? ''));
  return line;
}

/** @param {VerifyReport} report */
function details(report) {
  const box = element('details', 'details');
  box.open = report.level === 'failed';
  box.append(element('summary', 'summary', 'What was checked, and what that does not prove'));
  const steps = element('ol', 'steps');
  for (const { id, title, ok, detail } of report.steps) {
    const { state, word, sign } = MARKS[/** @type {'true' | 'false' | 'null'} */ (String(ok))];
    const item = element('li', `step ${state}`);
    item.dataset['step'] = id;
    item.dataset['ok'] = String(ok);
    const text = element('div', 'step-text');
    text.append(element('strong', 'step-title', title), element('span', 'step-detail', detail));
    const mark = element('span', 'mark', sign);
    mark.setAttribute('role', 'img');
    mark.setAttribute('aria-label', word);
    item.append(mark, text);
    steps.append(item);
  }
  const limits = element('ul', 'limits');
  limits.append(...report.notProven.map((sentence) => element('li', 'limit', sentence)));
  box.append(steps, element('h3', 'limits-title', 'Not proven'), limits);
  return box;
}

/**
 * @param {VerifyReport} report
 * @returns {string}
 */
function asText(report) {
  const lines = [`Level: ${report.level}`, `Release code: ${report.code ?? 'none'}`, ''];
  for (const { title, ok, detail } of report.steps) {
    lines.push(`[${ok === null ? 'not done' : ok ? 'ok' : 'FAILED'}] ${title}. ${detail}`);
  }
  lines.push('', 'Not proven:', ...report.notProven.map((sentence) => `- ${sentence}`));
  return lines.join('\n');
}

/**
 * @param {string} text
 * @returns {Promise<boolean>}
 */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
