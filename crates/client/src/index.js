export { connect } from './connect.js';
export { KmsError } from './errors.js';
export { Kms } from './kms.js';

/** @typedef {import('./connect.js').ConnectOptions} ConnectOptions */
/** @typedef {import('./release.js').Release} Release */
/** @typedef {import('./isolation.js').Isolation} Isolation */
/** @typedef {import('./rpc.js').CallOptions} CallOptions */
/** @typedef {import('./rpc.js').Request} Request */
/** @typedef {import('./rpc.js').Reply} Reply */
/** @typedef {import('./kms.js').KmsEvents} KmsEvents */
/** @typedef {import('./protocol.gen.js').ErrorCode} ErrorCode */
/** @typedef {import('./protocol.gen.js').Retry} Retry */
/** @typedef {import('./protocol.gen.js').KeyInfo} KeyInfo */
/** @typedef {import('./protocol.gen.js').KeySpec} KeySpec */
/** @typedef {import('./protocol.gen.js').KeyUsage} KeyUsage */
/** @typedef {import('./protocol.gen.js').JwtTemplate} JwtTemplate */
/** @typedef {import('./protocol.gen.js').EncryptionContext} EncryptionContext */
/** @typedef {import('./protocol.gen.js').DataKey} DataKey */
/** @typedef {import('./protocol.gen.js').VaultStatus} VaultStatus */
/** @typedef {import('./protocol.gen.js').Enrolment} Enrolment */
/** @typedef {import('./protocol.gen.js').StorageHealth} StorageHealth */
/** @typedef {import('./protocol.gen.js').BackupHealth} BackupHealth */
/** @typedef {import('./protocol.gen.js').LockReason} LockReason */
/** @typedef {import('./protocol.gen.js').PublicKeyInfo} PublicKeyInfo */
/** @typedef {import('./protocol.gen.js').AuditEntry} AuditEntry */
/** @typedef {import('./protocol.gen.js').SignedCheckpoint} SignedCheckpoint */
/** @typedef {import('./protocol.gen.js').Measurement} Measurement */
