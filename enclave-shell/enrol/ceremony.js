// The one thing this page does: it has the browser create a passkey that can open a vault.

/** Time a person has for the browser's prompt. */
const CEREMONY_LIMIT_MS = 120_000;

/** Names of algorithms (RFC 9053): Ed25519, ECDSA with P-256, RSA for older platforms. */
const ALGORITHMS = [-8, -7, -257];

/**
 * Why no passkey can be created here, if so.
 * @returns {'framed' | 'elsewhere' | 'unsupported' | null}
 */
function obstacle() {
  if (window.top !== window) return 'framed';
  if (location.origin !== ENROL.origin) return 'elsewhere';
  return typeof PublicKeyCredential === 'undefined' ? 'unsupported' : null;
}

/**
 * Discoverable, since the frame asks for it without knowing its name. What authenticates is the
 * PRF output in the frame, so nobody checks this challenge and no attestation is asked for.
 * @returns {PublicKeyCredentialCreationOptions}
 */
function options() {
  const name = `${TEXT.account}, ${new Date().toLocaleDateString([], { dateStyle: 'medium' })}`;
  return {
    challenge: crypto.getRandomValues(new Uint8Array(32)),
    rp: { id: location.hostname, name: TEXT.account },
    user: { id: crypto.getRandomValues(new Uint8Array(32)), name, displayName: name },
    pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
    authenticatorSelection: {
      residentKey: 'required',
      requireResidentKey: true,
      userVerification: 'required',
    },
    attestation: 'none',
    timeout: CEREMONY_LIMIT_MS,
    extensions: { prf: {} },
  };
}

/**
 * Runs the ceremony; has to be called while the browser still counts a press of a button.
 * @returns {Promise<Outcome>}
 */
async function createPasskey() {
  try {
    const credential = await navigator.credentials.create({ publicKey: options() });
    if (!(credential instanceof PublicKeyCredential)) return 'failed';
    return credential.getClientExtensionResults().prf?.enabled === true ? 'ready' : 'no_prf';
  } catch (error) {
    return outcomeOf(error instanceof DOMException ? error.name : '');
  }
}

/**
 * @param {string} name of the exception (Web Authentication level 3, section 5.1.3)
 * @returns {Outcome}
 */
function outcomeOf(name) {
  if (name === 'NotAllowedError' || name === 'AbortError') return 'cancelled';
  return name === 'ConstraintError' || name === 'NotSupportedError' ? 'no_authenticator' : 'failed';
}
