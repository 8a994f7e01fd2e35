// Generated from crates/protocol by `cargo xtask codegen`. Do not edit.

/** The one protocol version of this release. */
export type ProtocolVersion = 1;

/** Every error a caller can meet; see docs/errors.md. */
export type ErrorCode =
  | 'invalid_request'
  | 'unknown_method'
  | 'invalid_params'
  | 'payload_too_large'
  | 'too_many_requests'
  | 'deadline_exceeded'
  | 'aborted'
  | 'locked'
  | 'not_initialized'
  | 'already_initialized'
  | 'user_cancelled'
  | 'approval_too_large'
  | 'code_mismatch'
  | 'unlock_failed'
  | 'unlock_delayed'
  | 'release_changed'
  | 'release_deprecated'
  | 'release_revoked'
  | 'weak_passphrase'
  | 'passkey_failed'
  | 'passkey_required'
  | 'passkey_without_prf'
  | 'phrase_invalid'
  | 'phrase_mismatch'
  | 'last_enrolment'
  | 'too_many_enrolments'
  | 'backup_foreign'
  | 'backup_wrong_factor'
  | 'backup_truncated'
  | 'backup_damaged'
  | 'backup_other_vault'
  | 'backup_outdated'
  | 'backup_newer'
  | 'not_found'
  | 'unreadable'
  | 'invalid_key_state'
  | 'version_not_found'
  | 'no_public_key'
  | 'too_many_versions'
  | 'alias_taken'
  | 'too_many_keys'
  | 'policy_denied'
  | 'lease_not_found'
  | 'lease_expired'
  | 'lease_exhausted'
  | 'lease_audience'
  | 'stream_not_found'
  | 'too_many_leases'
  | 'clock_set_back'
  | 'log_stale'
  | 'log_forked'
  | 'invalid_key'
  | 'invalid_ciphertext'
  | 'unsupported_algorithm'
  | 'out_of_memory'
  | 'storage_unavailable'
  | 'storage_quota'
  | 'storage_conflict'
  | 'storage_lost'
  | 'storage_unknown'
  | 'vault_corrupt'
  | 'device_key_lost'
  | 'vault_newer'
  | 'audit_corrupt'
  | 'audit_unavailable'
  | 'unsupported_environment'
  | 'integrity_failure'
  | 'isolation_failure'
  | 'origin_refused'
  | 'already_connected'
  | 'protocol_version'
  | 'enclave_crashed'
  | 'internal'
  | 'frame_unreachable'
  | 'enclave_unresponsive'
  | 'closed'
  | 'invalid_release';

/** What a caller may do after an error. */
export type Retry =
  | 'never'
  | 'after_unlock'
  | 'backoff'
  | 'reload';

/** No members. */
export type Empty = Record<string, never>;

/** Parameters of `enclave.measurement`. */
export interface MeasureParams {
  /** Comes back in the answer, so that an old answer cannot be replayed. */
  nonce: string;
}

/** SHA-256 digests as `sha256-` and base64 (the form of SRI). */
export interface Digests {
  /** Of the worker's source. */
  worker: string;
  /** Of the wasm module. */
  wasm: string;
}

/** What the frame measured before it started the worker. A claim of the enclave about itself: it proves nothing alone and is compared with the published release. */
export interface Measurement {
  /** The caller's nonce. */
  nonce: string;
  /** Version of the release. */
  release: string;
  /** Digests. */
  digests: Digests;
}

/** Parameters of `enclave.notice`: what signers say against a release. Every byte is checked. */
export interface NoticeParams {
  /** The manifest of the release that it is about, at most 65,536 bytes. */
  manifest: Uint8Array;
  /** A signed note: the revocation of that release, or the statement of a later one. */
  statement: Uint8Array;
  /** The manifest of the later release, whose status names the one it is about. */
  successor?: Uint8Array;
}

/** What signers say of a release. */
export type Standing =
  | 'unknown'
  | 'deprecated'
  | 'revoked';

/** What is known of the release that runs. */
export interface ReleaseStanding {
  /** What its signers say. */
  standing: Standing;
}

/** Whether the vault exists and whether its keys can be used. */
export type VaultState =
  | 'uninitialized'
  | 'locked'
  | 'unlocked';

/** What opens a vault. */
export type EnrolmentKind =
  | 'passphrase'
  | 'passkey'
  | 'recovery-phrase';

/** A way to open the vault; nothing of it is secret. */
export interface Enrolment {
  /** Its random name. */
  id: string;
  /** What it is. */
  kind: EnrolmentKind;
  /** Name for people. */
  label: string;
  /** Milliseconds since 1970-01-01T00:00Z. */
  created: number;
  /** When it last opened the vault; absent if never since it was made. */
  lastUsed?: number;
}

/** Who keeps the private key from being read. */
export type Protection =
  | 'browser'
  | 'enclave';

/** Who protects new keys of each spec in this browser. */
export interface ProtectionMap {
  /** For `ed25519`. */
  ed25519: Protection;
  /** For `ec-p256`. */
  'ec-p256': Protection;
  /** For `x25519`. */
  x25519: Protection;
  /** For `ec-p256-agreement`. */
  'ec-p256-agreement': Protection;
  /** For `aes-256`. */
  'aes-256': Protection;
  /** For `hmac-sha256`. */
  'hmac-sha256': Protection;
  /** For `hpke-x25519`. */
  'hpke-x25519': Protection;
  /** For `hpke-x-wing`. */
  'hpke-x-wing': Protection;
}

/** After how long the vault locks itself. */
export interface AutoLock {
  /** Without any request or input, in milliseconds. */
  idleMs: number;
  /** Since the unlock, in milliseconds. */
  absoluteMs: number;
}

/** What is known of the storage under the vault. */
export interface StorageHealth {
  /** Whether the browser promised not to evict it; absent where it cannot be known. */
  persisted?: boolean;
  /** Whether the browser keeps it apart for each embedding site; absent where it cannot be known. */
  partitioned?: boolean;
  /** Bytes in use, as the browser estimates them. */
  usage?: number;
  /** Bytes that may be used, as the browser estimates them. */
  quota?: number;
}

