/** @typedef {import('./verify-enclave.js').Level} Level */

/**
 * What a result does not show, in sentences for people.
 *
 * @param {Level} level
 * @param {boolean} asked
 * @param {boolean} remembered
 * @returns {string[]}
 */
export function notProven(level, asked, remembered) {
  const said = [];
  if (level === 'checked') {
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
  said.push(
    'That the release is good: this compares bytes with what this app pinned. Whether those come ' +
      'from the published source, only a rebuild shows.',
    'That this page, this browser and its extensions are honest: they draw this very result.',
  );
  return said;
}
