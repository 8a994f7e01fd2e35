// What the demo says and how it draws a key and a log entry.

export const STATES = {
  connecting: { pill: 'Connecting', text: 'Starting the enclave…' },
  uninitialized: {
    pill: 'Not set up',
    text: 'There is no vault for this site yet. Set one up, or bring one back from a backup.',
  },
  locked: { pill: 'Locked', text: 'The vault is locked. Its keys cannot be used, by anybody.' },
  unlocked: { pill: 'Unlocked', text: 'The vault is open: this site can use its own keys.' },
  error: { pill: 'Error', text: 'The enclave is not available.' },
};

export const LOCK_REASONS = {
  idle: 'The vault locked itself because nobody used it.',
  absolute: 'The vault locked itself: it had been open long enough.',
  hidden: 'The vault locked itself when this page was put aside.',
  other_tab: 'The vault was locked in another tab.',
  fault: 'The vault locked itself after a fault.',
};

const SPECS = {
  'ed25519': 'Ed25519',
  'ec-p256': 'P-256',
  'x25519': 'X25519',
  'ec-p256-agreement': 'P-256 agreement',
  'aes-256': 'AES-256',
  'hmac-sha256': 'HMAC-SHA-256',
  'hpke-x25519': 'HPKE X25519',
  'hpke-x-wing': 'HPKE X-Wing',
};

const PROTECTION = {
  browser: ['Browser', 'The browser holds the private key and gives it to no script.'],
  enclave: ['Enclave', 'The enclave holds the private key, sealed except during use.'],
};

const METHODS = {
  'vault.setup': 'Vault set up',
  'vault.unlock': 'Vault unlocked',
  'vault.release.deprecated': 'A release that is to be replaced opened the vault',
  'vault.release.revoked': 'A release was revoked',
  'vault.release.newer': 'A newer release opened the vault',
  'vault.release.older': 'An older release opened the vault',
  'vault.release.other': 'Another release opened the vault',
  'vault.lock': 'Vault locked',
  'vault.auto_lock': 'Vault locked itself',
  'vault.fresh_unlock': 'Unlocked again for a change',
  'vault.enrol.add': 'Way to unlock added',
  'vault.enrol.rename': 'Way to unlock renamed',
  'vault.enrol.remove': 'Way to unlock removed',
  'vault.settings': 'Automatic locking changed',
  'vault.backup': 'Backup made',
  'vault.drill': 'Backup tried out',
  'vault.restore': 'Vault restored',
  'vault.clock': 'Clock looked at',
  'keys.create': 'Key made',
  'keys.update': 'Key renamed',
  'keys.rotate': 'Key rotated',
  'keys.set_min_versions': 'Minimum versions raised',
  'keys.trim': 'Old versions deleted',
  'keys.enable': 'Key enabled',
  'keys.disable': 'Key disabled',
  'keys.schedule_deletion': 'Deletion scheduled',
  'keys.cancel_deletion': 'Deletion cancelled',
  'keys.destroy': 'Key destroyed',
  'keys.agree': 'Key agreed on',
  'keys.derive': 'Key derived',
  'keys.wrap': 'Key wrapped',
  'keys.unwrap': 'Key unwrapped',
  'keys.export': 'Key taken out',
  'keys.import': 'Key brought in',
  'keys.index': 'Index of keys built',
  'vapid.create_lease': 'Push messages allowed',
  'vapid.issue_token': 'Push token issued',
  'leases.extend': 'Push messages allowed for longer',
  'leases.revoke': 'Push messages no longer allowed',
  'jwt.sign': 'Token signed',
  'jwt.verify': 'Token checked',
  'poa.approve': 'Request of a workload approved',
  'poa.reject': 'Request of a workload rejected',
  'poa.revoke': 'Authorization revoked',
  'poa.rotate': 'Approver’s key replaced',
  'sign': 'Signed',
  'verify': 'Signature checked',
  'encrypt': 'Encrypted',
  'decrypt': 'Decrypted',
  'rewrap': 'Encrypted again',
  'streams.encrypt': 'Stream encrypted',
  'streams.decrypt': 'Stream decrypted',
  'mac': 'Authentication code made',
  'verify_mac': 'Authentication code checked',
  'seal': 'Sealed',
  'open': 'Opened',
  'data_keys.generate': 'Data key made',
  'data_keys.decrypt': 'Data key unwrapped',
};

const ERRORS = {
  user_cancelled: 'You closed the vault’s sheet before that was done.',
  locked: 'The vault is locked. Unlock it, then try again.',
  not_initialized: 'There is no vault any more.',
  already_initialized: 'There is a vault already.',
  frame_unreachable: 'The enclave did not load. Is its server running?',
  invalid_release: 'This app has no valid pinned release.',
};

/** @returns {string} what went wrong, for people */
export function errorText(error) {
  return ERRORS[error.code] ?? error.message ?? 'Something unexpected went wrong.';
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

/** @returns {HTMLLIElement} a key as a radio button: the selected one signs */
export function keyItem(key, selected) {
  const radio = document.createElement('input');
  radio.type = 'radio';
  radio.name = 'key';
  radio.value = key.keyId;
  radio.checked = selected;
  const [protection, explanation] = PROTECTION[key.protection];
  const tag = element('span', 'tag', `${SPECS[key.spec]} · ${protection}`);
  tag.title = explanation;
  const kid = element('span', 'key-kid', key.kid ?? '');
  kid.title = 'Thumbprint of the public key (RFC 7638)';
  const label = document.createElement('label');
  label.className = 'key';
  label.append(radio, element('span', 'key-name', key.label ?? `${SPECS[key.spec]} key`), tag, kid);
  const item = document.createElement('li');
  item.dataset.keyId = key.keyId;
  item.dataset.spec = key.spec;
  item.append(label);
  return item;
}

/**
 * What was done, in words.
 * @param {string} method
 * @returns {string}
 */
function nameOf(method) {
  const ending = '.approval';
  if (method.endsWith(ending)) return `Asked you: ${nameOf(method.slice(0, -ending.length))}`;
  return METHODS[method] ?? method;
}

/** @returns {HTMLLIElement} */
export function auditEntry({ seq, time, method, keyId, callerOrigin, outcome }) {
  const result = element('span', 'log-outcome', outcome);
  result.dataset.outcome = outcome;
  const who = callerOrigin ? new URL(callerOrigin).host : 'you, in the vault';
  const when = new Date(time).toLocaleString([], { dateStyle: 'short', timeStyle: 'medium' });
  const where = element('span', 'log-who', `${when} · ${who}`);
  if (keyId) where.append(' · ', element('span', 'log-key', `key ${keyId.slice(0, 8)}…`));
  const item = document.createElement('li');
  item.dataset.method = method;
  item.append(
    element('span', 'log-seq', String(seq)),
    element('span', 'log-what', nameOf(method)),
    result,
    where,
  );
  return item;
}