/** What is known of backups of this vault. */
export interface BackupHealth {
  /** When the last backup was made here, in milliseconds since 1970-01-01T00:00Z. */
  lastBackup?: number;
  /** When a backup was last proved to open. */
  lastDrill?: number;
}

/** What is known of the log of an unlocked vault. */
export interface AuditHealth {
  /** How many entries there are. */
  count: number;
  /** How many of them were checked since the vault was unlocked, or written since. What is found damaged ends with `audit_corrupt`. */
  checked: number;
}

/** The state of the vault. */
export interface VaultStatus {
  /** Whether keys can be used. */
  state: VaultState;
  /** Ways to open it. */
  enrolments: Enrolment[];
  /** Who protects new keys. */
  protection: ProtectionMap;
  /** Automatic locking. */
  autoLock: AutoLock;
  /** Storage. */
  storage: StorageHealth;
  /** Backups. */
  backup: BackupHealth;
  /** The audit log; absent unless the vault is unlocked. */
  audit?: AuditHealth;
  /** Version of the release that runs. */
  release: string;
}

/** Parameters of `keys.manage`. */
export interface ManageKeysParams {
  /** Which key the person sees first; it must be one of the calling site. The list of all keys if absent. */
  keyId?: string;
}

/** What a key is: algorithm and size. */
export type KeySpec =
  | 'ed25519'
  | 'ec-p256'
  | 'x25519'
  | 'ec-p256-agreement'
  | 'aes-256'
  | 'hmac-sha256'
  | 'hpke-x25519'
  | 'hpke-x-wing';

/** When the audit entry of an operation is on disk. */
export type AuditMode =
  | 'durable'
  | 'deferred';

/** What a key may be used for. */
export type KeyUsage =
  | 'sign'
  | 'verify'
  | 'jwt'
  | 'vapid'
  | 'approve'
  | 'encrypt'
  | 'decrypt'
  | 'data_key'
  | 'data_key_plaintext'
  | 'mac'
  | 'verify_mac'
  | 'derive'
  | 'agree'
  | 'wrap'
  | 'unwrap'
  | 'import'
  | 'export'
  | 'seal'
  | 'open';

/** How often a key may be used. */
export interface RateLimit {
  /** Uses in a period, at least 1. */
  uses: number;
  /** Length of a period in milliseconds, from a second to 31 days. */
  periodMs: number;
}

/** Whether a person confirms each use of a private or secret key. */
export type Confirmation =
  | 'none'
  | 'sheet';

/** What the value of a claim is. */
export type ClaimType =
  | 'text'
  | 'number'
  | 'boolean'
  | 'texts';

/** The value that a claim has in every token of a key. A text has at most 256 bytes of UTF-8, a number is whole, from 0 to 2^53 - 1. */
export type FixedClaim = string | number | boolean;

/** What the tokens of a key say (RFC 7519). The enclave writes `iat` and `exp` by its own clock, and what is fixed; a page gives the rest. What is not named here is refused. */
export interface JwtTemplate {
  /** The header parameter `typ`: `JWT`, or a type of its own such as `receipt+jwt`. */
  typ: string;
  /** For whom a token can be: 1 to 8 texts of at most 256 visible characters of ASCII. Each value of `aud` is one of them; where there is one alone, a page can leave `aud` out. */
  audiences: string[];
  /** Longest time from `iat` to `exp` in seconds, 1 to 31 536 000. */
  maxLifeSeconds: number;
  /** Claims whose values a page chooses, and of which type they are. Not `iss`, and none that the enclave writes. With those that are fixed at most 16. */
  claims?: { [name: string]: ClaimType };
  /** Those of them that every token has. */
  required?: string[];
  /** Claims that have the same value in every token, such as `iss`. */
  fixed?: { [name: string]: FixedClaim };
  /** Whether the enclave writes `nbf`, which is `iat` then. */
  notBefore?: boolean;
  /** Whether the enclave writes `jti`: 128 random bits in base64url. */
  tokenId?: boolean;
}

/** What may be done with a key. Whatever is not allowed here is refused, and it never changes. */
export interface KeyPolicy {
  /** What it may be used for; at least one use, each one that its spec is for. */
  operations: KeyUsage[];
  /** Further sites that may use it, at most 7; only the calling one if absent. */
  callerOrigins?: string[];
  /** No use before, in milliseconds since 1970-01-01T00:00Z by the clock of the device. */
  notBefore?: number;
  /** No use from then on, and none after a use was refused for it, whatever the clock says later. */
  notAfter?: number;
  /** Most uses of the private or secret key, at least 1. */
  maxUses?: number;
  /** Most uses of the private or secret key in a period. */
  rate?: RateLimit;
  /** Whether a person confirms each use of the private or secret key; `none` if absent. */
  confirmation?: Confirmation;
  /** What its tokens say: there is one if `operations` has `jwt`, and only then. */
  jwt?: JwtTemplate;
}

/** Parameters of `keys.create`. */
export interface CreateKeyParams {
  /** What to make. */
  spec: KeySpec;
  /** Name for people. */
  label?: string;
  /** Name for programs, unique among the keys of the calling site. */
  alias?: string;
  /** When audit entries of this key are on disk; `durable` if absent. */
  audit?: AuditMode;
  /** What may be done with it, for ever; the ordinary uses of the spec, by the calling site alone, if absent. */
  policy?: KeyPolicy;
}

/** A version of a key. */
export interface KeyVersion {
  /** Its number, from 1. */
  version: number;
  /** RFC 7638 thumbprint of its public key; absent where there is none. */
  kid?: string;
  /** When it was made, in milliseconds since 1970-01-01T00:00Z. */
  created: number;
  /** Who protects it; absent in a list of keys. */
  protection?: Protection;
}

/** Life of a key (SP 800-57 part 1, section 7, under AWS KMS names). */
export type KeyState =
  | 'enabled'
  | 'disabled'
  | 'pending-deletion'
  | 'destroyed';

/** Where the key came from. */
export type KeyOrigin =
  | 'generated'
  | 'derived'
  | 'imported';

