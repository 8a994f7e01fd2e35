// Types for the checker only; nothing here is served.

/** Written by the shell in front of the frame's files. */
declare const RELEASE: Readonly<{
  version: string;
  protocol: number;
  origin: string;
  embedders: readonly string[];
  digests: Readonly<{ worker: string; wasm: string }>;
}>;
/** The worker's whole source. */
declare const WORKER_SOURCE: string;
/** The wasm module, one character per byte. */
declare const WASM_TEXT: string;

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

type Why = 'unlock' | 'add' | 'rename' | 'remove' | 'auto_lock' | 'backup' | 'drill' | 'reset';

/** A page of the user interface, with what it needs to be drawn. */
type View =
  | { screen: 'setup'; passkey: NewPasskey }
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
    }
  | { screen: 'backup'; phrase: boolean }
  | { screen: 'backup_ready'; name: string; bytes: number }
  | { screen: 'restore'; why: 'restore' | 'drill' }
  | { screen: 'confirm_restore'; created: number; keys: number; entries: number; newer?: number }
  | { screen: 'reset' };

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
  | ({ ui: 'show'; origin: string; problem?: string; retryAfterMs?: number } & View)
  | { ui: 'strength'; score: number }
  | { ui: 'busy' }
  | { ui: 'hide' }
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
    };

/** What can be asked for on the management page. */
type Action =
  | { action: 'add'; kind: EnrolmentKind }
  | { action: 'rename'; id: string; label: string }
  | { action: 'remove'; id: string }
  | { action: 'auto_lock'; idleMs: number; absoluteMs: number }
  | { action: 'backup' }
  | { action: 'drill' }
  | { action: 'reset' };

/** What the person did. Buffers are transferred. */
type UiAnswer =
  | { ui: 'estimate'; secret: Uint8Array<ArrayBuffer> }
  | ({ ui: 'factor'; enrolment?: string } & Factor)
  | { ui: 'new_phrase' }
  | { ui: 'written' }
  | { ui: 'words'; secret: Uint8Array<ArrayBuffer> }
  | { ui: 'back' }
  | { ui: 'restore' }
  | ({ ui: 'action' } & Action)
  | { ui: 'backup'; phrase: boolean; secret?: Uint8Array<ArrayBuffer> }
  | { ui: 'confirm' }
  | { ui: 'cancel' }
  | { ui: 'activity' }
  | { ui: 'hidden' }
  | { ui: 'lock' };

type WorkerReport =
  | { kind: 'booted' }
  | { kind: 'boot_failed'; code: RefusalCode; detail: string }
  | { kind: 'crashed' }
  | { kind: 'kdf_done' };

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

/** A screen on display. */
interface Screen_ {
  name: ScreenName;
  card: HTMLElement;
  first: HTMLElement;
  fields: HTMLInputElement[];
  reveal: HTMLButtonElement;
  submit: HTMLButtonElement;
  cancel: HTMLButtonElement;
  problem: HTMLElement;
  status: HTMLElement;
  /** Brings the hints up to date with what is typed. */
  refresh(): void;
  /** Names what still keeps the input from being sent, or nothing. */
  check(): string | null;
}
