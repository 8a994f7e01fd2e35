// Types for the checker only; nothing here is served.

/** Written by the shell in front of the frame's files. */
declare const RELEASE: Readonly<{
  version: string;
  protocol: number;
  origin: string;
  embedders: readonly string[];
  digests: Readonly<{ worker: string; wasm: string; tools: string; toolsWorker: string }>;
  /** The second script, loaded only when a backup is made or opened. */
  tools: Readonly<{ url: string; integrity: string }>;
  /** Where the server has the workers, in the page for WEBCAT; null where the scripts hold them. */
  workers: Readonly<{ enclave: string; tools: string }> | null;
  /** Whose word against a release the enclave honours, as JSON; empty for nobody's. */
  signers: string;
}>;
/** The worker's whole source; empty where the server has it. */
declare const WORKER_SOURCE: string;
/** The wasm module, one character per byte. */
declare const WASM_TEXT: string;
/** The same two for backups: there from the load of the second script until they are taken. */
declare var TOOLS_WORKER_SOURCE: string | undefined;
declare var TOOLS_WASM_TEXT: string | undefined;

interface KmsPolicy {
  createScriptURL(url: string): string;
}
interface KmsPolicyFactory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): KmsPolicy;
}
interface Window {
  /** Absent in engines without Trusted Types. */
  trustedTypes?: KmsPolicyFactory;
}
interface Document {
  /** One engine tells what the embedder allows. */
  featurePolicy?: { allowsFeature(name: string): boolean };
}

type EnrolmentKind = 'passphrase' | 'passkey' | 'recovery-phrase';

/** A way to open the vault; nothing of it is secret. */
interface Enrolment {
  id: string;
  kind: EnrolmentKind;
  label: string;
  created: number;
  lastUsed?: number;
}

/** Input of the ceremony that creates a passkey. */
interface NewPasskey {
  challenge: Uint8Array<ArrayBuffer>;
  user: Uint8Array<ArrayBuffer>;
  salt: Uint8Array<ArrayBuffer>;
  exclude: Uint8Array<ArrayBuffer>[];
}

/** Input of the ceremony that uses one. */
interface Ceremony {
  challenge: Uint8Array<ArrayBuffer>;
  passkeys: { enrolment: string; credential: Uint8Array<ArrayBuffer>; salt: Uint8Array<ArrayBuffer> }[];
}

interface AutoLock {
  idleMs: number;
  absoluteMs: number;
}

type Why =
  | 'unlock'
  | 'add'
  | 'rename'
  | 'remove'
  | 'auto_lock'
  | 'backup'
  | 'drill'
  | 'reset'
  | 'lease'
  | 'revoke'
  | 'enable_key'
  | 'rotate_key'
  | 'raise_key'
  | 'trim_key'
  | 'delete_key';

/** A lease and the site that holds it. */
interface HeldLease {
  origin: string;
  leaseId: string;
  keyId: string;
  audiences: string[];
  contact?: string;
  created: number;
  ends: number;
  tokens: number;
  used: number;
}

type KeySpec =
  | 'ed25519'
  | 'ec-p256'
  | 'x25519'
  | 'ec-p256-agreement'
  | 'aes-256'
  | 'hmac-sha256'
  | 'hpke-x25519'
  | 'hpke-x-wing';

type KeyUsage_ =
  | 'sign'
  | 'jwt'
  | 'verify'
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

interface KeyVersion {
  version: number;
  /** Absent where there is no public half. */
  kid?: string;
  created: number;
  /** Absent in the list of keys. */
  protection?: 'browser' | 'enclave';
}