/** Everything public about a key. */
export interface KeyInfo {
  /** Its random name. */
  keyId: string;
  /** RFC 7638 thumbprint of the public key of the latest version; absent where there is none. */
  kid?: string;
  /** What it is. */
  spec: KeySpec;
  /** Latest version of the key material, from 1. */
  version: number;
  /** Oldest version that may read what was made: decrypt, open, verify, agree. */
  minDecryptionVersion: number;
  /** Oldest version that may make something: encrypt, seal, sign, authenticate. */
  minEncryptionVersion: number;
  /** Every version that was not trimmed, oldest first. */
  versions: KeyVersion[];
  /** Life. */
  state: KeyState;
  /** When it is destroyed at the earliest, in milliseconds since 1970-01-01T00:00Z; absent unless it waits for its deletion. */
  deletionDate?: number;
  /** Where it came from. */
  origin: KeyOrigin;
  /** Who protects its latest version. */
  protection: Protection;
  /** What it may be used for. */
  usage: KeyUsage[];
  /** Name for people. */
  label?: string;
  /** Name for programs, unique among the keys of the site that made it. */
  alias?: string;
  /** Milliseconds since 1970-01-01T00:00Z. */
  created: number;
  /** When audit entries of this key are on disk. */
  audit: AuditMode;
  /** Sites that may use it; the first one made it, and only that one may change it. */
  callerOrigins: string[];
  /** What may be done with it. */
  policy: KeyPolicy;
  /** Uses so far; absent where the policy does not count them. */
  uses?: number;
}

/** Parameters of `keys.list`. */
export interface ListKeysParams {
  /** Where the page starts; the beginning if absent. */
  cursor?: string;
  /** Most keys to return, 1 to 100; 100 if absent. */
  limit?: number;
  /** Only keys of this spec. */
  spec?: KeySpec;
  /** Only keys in this state. */
  state?: KeyState;
  /** Only keys whose alias begins so. */
  aliasPrefix?: string;
}

/** A page of keys. */
export interface KeyPage {
  /** Keys. */
  keys: KeyInfo[];
  /** Start of the next page; absent on the last one. */
  next?: string;
  /** How many records on the way cannot be read: missing, damaged or put back. Whose keys they are is not known. The person sees which in the enclave's own list. */
  unreadable: number;
}

/** Parameters that name a key. */
export interface KeyParams {
  /** Which key. */
  keyId: string;
}

/** Parameters of `keys.public_key`. */
export interface PublicKeyParams {
  /** Which key. */
  keyId: string;
  /** Which version; the latest if absent. */
  version?: number;
}

/** A public key as JWK (RFC 7517, RFC 7518 section 6.2.1, RFC 8037 section 2). */
export interface Jwk {
  /** `EC` or `OKP`. */
  kty: string;
  /** `P-256`, `Ed25519` or `X25519`. */
  crv: string;
  /** base64url. */
  x: string;
  /** base64url; only `EC`. */
  y?: string;
  /** RFC 7638 thumbprint. */
  kid: string;
  /** `ES256`, `EdDSA` or `ECDH-ES`. */
  alg: string;
  /** `sig` or `enc`. */
  use: string;
}

/** A public key. */
export interface PublicKeyInfo {
  /** As JWK; absent for `hpke-x25519` and `hpke-x-wing`, whose suites have no name in JOSE. */
  jwk?: Jwk;
  /** As DER `SubjectPublicKeyInfo` (RFC 5280 section 4.1, RFC 5480, RFC 8410). */
  spki: Uint8Array;
  /** The same as PEM (RFC 7468 section 13): `PUBLIC KEY`, lines end with LF. */
  pem: string;
  /** The bare key: 32 bytes (RFC 8032, RFC 7748), or an uncompressed point on P-256 (SEC 1, section 2.3.3). */
  raw: Uint8Array;
}

/** Parameters of `keys.update`. */
export interface UpdateKeyParams {
  /** Which key. */
  keyId: string;
  /** The new name for people; none if absent. */
  label?: string;
  /** The new name for programs; none if absent. */
  alias?: string;
}

/** Parameters of `keys.set_min_versions`. */
export interface MinVersionsParams {
  /** Which key. */
  keyId: string;
  /** Oldest version that may read what was made; unchanged if absent. */
  minDecryptionVersion?: number;
  /** Oldest version that may make something; unchanged if absent. */
  minEncryptionVersion?: number;
}

/** Parameters of `keys.trim`. */
export interface TrimKeyParams {
  /** Which key. */
  keyId: string;
  /** Oldest version that stays. */
  minAvailableVersion: number;
}

/** Parameters of `keys.schedule_deletion`. */
export interface ScheduleDeletionParams {
  /** Which key. */
  keyId: string;
  /** Days to wait, 7 to 30; 30 if absent. */
  days?: number;
}

/** Parameters of `sign`. */
export interface SignParams {
  /** Which key. */
  keyId: string;
  /** What to sign, at most 1 MiB; hashed by the algorithm itself. */
  data: Uint8Array;
  /** With which version; the latest if absent. */
  version?: number;
}

/** A signature. */
export interface Signature {
  /** 64 bytes. */
  signature: Uint8Array;
  /** The version that signed. */
  version: number;
}

/** The value of a claim. Numbers are whole, from 0 to 2^53 - 1. */
export type ClaimValue = string | number | boolean | string[];

/** Parameters of `jwt.sign`. */
export interface SignJwtParams {
  /** Which key. Its policy has `jwt`. */
  keyId: string;
  /** What the token is to claim, beside what the enclave writes. */
  claims?: { [name: string]: ClaimValue };
  /** How long the token is to live, in seconds; as long as the template lets it if absent. */
  lifeSeconds?: number;
  /** With which version; the latest if absent. */
  version?: number;
}

/** A signed token. */
export interface SignedJwt {
  /** The token, a compact JWS (RFC 7515) with the header `{alg, kid, typ}`. */
  token: string;
  /** When it expires, in milliseconds since 1970-01-01T00:00Z. */
  expires: number;
  /** The version that signed. */
  version: number;
}

