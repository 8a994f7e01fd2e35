import { digestBytes } from './verify-digest.js';

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
  return [
    source && PLAIN_URL.test(source)
      ? `git clone ${source} kms && cd kms`
      : '# in a clone of the enclave\u2019s source:',
    checkout(version, commit),
    `curl -sSf ${origin}/.well-known/ats-kms/manifest.json > manifest.json`,
    `echo '${hex}  manifest.json' | sha256sum --check`,
    'cargo xtask repro --against manifest.json',
  ].join('\n');
}

/**
 * @param {string} version
 * @param {string} commit
 */
function checkout(version, commit) {
  if (commit === 'unknown') return `# the manifest names no commit; check out version ${version}`;
  const [name, dirty] = commit.split('-');
  const line = `git checkout ${name}`;
  return dirty ? `${line} # the build had changes that are in no commit` : line;
}
