import { canEnforce } from './sheet.js';

/**
 * @typedef {object} Isolation
 * @property {'enforced' | 'checked'} pin whether the browser itself refuses a frame whose policy is
 *   not that of the pinned release, or whether the release can only be checked after the fact
 * @property {boolean} crossOriginIsolated this page has COOP `same-origin` and COEP
 * @property {boolean} opener another window holds a reference to this page
 * @property {boolean} embedded this page is itself in a frame, which the enclave refuses
 * @property {number} otherFrames frames in this page beside the enclave's
 * @property {string[]} advice what the page should change, one sentence each
 */

/**
 * @param {HTMLIFrameElement} iframe
 * @param {string} csp
 * @returns {Isolation}
 */
export function checkIsolation(iframe, csp) {
  // A worker that the server sends is pinned by no policy.
  const pinned =
    canEnforce() && iframe.getAttribute('csp') === csp && csp.includes('worker-src blob:');
  const opener = window.opener !== null;
  const embedded = window.parent !== window;
  const otherFrames = Math.max(0, window.length - 1);
  const advice = [];
  if (opener) advice.push('Send Cross-Origin-Opener-Policy: same-origin.');
  if (embedded) advice.push('Do not load this page in a frame.');
  if (otherFrames > 0) {
    advice.push('Allow no frame but the enclave: Content-Security-Policy frame-src.');
  }
  return {
    pin: pinned ? 'enforced' : 'checked',
    crossOriginIsolated: globalThis.crossOriginIsolated === true,
    opener,
    embedded,
    otherFrames,
    advice,
  };
}
