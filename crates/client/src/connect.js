import { KmsError } from './errors.js';
import { awaitReady, hearFrame, offerPort } from './handshake.js';
import { Kms } from './kms.js';
import { checkRelease } from './release.js';
import { Sheet } from './sheet.js';

/** @typedef {import('./release.js').Release} Release */

/**
 * @typedef {object} ConnectOptions
 * @property {Release} release the pinned release: `pin.json` of the enclave
 * @property {string} [url] origin of the enclave; must be the one the release is pinned for
 * @property {Element} [container] where the sheet is put; `document.body` if absent
 * @property {AbortSignal} [signal] gives up connecting; it has no effect on a connection
 * @property {number} [timeoutMs] for loading and starting the enclave together; 4600 if absent
 */

const TIMEOUT_MS = 4_600;

/**
 * Loads the enclave in a frame of its own and connects to it. Rejects with a {@link KmsError}; the
 * frame is then gone.
 *
 * @param {ConnectOptions} options
 * @returns {Promise<Kms>}
 */
export async function connect({ release: pin, url, container, signal, timeoutMs = TIMEOUT_MS }) {
  const { release, origin } = checkRelease(pin, url);
  const missing = whatIsMissing();
  if (missing) throw new KmsError('unsupported_environment', { detail: missing });
  if (signal?.aborted) throw new KmsError('aborted', { cause: signal.reason });

  /** @type {Kms | undefined} */
  let kms;
  const life = new AbortController();
  const connecting = new AbortController();
  const sheet = new Sheet(origin, release, () => kms?.dismiss());
  try {
    const failed = Promise.race([
      givenUp(timeoutMs, signal, connecting.signal),
      blocked(origin, connecting.signal),
      refused(sheet.iframe, origin, life.signal, (error) => kms?.close(error)),
    ]);
    const opened = load(sheet, origin, container ?? document.body, life.signal);
    await Promise.race([opened, failed]);
    const port = await handshake(sheet.iframe, origin, release.version, failed);
    kms = new Kms(port, sheet, release, origin, life);
    return kms;
  } catch (error) {
    life.abort();
    sheet.remove();
    throw error;
  } finally {
    connecting.abort();
  }
}

/**
 * Rejects when the time is over or the caller gives up.
 *
 * @param {number} timeoutMs
 * @param {AbortSignal | undefined} signal
 * @param {AbortSignal} over
 * @returns {Promise<never>}
 */
function givenUp(timeoutMs, signal, over) {
  return new Promise((_, reject) => {
    const timer = setTimeout(() => reject(new KmsError('frame_unreachable')), timeoutMs);
    over.addEventListener('abort', () => clearTimeout(timer));
    const stop = () => reject(new KmsError('aborted', { cause: signal?.reason }));
    signal?.addEventListener('abort', stop, { signal: over });
  });
}

/**
 * Rejects when the frame refuses. What it says later ends the connection.
 *
 * @param {HTMLIFrameElement} iframe
 * @param {string} origin
 * @param {AbortSignal} life
 * @param {(error: KmsError) => void} later
 * @returns {Promise<never>}
 */
function refused(iframe, origin, life, later) {
  return new Promise((_, reject) => {
    hearFrame(iframe, origin, (error) => {
      reject(error);
      later(error);
    }, life);
  });
}

/**
 * @param {HTMLIFrameElement} iframe
 * @param {string} origin
 * @param {string} version
 * @param {Promise<never>} failed
 * @returns {Promise<MessagePort>}
 */
async function handshake(iframe, origin, version, failed) {
  const frame = iframe.contentWindow;
  if (!frame) throw new KmsError('frame_unreachable');
  const { port, nonce } = offerPort(frame, origin);
  try {
    await Promise.race([awaitReady(port, nonce, version), failed]);
    return port;
  } catch (error) {
    port.close();
    throw error;
  }
}

/**
 * Rejects when this page's own policy forbids the frame. An engine may say so after the frame has
 * loaded, empty.
 *
 * @param {string} origin
 * @param {AbortSignal} over
 * @returns {Promise<never>}
 */
function blocked(origin, over) {
  return new Promise((_, reject) => {
    document.addEventListener('securitypolicyviolation', (event) => {
      if (/^(frame|child|default)-src$/.test(event.effectiveDirective) &&
          event.blockedURI.startsWith(origin)) {
        const detail = 'blocked by frame-src of this page\u2019s Content-Security-Policy';
        reject(new KmsError('frame_unreachable', { detail }));
      }
    }, { signal: over });
  });
}

/**
 * @param {Sheet} sheet
 * @param {string} origin
 * @param {Element} container
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function load(sheet, origin, container, signal) {
  return new Promise((resolve) => {
    sheet.iframe.addEventListener('load', () => resolve(), { signal, once: true });
    sheet.open(container, `${origin}/`);
  });
}

/** @returns {string | undefined} what this environment lacks */
function whatIsMissing() {
  if (typeof document === 'undefined') return 'no document';
  if (!globalThis.isSecureContext) return 'not a secure context';
  if (typeof WebAssembly === 'undefined') return 'no WebAssembly';
  if (!('showModal' in HTMLDialogElement.prototype)) return 'no modal dialogs';
  if (!('adoptedStyleSheets' in document)) return 'no constructable style sheets';
  return undefined;
}
