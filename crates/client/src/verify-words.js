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
  const said = [];
  if (webcat && level === 'checked') {
    said.push(
      'Nothing seen here forces this browser to run these files. Where the extension WEBCAT is ' +
        'installed and knows this host it does; a page cannot see that, the extension\u2019s icon says it.',
    );
  } else if (level === 'checked') {
    said.push(
      'Nothing here forces this browser to run these files. Firefox and Safari cannot yet be told ' +
        'to; Chrome and Edge can.',
    );
  }
  if (level !== 'enforced by browser') {
    said.push(
      'A dishonest server can tell this check from the frame itself and send other files to each, ' +
        'or other files to other people.',
    );
  } else {
    said.push(
      'That the words in the frame are right: the browser lets no other code run there, but a ' +
        'dishonest server could put other words around it.',
    );
  }
  if (asked) {
    said.push(
      'What the running enclave reports of itself proves nothing alone: changed code could report ' +
        'the same.',
    );
  }
  if (remembered) {
    said.push(
      'What this browser remembers of earlier times: this page keeps it, so this page can change it.',
    );
  }
  if (several) {
    said.push(
      'That everybody gets the newer of the pinned releases: whoever serves them chooses, and could ' +
        'run parts of both.',
    );
  }
  if (policy) {
    said.push(
      'That there is no newer release, or no revocation that was never shown here: who is kept from ' +
        'seeing it cannot know.',
      'That somebody looked at the public log, or at the release: it only makes looking possible.',
    );
  }
  said.push(
    policy
      ? 'That the release is good: it is one that its signers made public. Whether it comes from the ' +
        'published source, only a rebuild shows.'
      : 'That the release is good: this compares bytes with what this app pinned. Whether those come ' +
        'from the published source, only a rebuild shows.',
    'That this page, this browser and its extensions are honest: they draw this very result.',
  );
  return said;
}