/** Parameters of `jwt.verify`. */
export interface VerifyJwtParams {
  /** Which key. Its policy has `jwt` and `verify`. */
  keyId: string;
  /** The token. It names the version of the key by its `kid`. Whatever is wrong about it, it is simply not valid. */
  token: string;
}

/** Outcome of a verification. */
export interface Verdict {
  /** Whether the signature, or the code, is that of the data, or the token one of the key that its template allows now. */
  valid: boolean;
}

/** Parameters of `verify`. */
export interface VerifyParams {
  /** Which key. */
  keyId: string;
  /** What was signed. */
  data: Uint8Array;
  /** 64 bytes; any other length is simply not valid. */
  signature: Uint8Array;
  /** Against which version; the latest if absent. */
  version?: number;
}

/** At most 16 texts by their names. Whoever wants the plaintext gives the same ones: they are authenticated, not stored, and not secret. A name has 1 to 64 bytes of UTF-8, a text at most 256. */
export type EncryptionContext = { [name: string]: string };

/** Parameters of `encrypt`. */
export interface EncryptParams {
  /** Which key. */
  keyId: string;
  /** What to encrypt, at most 1 048 320 bytes. */
  plaintext: Uint8Array;
  /** What the ciphertext is bound to, at most 16 texts; nothing if absent. */
  context?: EncryptionContext;
  /** With which version; the latest if absent. */
  version?: number;
}

/** Something encrypted. */
export interface Ciphertext {
  /** It names the version that encrypted. */
  ciphertext: Uint8Array;
  /** The same version. */
  version: number;
}

/** Parameters of `decrypt` and of `rewrap`. */
export interface DecryptParams {
  /** Which key. */
  keyId: string;
  /** What `encrypt` or `rewrap` returned. */
  ciphertext: Uint8Array;
  /** What the ciphertext is bound to. */
  context?: EncryptionContext;
}

/** Something decrypted. */
export interface Plaintext {
  /** What was encrypted. */
  plaintext: Uint8Array;
  /** The version that decrypted. */
  version: number;
}

/** Parameters of `streams.encrypt`. */
export interface EncryptStreamParams {
  /** Which key. */
  keyId: string;
  /** What the stream is bound to, at most 16 texts; nothing if absent. */
  context?: EncryptionContext;
  /** With which version; the latest if absent. */
  version?: number;
}

/** A stream that encrypts. */
export interface EncryptStream {
  /** Names it, for this connection. */
  streamId: string;
  /** 65 bytes: the stream's own key, encrypted. It names the version that encrypted, and is kept with what the stream makes. */
  header: Uint8Array;
  /** The same version. */
  version: number;
}

/** Parameters of `streams.decrypt`. */
export interface DecryptStreamParams {
  /** Which key. */
  keyId: string;
  /** What `streams.encrypt` returned. */
  header: Uint8Array;
  /** What the stream is bound to. */
  context?: EncryptionContext;
}

/** A stream that decrypts. */
export interface DecryptStream {
  /** Names it, for this connection. */
  streamId: string;
  /** The version that the header names. */
  version: number;
}

/** Parameters of `streams.write`. */
export interface WriteStreamParams {
  /** Which stream. */
  streamId: string;
  /** Number of the first chunk in `data`, from 0: how many the stream has had. */
  chunk: number;
  /** 1 to 7 chunks. One has 65 536 bytes of plaintext, or 65 552 encrypted. Only the last one of the stream may be shorter, and is empty only if nothing came before it. */
  data: Uint8Array;
  /** Whether the stream ends with them. */
  last: boolean;
}

/** What became of some chunks. */
export interface StreamData {
  /** The same chunks, encrypted or decrypted. */
  data: Uint8Array;
}

/** A stream. */
export interface StreamParams {
  /** Which stream. */
  streamId: string;
}

/** Parameters of `mac`. */
export interface MacParams {
  /** Which key. */
  keyId: string;
  /** What to authenticate, at most 1 MiB. */
  data: Uint8Array;
  /** With which version; the latest if absent. */
  version?: number;
}

/** A message authentication code. */
export interface MacTag {
  /** 32 bytes. */
  mac: Uint8Array;
  /** The version that made it. */
  version: number;
}

/** Parameters of `verify_mac`. */
export interface VerifyMacParams {
  /** Which key. */
  keyId: string;
  /** What was authenticated. */
  data: Uint8Array;
  /** 32 bytes; any other length is simply not valid. */
  mac: Uint8Array;
  /** Against which version; the latest if absent. */
  version?: number;
}

/** Parameters of `data_keys.generate`. */
export interface GenerateDataKeyParams {
  /** Under which key it is wrapped. */
  keyId: string;
  /** What the wrapped data key is bound to. */
  context?: EncryptionContext;
  /** Whether to return it bare, too. The key needs the use `data_key_plaintext` for that, and otherwise `data_key`. */
  withPlaintext?: boolean;
}

/** A data key: 32 random bytes for the page's own encryption. */
export interface DataKey {
  /** Wrapped. It names the version that wrapped. */
  wrapped: Uint8Array;
  /** Bare; absent unless it was asked for. */
  plaintext?: Uint8Array;
  /** The version that wrapped. */
  version: number;
}

/** Parameters of `data_keys.decrypt`. */
export interface DecryptDataKeyParams {
  /** Under which key it is wrapped. */
  keyId: string;
  /** What `data_keys.generate` returned. */
  wrapped: Uint8Array;
  /** What it is bound to. */
  context?: EncryptionContext;
}

/** Parameters of `seal`. */
export interface SealParams {
  /** To which key. */
  keyId: string;
  /** What to seal, at most 1 048 320 bytes. */
  plaintext: Uint8Array;
  /** What the sealed message is bound to; nothing if absent. */
  context?: EncryptionContext;
  /** To which version; the latest if absent. */
  version?: number;
}

/** Something sealed by HPKE (RFC 9180). */
export interface Sealed {
  /** The encapsulated key of 32 bytes, the ciphertext, the tag. */
  sealed: Uint8Array;
  /** The version whose public half it was sealed to. Nothing in `sealed` names it. */
  version: number;
}

