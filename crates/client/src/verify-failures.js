import { TEXT } from './verify-text.js';

/** @typedef {keyof typeof TEXT.advice} Kind */
/** @typedef {keyof typeof TEXT.failure} Failure */

/**
 * What kind of failure a code is. First those of the check by a pinned release, which are this library's
 * own; then those of the check by a policy, as the native verifier has them too.
 *
 * @type {Record<Failure, Kind>}
 */
const KINDS = {
  no_answer: 'unread',
  not_fetched: 'unread',
  bad_status: 'unread',
  broken_off: 'unread',
  unreadable: 'changed',
  too_large: 'changed',
  elsewhere: 'changed',
  other_manifest: 'changed',
  unknown_manifest: 'app',
  pin_contradicted: 'app',
  other_bytes: 'changed',
  other_media_type: 'changed',
  other_release_runs: 'changed',
  other_worker_runs: 'changed',
  other_wasm_runs: 'changed',
  kit_unavailable: 'unread',
  kit_forbidden: 'app',
  files_unreachable: 'unread',
  mark_unavailable: 'app',
  policy_form: 'app',
  policy_rule: 'app',
  mark_form: 'app',
  mark_origin: 'app',
  revocation_form: 'forged',
  revocation_signature: 'forged',
  revocation_unsigned: 'forged',
  revocation_origin: 'forged',
  revocations_missing: 'unvouched',
  revoked: 'revoked',
  manifest_too_long: 'changed',
  manifest_form: 'changed',
  manifest_spelling: 'changed',
  manifest_rule: 'changed',
  manifest_origin: 'changed',
  proof_form: 'forged',
  statement_missing: 'unvouched',
  statement_form: 'forged',
  statement_kind: 'forged',
  statement_signature: 'forged',
  statement_unsigned: 'unvouched',
  statement_manifest: 'forged',
  statement_origin: 'forged',
  statement_epoch: 'forged',
  statement_version: 'forged',
  statement_previous: 'forged',
  log_unknown: 'unvouched',
  log_signature: 'forged',
  checkpoint_form: 'forged',
  witness_signature: 'forged',
  quorum_missing: 'unvouched',
  index_out_of_range: 'forged',
  proof_truncated: 'forged',
  proof_padded: 'forged',
  not_included: 'forged',
  from_the_future: 'clock',
  too_young: 'young',
  log_replayed: 'history',
  log_split: 'history',
  growth_missing: 'history',
  growth_form: 'history',
  log_forked: 'history',
  rollback: 'history',
  epoch_split: 'history',
  previous_mismatch: 'history',
};

/** @type {Map<string, Kind>} */
const FAILURES = new Map(Object.entries(KINDS));

/**
 * What a failure of the verification means, and what to do about it, in words for people.
 *
 * @param {string} code
 * @returns {{ text: string, advice: string } | undefined} undefined: no such code
 */
export function explainFailure(code) {
  const kind = FAILURES.get(code);
  return kind && { text: TEXT.failure[/** @type {Failure} */ (code)], advice: TEXT.advice[kind] };
}

/**
 * What to do about an error of the connection.
 *
 * @param {import('./errors.js').KmsError} error
 * @returns {string}
 */
export function adviceFor({ code, retry }) {
  if (code === 'invalid_release') return TEXT.advice.app;
  return retry === 'never' ? TEXT.advice.changed : TEXT.advice.unread;
}

/** Why a step of the verification does not hold. Its text is shown to people. */
export class Mismatch extends Error {
  /**
   * @param {string} code
   * @param {{ cause?: unknown }} [more]
   */
  constructor(code, more = {}) {
    super(explainFailure(code)?.text ?? code, more);
    this.code = code;
  }
}
