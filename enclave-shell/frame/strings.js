// Every text a person can read in the enclave, in one place.

const TEXT = Object.freeze({
  /** @param {string} version */
  footer: (version) => `ATS KMS ${version} · served by ${location.host}`,

  idle: Object.freeze({
    title: 'The enclave is running',
    body:
      'Nothing is asked of you. Keys are kept and used here, ' +
      'out of reach of the page around this frame.',
    lock: 'Lock the vault now',
    locked: 'The enclave was told to lock.',
  }),

  setup: Object.freeze({
    title: 'Choose a passphrase',
    asks: 'wants to keep its signing keys in your vault.',
    explain:
      'The keys are made in this browser and stay in it. ' +
      'Not even this site learns your passphrase.',
    warnTitle: 'Nobody can reset it.',
    warn: 'Forget it, or clear this browser’s data, and the keys are gone.',
    passphrase: 'Passphrase',
    confirm: 'Passphrase again',
    submit: 'Create vault',
    busy: 'Creating…',
    working: 'Preparing your vault. This takes a moment on purpose: it slows down guessing.',
  }),

  unlock: Object.freeze({
    title: 'Unlock your vault',
    asks: 'wants to use its signing keys.',
    explain: 'The passphrase stays in this enclave. The site only learns that you unlocked it.',
    passphrase: 'Passphrase',
    submit: 'Unlock',
    busy: 'Unlocking…',
    working: 'Checking. This takes a moment on purpose: it slows down guessing.',
  }),

  cancel: 'Cancel',
  show: 'Show',
  hide: 'Hide',
  showLabel: 'Show what I type',
  hideLabel: 'Hide what I type',
  account: 'ATS KMS vault',
  capsLock: 'Caps Lock is on.',

  hint: Object.freeze({
    /** @param {number} least */
    empty: (least) => `At least ${least} characters. A few words work well.`,
    /** @param {number} more */
    more: (more) => (more === 1 ? '1 more character.' : `${more} more characters.`),
    enough: 'Long enough. Longer is stronger.',
    long: 'Too long.',
    differs: 'The two do not match yet.',
    matches: 'They match.',
  }),

  check: Object.freeze({
    /** @param {number} least */
    short: (least) => `The passphrase needs at least ${least} characters.`,
    long: 'The passphrase is too long.',
    differs: 'The two passphrases are not the same.',
    empty: 'Type your passphrase.',
  }),

  problem: Object.freeze({
    unlock_failed: 'That passphrase does not open this vault.',
    unlock_delayed: 'Too many wrong attempts.',
    weak_passphrase: 'The passphrase is too short or too long.',
    out_of_memory: 'The browser refused the memory this needs. Close some tabs and try again.',
    storage_unavailable: 'The browser’s storage cannot be used here.',
    storage_quota: 'The browser’s storage is full.',
    storage_conflict: 'Another tab changed the vault at the same time. Try again.',
    vault_corrupt: 'The stored vault is damaged or was altered.',
    other: 'That did not work. Try again.',
  }),
  /** @param {string} time */
  wait: (time) => `Try again in ${time}.`,
  retry: 'You can try again now.',

  fault: Object.freeze({
    title: 'The enclave has stopped',
    unsupported_environment: 'This browser lacks something the enclave needs.',
    integrity_failure: 'The code that arrived is not the code of the release.',
    isolation_failure: 'The enclave is not as isolated as it must be here.',
    storage_unavailable: 'The browser’s storage cannot be used here.',
    enclave_crashed: 'It stopped unexpectedly and let go of every key.',
    other: 'It met a state that it cannot trust.',
    body: 'No key can be used until the page around this frame is loaded again.',
    code: 'Reason',
  }),
});

/**
 * Looks a text up by a code from the enclave; a code without a text has the table's last resort.
 * @param {Readonly<Record<string, unknown>>} table
 * @param {string} code
 * @returns {string}
 */
function textOf(table, code) {
  const text = Object.hasOwn(table, code) ? table[code] : table.other;
  return typeof text === 'string' ? text : '';
}

/**
 * A waiting time in words.
 * @param {number} seconds
 * @returns {string}
 */
function inWords(seconds) {
  if (seconds < 60) return `${seconds} s`;
  const rest = seconds % 60;
  return rest === 0
    ? `${Math.floor(seconds / 60)} min`
    : `${Math.floor(seconds / 60)} min ${rest} s`;
}
