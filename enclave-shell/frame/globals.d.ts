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

type ScreenName = 'setup' | 'unlock';

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

/** What the enclave asks the frame to draw. */
type UiRequest =
  | { ui: 'show'; screen: ScreenName; origin: string; problem?: string | null; retryAfterMs?: number | null }
  | { ui: 'busy' }
  | { ui: 'hide' }
  | { ui: 'kdf' };

/** What the person did. */
type UiAnswer =
  | { ui: 'submit'; passphrase: Uint8Array }
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
