// A page tries to use, and to make, passkeys of the enclave's host: the browser lets no other
// origin do so.

const bytes = () => crypto.getRandomValues(new Uint8Array(32));
const name = (promise) => promise.then(() => 'allowed', (error) => error.name);

export default async function attack({ host }) {
  if (typeof PublicKeyCredential === 'undefined') return null;
  const extensions = { prf: { eval: { first: bytes() } } };
  const used = await name(
    navigator.credentials.get({
      publicKey: { rpId: host, challenge: bytes(), userVerification: 'required', extensions },
    }),
  );
  const made = await name(
    navigator.credentials.create({
      publicKey: {
        rp: { id: host, name: 'ATS KMS vault' },
        user: { id: bytes(), name: 'x', displayName: 'x' },
        challenge: bytes(),
        pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
        extensions,
      },
    }),
  );
  return { used, made };
}
