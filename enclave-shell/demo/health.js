// What the vault's status says of locking, storage and backups, in a few words each.

/** @typedef {import('/client/index.js').VaultStatus} VaultStatus */
/** @typedef {{ text: string, tone?: 'good' | 'fair' | '' }} Fact */

/** One and many. @type {Record<VaultStatus['enrolments'][number]['kind'], [string, string]>} */
const KINDS = {
  'passphrase': ['passphrase', 'passphrases'],
  'passkey': ['passkey', 'passkeys'],
  'recovery-phrase': ['recovery phrase', 'recovery phrases'],
};
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

const counted = (count, [one, many]) => (count === 1 ? `1 ${one}` : `${count} ${many}`);

function bytes(count) {
  const power = count < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(count) / 3));
  const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
  return `${number.format(count / 1000 ** power)}\u00a0${UNITS[power]}`;
}

const day = (time) => new Date(time).toLocaleDateString([], { dateStyle: 'medium' });

/**
 * Ways to unlock, by kind.
 *
 * @param {VaultStatus} status
 * @returns {Fact}
 */
export function enrolmentsFact({ enrolments }) {
  const kinds = Object.entries(KINDS).flatMap(([kind, words]) => {
    const { length } = enrolments.filter((each) => each.kind === kind);
    return length > 0 ? counted(length, words) : [];
  });
  return { text: kinds.join(', ') || 'Nothing yet' };
}

/**
 * @param {VaultStatus} status
 * @returns {Fact}
 */
export function lockFact({ autoLock: { idleMs, absoluteMs } }) {
  const minutes = (ms) => counted(Math.round(ms / 60_000), ['minute', 'minutes']);
  const hours = absoluteMs % 3_600_000 === 0;
  const longest = hours ? counted(absoluteMs / 3_600_000, ['hour', 'hours']) : minutes(absoluteMs);
  return { text: `${minutes(idleMs)} without use, ${longest} at most` };
}

/**
 * Whether the browser keeps the vault, for whom, and how much room there is.
 *
 * @param {VaultStatus} status
 * @returns {Fact}
 */
export function storageFact({ state, storage: { persisted, partitioned, usage, quota } }) {
  const parts = [
    persisted === undefined ? 'Not known whether kept' : persisted ? 'Kept' : 'May be evicted',
  ];
  if (partitioned !== undefined) parts.push(partitioned ? 'for this site alone' : 'one for all sites');
  if (usage !== undefined && quota !== undefined) {
    parts.push(`${bytes(usage)}\u00a0of\u00a0${bytes(quota)}`);
  }
  // Before there is a vault, nothing can be lost.
  const known = persisted !== undefined && state !== 'uninitialized';
  return { text: parts.join(' · '), tone: known ? (persisted ? 'good' : 'fair') : '' };
}

/**
 * A backup counts as good once it was shown to open.
 *
 * @param {VaultStatus} status
 * @returns {Fact}
 */
export function backupFact({ state, backup: { lastBackup, lastDrill } }) {
  if (lastBackup === undefined) {
    return { text: 'None made here', tone: state === 'uninitialized' ? '' : 'fair' };
  }
  const made = `Made ${day(lastBackup)}`;
  if (lastDrill === undefined) return { text: `${made}, not yet tried`, tone: 'fair' };
  const tone = lastDrill < lastBackup ? 'fair' : 'good';
  return { text: `${made}, last tried ${day(lastDrill)}`, tone };
}
