// The ceremonies of Web Authentication. The browser asks the person; what comes back is the
// output of the PRF extension, which opens the vault, and the authenticator's own statement; or a
// signature, which approves.

/**
 * A relying party is one exact host: a wider name would let neighbours evaluate the PRF.
 * @returns {string}
 */
function relyingParty() {
  const host_ = new URL(RELEASE.origin).hostname;
  if (location.hostname !== host_) throw new PasskeyProblem('passkey_failed');
  return host_;
}

/** A ceremony that gave nothing; the code is one of the texts of problems. */
class PasskeyProblem extends Error {
  /** @param {string} code */
  constructor(code) {
    super(code);
    /** @readonly */
    this.code = code;
  }
}

/**
 * Whether the embedder, as far as it can be known, lets this frame use a feature.
 * @param {string} feature
 * @returns {boolean}
 */
function isAllowed(feature) {
  return document.featurePolicy?.allowsFeature(feature) ?? true;
}

/** @returns {boolean} */
function mayUsePasskeys() {
  return 'PublicKeyCredential' in window && isAllowed('publickey-credentials-get');
}

/**
 * Whether the embedder keeps this frame from passkeys that the browser has.
 * @returns {boolean}
 */
function arePasskeysForbidden() {
  return 'PublicKeyCredential' in window && !mayUsePasskeys();
}

/** @returns {boolean} */
function mayCreatePasskeys() {
  return isAllowed('publickey-credentials-create');
}

/**
 * What the person sees of a failure: a prompt that was ended in any way is one and the same.
 * @param {unknown} error
 * @returns {PasskeyProblem}
 */
function toProblem(error) {
  if (error instanceof PasskeyProblem) return error;
  const known = error instanceof DOMException && error.name === 'InvalidStateError';
  return new PasskeyProblem(known ? 'passkey_known' : 'passkey_failed');
}

/**
 * Output of the PRF, as bytes that can be transferred and wiped.
 * @param {PublicKeyCredential} credential
 * @returns {Uint8Array<ArrayBuffer> | undefined}
 */
function prfOf(credential) {
  const first = credential.getClientExtensionResults().prf?.results?.first;
  if (first === undefined) return undefined;
  return first instanceof ArrayBuffer
    ? new Uint8Array(first)
    : new Uint8Array(first.buffer, first.byteOffset, first.byteLength).slice();
}

/**
 * @param {Uint8Array<ArrayBuffer>} id
 * @returns {PublicKeyCredentialDescriptor}
 */
function descriptor(id) {
  return { type: 'public-key', id };
}

/**
 * Creates a passkey. Of a key that the browser does not know as such there is no public half.
 * @param {NewPasskey} input
 * @param {AbortSignal} signal
 * @returns {Promise<{
 *   id: Uint8Array<ArrayBuffer>,
 *   prf: Uint8Array<ArrayBuffer> | undefined,
 *   publicKey: Uint8Array<ArrayBuffer> | undefined,
 * }>}
 */
async function createPasskey({ challenge, user, salt, exclude }, signal) {
  const name = TEXT.passkey.name(siteName());
  /** @type {PublicKeyCredentialCreationOptions} */
  const publicKey = {
    challenge,
    rp: { id: relyingParty(), name: TEXT.account },
    user: { id: user, name, displayName: name },
    pubKeyCredParams: [-8, -7, -257].map((alg) => ({ type: 'public-key', alg })),
    excludeCredentials: exclude.map(descriptor),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    attestation: 'none',
    extensions: { prf: { eval: { first: salt } } },
    timeout: PASSKEY_LIMIT_MS,
  };
  const made = await navigator.credentials.create({ publicKey, signal });
  if (
    !(made instanceof PublicKeyCredential) ||
    !(made.response instanceof AuthenticatorAttestationResponse)
  ) {
    throw new PasskeyProblem('passkey_failed');
  }
  const { prf } = made.getClientExtensionResults();
  if (prf?.enabled === false) throw new PasskeyProblem('passkey_without_prf');
  const spki = made.response.getPublicKey?.();
  const key = spki ? new Uint8Array(spki.slice()) : undefined;
  return { id: new Uint8Array(made.rawId.slice()), prf: prfOf(made), publicKey: key };
}

/**
 * An assertion of one of the passkeys that are named or, if none is, of any that the person has
 * for this host.
 * @param {Uint8Array<ArrayBuffer>} challenge
 * @param {Uint8Array<ArrayBuffer>[]} credentials
 * @param {AuthenticationExtensionsClientInputs} extensions
 * @param {AbortSignal} signal
 * @returns {Promise<{ used: PublicKeyCredential, response: AuthenticatorAssertionResponse }>}
 */
async function assertionOf(challenge, credentials, extensions, signal) {
  /** @type {PublicKeyCredentialRequestOptions} */
  const publicKey = {
    challenge,
    rpId: relyingParty(),
    allowCredentials: credentials.map(descriptor),
    userVerification: 'required',
    extensions,
    timeout: PASSKEY_LIMIT_MS,
  };
  const used = await navigator.credentials.get({ publicKey, signal });
  if (
    !(used instanceof PublicKeyCredential) ||
    !(used.response instanceof AuthenticatorAssertionResponse)
  ) {
    throw new PasskeyProblem('passkey_failed');
  }
  return { used, response: used.response };
}

/**
 * Uses a passkey to open the vault.
 * @param {Uint8Array<ArrayBuffer>} challenge
 * @param {Uint8Array<ArrayBuffer>[]} credentials
 * @param {AuthenticationExtensionsPRFInputs} prf
 * @param {AbortSignal} signal
 * @returns {Promise<Factor & { kind: 'passkey' }>}
 */
async function usePasskey(challenge, credentials, prf, signal) {
  const { used, response } = await assertionOf(challenge, credentials, { prf }, signal);
  const output = prfOf(used);
  if (output === undefined) throw new PasskeyProblem('passkey_without_prf');
  return {
    kind: 'passkey',
    credential: new Uint8Array(used.rawId.slice()),
    prf: output,
    authenticatorData: new Uint8Array(response.authenticatorData.slice()),
  };
}

/**
 * Uses one of these passkeys to sign what is approved. The browser names the site in its own
 * prompt, which nothing can cover.
 * @param {Uint8Array<ArrayBuffer>} digest
 * @param {Uint8Array<ArrayBuffer>[]} credentials
 * @param {AbortSignal} signal
 * @returns {Promise<Assertion>}
 */
async function signByPasskey(digest, credentials, signal) {
  const { used, response } = await assertionOf(digest, credentials, {}, signal);
  return {
    credential: new Uint8Array(used.rawId.slice()),
    clientData: new Uint8Array(response.clientDataJSON.slice()),
    authenticatorData: new Uint8Array(response.authenticatorData.slice()),
    signature: new Uint8Array(response.signature.slice()),
  };
}

/**
 * The PRF inputs of an unlock: each passkey has its own salt.
 * @param {Ceremony} ceremony
 * @returns {AuthenticationExtensionsPRFInputs}
 */
function prfByCredential({ passkeys }) {
  const entries = passkeys.map(({ credential, salt }) => [base64url(credential), { first: salt }]);
  return { evalByCredential: Object.fromEntries(entries) };
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {string}
 */
function base64url(bytes) {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * True when both hold the same bytes.
 * @param {Uint8Array<ArrayBuffer>} a
 * @param {Uint8Array<ArrayBuffer>} b
 * @returns {boolean}
 */
function sameBytes(a, b) {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