/** Parameters of `open`. */
export interface OpenParams {
  /** Which key. */
  keyId: string;
  /** What `seal` returned, or what somebody else sealed to the public half. */
  sealed: Uint8Array;
  /** What the sealed message is bound to. */
  context?: EncryptionContext;
  /** To which version it was sealed; the latest if absent. */
  version?: number;
}

/** Parameters of `keys.agree`. */
export interface AgreeKeyParams {
  /** Which key. */
  keyId: string;
  /** The public key of the other side: `raw` of its `keys.public_key`, of the same spec. */
  peer: Uint8Array;
  /** What the new key is bound to. The other side gives the same. */
  context?: EncryptionContext;
  /** With which version; the latest if absent. */
  version?: number;
  /** The new key: `aes-256` or `hmac-sha256`. The other side asks for the same spec. */
  key: CreateKeyParams;
}

/** Parameters of `keys.derive`. */
export interface DeriveKeyParams {
  /** From which key. */
  keyId: string;
  /** What the new key is bound to: another context gives another key. */
  context?: EncryptionContext;
  /** From which version; the latest if absent. */
  version?: number;
  /** The new key: `aes-256` or `hmac-sha256`. */
  key: CreateKeyParams;
}

/** Parameters of `keys.wrap`. */
export interface WrapKeyParams {
  /** Under which key. */
  keyId: string;
  /** The key to wrap, in its latest version. Its policy has `export`. */
  targetKeyId: string;
  /** What the wrapped key is bound to. */
  context?: EncryptionContext;
}

/** A wrapped key. */
export interface WrappedKey {
  /** It names the version that wrapped. */
  wrapped: Uint8Array;
  /** The same version. */
  version: number;
}

/** Parameters of `keys.unwrap`. */
export interface UnwrapKeyParams {
  /** Under which key it is wrapped. */
  keyId: string;
  /** What `keys.wrap` returned. */
  wrapped: Uint8Array;
  /** What it is bound to. */
  context?: EncryptionContext;
  /** The new key, of the spec that was wrapped. */
  key: CreateKeyParams;
}

/** Parameters of `keys.export`. */
export interface ExportKeyParams {
  /** Which key. Its policy has `export`. */
  keyId: string;
  /** To whom: `raw` of a public key of the spec `hpke-x25519`, 32 bytes, or `hpke-x-wing`, 1216 bytes. */
  recipient: Uint8Array;
  /** What the sealed key is bound to. */
  context?: EncryptionContext;
  /** Which version; the latest if absent. */
  version?: number;
}

/** A key, sealed by HPKE (RFC 9180). */
export interface ExportedKey {
  /** The encapsulated key of 32 bytes, the ciphertext, the tag. */
  sealed: Uint8Array;
  /** The version that is in it. */
  version: number;
}

/** Parameters of `keys.import`. */
export interface ImportKeyParams {
  /** To which key it was sealed. Its policy has `import`. */
  keyId: string;
  /** What `keys.export` returned, or what somebody else sealed to the public half. */
  sealed: Uint8Array;
  /** What the sealed key is bound to. */
  context?: EncryptionContext;
  /** To which version it was sealed; the latest if absent. */
  version?: number;
  /** The new key, of the spec that was sealed. */
  key: CreateKeyParams;
}

/** Parameters of `random`. */
export interface RandomParams {
  /** How many bytes, 1 to 4096. */
  length: number;
}

/** Random bytes. */
export interface RandomBytes {
  /** From the browser's cryptographic generator. */
  bytes: Uint8Array;
}

/** Parameters of `webpush.encrypt`: a message, and what a browser gives for a subscription. */
export interface EncryptWebPushParams {
  /** The receiver's public key, `getKey('p256dh')` of the subscription: an uncompressed point. */
  p256dh: Uint8Array;
  /** The receiver's authentication secret, `getKey('auth')`: 16 bytes. */
  auth: Uint8Array;
  /** The message, at most 3993 bytes. */
  payload: Uint8Array;
  /** Length that a shorter message is padded to, at most 3993; not padded if absent. A push service sees the length. */
  paddedLength?: number;
}

/** A message for Web Push. */
export interface WebPushMessage {
  /** The body of the request to the push service, in the content encoding `aes128gcm`. */
  body: Uint8Array;
}

/** Parameters of `vapid.create_lease`: what the person is asked to allow. */
export interface CreateLeaseParams {
  /** Which key: `ec-p256`, as VAPID demands (RFC 8292, section 2). */
  keyId: string;
  /** For which push services, 1 to 4 different ones. */
  audiences: string[];
  /** For how long from the moment it is allowed, 60 000 to 2 592 000 000 (30 days). */
  lifeMs: number;
  /** For how many tokens, 1 to 10 000. */
  tokens: number;
  /** The web page that the tokens name as their sender; none if absent. */
  contact?: string;
}

/** What a person allowed the calling site: so many tokens for these push services, until then. */
export interface Lease {
  /** Its random name. */
  leaseId: string;
  /** With which key. */
  keyId: string;
  /** For which push services. */
  audiences: string[];
  /** The web page that the tokens name as their sender. */
  contact?: string;
  /** When it was allowed first, in milliseconds since 1970-01-01T00:00Z. */
  created: number;
  /** When it ends. */
  ends: number;
  /** How many tokens it covers. */
  tokens: number;
  /** How many of them were issued. */
  used: number;
}

/** Parameters of `vapid.issue_token`. */
export interface IssueTokenParams {
  /** Under which lease. */
  leaseId: string;
  /** For which push service: the origin of the subscription's endpoint. */
  audience: string;
}

/** A VAPID token (RFC 8292). Whoever has it can send push messages in the site's name until it expires. */
export interface VapidToken {
  /** The token, a compact JWS. */
  token: string;
  /** Value of the header field `Authorization` of a push message. */
  authorization: string;
  /** When it expires, in milliseconds since 1970-01-01T00:00Z: after 15 minutes, and never after the lease. */
  expires: number;
}

/** The leases of the calling site. */
export interface LeaseList {
  /** At most 16; those that ended stay until another one needs their place. */
  leases: Lease[];
}

