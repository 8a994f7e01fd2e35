import { digestBytes, wordCode } from './verify-digest.js';

/** @typedef {import('./verify-enclave.js').VerifyReport} VerifyReport */
/** @typedef {import('./verify-enclave.js').Level} Level */
/** @typedef {import('./verify-memory.js').Remembered} Remembered */

/** What a level is called. @type {Record<Level, string>} */
const NAMES = { 'enforced by browser': 'Enforced by browser', checked: 'Checked', failed: 'Failed' };

/**
 * What a level is called, and what it means.
 *
 * @param {Pick<VerifyReport, 'level' | 'by' | 'accepts'>} report
 * @returns {[string, string]}
 */
export function levelText({ level, by, accepts }) {
  const versions = accepts.join(' and ');
  const [all, one] = by === 'policy'
    ? ['a release that its signers made public', 'a release that its signers made public']
    : accepts.length > 1
      ? [`the pinned releases ${versions}`, `one of the pinned releases ${versions}`]
      : ['the pinned release', 'the pinned release'];
  const says = {
    'enforced by browser': `This browser refuses to run anything in the key vault but ${all}.`,
    checked: `What the server sends matches ${one}. This browser does not enforce it.`,
    failed: `What was found is not ${one}, or it could not be read.`,
  };
  return [NAMES[level], says[level]];
}

const TIME = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeStyle: 'short' });

/** @param {number} time */
const on = (time) => `on ${TIME.format(time)}`;

/** @param {{ version: string, manifest: string }} release */
const named = ({ version, manifest }) => `${version} (${wordCode(digestBytes(manifest))})`;

/**
 * Before anything was verified on this page.
 *
 * @param {Remembered | null} past
 * @returns {string}
 */
export const idleText = (past) =>
  past
    ? `Not verified now. Last verified in this browser ${on(past.last)}: release ${past.version}.`
    : 'Not verified yet.';

/**
 * What this browser remembers, next to what was found now.
 *
 * @param {VerifyReport} report
 * @returns {{ changed: boolean, text: string }}
 */
export function history({ level, version, manifest, past }) {
  if (level === 'failed' || version === null || manifest === null) {
    const last = past && `It last held ${on(past.last)}, for release ${named(past)}.`;
    return { changed: false, text: last ?? 'It has not been verified here before.' };
  }
  if (!past) return { changed: false, text: 'Verified for the first time.' };
  const { before, first, last } = past;
  if (past.manifest !== manifest) {
    const now = named({ version, manifest });
    return { changed: true, text: `Changed since it was verified ${on(last)}: ${named(past)} \u2192 ${now}.` };
  }
  const since = before
    ? ` First seen ${on(first)}, when it replaced ${named(before)}.`
    : '';
  return { changed: false, text: `The same release as ${on(last)}.${since}` };
}

/**
 * The whole report, to be copied and sent to somebody.
 *
 * @param {VerifyReport} report
 * @returns {string}
 */
export function asText(report) {
  const lines = [
    `Level: ${report.level}`,
    `Release: ${report.version ?? 'none'}`,
    `Running: ${report.running ?? 'not known'}`,
    `Manifest: ${report.manifest ?? 'not read'}`,
    `Words: ${report.words ?? 'none'}`,
    `Short code: ${report.code ?? 'none'}`,
    `In this browser: ${history(report).text}`,
    '',
  ];
  for (const { title, ok, detail, compared, code } of report.steps) {
    const mark = ok === null ? 'not done' : ok ? 'ok' : `FAILED ${code}`;
    lines.push(`[${mark}] ${title}. ${detail}`);
    for (const { what, expected, found } of compared) {
      lines.push(`    ${what}: expected ${expected}, found ${found}`);
    }
  }
  lines.push('', 'Not proven:', ...report.notProven.map((sentence) => `- ${sentence}`));
  if (report.rebuild) lines.push('', 'Rebuild it yourself:', report.rebuild);
  return lines.join('\n');
}
