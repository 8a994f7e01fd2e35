import { explainFailure } from './verify-failures.js';

/** @typedef {import('./policy.js').Policy} Policy */
/** @typedef {import('./policy.js').Accepted} Accepted */
/** @typedef {import('./verify-steps.js').Steps} Steps */

/**
 * One question of the verifier. It asks them in this order and ends at the first that fails.
 *
 * @typedef {object} Phase
 * @property {string} id
 * @property {string} title
 * @property {RegExp} codes of the failures that belong to it
 * @property {(policy: Policy, accepted: Accepted) => string} detail what is known once it holds
 */

const TIME = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeStyle: 'long', timeZone: 'UTC' });

/** @type {Phase[]} */
const PHASES = [
  {
    id: 'policy',
    title: 'This app says whose word counts, and this browser what it saw before',
    codes: /^(?:policy|mark|kit|files)_/,
    detail: ({ origin }) => `The policy is for ${origin}.`,
  },
  {
    id: 'revocations',
    title: 'The release is not revoked',
    codes: /^revo/,
    detail: () => 'The server\u2019s list was read. What was revoked elsewhere and never shown here is not known.',
  },
  {
    id: 'policy-manifest',
    title: 'The manifest is whole and of this enclave',
    codes: /^manifest_/,
    detail: (_, { manifest, epoch }) => `Release number ${epoch}, ${manifest}.`,
  },
  {
    id: 'signers',
    title: 'Its signers have signed the release',
    codes: /^(?:proof_form|statement_\w+)$/,
    detail: ({ signers: { threshold, keys } }) => `At least ${threshold} of ${list(keys.map(nameOf))}.`,
  },
  {
    id: 'log',
    title: 'A public log has signed that it holds what it shows',
    codes: /^(?:log_unknown|log_signature|checkpoint_form)$/,
    detail: (_, { log, size }) => `The log ${log}, with ${size} entries.`,
  },
  {
    id: 'witnesses',
    title: 'Witnesses have seen the public log in that state',
    codes: /^(?:witness_signature|quorum_missing)$/,
    detail: (policy, { time }) => `Enough of ${list(witnesses(policy))}, by ${TIME.format(time * 1000)}.`,
  },
  {
    id: 'inclusion',
    title: 'The release is in the public log',
    codes: /^(?:index_out_of_range|proof_truncated|proof_padded|not_included)$/,
    detail: (_, { index, size, log }) => `Entry ${index}, counted from 0, of ${size} in ${log}.`,
  },
  {
    id: 'age',
    title: 'The release has been public for long enough',
    codes: /^(?:from_the_future|too_young)$/,
    detail: ({ cool_down_hours: hours }, { time }) =>
      `At least ${hours} hours, by this device\u2019s clock, since ${TIME.format(time * 1000)}.`,
  },
  {
    id: 'growth',
    title: 'The public log has only grown since this browser saw it',
    codes: /^(?:log_(?:replayed|split|forked)|growth_\w+)$/,
    detail: () => 'It contradicts nothing that was seen here. In a new browser nothing was.',
  },
  {
    id: 'order',
    title: 'The release is not older than one that this browser saw',
    codes: /^(?:rollback|epoch_split|previous_mismatch)$/,
    detail: (_, { epoch }) => `Release number ${epoch} follows what was seen here.`,
  },
];

/** @param {string} key a verifier key, which begins with its name */
const nameOf = (key) => key.split('+', 1)[0] ?? key;

/** @param {string[]} names */
const list = (names) => (names.length > 1 ? `${names.length} (${names.join(', ')})` : names.join());

/**
 * For showing alone: who counts is decided by the verifier.
 *
 * @param {Policy} policy
 */
const witnesses = ({ transparency }) =>
  transparency.flatMap((line) => (line.startsWith('witness ') ? [line.split(/\s+/)[1] ?? ''] : []));

/**
 * Notes a release that the policy accepts: every question was answered.
 *
 * @param {Steps} steps
 * @param {Policy} policy
 * @param {Accepted} accepted
 */
export function noteAccepted(steps, policy, accepted) {
  for (const { id, title, detail } of PHASES) steps.note(id, title, true, detail(policy, accepted));
}

/**
 * Notes a refusal: what came before it held, and what comes after it was not asked.
 *
 * @param {Steps} steps
 * @param {string} code
 */
export function noteRefused(steps, code) {
  const failed = Math.max(0, PHASES.findIndex(({ codes }) => codes.test(code)));
  const { text, advice } = explainFailure(code) ?? explainFailure('unreadable') ?? { text: code, advice: '' };
  for (const [place, { id, title }] of PHASES.entries()) {
    if (place < failed) steps.note(id, title, true, 'It held; the check ended later.');
    else if (place > failed) steps.note(id, title, null, 'The check ended before.');
    else steps.all.push({ id, title, ok: false, detail: text, compared: [], code, advice });
  }
}
