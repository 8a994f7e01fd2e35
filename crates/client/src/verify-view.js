import { asText, history, levelText } from './verify-report.js';
import { TEXT } from './verify-text.js';

/** @typedef {import('./verify-enclave.js').VerifyReport} VerifyReport */
/** @typedef {import('./verify-steps.js').VerifyStep} VerifyStep */
/** @typedef {import('./verify-steps.js').Comparison} Comparison */

const MARKS = {
  true: { state: 'ok', word: TEXT.view.holds, sign: '\u2713' },
  false: { state: 'bad', word: TEXT.view.not, sign: '\u2715' },
  null: { state: 'skipped', word: TEXT.view.notDone, sign: '\u2013' },
};

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} part both class inside and `::part()` outside
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, part, text = '') {
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
export function button(text, part) {
  const made = element('button', part, text);
  made.type = 'button';
  return made;
}

/**
 * What is said aloud when the result is there.
 *
 * @param {VerifyReport} report
 * @returns {HTMLElement[]}
 */
export function result(report) {
  const [title, text] = levelText(report);
  const parts = [element('p', 'level', title), element('p', 'hint', text)];
  const failed = report.steps.find(({ ok }) => ok === false);
  if (failed) parts.push(failure(failed));
  if (report.words) parts.push(wordsLine(report.level, report.words));
  const { changed, text: past } = history(report);
  parts.push(element('p', changed ? 'history changed' : 'history', past));
  return parts;
}

/**
 * Everything else.
 *
 * @param {VerifyReport} report
 * @returns {HTMLElement[]}
 */
export function more(report) {
  const parts = [details(report)];
  if (report.rebuild) parts.push(rebuild(report.rebuild));
  return [...parts, copyButton(TEXT.report.copy, () => asText(report))];
}

/** @param {VerifyStep} step */
function failure({ title, detail, advice }) {
  const box = element('div', 'failure');
  box.append(
    element('p', 'failure-text', TEXT.view.failure(title, detail)),
    element('p', 'advice', advice),
  );
  return box;
}

/**
 * @param {string} level
 * @param {string} words
 */
function wordsLine(level, words) {
  // Of a failed verification they name what was read, which may be no release at all.
  const name = level === 'failed' ? TEXT.view.wordsRead : TEXT.view.words;
  const line = element('p', 'code-line', name);
  line.append(element('strong', 'words', words));
  return line;
}

/** @param {VerifyReport} report */
function details(report) {
  const box = element('details', 'details');
  box.open = report.level === 'failed';
  box.append(element('summary', 'summary', TEXT.view.details));
  if (report.manifest) box.append(facts(report));
  const steps = element('ol', 'steps');
  steps.append(...report.steps.map(stepItem));
  const limits = element('ul', 'limits');
  limits.append(...report.notProven.map((sentence) => element('li', 'limit', sentence)));
  box.append(steps, element('h3', 'limits-title', TEXT.view.limits), limits);
  return box;
}

/** @param {VerifyReport} report */
function facts({ manifest, code }) {
  const list = element('dl', 'facts');
  for (const [name, value] of [[TEXT.view.digest, manifest], [TEXT.view.code, code]]) {
    const row = element('div', 'fact');
    const said = element('dd', 'fact-value');
    said.append(element('code', 'code', value ?? ''));
    row.append(element('dt', 'fact-name', name ?? ''), said);
    list.append(row);
  }
  return list;
}

/** @param {VerifyStep} step */
function stepItem({ id, title, ok, detail, compared }) {
  const { state, word, sign } = MARKS[/** @type {'true' | 'false' | 'null'} */ (String(ok))];
  const item = element('li', `step ${state}`);
  item.dataset['step'] = id;
  item.dataset['ok'] = String(ok);
  const text = element('div', 'step-text');
  text.append(element('strong', 'step-title', title), element('span', 'step-detail', detail));
  if (compared.length > 0) text.append(comparisons(compared));
  const mark = element('span', 'mark', sign);
  mark.setAttribute('role', 'img');
  mark.setAttribute('aria-label', word);
  item.append(mark, text);
  return item;
}

/** @param {Comparison[]} compared */
function comparisons(compared) {
  const list = element('ul', 'compared');
  for (const { what, expected, found } of compared) {
    const line = element('li', 'comparison', `${what}: `);
    if (found === expected) line.append(TEXT.view.both, element('code', 'value', found));
    else {
      line.append(TEXT.view.expected, element('code', 'value', expected));
      line.append(TEXT.view.found, element('code', 'value', found));
    }
    list.append(line);
  }
  return list;
}

/** @param {string} commands */
function rebuild(commands) {
  const box = element('details', 'rebuild');
  const shown = element('pre', 'commands');
  shown.append(element('code', 'command', commands));
  shown.tabIndex = 0;
  shown.setAttribute('role', 'group');
  shown.setAttribute('aria-label', TEXT.view.commands);
  box.append(
    element('summary', 'summary', TEXT.view.rebuild),
    element('p', 'hint', TEXT.view.rebuildMore),
    shown,
    copyButton(TEXT.view.copyCommands, () => commands),
  );
  return box;
}

/**
 * @param {string} name
 * @param {() => string} text
 */
function copyButton(name, text) {
  const made = button(name, 'copy');
  made.addEventListener('click', async () => {
    made.textContent = (await copyText(text())) ? TEXT.report.copied : TEXT.report.refused;
  });
  return made;
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
