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
}

interface KdfJob {
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
      release: { version: string; digests: { worker: string; wasm: string } };
    }
  | { kind: 'init'; role: 'kdf'; module: WebAssembly.Module; port: MessagePort };

interface ConnectMessage {
  kind: 'connect';
  origin: string;
  nonce: string;
  version: number;
}

/** Sends a message to the frame's UI, with a port for a key derivation. */
type PostUi = (message: object, port?: MessagePort) => void;

interface EnclaveInstance {
  /** Resolves when the vault's header is read; rejects with the name of an error code. */
  start(): Promise<void>;
  connect(origin: string, nonce: string, version: number, port: MessagePort): void;
  /** Copies what it keeps before it returns. */
  ui(message: object): void;
  tick(): void;
}

/** What the generated glue gives (crates/enclave/src). */
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
};
