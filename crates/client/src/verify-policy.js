import { explainFailure } from './verify-failures.js';
import { TEXT } from './verify-text.js';

/** @typedef {import('./policy.js').Policy} Policy */
/** @typedef {import('./policy.js').Accepted} Accepted */
/** @typedef {import('./verify-steps.js').Steps} Steps */

/**
 * One question of the verifier. It asks them in this order and ends at the first that fails.
 *
 * @typedef {object} Phase
 * @property {string} id
 * @property {{ title: string }} words
 * @property {RegExp} codes of the failures that belong to it
 * @property {(policy: Policy, accepted: Accepted) => string} known what is known once it holds
 */

const TIME = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeStyle: 'long', timeZone: 'UTC' });

/** @param {number} time in seconds */
const at = (time) => TIME.format(time * 1000);

/** @type {Phase[]} */
const PHASES = [
  {
    id: 'policy',
    codes: /^(?:policy|mark|kit|files)_/,
    words: TEXT.phase.policy,
    known: ({ origin }) => TEXT.phase.policy.detail(origin),
  },
  {
    id: 'revocations',
    codes: /^revo/,
    words: TEXT.phase.revocations,
    known: () => TEXT.phase.revocations.detail(),
  },
  {
    id: 'policy-manifest',
    codes: /^manifest_/,
    words: TEXT.phase.manifest,
    known: (_, { manifest, epoch }) => TEXT.phase.manifest.detail(epoch, manifest),
  },
  {
    id: 'signers',
    codes: /^(?:proof_form|statement_\w+)$/,
    words: TEXT.phase.signers,
    known: ({ signers: { threshold, keys } }) =>
      TEXT.phase.signers.detail(threshold, list(keys.map(nameOf))),
  },
  {
    id: 'log',
    codes: /^(?:log_unknown|log_signature|checkpoint_form)$/,
    words: TEXT.phase.log,
    known: (_, { log, size }) => TEXT.phase.log.detail(log, size),
  },
  {
    id: 'witnesses',
    codes: /^(?:witness_signature|quorum_missing)$/,
    words: TEXT.phase.witnesses,
    known: (policy, { time }) => TEXT.phase.witnesses.detail(list(witnesses(policy)), at(time)),
  },
  {
    id: 'inclusion',
    codes: /^(?:index_out_of_range|proof_truncated|proof_padded|not_included)$/,
    words: TEXT.phase.inclusion,
    known: (_, { index, size, log }) => TEXT.phase.inclusion.detail(index, size, log),
  },
  {
    id: 'age',
    codes: /^(?:from_the_future|too_young)$/,
    words: TEXT.phase.age,
    known: ({ cool_down_hours: hours }, { time }) => TEXT.phase.age.detail(hours, at(time)),
  },
  {
    id: 'growth',
    codes: /^(?:log_(?:replayed|split|forked)|growth_\w+)$/,
    words: TEXT.phase.growth,
    known: () => TEXT.phase.growth.detail(),
  },
  {
    id: 'order',
    codes: /^(?:rollback|epoch_split|previous_mismatch)$/,
    words: TEXT.phase.order,
    known: (_, { epoch }) => TEXT.phase.order.detail(epoch),
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
  for (const { id, words, known } of PHASES) {
    steps.note(id, words.title, true, known(policy, accepted));
  }
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
  for (const [place, { id, words: { title } }] of PHASES.entries()) {
    if (place < failed) steps.note(id, title, true, TEXT.step.before);
    else if (place > failed) steps.note(id, title, null, TEXT.step.after);
    else steps.all.push({ id, title, ok: false, detail: text, compared: [], code, advice });
  }
}
