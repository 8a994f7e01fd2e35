// The runtime self-check: the bytes that are about to run are the bytes of the release.
// The module is pinned by its digest already; this catches an assembly that does not fit.

/**
 * The bytes of a wasm module that came as text. Byte `b` is the character `b + 0x23`; what is no
 * such character gives a wrong byte, which the digest tells.
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 */
function wasmBytes(text) {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i) - 0x23;
  return bytes;
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

/**
 * The compiled wasm module. It compiles while it is hashed, and is handed out only if it fits.
 * @param {string} what
 * @param {string} text
 * @param {string} expected
 * @returns {Promise<WebAssembly.Module>}
 */
async function checkedModule(what, text, expected) {
  const bytes = wasmBytes(text);
  const compiled = WebAssembly.compile(bytes).catch(() => {
    throw new Refusal('unsupported_environment', what);
  });
  // Wrong bytes often do not compile either; the digest is the better answer then.
  const digested = checkDigest(what, bytes, expected);
  const [module] = await Promise.all([
    digested.then(() => compiled),
    compiled.catch(() => digested),
  ]);
  return module;
}
