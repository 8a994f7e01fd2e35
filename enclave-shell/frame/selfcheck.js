// The runtime self-check: the bytes that are about to run are the bytes of the release.
// The module is pinned by its digest already; this catches an assembly that does not fit.

/**
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 */
function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/**
 * @param {Uint8Array<ArrayBuffer>} deflated
 * @returns {Promise<ArrayBuffer>}
 */
function inflate(deflated) {
  const inflater = new DecompressionStream('deflate-raw');
  return new Response(new Blob([deflated]).stream().pipeThrough(inflater)).arrayBuffer();
}

/**
 * The digest in the form of the release's constants.
 * @param {BufferSource} bytes
 * @returns {Promise<string>}
 */
async function digestOf(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return `sha256-${btoa(String.fromCharCode(...digest))}`;
}

/**
 * @param {string} what
 * @param {BufferSource} bytes
 * @param {string} expected
 * @returns {Promise<void>}
 */
async function checkDigest(what, bytes, expected) {
  if ((await digestOf(bytes)) !== expected) throw new Refusal('integrity_failure', what);
}

/** @returns {Promise<ArrayBuffer>} */
async function inflatedWasm() {
  try {
    return await inflate(fromBase64(WASM_DEFLATED));
  } catch {
    throw new Refusal('integrity_failure', 'wasm');
  }
}

/**
 * The compiled wasm module. It compiles while it is hashed, and is handed out only if it fits.
 * @returns {Promise<WebAssembly.Module>}
 */
async function checkedModule() {
  const bytes = await inflatedWasm();
  const compiled = WebAssembly.compile(bytes).catch(() => {
    throw new Refusal('unsupported_environment', 'wasm');
  });
  // Wrong bytes often do not compile either; the digest is the better answer then.
  const digested = checkDigest('wasm', bytes, RELEASE.digests.wasm);
  const [module] = await Promise.all([
    digested.then(() => compiled),
    compiled.catch(() => digested),
  ]);
  return module;
}
