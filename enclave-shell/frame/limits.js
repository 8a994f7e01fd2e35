// Numbers of the frame, in one place.

/** Shortest passphrase, in characters (the enclave checks again). */
const PASSPHRASE_MIN = 12;

/** Longest passphrase, in characters. */
const PASSPHRASE_MAX = 512;

/** A screen must have been up this long before an input counts: no blind click-through. */
const MIN_DISPLAY_MS = 400;

/** Part of the frame that must be in view where what is asked has to be read. */
const IN_VIEW = 0.9;

/** Pixels that may be missing at the end of a text: engines round. */
const SCROLL_SLACK = 4;

/** A screen that is covered for this long says so. */
const COVERED_AFTER_MS = 2000;

/** Words of a recovery phrase. */
const PHRASE_WORDS = 24;

/** Longest input that can be a recovery phrase, in characters. */
const PHRASE_MAX = 1024;

/** Largest file that is read as a backup, in bytes. */
const BACKUP_MAX_BYTES = 512 * 1024 * 1024;

/** Time a person has for the browser's passkey prompt. */
const PASSKEY_LIMIT_MS = 120_000;

/** Pause in typing after which the strength of a passphrase is asked for. */
const ESTIMATE_AFTER_MS = 150;

/** Slowest isolation probe; a probe without an answer has failed. */
const PROBE_LIMIT_MS = 2000;

/** Time the start may take. A client's own limit includes loading, so it may end first. */
const BOOT_LIMIT_MS = 4000;

/** Time that a key-derivation worker has to say that it runs. */
const KDF_START_LIMIT_MS = 4000;

/** How many of them are started, one after the other, until one runs. */
const KDF_STARTS = 3;

/** Time that one has for the derivation. */
const KDF_LIMIT_MS = 60_000;

/** At most one report of activity in this time. */
const ACTIVITY_EVERY_MS = 5000;

/** Time the second script may take to arrive. */
const TOOLS_LOAD_LIMIT_MS = 30_000;
