import { KmsError } from './errors.js';
import { awaitReady, hearFrame, offerPort } from './handshake.js';
import { Kms } from './kms.js';
import { checkRelease } from './release.js';
import { Sheet } from './sheet.js';

/** @typedef {import('./release.js').Pinned} Pinned */
/** @typedef {import('./release.js').Release} Release */

/**
 * @typedef {object} ConnectOptions
 * @property {Pinned} release the pinned release: `pin.json` of the enclave; during a roll-out a list of
 *   it and the next one, of which the enclave is either
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
  const check = Array.isArray(pin) ? (await import('./rollout.js')).checkPinned : checkRelease;
  const { releases, origin, csp } = check(pin, url);
  const missing = whatIsMissing();
  if (missing) throw new KmsError('unsupported_environment', { detail: missing });
  if (signal?.aborted) throw new KmsError('aborted', { cause: signal.reason });

  /** @type {Kms | undefined} */
  let kms;
  const life = new AbortController();
  const connecting = new AbortController();
  const sheet = new Sheet(origin, csp, () => kms?.dismiss());
  try {
    /** @type {Promise<never>} */
    const failed = new Promise((_, fail) => {
      giveUp(fail, timeoutMs, signal, connecting.signal);
      hearBlocked(fail, origin, connecting.signal);
      hearFrame(sheet.iframe, origin, (error) => {
        fail(error);
        // What the frame says later ends the connection.
        kms?.close(error);
      }, life.signal);
    });
    const src = `${origin}/${releases[0].webcat ? 'webcat/' : ''}`;
    const opened = load(sheet, src, container ?? document.body, life.signal);
    await Promise.race([opened, failed]);
    const { port, release } = await handshake(sheet.iframe, origin, releases, failed);
    kms = new Kms(port, sheet, release, csp, origin, life);
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
 * Fails when the time is over or the caller gives up.
 *
 * @param {(error: KmsError) => void} fail
 * @param {number} timeoutMs
 * @param {AbortSignal | undefined} signal
 * @param {AbortSignal} over
 */
function giveUp(fail, timeoutMs, signal, over) {
  const timer = setTimeout(() => fail(new KmsError('frame_unreachable')), timeoutMs);
  over.addEventListener('abort', () => clearTimeout(timer));
  const stop = () => fail(new KmsError('aborted', { cause: signal?.reason }));
  signal?.addEventListener('abort', stop, { signal: over });
}

/**
 * @param {HTMLIFrameElement} iframe
 * @param {string} origin
 * @param {Release[]} releases
 * @param {Promise<never>} failed
 * @returns {Promise<{ port: MessagePort, release: Release }>} the release that runs
 */
async function handshake(iframe, origin, releases, failed) {
  const frame = iframe.contentWindow;
  if (!frame) throw new KmsError('frame_unreachable');
  const { port, nonce } = offerPort(frame, origin);
  try {
    return { port, release: await Promise.race([awaitReady(port, nonce, releases), failed]) };
  } catch (error) {
    port.close();
    throw error;
  }
}

/**
 * Fails when this page's own policy forbids the frame. An engine may say so after the frame has
 * loaded, empty.
 *
 * @param {(error: KmsError) => void} fail
 * @param {string} origin
 * @param {AbortSignal} over
 */
function hearBlocked(fail, origin, over) {
  document.addEventListener('securitypolicyviolation', (event) => {
    if (/^(frame|child|default)-src$/.test(event.effectiveDirective) &&
        event.blockedURI.startsWith(origin)) {
      const detail = 'blocked by frame-src of this page\u2019s Content-Security-Policy';
      fail(new KmsError('frame_unreachable', { detail }));
    }
  }, { signal: over });
}

/**
 * @param {Sheet} sheet
 * @param {string} src
 * @param {Element} container
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function load(sheet, src, container, signal) {
  return new Promise((resolve) => {
    sheet.iframe.addEventListener('load', () => resolve(), { signal, once: true });
    sheet.open(container, src);
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
