import { digestBytes } from './verify-digest.js';
import { TEXT } from './verify-text.js';

/** What may stand in a command line without quotes. */
const PLAIN_URL = /^https?:\/\/[A-Za-z0-9][A-Za-z0-9./:_-]*$/;

/**
 * The commands that build a release again and compare it, ready to be copied.
 *
 * @param {{ version: string, commit: string, manifest: string, origin: string,
 *   source?: string | undefined }} release `source`: address of the repository
 * @returns {string | null} null where an address cannot stand in a command
 */
export function rebuildCommands({ version, commit, manifest, origin, source }) {
  if (!PLAIN_URL.test(origin)) return null;
  const hex = [...digestBytes(manifest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const words = TEXT.rebuild;
  return [
    source && PLAIN_URL.test(source) ? words.clone(source) : words.inClone,
    checkout(version, commit),
    words.fetch(origin),
    words.check(hex),
    words.repro,
  ].join('\n');
}

/**
 * @param {string} version
 * @param {string} commit
 */
function checkout(version, commit) {
  const words = TEXT.rebuild;
  if (commit === 'unknown') return words.noCommit(version);
  const [name = '', dirty] = commit.split('-');
  const line = words.checkout(name);
  return dirty ? `${line}${words.dirty}` : line;
}
