/**
 * Why no release is accepted. `code` is one of the verifier's own (docs/releases.md), or of what has
 * to be there before it is asked: `files_unreachable`, `mark_unavailable`, `kit_unavailable`,
 * `kit_forbidden`.
 */
export class PolicyError extends Error {
  /**
   * @param {string} code
   * @param {string} text
   * @param {unknown} [cause]
   */
  constructor(code, text, cause) {
    super(text, { cause });
    this.name = 'PolicyError';
    this.code = code;
  }
}