/** Parameters of `leases.extend`. What else the lease covers stays as it is. */
export interface ExtendLeaseParams {
  /** Which lease. */
  leaseId: string;
  /** For how long from the moment it is allowed, as in `vapid.create_lease`; its end only moves away. */
  lifeMs: number;
  /** For how many tokens from that moment. */
  tokens: number;
}

/** Parameters that name a lease. */
export interface LeaseParams {
  /** Which lease. */
  leaseId: string;
}

/** What a broker says of its log, with the proof that it has only grown. */
export interface BrokerLog {
  /** The key that signs it: `name+id+key` (C2SP signed-note). That of the first approval stays. */
  key: string;
  /** The state of the log: a signed note (C2SP signed-note, tlog-checkpoint). */
  checkpoint: string;
  /** From how many lines on the proof shows that it has grown: as many as `poa.log` told. Absent if it told nothing. */
  since?: number;
  /** Hashes of 32 bytes (RFC 9162, section 2.1.4); none if there are as many lines as then. */
  proof?: Uint8Array[];
}

/** Parameters of `poa.approve`. */
export interface ApproveChallengeParams {
  /** Which key. Its policy has `approve`. */
  keyId: string;
  /** The challenge as the broker wrote it. */
  challenge: string;
  /** The first of two approvals, for the second approver. */
  first?: string;
  /** The broker's log, as it is now. */
  log: BrokerLog;
  /** How long what is signed is to live, in seconds: 300 if absent, 900 if it is more. */
  lifeSeconds?: number;
  /** With which version; the latest if absent. */
  version?: number;
}

/** What approving a challenge gave. */
export type ApprovalKind =
  | 'approval'
  | 'token';

/** What a person approved, signed. */
export interface SignedApproval {
  /** What it is. */
  kind: ApprovalKind;
  /** A compact JWS (RFC 7515), for the broker. */
  signed: string;
  /** When it expires, in milliseconds since 1970-01-01T00:00Z. */
  expires: number;
  /** The version that signed. */
  version: number;
}

/** Parameters of `poa.reject`. */
export interface RejectChallengeParams {
  /** Which key. Its policy has `approve`. */
  keyId: string;
  /** The challenge as the broker wrote it. */
  challenge: string;
  /** SPIFFE id of the broker; the one that is to accept the token if absent. */
  audience?: string;
  /** With which version; the latest if absent. */
  version?: number;
}

/** A signed statement about tokens or keys. */
export interface SignedStatement {
  /** A compact JWS (RFC 7515), for the broker. It counts for 300 seconds, and once. */
  statement: string;
  /** The version that signed. */
  version: number;
}

/** What is revoked. */
export type RevocationTarget =
  | 'token'
  | 'challenge'
  | 'subject';

/** Parameters of `poa.revoke`. */
export interface RevokeAuthorizationParams {
  /** Which key. Its policy has `approve`. */
  keyId: string;
  /** SPIFFE id of the broker. */
  audience: string;
  /** What is revoked. */
  what: RevocationTarget;
  /** Which one. */
  value: string;
  /** With which version; the latest if absent. */
  version?: number;
}

/** Parameters of `poa.rotate`. */
export interface RotateApproverParams {
  /** Which key. Its policy has `approve`, and it was rotated. */
  keyId: string;
  /** SPIFFE id of the broker. */
  audience: string;
  /** The version that the broker knows. The latest takes its place. */
  version: number;
}

/** The state of a broker's log at the last approval by a key. */
export interface SeenCheckpoint {
  /** The key that signs it. */
  key: string;
  /** How many lines it had. */
  size: number;
  /** Root of the Merkle tree over them, 32 bytes. */
  root: Uint8Array;
}

/** Result of `poa.log`. */
export interface SeenLog {
  /** What was seen last; absent before the first approval. */
  seen?: SeenCheckpoint;
}

/** Parameters of `audit.list`. */
export interface ListAuditParams {
  /** First sequence number to return, from 1; 1 if absent. */
  from?: number;
  /** Most entries to return, 1 to 100; 100 if absent. */
  limit?: number;
}

/** What an entry of the vault's log is about, by the names that stand in the broker's log as well. */
export interface AuditedAuthorization {
  /** The token that was minted, or is revoked: its `jti`. */
  token?: string;
  /** The challenge that was decided on, or is revoked: its `id`. */
  challenge?: string;
  /** SHA-256 of what was decided on, in base64url. */
  digest?: string;
  /** The statement that was signed: its `jti`. */
  statement?: string;
}

/** One operation that used or changed a key or the vault. Never a payload, never a secret. */
export interface AuditEntry {
  /** Position, from 1, without gaps. */
  seq: number;
  /** Milliseconds since 1970-01-01T00:00Z by the device's clock. */
  time: number;
  /** Method of the table, or an internal event such as `vault.unlocked`. */
  method: string;
  /** Which key, if one was named; absent in the entries of other sites. */
  keyId?: string;
  /** Who asked; absent for the user in enclave-owned UI and for other sites. */
  callerOrigin?: string;
  /** `ok` or an error code. */
  outcome: string;
  /** What it is about, if an approver's key was used; absent in the entries of other sites. */
  authorization?: AuditedAuthorization;
  /** Its leaf in the tree (RFC 9162, section 2.1.1), 32 bytes. */
  hash: Uint8Array;
  /** What was hashed: the entry in CBOR; absent in the entries of other sites. */
  leaf?: Uint8Array;
}

/** The state of the log. */
export interface AuditCheckpoint {
  /** How many entries there are. */
  count: number;
  /** Root of the Merkle tree over them (RFC 9162, section 2.1.1), 32 bytes. */
  root: Uint8Array;
}

/** A page of the log. */
export interface AuditPage {
  /** Entries in order. */
  entries: AuditEntry[];
  /** The state of the log when the page was read. */
  checkpoint: AuditCheckpoint;
}

/** The state of the log under the signature of the vault. */
export interface SignedCheckpoint {
  /** A signed note (C2SP signed-note, tlog-checkpoint). */
  note: string;
  /** The key that signed it: `name+id+key` (C2SP signed-note). Stays the same as long as the vault lives, also through backups. */
  verifierKey: string;
}

