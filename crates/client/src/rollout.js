import { checkRelease, invalid, MAX_CSP, SCRIPTS } from './release.js';

/** @typedef {import('./release.js').Release} Release */

/**
 * Checks what an embedder pins while one release takes the place of another: the current one and the
 * next. The policy of both lets the browser run the scripts of either and no other; what a server
 * sends under the policy of one of them is within it.
 *
 * @param {unknown} pinned one release or a list of one or two
 * @param {string | undefined} url
 * @returns {{ releases: [Release, ...Release[]], origin: string, csp: string }}
 */
export function checkPinned(pinned, url) {
  const [current, next, ...more] = Array.isArray(pinned) ? pinned : [pinned];
  const { releases: [first], origin, csp: own } = checkRelease(current, url);
  if (next === undefined) return { releases: [first], origin, csp: own };
  const { releases: [second] } = checkRelease(next, origin);
  if (more.length > 0) throw invalid('more than two');
  // The running one says which it is by its version.
  if (first.version === second.version) throw invalid('two of one version');
  const csp = own.replace(hashes(first), `${hashes(first)} ${hashes(second)}`);
  const same = own.replace(hashes(first), hashes(second)) === second.csp;
  if (!same || csp.length > MAX_CSP) throw invalid('the two have different policies');
  return { releases: [first, second], origin, csp };
}

/** @param {Release} release */
const hashes = (release) => SCRIPTS.map((name) => `'${release[name].integrity}'`).join(' ');
