//! The compact serialisation (RFC 7515, section 7.1).

use base64ct::{Base64UrlUnpadded, Encoding};
use kms_crypto::{PublicKey, SIGNATURE_LEN, strict};

use crate::json::{Json, Object};
use crate::{Algorithm, Claims, JoseError, TokenType, limits};

/// A token that still needs its signature.
#[derive(Debug)]
pub struct Unsigned(String);

impl Unsigned {
    /// The token of these claims by this key. What is signed is written anew from what was
    /// parsed; the header is `{alg, kid, typ}`.
    pub fn new(key: &PublicKey, typ: &TokenType, claims: &Claims) -> Result<Self, JoseError> {
        let algorithm = Algorithm::of(key.kind()).ok_or(JoseError::UnsupportedAlgorithm)?;
        let header = Object::of([
            ("alg", Json::Text(algorithm.as_str().into())),
            ("kid", Json::Text(key.thumbprint())),
            ("typ", Json::Text(typ.as_str().into())),
        ]);
        Ok(Self(format!("{}.{}", encode(header.to_json()), encode(claims.to_json()))))
    }

    /// What is to be signed: the ASCII text of both parts (section 5.1, step 5).
    #[must_use]
    pub fn signing_input(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The token with its signature.
    #[must_use]
    pub fn sign(self, signature: &[u8; SIGNATURE_LEN]) -> String {
        format!("{}.{}", self.0, encode(signature))
    }
}

/// A header. It has no other parameters: `crit` (section 4.1.11), `jwk`, `jku` and `x5u` cannot
/// be ignored because they cannot be there (RFC 8725, sections 3.9 and 3.10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The algorithm; it is compared with the key's and decides nothing.
    pub algorithm: Algorithm,
    /// Which key.
    pub kid: Option<String>,
    /// What kind of token.
    pub typ: Option<String>,
}

/// A token that was read and is not believed yet: its payload comes out with the right key only.
#[derive(Debug)]
pub struct Jws<'a> {
    signing_input: &'a str,
    header: Header,
    payload: Vec<u8>,
    signature: [u8; SIGNATURE_LEN],
}

impl<'a> Jws<'a> {
    /// Reads a token. Each token has exactly one text: base64url is canonical and unpadded.
    pub fn parse(token: &'a str) -> Result<Self, JoseError> {
        if token.len() > limits::MAX_TOKEN {
            return Err(JoseError::TooLarge);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(JoseError::Malformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(JoseError::Malformed)?;
        let signature = decode(signature)?.try_into().map_err(|_| JoseError::Malformed)?;
        let (header, payload) = (Header::parse(&decode(header)?)?, decode(payload)?);
        Ok(Self { signing_input, header, payload, signature })
    }

    /// The header, which nobody vouches for yet.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The payload, which nobody vouches for: only to say which token was refused.
    #[must_use]
    pub fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    /// The payload, if this key signed it with its own algorithm.
    pub fn verify(&self, key: &PublicKey) -> Result<&[u8], JoseError> {
        self.is_for(key)?;
        self.believed(strict::verify(key, self.signing_input.as_bytes(), &self.signature))
    }

    /// The same by a check of signatures that somebody else has, such as a browser: it is given what
    /// was signed and the signature. The outer error is its own and says nothing about the token.
    pub async fn verify_by<E>(
        &self,
        key: &PublicKey,
        check: impl AsyncFnOnce(&[u8], &[u8; SIGNATURE_LEN]) -> Result<bool, E>,
    ) -> Result<Result<&[u8], JoseError>, E> {
        if let Err(refused) = self.is_for(key) {
            return Ok(Err(refused));
        }
        let valid = check(self.signing_input.as_bytes(), &self.signature).await?;
        Ok(self.believed(valid))
    }

    fn is_for(&self, key: &PublicKey) -> Result<(), JoseError> {
        let own = Algorithm::of(key.kind()) == Some(self.header.algorithm);
        if own { Ok(()) } else { Err(JoseError::WrongAlgorithm) }
    }

    fn believed(&self, valid: bool) -> Result<&[u8], JoseError> {
        if valid { Ok(&self.payload) } else { Err(JoseError::InvalidSignature) }
    }
}

impl Header {
    fn parse(json: &[u8]) -> Result<Self, JoseError> {
        if json.len() > limits::MAX_HEADER {
            return Err(JoseError::TooLarge);
        }
        let members = Object::parse(json).ok_or(JoseError::InvalidHeader)?;
        if members.names().any(|name| !matches!(name, "alg" | "kid" | "typ")) {
            return Err(JoseError::InvalidHeader);
        }
        let text = |name| match members.get(name) {
            Some(Json::Text(text)) => Ok(Some(text.clone())),
            Some(_) => Err(JoseError::InvalidHeader),
            None => Ok(None),
        };
        let algorithm = text("alg")?.ok_or(JoseError::InvalidHeader)?;
        let algorithm = Algorithm::parse(&algorithm).ok_or(JoseError::UnsupportedAlgorithm)?;
        Ok(Self { algorithm, kid: text("kid")?, typ: text("typ")? })
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

fn decode(text: &str) -> Result<Vec<u8>, JoseError> {
    let bytes = Base64UrlUnpadded::decode_vec(text).map_err(|_| JoseError::Malformed)?;
    // One text per value, whatever the library lets pass in the last character.
    if encode(&bytes) == text { Ok(bytes) } else { Err(JoseError::Malformed) }
}