/** Everything public about a key. */
interface KeyInfo {
  keyId: string;
  kid?: string;
  spec: KeySpec;
  version: number;
  minDecryptionVersion: number;
  minEncryptionVersion: number;
  versions: KeyVersion[];
  state: 'enabled' | 'disabled' | 'pending-deletion' | 'destroyed';
  /** When it is to be destroyed. */
  deletionDate?: number;
  protection: 'browser' | 'enclave';
  usage: KeyUsage_[];
  label?: string;
  alias?: string;
  created: number;
  audit: 'durable' | 'deferred';
  /** Sites that may use it; the first one made it. */
  callerOrigins: string[];
  policy: {
    notBefore?: number;
    notAfter?: number;
    maxUses?: number;
    rate?: { uses: number; periodMs: number };
    confirmation?: 'none' | 'sheet';
    jwt?: JwtTemplate;
  };
  /** Uses that were counted. */
  uses?: number;
}

/** What the tokens of a key say. */
interface JwtTemplate {
  typ: string;
  audiences: string[];
  maxLifeSeconds: number;
  claims?: Record<string, 'text' | 'number' | 'boolean' | 'texts'>;
  required?: string[];
  fixed?: Record<string, string | number | boolean>;
  notBefore?: boolean;
  tokenId?: boolean;
}

interface PublicKeyInfo {
  /** Absent where JOSE has no name for the suite. */
  jwk?: Record<string, string>;
  spki: Uint8Array;
}

interface AuditEntry {
  seq: number;
  time: number;
  method: string;
  keyId?: string;
  callerOrigin?: string;
  outcome: string;
  /** What an approver's key was used for, by names that the broker's log has too. */
  authorization?: { token?: string; challenge?: string; digest?: string; statement?: string };
}

/** An entry with its leaf in the tree, and what was hashed. */
interface LoggedEntry extends AuditEntry {
  hash: Uint8Array;
  leaf?: Uint8Array;
}

/** Which entries of the log are looked for; what is absent lets everything through. */
interface AuditFilter {
  keyId?: string;
  origin?: string;
  outcome?: 'done' | 'failed';
  group?: 'use' | 'keys' | 'vault';
}

/** What can be done with a key. */
type KeyAction =
  | { action: 'rename'; label: string }
  | { action: 'disable' }
  | { action: 'enable' }
  | { action: 'rotate' }
  | { action: 'raise'; decryption: number; encryption: number }
  | { action: 'trim'; least: number }
  | { action: 'schedule_deletion'; days: number }
  | { action: 'cancel_deletion' };

/** A release, as it measured itself. */
type KnownRelease = { version: string; worker: string; wasm: string };

/** A page of the user interface, with what it needs to be drawn. */
type View =
  | { screen: 'setup'; passkey: NewPasskey }
  | {
      screen: 'release';
      running: KnownRelease;
      change?: { course: 'newer' | 'older' | 'other'; from: KnownRelease };
      standing: 'unknown' | 'deprecated' | 'revoked';
    }
  | { screen: 'unlock'; why: Why; enrolments: Enrolment[]; ceremony: Ceremony }
  | { screen: 'phrase'; words: Uint8Array<ArrayBuffer> }
  | { screen: 'confirm_phrase'; positions: number[] }
  | { screen: 'add_passphrase' }
  | { screen: 'add_passkey'; passkey: NewPasskey }
  | {
      screen: 'manage';
      enrolments: Enrolment[];
      autoLock: AutoLock;
      longest: AutoLock;
      backup: { lastBackup?: number; lastDrill?: number };
      storage: { persisted?: boolean; partitioned?: boolean; usage?: number; quota?: number };
      leases: HeldLease[];
    }
  | { screen: 'backup'; phrase: boolean }
  | { screen: 'backup_ready'; name: string; bytes: number }
  | { screen: 'restore'; why: 'restore' | 'drill' }
  | { screen: 'confirm_restore'; created: number; keys: number; entries: number; newer?: number }
  | { screen: 'reset' }
  | {
      screen: 'lease';
      extends: boolean;
      keyId: string;
      label?: string;
      audiences: string[];
      contact?: string;
      lifeMs: number;
      tokens: number;
    }
  | {
      screen: 'keys';
      rows: { key?: KeyInfo; unreadable?: string }[];
      before: boolean;
      more: boolean;
    }
  | { screen: 'key'; key: KeyInfo; public: PublicKeyInfo[] }
  | {
      screen: 'audit';
      entries: AuditEntry[];
      names: { keyId: string; label: string }[];
      filter: AuditFilter;
      count: number;
      head: Uint8Array;
      before: boolean;
      next?: number;
    }
  | {
      screen: 'log_ready';
      name: string;
      count: number;
      checkpoint: { note: string; verifierKey: string };
    }
  | {
      screen: 'approve';
      digest: Uint8Array<ArrayBuffer>;
      operations: OperationInfo[];
      code?: string;
      /** Of which one has to sign the digest; empty where a press is enough. */
      passkeys: Uint8Array<ArrayBuffer>[];
    };