/** Parameters of `audit.prove_inclusion`. */
export interface ProveInclusionParams {
  /** Which entry, from 1. */
  seq: number;
  /** In the tree of how many entries; in that of all if absent. */
  size?: number;
}

/** Proof that an entry is in the log (RFC 9162, section 2.1.3). */
export interface InclusionProof {
  /** Which entry; its leaf index is one less. */
  seq: number;
  /** In the tree of how many entries. */
  size: number;
  /** Hashes of 32 bytes, from the leaf up. */
  hashes: Uint8Array[];
}

/** Parameters of `audit.prove_consistency`. */
export interface ProveConsistencyParams {
  /** How many entries the earlier checkpoint has. */
  from: number;
  /** How many entries the later one has; all there are if absent. */
  to?: number;
}

/** Proof that the log has only grown between two checkpoints (RFC 9162, section 2.1.4). */
export interface ConsistencyProof {
  /** How many entries the earlier one has. */
  from: number;
  /** How many entries the later one has. */
  to: number;
  /** Hashes of 32 bytes. */
  hashes: Uint8Array[];
}

/** A page of the enclave's own user interface. */
export type Screen =
  | 'setup'
  | 'unlock'
  | 'manage'
  | 'backup'
  | 'restore'
  | 'reset'
  | 'lease'
  | 'approve';

/** The frame should be shown or hidden. */
export interface Attention {
  /** Whether the enclave has something to ask. */
  visible: boolean;
  /** What it asks; absent when nothing. */
  screen?: Screen;
}

/** Why a vault was locked. */
export type LockReason =
  | 'requested'
  | 'idle'
  | 'absolute'
  | 'hidden'
  | 'other_tab'
  | 'fault';

/** The vault was locked. */
export interface LockedEvent {
  /** Why. */
  reason: LockReason;
}

/** The connection is ready. First message on every port. */
export interface Ready {
  /** The nonce of the handshake. */
  nonce: string;
  /** Protocol version that was chosen. */
  protocol: number;
  /** Version of the release. */
  release: string;
}

/** Which rule of a policy refused an operation. */
export type PolicyRule =
  | 'operation'
  | 'min_version'
  | 'not_before'
  | 'not_after'
  | 'max_uses'
  | 'rate'
  | 'owner'
  | 'jwt_claim'
  | 'jwt_type'
  | 'jwt_fixed'
  | 'jwt_required'
  | 'jwt_audience'
  | 'jwt_life';

