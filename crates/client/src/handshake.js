import { isRecord, randomToken } from './bytes.js';
import { KmsError, errorFrom } from './errors.js';

/** @typedef {import('./release.js').Release} Release */

const PROTOCOL = 1;

/**
 * Waits for the enclave's first word on a port.
 *
 * @param {MessagePort} port
 * @param {string} nonce
 * @param {Release[]} releases the pinned ones
 * @returns {Promise<Release>} the one that runs
 */
export function awaitReady(port, nonce, releases) {
  return new Promise((resolve, reject) => {
    /** @param {MessageEvent} message */
    const hear = ({ data: message }) => {
      if (!isRecord(message) || typeof message['event'] !== 'string') return;
      const { event, data } = message;
      if (event === 'refused' || event === 'fault') {
        reject(errorFrom(data, 'enclave_crashed'));
      } else if (event === 'ready' && isRecord(data) && data['nonce'] === nonce) {
        const release = releases.find(({ version }) => version === data['release']);
        if (data['protocol'] !== PROTOCOL) reject(new KmsError('protocol_version'));
        else if (release) resolve(release);
        else reject(new KmsError('integrity_failure', { detail: 'another release is running' }));
      } else return;
      port.removeEventListener('message', hear);
    };
    port.addEventListener('message', hear);
    port.start();
  });
}

/**
 * Offers a port to the frame. Only a page of exactly `origin` can receive it.
 *
 * @param {Window} frame
 * @param {string} origin
 * @returns {{ port: MessagePort, nonce: string }}
 */
export function offerPort(frame, origin) {
  const nonce = randomToken();
  const { port1, port2 } = new MessageChannel();
  const protocol = { min: PROTOCOL, max: PROTOCOL };
  frame.postMessage({ kind: 'ats-kms/connect', protocol, nonce }, origin, [port2]);
  return { port: port1, nonce };
}

/**
 * Hears what the frame itself has to say: a refusal, or the death of its worker. Messages of any
 * other window or origin are not even looked at.
 *
 * @param {HTMLIFrameElement} iframe
 * @param {string} origin
 * @param {(error: KmsError) => void} onError
 * @param {AbortSignal} signal ends the listening
 */
export function hearFrame(iframe, origin, onError, signal) {
  addEventListener('message', (event) => {
    if (event.source === null || event.source !== iframe.contentWindow) return;
    if (event.origin !== origin || !isRecord(event.data)) return;
    const { kind, code } = event.data;
    if (kind === 'ats-kms/refused') onError(errorFrom({ code }, 'origin_refused'));
    if (kind === 'ats-kms/fault') onError(errorFrom({ code }, 'enclave_crashed'));
  }, { signal });
}
