import { digestBytes, wordCode } from './verify-digest.js';
import { TEXT } from './verify-text.js';

/** @typedef {import('./verify-enclave.js').VerifyReport} VerifyReport */
/** @typedef {import('./verify-enclave.js').Level} Level */
/** @typedef {import('./verify-memory.js').Remembered} Remembered */

/**
 * What a level is called, and what it means.
 *
 * @param {Pick<VerifyReport, 'level' | 'by' | 'accepts'>} report
 * @returns {[string, string]}
 */
export function levelText({ level, by, accepts }) {
  const { byPolicy, pinned, all, oneOf } = TEXT.counts;
  const several = accepts.length > 1;
  const [every, one] = by === 'policy'
    ? [byPolicy, byPolicy]
    : several ? [all(accepts), oneOf(accepts)] : [pinned, pinned];
  return [TEXT.level[level], TEXT.means[level](every, one)];
}

const TIME = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeStyle: 'short' });

/** @param {number} time */
const at = (time) => TIME.format(time);

/** @param {{ version: string, manifest: string }} release */
const named = ({ version, manifest }) => `${version} (${wordCode(digestBytes(manifest))})`;

/**
 * Before anything was verified on this page.
 *
 * @param {Remembered | null} past
 * @returns {string}
 */
export const idleText = (past) =>
  past ? TEXT.past.idle(at(past.last), past.version) : TEXT.past.none;

/**
 * What this browser remembers, next to what was found now.
 *
 * @param {VerifyReport} report
 * @returns {{ changed: boolean, text: string }}
 */
export function history({ level, version, manifest, past }) {
  if (level === 'failed' || version === null || manifest === null) {
    const text = past ? TEXT.past.held(at(past.last), named(past)) : TEXT.past.never;
    return { changed: false, text };
  }
  if (!past) return { changed: false, text: TEXT.past.first };
  const { before, first, last } = past;
  if (past.manifest !== manifest) {
    const now = named({ version, manifest });
    return { changed: true, text: TEXT.past.changed(at(last), named(past), now) };
  }
  const since = before ? TEXT.past.replaced(at(first), named(before)) : '';
  return { changed: false, text: `${TEXT.past.same(at(last))}${since}` };
}

/**
 * The whole report, to be copied and sent to somebody.
 *
 * @param {VerifyReport} report
 * @returns {string}
 */
export function asText(report) {
  const words = TEXT.report;
  const lines = [
    words.line(words.level, report.level),
    words.line(words.release, report.version ?? words.none),
    words.line(words.running, report.running ?? words.unknown),
    words.line(words.manifest, report.manifest ?? words.unread),
    words.line(words.words, report.words ?? words.none),
    words.line(words.code, report.code ?? words.none),
    words.line(words.here, history(report).text),
    '',
  ];
  for (const { title, ok, detail, compared, code } of report.steps) {
    const mark = ok === null ? words.notDone : ok ? words.ok : words.failed(String(code));
    lines.push(`[${mark}] ${title}. ${detail}`);
    for (const { what, expected, found } of compared) {
      lines.push(`    ${words.compared(what, expected, found)}`);
    }
  }
  lines.push('', words.notProven, ...report.notProven.map((sentence) => `- ${sentence}`));
  if (report.rebuild) lines.push('', words.rebuild, report.rebuild);
  return lines.join('\n');
}
