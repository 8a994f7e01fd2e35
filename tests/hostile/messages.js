// Every kind of message of the enclave's own channels, as an outsider would make it up.

const text = (words) => new TextEncoder().encode(words);
const PASSPHRASE = 'correct horse battery staple';
const ZEROS = () => new Uint8Array(32);
const PASSKEY = () => ({ credential: ZEROS(), prf: ZEROS(), authenticatorData: new Uint8Array(37) });

/** What the frame tells the enclave a person did. */
const ANSWERS = [
  { ui: 'submit', passphrase: text(PASSPHRASE) },
  { ui: 'estimate', secret: text(PASSPHRASE) },
  { ui: 'factor', kind: 'passphrase', secret: text(PASSPHRASE) },
  { ui: 'factor', kind: 'recovery-phrase', secret: text('abandon '.repeat(23) + 'art') },
  { ui: 'factor', kind: 'passkey', ...PASSKEY() },
  { ui: 'new_phrase' },
  { ui: 'written' },
  { ui: 'words', secret: text('abandon abandon abandon') },
  { ui: 'back' },
  { ui: 'restore' },
  { ui: 'action', action: 'add', kind: 'passphrase' },
  { ui: 'action', action: 'remove', id: 'A'.repeat(22) },
  { ui: 'action', action: 'reset' },
  { ui: 'backup', phrase: false, secret: text(PASSPHRASE) },
  { ui: 'confirm' },
  { ui: 'activity' },
  { ui: 'hidden' },
  { ui: 'lock' },
  { ui: 'cancel' },
];

/** What the enclave asks its frame. */
const REQUESTS = [
  { ui: 'show', screen: 'setup', origin: 'http://evil.localhost' },
  { ui: 'show', screen: 'phrase', origin: 'http://evil.localhost', words: text('abandon '.repeat(24)) },
  { ui: 'show', screen: 'reset', origin: 'http://evil.localhost' },
  { ui: 'strength', score: 100 },
  { ui: 'busy' },
  { ui: 'hide' },
  { ui: 'kdf' },
  { ui: 'tools' },
];

/** Between the frame and its workers. */
const WORKERS = [
  { kind: 'init', role: 'enclave', release: { version: '0', digests: {} } },
  { kind: 'init', role: 'tools', file: new ArrayBuffer(8) },
  { kind: 'connect', origin: 'http://evil.localhost', nonce: 'x', version: 1 },
  { kind: 'booted' },
  { kind: 'boot_failed', code: 'internal', detail: '' },
  { kind: 'crashed' },
  { kind: 'kdf_done' },
  { kind: 'file', part: new Uint8Array(8) },
  { kind: 'file_end' },
  { op: 'create', phrase: ZEROS() },
  { op: 'open', kind: 'phrase', key: ZEROS() },
  { kind: 'ats-kms/fault', code: 'enclave_crashed' },
];

/** As the windows of the enclave before this one were spoken to. */
const PREDECESSORS = [
  { type: 'kms:popup-ready' },
  { type: 'kms:connect', parentOrigin: 'http://evil.localhost' },
  { type: 'worker:unlock', passphrase: PASSPHRASE },
  { type: 'worker:setup', existingMS: ZEROS() },
  { type: 'kms:popup-credentials', credentials: { passphrase: PASSPHRASE } },
];

/** Answers to one of the first screens: which one is up, a page can only guess. */
export const GUESSES = Array.from({ length: 30 }, (_, index) =>
  ANSWERS.map((answer) => ({ ...answer, view: index + 1 })),
).flat();

export const MESSAGES = [...ANSWERS, ...REQUESTS, ...WORKERS, ...PREDECESSORS];
