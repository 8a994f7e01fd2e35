// Synchronous arithmetic on one thread: the enclave's wasm (probe build) against peers from npm.

import { ed25519 } from '@noble/curves/ed25519.js';
import { argon2id } from 'hash-wasm';
import sodium from 'libsodium-wrappers-sumo';

const OPS_PER_BLOCK = 50;
const WARM_UP_BLOCKS = 3;
const MESSAGE = crypto.getRandomValues(new Uint8Array(200));
const SALT = crypto.getRandomValues(new Uint8Array(16));
const PASSPHRASE = new TextEncoder().encode('correct horse battery staple');
const MEMORY_KIB = 64 * 1024;
const ITERATIONS = 3;

/** The memory that a key derivation gets in crates/enclave/worker/main.js. */
const PAGES = { initial: 128, maximum: 1280 };

async function start() {
  await sodium.ready;
  const bytes = await (await fetch('/enclave/enclave.wasm')).arrayBuffer();
  const module = await WebAssembly.compile(bytes);
  wasm_bindgen.initSync({ module, memory: new WebAssembly.Memory(PAGES) });
}

function block(operation) {
  const from = performance.now();
  for (let i = 0; i < OPS_PER_BLOCK; i++) operation();
  return (performance.now() - from) / OPS_PER_BLOCK;
}

/** Peers that do not compute the same thing are not worth comparing. */
async function sameResult(operations) {
  const results = [];
  for (const operation of operations) results.push(`${await operation()}`);
  if (new Set(results).size !== 1) throw new Error('the results differ');
}

/** One number for each block. */
async function ed25519Sign(blocks) {
  const seed = crypto.getRandomValues(new Uint8Array(32));
  const { privateKey } = sodium.crypto_sign_seed_keypair(seed);
  const signer = new wasm_bindgen.BenchSigner(seed);
  const operations = {
    ours: () => signer.sign(MESSAGE),
    libsodium: () => sodium.crypto_sign_detached(MESSAGE, privateKey),
    noble: () => ed25519.sign(MESSAGE, seed),
  };
  await sameResult(Object.values(operations));
  const times = { ours: [], libsodium: [], noble: [] };
  for (let i = -WARM_UP_BLOCKS; i < blocks; i++) {
    for (const [name, operation] of Object.entries(operations)) {
      const time = block(operation);
      if (i >= 0) times[name][i] = time;
    }
  }
  return times;
}

const ARGON2 = {
  ours: () => wasm_bindgen.kdf(PASSPHRASE.slice(), SALT, MEMORY_KIB, ITERATIONS, 1),
  hashWasm: () =>
    argon2id({
      password: PASSPHRASE,
      salt: SALT,
      memorySize: MEMORY_KIB,
      iterations: ITERATIONS,
      parallelism: 1,
      hashLength: 32,
      outputType: 'binary',
    }),
  libsodium: () => {
    const algorithm = sodium.crypto_pwhash_ALG_ARGON2ID13;
    return sodium.crypto_pwhash(32, PASSPHRASE, SALT, ITERATIONS, MEMORY_KIB * 1024, algorithm);
  },
};

/** One number for each derivation. */
async function argon2(count) {
  await sameResult(Object.values(ARGON2));
  const times = { ours: [], hashWasm: [], libsodium: [] };
  for (let i = 0; i < count; i++) {
    for (const [name, operation] of Object.entries(ARGON2)) {
      const from = performance.now();
      await operation();
      times[name].push(performance.now() - from);
    }
  }
  return times;
}

globalThis.bench = { start, ed25519Sign, argon2 };
