import { TEXT } from './verify-text.js';

/** @typedef {import('./verify-enclave.js').Level} Level */

/**
 * What a result does not show, in sentences for people.
 *
 * @param {Level} level
 * @param {{ asked: boolean, remembered: boolean, policy: boolean, several: boolean, webcat?: boolean }}
 *   how whether the running enclave was asked, something was remembered, a policy took the place of a
 *   pin, more than one release is pinned, and the frame is the page for WEBCAT
 * @returns {string[]}
 */
export function notProven(level, { asked, remembered, policy, several, webcat = false }) {
  const not = TEXT.notProven;
  const checked = webcat ? not.unenforcedWebcat : not.unenforced;
  return [
    ...(level === 'checked' ? [checked] : []),
    level === 'enforced by browser' ? not.otherWords : not.otherFiles,
    ...(asked ? [not.asked] : []),
    ...(remembered ? [not.remembered] : []),
    ...(several ? [not.several] : []),
    ...(policy ? [not.newer, not.lookedAt, not.goodByPolicy] : [not.goodByPin]),
    not.drawn,
  ];
}