/** The method table. */
export interface Methods {
  /** Answers at once. For liveness and latency. */
  'rpc.ping': { params: Empty; result: Empty };
  /** Tells what the frame measured of the code before it ran it. */
  'enclave.measurement': { params: MeasureParams; result: Measurement };
  /** Takes what signers say against a release. A revocation is remembered for good; of the release that runs it locks the vault and never opens it again. Tells what is known of the release that runs. */
  'enclave.notice': { params: NoticeParams; result: ReleaseStanding };
  /** Tells the state of the vault. */
  'vault.status': { params: Empty; result: VaultStatus };
  /** Asks the user, in enclave-owned UI, to create a vault; resolves when it exists and is unlocked. */
  'vault.setup': { params: Empty; result: VaultStatus };
  /** Asks the user, in enclave-owned UI, to unlock the vault; resolves when it is unlocked. */
  'vault.unlock': { params: Empty; result: VaultStatus };
  /** Opens the enclave's own page for enrolments, automatic locking and backups; the page that asks cannot drive it. Resolves when the person closes it. */
  'vault.manage': { params: Empty; result: VaultStatus };
  /** Opens the enclave's own page of the keys of this vault, on a key of the calling site if one is named; the page that asks cannot drive it. Resolves when the person closes it. */
  'keys.manage': { params: ManageKeysParams; result: VaultStatus };
  /** Asks the user, in enclave-owned UI, to save a backup; resolves when one was made. */
  'vault.backup': { params: Empty; result: VaultStatus };
  /** Asks the user, in enclave-owned UI, to restore a backup where there is no vault; resolves when it is restored and unlocked. */
  'vault.restore': { params: Empty; result: VaultStatus };
  /** Asks the user, in enclave-owned UI and with a fresh unlock, to delete the vault with every key; resolves when it is gone. */
  'vault.reset': { params: Empty; result: VaultStatus };
  /** Locks the vault and drops every key handle. */
  'vault.lock': { params: Empty; result: Empty };
  /** Tells the enclave that its sheet was dismissed; requests that wait for the user end with `user_cancelled`. */
  'ui.dismiss': { params: Empty; result: Empty };
  /** Generates a key that belongs to the calling site. */
  'keys.create': { params: CreateKeyParams; result: KeyInfo };
  /** Lists the keys of the calling site, a page at a time. */
  'keys.list': { params: ListKeysParams; result: KeyPage };
  /** Describes a key. */
  'keys.describe': { params: KeyParams; result: KeyInfo };
  /** Returns the public half of a key. */
  'keys.public_key': { params: PublicKeyParams; result: PublicKeyInfo };
  /** Replaces label and alias of a key; what is absent is removed. */
  'keys.update': { params: UpdateKeyParams; result: KeyInfo };
  /** Adds a version to a key and makes it the latest; the id of the key stays. */
  'keys.rotate': { params: KeyParams; result: KeyInfo };
  /** Raises the oldest versions that may be used. No page can lower them. */
  'keys.set_min_versions': { params: MinVersionsParams; result: KeyInfo };
  /** Deletes the versions of a key below one that is not above its minimum versions. */
  'keys.trim': { params: TrimKeyParams; result: KeyInfo };
  /** Lets a disabled key be used again. */
  'keys.enable': { params: KeyParams; result: KeyInfo };
  /** Lets a key not be used until it is enabled again. */
  'keys.disable': { params: KeyParams; result: KeyInfo };
  /** Lets a key wait for its deletion; until then it cannot be used, and the deletion can be cancelled. */
  'keys.schedule_deletion': { params: ScheduleDeletionParams; result: KeyInfo };
  /** Cancels the deletion of a key; it is disabled then. */
  'keys.cancel_deletion': { params: KeyParams; result: KeyInfo };
  /** Signs data with a key. */
  'sign': { params: SignParams; result: Signature };
  /** Signs a token (RFC 7519) whose claims the template of the key allows. */
  'jwt.sign': { params: SignJwtParams; result: SignedJwt };
  /** Verifies a token of a key: whether a version of it that may still be used to verify signed it, and its template allows it now. */
  'jwt.verify': { params: VerifyJwtParams; result: Verdict };
  /** Verifies a signature against the public half of a key. */
  'verify': { params: VerifyParams; result: Verdict };
  /** Encrypts by AES-256-GCM, bound to a context. */
  'encrypt': { params: EncryptParams; result: Ciphertext };
  /** Decrypts with the version that the ciphertext names. */
  'decrypt': { params: DecryptParams; result: Plaintext };
  /** Encrypts a ciphertext again with the latest version, bound to the same context. The plaintext does not leave. */
  'rewrap': { params: DecryptParams; result: Ciphertext };
  /** Opens a stream that encrypts a message of any length, bound to a context. That is one use of the key. */
  'streams.encrypt': { params: EncryptStreamParams; result: EncryptStream };
  /** Opens a stream that decrypts, with the version that the header names. That is one use of the key. */
  'streams.decrypt': { params: DecryptStreamParams; result: DecryptStream };
  /** Encrypts or decrypts the next chunks of a stream. Writes are done in the order in which they arrive. One that fails or is aborted ends the stream. */
  'streams.write': { params: WriteStreamParams; result: StreamData };
  /** Ends a stream before its last chunk. */
  'streams.close': { params: StreamParams; result: Empty };
  /** Makes a message authentication code by HMAC-SHA-256. */
  'mac': { params: MacParams; result: MacTag };
  /** Checks a message authentication code. */
  'verify_mac': { params: VerifyMacParams; result: Verdict };
  /** Makes a data key for the page's own encryption and wraps it, bound to a context. */
  'data_keys.generate': { params: GenerateDataKeyParams; result: DataKey };
  /** Unwraps a data key, with the version that it names. */
  'data_keys.decrypt': { params: DecryptDataKeyParams; result: Plaintext };
  /** Seals to the public half of a key by HPKE (RFC 9180) in base mode, bound to a context. */
  'seal': { params: SealParams; result: Sealed };
  /** Opens what was sealed to the public half of a key, by whomever. */
  'open': { params: OpenParams; result: Plaintext };
  /** Agrees with the owner of a public key on a new key of the vault. The shared secret goes through HKDF and never comes out. */
  'keys.agree': { params: AgreeKeyParams; result: KeyInfo };
  /** Derives a new key of the vault from a key and a context. The same ones give the same key. */
  'keys.derive': { params: DeriveKeyParams; result: KeyInfo };
  /** Wraps a key under another one, if its policy lets it leave. */
  'keys.wrap': { params: WrapKeyParams; result: WrappedKey };
  /** Unwraps a key into a new key of the vault, with its own policy. */
  'keys.unwrap': { params: UnwrapKeyParams; result: KeyInfo };
  /** Seals a key to a public key, if its policy lets it leave. */
  'keys.export': { params: ExportKeyParams; result: ExportedKey };
  /** Opens a key that was sealed to a key of the vault, into a new key with its own policy. */
  'keys.import': { params: ImportKeyParams; result: KeyInfo };
  /** Returns random bytes. */
  'random': { params: RandomParams; result: RandomBytes };
  /** Encrypts a message for Web Push (RFC 8291) by a key that is made for it. No key of the vault is used. */
  'webpush.encrypt': { params: EncryptWebPushParams; result: WebPushMessage };
  /** Asks the user, in enclave-owned UI and with a fresh unlock, to allow the calling site VAPID tokens for a time; resolves when they did. */
  'vapid.create_lease': { params: CreateLeaseParams; result: Lease };
  /** Issues a VAPID token (RFC 8292) under a lease of the calling site and counts it. */
  'vapid.issue_token': { params: IssueTokenParams; result: VapidToken };
  /** Lists the leases of the calling site. */
  'leases.list': { params: Empty; result: LeaseList };
  /** Asks the user, in enclave-owned UI and with a fresh unlock, to extend a lease that has not ended; resolves when they did. */
  'leases.extend': { params: ExtendLeaseParams; result: Lease };
  /** Ends a lease of the calling site for good. */
  'leases.revoke': { params: LeaseParams; result: Empty };
  /** Approves a challenge of a workload: mints its token, or signs the first of two approvals. The person is shown all of it, and nothing is signed unless the broker's log continues what the key saw of it. */
  'poa.approve': { params: ApproveChallengeParams; result: SignedApproval };
  /** Signs that a challenge of a workload, and a token of it, is not to be used. */
  'poa.reject': { params: RejectChallengeParams; result: SignedStatement };
  /** Signs that a token, a challenge or all that a workload has is not to be used. */
  'poa.revoke': { params: RevokeAuthorizationParams; result: SignedStatement };
  /** Signs, with an older version of a key, that the latest takes its place at a broker. */
  'poa.rotate': { params: RotateApproverParams; result: SignedStatement };
  /** Tells what a key saw last of its broker's log. */
  'poa.log': { params: KeyParams; result: SeenLog };
  /** Returns audit entries, a page at a time. */
  'audit.list': { params: ListAuditParams; result: AuditPage };
  /** Reads the whole log and checks every hash. */
  'audit.verify': { params: Empty; result: AuditCheckpoint };
  /** Signs the state of the log, with a key that signs nothing else. */
  'audit.checkpoint': { params: Empty; result: SignedCheckpoint };
  /** Proves that an entry is in the log. */
  'audit.prove_inclusion': { params: ProveInclusionParams; result: InclusionProof };
  /** Proves that the log has only grown since an earlier checkpoint. */
  'audit.prove_consistency': { params: ProveConsistencyParams; result: ConsistencyProof };
}

/** Events of a connection. */
export interface Events {
  /** The frame should be shown or hidden. */
  attention: Attention;
  /** The vault was locked. */
  locked: LockedEvent;
  /** The vault was unlocked. */
  unlocked: Empty;
  /** A key was made or changed. */
  keys_changed: Empty;
}