/** An operation that needs the person's approval. */
interface OperationInfo {
  method: string;
  label?: string;
  spec: string;
  kid: string;
  payload: Payload;
}

/** What a key is to be used on, as far as it can be read. */
interface Payload {
  bytes: number;
  sha256: Uint8Array<ArrayBuffer>;
  /** Safe to show: what is no visible character stands there as its code point. */
  text?: { shown: string; characters: number; whole: boolean };
}

type ScreenName = View['screen'];

/** Why the enclave refuses; the names are the wire names of crates/protocol. */
type RefusalCode =
  | 'invalid_request'
  | 'origin_refused'
  | 'already_connected'
  | 'protocol_version'
  | 'unsupported_environment'
  | 'integrity_failure'
  | 'isolation_failure'
  | 'storage_unavailable'
  | 'enclave_crashed'
  | 'faulted'
  | 'internal';

/** What the enclave asks the frame to do. */
type UiRequest =
  | ({ ui: 'show'; view: number; origin: string; problem?: string; retryAfterMs?: number } & View)
  | { ui: 'strength'; score: number }
  | { ui: 'busy' }
  | { ui: 'hide' }
  | { ui: 'log'; entries: LoggedEntry[] }
  | { ui: 'kdf' }
  | { ui: 'tools' };

/** What opens a vault or a backup. */
type Factor =
  | { kind: 'passphrase'; secret: Uint8Array<ArrayBuffer> }
  | { kind: 'recovery-phrase'; secret: Uint8Array<ArrayBuffer> }
  | {
      kind: 'passkey';
      credential: Uint8Array<ArrayBuffer>;
      prf: Uint8Array<ArrayBuffer>;
      prfAtCreation?: Uint8Array<ArrayBuffer>;
      authenticatorData: Uint8Array<ArrayBuffer>;
      /** Where it was created just now: DER `SubjectPublicKeyInfo`. */
      publicKey?: Uint8Array<ArrayBuffer>;
    };

/** What a passkey signed. */
interface Assertion {
  credential: Uint8Array<ArrayBuffer>;
  clientData: Uint8Array<ArrayBuffer>;
  authenticatorData: Uint8Array<ArrayBuffer>;
  signature: Uint8Array<ArrayBuffer>;
}

/** What is approved, with what a passkey signed where one has to. */
type Approved = { ui: 'approve'; digest: Uint8Array<ArrayBuffer>; code?: string } & Partial<Assertion>;

/** What can be asked for on the management page. */
type Action =
  | { action: 'add'; kind: EnrolmentKind }
  | { action: 'rename'; id: string; label: string }
  | { action: 'remove'; id: string }
  | { action: 'auto_lock'; idleMs: number; absoluteMs: number }
  | { action: 'backup' }
  | { action: 'drill' }
  | { action: 'reset' }
  | { action: 'revoke'; id: string };

/** What the person did on a screen. Buffers are transferred. */
type OnScreen =
  | { ui: 'estimate'; secret: Uint8Array<ArrayBuffer> }
  | ({ ui: 'factor'; enrolment?: string } & Factor)
  | { ui: 'new_phrase' }
  | { ui: 'written' }
  | { ui: 'words'; secret: Uint8Array<ArrayBuffer> }
  | { ui: 'back' }
  | { ui: 'restore' }
  | ({ ui: 'action' } & Action)
  | { ui: 'backup'; phrase: boolean; secret?: Uint8Array<ArrayBuffer> }
  | { ui: 'open'; part: 'keys' | 'audit' }
  | { ui: 'open_key'; keyId: string }
  | { ui: 'turn'; on: boolean }
  | ({ ui: 'filter' } & AuditFilter)
  | { ui: 'export' }
  | ({ ui: 'key' } & KeyAction)
  | { ui: 'confirm' }
  | Approved
  | { ui: 'cancel' };

