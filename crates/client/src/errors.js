import { isRecord } from './bytes.js';

/** @typedef {import('./protocol.gen.js').ErrorCode} ErrorCode */
/** @typedef {import('./protocol.gen.js').PolicyRule} PolicyRule */
/** @typedef {import('./protocol.gen.js').Retry} Retry */

/**
 * What this library says when no reply carries a text of its own: the codes it raises itself, and
 * those the frame sends as a bare code.
 *
 * @type {Partial<Record<ErrorCode, [Retry, string]>>}
 */
const OWN = {
  invalid_request: ['never', 'The message is not a well-formed request.'],
  invalid_params: ['never', 'The parameters do not fit the method.'],
  payload_too_large: ['never', 'The message or one of its fields is too large.'],
  deadline_exceeded: ['backoff', 'The deadline passed before the answer.'],
  aborted: ['never', 'The caller aborted the request.'],
  unsupported_environment: ['never', 'This browser lacks something the enclave needs.'],
  integrity_failure: ['never', 'The code that arrived is not the code of the release.'],
  isolation_failure: ['never', 'The enclave is not as isolated as it must be.'],
  origin_refused: ['never', 'This page may not use this enclave.'],
  already_connected: ['never', 'This frame serves another connection already.'],
  protocol_version: ['never', 'Client and enclave share no protocol version.'],
  enclave_crashed: ['reload', 'The enclave stopped unexpectedly.'],
  frame_unreachable: ['reload', 'The enclave\u2019s frame did not load or did not answer.'],
  enclave_unresponsive: ['reload', 'The enclave stopped answering.'],
  closed: ['reload', 'The connection was closed.'],
  invalid_release: ['never', 'The pinned release is not valid.'],
};

/** The only error this library rejects with. Branch on `code` or `retry`, never on the text. */
export class KmsError extends Error {
  /**
   * @param {ErrorCode} code
   * @param {{ message?: string | undefined, retry?: Retry | undefined,
   *   retryAfterMs?: number | undefined, rule?: PolicyRule | undefined,
   *   detail?: string | undefined, cause?: unknown }} [more]
   */
  constructor(code, more = {}) {
    const own = OWN[code];
    const text = more.message ?? own?.[1] ?? 'The enclave refused.';
    super(more.detail ? `${text} (${more.detail})` : text, { cause: more.cause });
    this.name = 'KmsError';
    /** Stable name of what went wrong. */
    this.code = code;
    /** What may help: nothing, an unlock, waiting, or a new connection. @type {Retry} */
    this.retry = more.retry ?? own?.[0] ?? 'never';
    /** How long to wait before the next attempt, where the enclave says so. */
    this.retryAfterMs = more.retryAfterMs;
    /** Which rule refused, where a policy did. */
    this.rule = more.rule;
    /** What exactly was missing or wrong, where that helps. */
    this.detail = more.detail;
  }
}

const NAME = /^[a-z][a-z_]{0,63}$/;
const RETRY = new Set(['never', 'after_unlock', 'backoff', 'reload']);

/**
 * Builds an error from what a peer sent. The peer is the enclave or its frame, but nothing that
 * crosses an origin is taken on trust, not even its type.
 *
 * @param {unknown} sent `{ code, message?, retry?, retryAfterMs?, detail? }`
 * @param {ErrorCode} fallback used where no code can be read
 * @returns {KmsError}
 */
export function errorFrom(sent, fallback) {
  const data = isRecord(sent) ? sent : {};
  /** @param {string} name */
  const text = (name) => {
    const value = data[name];
    return typeof value === 'string' ? value.slice(0, 512) : undefined;
  };
  const code = text('code');
  const retry = text('retry');
  const wait = data['retryAfterMs'];
  const rule = text('rule');
  return new KmsError(
    code && NAME.test(code) ? /** @type {ErrorCode} */ (code) : fallback,
    {
      message: text('message'),
      detail: text('detail'),
      rule: rule && NAME.test(rule) ? /** @type {PolicyRule} */ (rule) : undefined,
      retry: retry && RETRY.has(retry) ? /** @type {Retry} */ (retry) : undefined,
      retryAfterMs: typeof wait === 'number' && wait >= 0 ? wait : undefined,
    },
  );
}
