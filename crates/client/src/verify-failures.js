/** What a person does about a failure, by its kind. */
const ADVICE = {
  unread:
    'Nothing is proved either way. Check the connection and verify again. If it stays like this, do not unlock.',
  changed:
    'Do not unlock here. What arrives is not the release that this app stands for. Try another device on ' +
    'another network, and tell the people who make this app.',
  app: 'This app is set up wrongly, or its enclave is. You cannot mend that: tell the people who make this app.',
  unvouched:
    'Do not unlock here. Those whose word this app asks for have not given it for this release. Tell the ' +
    'people who make this app.',
  forged:
    'Do not unlock here. Something was altered on its way or made up. Try another network, and tell the ' +
    'people who make this app.',
  history:
    'Do not unlock here. You are shown another past than the one that was seen before. Keep this report: ' +
    'it may be the proof of an attack. Tell the people who make this app.',
  revoked: 'Never unlock with this release. Reload the app; if this stays, tell the people who make it.',
  young:
    'Wait and verify again later. A release has to be public for some time first, so that somebody can ' +
    'notice a bad one.',
  clock: 'Look at the clock of this device. If it is right, do not unlock, and tell the people who make this app.',
};

/** @typedef {keyof typeof ADVICE} Kind */

/**
 * Codes of the check by a pinned release, which are this library's own.
 *
 * @type {Record<string, [Kind, string]>}
 */
const OWN = {
  no_answer: ['unread', 'No answer in time.'],
  not_fetched: ['unread', 'It could not be fetched.'],
  bad_status: ['unread', 'The server has answered that it has no such file, or that it failed.'],
  broken_off: ['unread', 'The transfer broke off.'],
  unreadable: ['changed', 'It could not be read.'],
  too_large: ['changed', 'It is larger than it may be.'],
  elsewhere: ['changed', 'It lies on another server.'],
  other_manifest: ['changed', 'Its manifest is not the pinned one.'],
  unknown_manifest: ['app', 'Its manifest has an unknown form.'],
  pin_contradicted: ['app', 'Its manifest contradicts the pinned release.'],
  other_bytes: ['changed', 'Its bytes are not those of the release.'],
  other_media_type: ['changed', 'It is sent as another kind of file.'],
  other_release_runs: ['changed', 'It reports another release.'],
  other_worker_runs: ['changed', 'It reports another worker.'],
  other_wasm_runs: ['changed', 'It reports another WebAssembly module.'],
};

/**
 * Codes of the check by a policy, as the native verifier has them too.
 *
 * @type {Record<string, [Kind, string]>}
 */
const BY_POLICY = {
  kit_unavailable: ['unread', 'The verifier could not be loaded.'],
  kit_forbidden: [
    'app',
    "This page does not let the verifier run: its own policy lacks script-src 'wasm-unsafe-eval'.",
  ],
  files_unreachable: ['unread', 'What the server has to say about its release could not be fetched.'],
  mark_unavailable: ['app', 'This browser does not let the page remember what it saw.'],
  policy_form: ['app', 'The list of those whose word counts cannot be read.'],
  policy_rule: ['app', 'The list of those whose word counts breaks a rule.'],
  mark_form: ['app', 'What this browser remembers of earlier releases cannot be read.'],
  mark_origin: ['app', 'What this browser remembers is of another enclave.'],
  revocation_form: ['forged', 'A revocation cannot be read.'],
  revocation_signature: ['forged', 'A signature under a revocation is wrong.'],
  revocation_unsigned: ['forged', 'Too few signers have signed a revocation.'],
  revocation_origin: ['forged', 'A revocation is of another enclave.'],
  revocations_missing: ['unvouched', 'The server keeps its list of revoked releases back.'],
  revoked: ['revoked', 'The signers have revoked this release: it must not run.'],
  manifest_too_long: ['changed', 'The manifest is too long.'],
  manifest_form: ['changed', 'The manifest cannot be read.'],
  manifest_spelling: ['changed', 'The manifest is not written in its one spelling.'],
  manifest_rule: ['changed', 'The manifest breaks a rule.'],
  manifest_origin: ['changed', 'The manifest is of another enclave.'],
  proof_form: ['forged', 'The proof next to the manifest cannot be read.'],
  statement_missing: ['unvouched', 'The proof does not say what the signers have signed.'],
  statement_form: ['forged', 'What the signers are said to have signed cannot be read.'],
  statement_kind: ['forged', 'What the signers have signed is about something else than a release.'],
  statement_signature: ['forged', 'A signature under the release is wrong.'],
  statement_unsigned: ['unvouched', 'Too few signers have signed this release.'],
  statement_manifest: ['forged', 'The signers have signed another manifest.'],
  statement_origin: ['forged', 'The signers have signed for another enclave.'],
  statement_epoch: ['forged', 'The signers have signed another number of the release.'],
  statement_version: ['forged', 'The signers have signed another version.'],
  statement_previous: ['forged', 'The signers name another release before this one.'],
  log_unknown: ['unvouched', 'The release stands in no public log that this app trusts.'],
  log_signature: ['forged', 'The signature of the public log is wrong.'],
  checkpoint_form: ['forged', 'The state of the public log cannot be read.'],
  witness_signature: ['forged', 'The signature of a witness is wrong.'],
  quorum_missing: ['unvouched', 'Too few witnesses have seen the public log in this state.'],
  index_out_of_range: ['forged', 'The public log is too short to have the release where it is said to be.'],
  proof_truncated: ['forged', 'The proof that the release is in the public log has a part missing.'],
  proof_padded: ['forged', 'The proof that the release is in the public log has a part too much.'],
  not_included: ['forged', 'The release is not in the public log.'],
  from_the_future: ['clock', 'The witnesses have signed at a time that has not come yet.'],
  too_young: ['young', 'The release has not been public for long enough.'],
  log_replayed: ['history', 'The state of the public log is older than one that was seen here.'],
  log_split: ['history', 'The public log shows this browser another content than before.'],
  growth_missing: ['history', 'It is not proved that the public log has only grown since it was seen here.'],
  growth_form: ['history', 'The proof that the public log has only grown cannot be read.'],
  log_forked: ['history', 'The public log has changed what it said before.'],
  rollback: ['history', 'The release is older than one that was seen here.'],
  epoch_split: ['history', 'Another release with the same number was seen here.'],
  previous_mismatch: ['history', 'The release does not follow the one that was seen here.'],
};

/** @type {Map<string, [Kind, string]>} */
const FAILURES = new Map([...Object.entries(OWN), ...Object.entries(BY_POLICY)]);

/**
 * What a failure of the verification means, and what to do about it, in words for people.
 *
 * @param {string} code
 * @returns {{ text: string, advice: string } | undefined} undefined: no such code
 */
export function explainFailure(code) {
  const found = FAILURES.get(code);
  return found && { text: found[1], advice: ADVICE[found[0]] };
}

/**
 * What to do about an error of the connection.
 *
 * @param {import('./errors.js').KmsError} error
 * @returns {string}
 */
export function adviceFor({ code, retry }) {
  if (code === 'invalid_release') return ADVICE.app;
  return retry === 'never' ? ADVICE.changed : ADVICE.unread;
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