/** What the enclave is told. */
type UiAnswer =
  /** With the number of the screen. */
  | (OnScreen & { view: number })
  | { ui: 'activity' }
  | { ui: 'hidden' }
  | { ui: 'lock' }
  /** A helper that was asked for died or never ran: nothing will come over its port. */
  | { ui: 'helper_failed' };

type WorkerReport =
  | { kind: 'booted' }
  | { kind: 'boot_failed'; code: RefusalCode; detail: string }
  | { kind: 'crashed' }
  | { kind: 'kdf_ready' }
  | { kind: 'kdf_done' }
  /** A piece of the backup that is being written; then its end. */
  | { kind: 'file'; part: Uint8Array<ArrayBuffer> }
  | { kind: 'file_end' };

interface Connect {
  kind: 'ats-kms/connect';
  protocol: { min: number; max: number };
  nonce: string;
}

/** A client whose handshake was accepted. */
interface Client {
  origin: string;
  nonce: string;
  version: number;
  port: MessagePort;
}

type Field = HTMLInputElement | HTMLTextAreaElement;

/** What is said on a screen's button and under it. */
interface ScreenTexts {
  title: string;
  submit?: string;
  busy?: string;
  working?: string;
}

/** What a screen is made of. */
interface ScreenParts {
  text: ScreenTexts;
  /** Why the site asks; without it the site is not named. */
  asks?: string;
  /** Between the heading and the buttons. */
  body: (Node | string)[];
  /** Beside the button that closes the sheet. */
  beside?: Node[];
  /** Below the buttons. */
  tail?: Node[];
  /** Hold what is typed: emptied when the screen is left, when it is sent, when it is cancelled. */
  fields?: Field[];
  reveal?: HTMLButtonElement;
  /** The button does something that cannot be undone. */
  danger?: boolean;
  /** What is asked has to be read: the focus begins at the top, and the frame must be in view. */
  reading?: boolean;
  /** Adds a way back. */
  back?: () => void;
  /** Text of the button that closes the sheet. */
  cancel?: string;
  /** Brings the hints up to date with what is typed. */
  refresh?: () => void;
  /** How strong what is typed is, from 0 to 100. */
  strength?: (score: number) => void;
  /** Whether the button is open at all. */
  ready?: () => boolean;
  /** Names what still keeps the input from being sent, or nothing. */
  check?: () => string | null;
  /** Takes the input. */
  send?: () => void;
  /** Wipes what is held beside the fields, when the screen is left. */
  forget?: () => void;
}

/** A screen on display. */
interface Screen_ {
  name: ScreenName;
  text: ScreenTexts;
  card: HTMLElement;
  first: HTMLElement;
  reading: boolean;
  fields: Field[];
  submit: HTMLButtonElement | null;
  problem: HTMLElement;
  status: HTMLElement;
  refresh(): void;
  strength(score: number): void;
  ready(): boolean;
  check(): string | null;
  send(): void;
  /** Hides what was shown on request. */
  conceal(): void;
  /** Wipes what is held beside the fields. */
  forget(): void;
}

/** The request that is on display. */
type Show = UiRequest & { ui: 'show' };

/** The fields in which a new passphrase is chosen. */
interface PassphraseChoice {
  boxes: Node[];
  fields: HTMLInputElement[];
  reveal: HTMLButtonElement;
  refresh(): void;
  strength(score: number): void;
  check(): string | null;
  secret(): Uint8Array<ArrayBuffer>;
}

/** The fields in which a recovery phrase is typed. */
interface PhraseEntry {
  box: HTMLElement;
  fields: Field[];
  refresh(): void;
  check(): string | null;
  secret(): Uint8Array<ArrayBuffer>;
}
