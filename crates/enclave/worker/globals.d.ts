// Types for the checker only; nothing here is served.

interface KmsPolicyFactory {
  createPolicy(name: string, rules: Record<string, (text: string) => string>): unknown;
}
interface WorkerGlobalScope {
  /** Absent in engines without Trusted Types. */
  trustedTypes?: KmsPolicyFactory;
}

interface EnclaveConfig {
  version: string;
  workerDigest: string;
  wasmDigest: string;
  /** Host name of the enclave's origin. */
  host: string;
  /** The enclave's origin. */
  origin: string;
  /** What new ways to unlock are called, by kind. */
  names: Record<string, string>;
  /** Absent where the frame cannot know. */
  partitioned?: boolean;
}

interface KdfJob {
  op: 'derive';
  passphrase: Uint8Array<ArrayBuffer>;
  salt: Uint8Array<ArrayBuffer>;
  memoryKib: number;
  iterations: number;
  parallelism: number;
}

type InitMessage =
  | {
      kind: 'init';
      role: 'enclave';
      module: WebAssembly.Module;
      release: { version: string; digests: { worker: string; wasm: string }; signers: string };
      host: string;
      origin: string;
      names: Record<string, string>;
      partitioned?: boolean;
    }
  | { kind: 'init'; role: 'kdf'; module: WebAssembly.Module };

interface ToolsInitMessage {
  kind: 'init';
  role: 'tools';
  module: WebAssembly.Module;
  port: MessagePort;
  /** The file to open, when one was chosen. */
  file?: ArrayBuffer;
}

/** Argon2id parameters of a backup. */
interface PassphraseParameters {
  salt: Uint8Array<ArrayBuffer>;
  memoryKib: number;
  iterations: number;
  parallelism: number;
}

type PassphraseRecipient = PassphraseParameters & { key: Uint8Array<ArrayBuffer> };

/** What the enclave asks of the tools. Each is answered by `{ ok }` or `{ error }`. */
type ToolsJob =
  | { op: 'create'; phrase?: Uint8Array<ArrayBuffer>; passphrase?: PassphraseRecipient }
  | { op: 'write'; part: Uint8Array<ArrayBuffer> }
  | { op: 'finish' }
  | { op: 'kdf' }
  | { op: 'open'; kind: 'phrase' | 'passphrase'; key: Uint8Array<ArrayBuffer> }
  | { op: 'read' }
  | { op: 'end' };

interface ConnectMessage {
  kind: 'connect';
  origin: string;
  nonce: string;
  version: number;
}

/** Sends a message to the frame's UI. */
type PostUi = (message: object, transfer: Transferable[]) => void;

interface EnclaveInstance {
  /** Resolves when the vault's header is read; rejects with the name of an error code. */
  start(): Promise<void>;
  connect(origin: string, nonce: string, version: number, port: MessagePort): void;
  /** Copies what it keeps before it returns. */
  ui(message: object): void;
  tick(): void;
}

/** Throws the names of errors (crates/tools/src/lib.rs); wipes every key and part it is given. */
interface ToolsInstance {
  create(phrase?: Uint8Array, passphrase?: PassphraseRecipient): void;
  /** Finished bytes of the file, often none. */
  write(part: Uint8Array): Uint8Array<ArrayBuffer>;
  finish(): Uint8Array<ArrayBuffer>;
  kdf(file: Uint8Array): PassphraseParameters | null;
  open(file: Uint8Array, kind: 'phrase' | 'passphrase', key: Uint8Array): void;
  /** Plaintext; null behind the last. */
  read(): Uint8Array<ArrayBuffer> | null;
}

/** What the generated glue gives: in the tools' worker the last one, in the enclave's the others. */
declare const wasm_bindgen: {
  initSync(input: { module: WebAssembly.Module; memory: WebAssembly.Memory }): unknown;
  Enclave: new (config: EnclaveConfig, postUi: PostUi) => EnclaveInstance;
  kdf(
    passphrase: Uint8Array,
    salt: Uint8Array,
    memoryKib: number,
    iterations: number,
    parallelism: number,
  ): Uint8Array<ArrayBuffer>;
  Tools: new () => ToolsInstance;
};
