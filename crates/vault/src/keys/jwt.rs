//! Tokens by the template of a key. The page gives claims, the enclave the rest, and nothing that
//! the template does not allow is signed.

use std::borrow::Cow;
use std::rc::Rc;

use kms_crypto::{CryptoProvider, SIGNATURE_LEN};
use kms_jose::{Claims, Issue, JoseError, Jws, Template, Unsigned, verify_by};
use kms_protocol::{
    ByClaim, ClaimValue, ErrorCode, KeyUsage, Method, PolicyRule, SignJwtParams, SignedJwt,
    Verdict, VerifyJwtParams,
};

use super::cache::LoadedKey;
use super::using::{Operation, Permitted};
use crate::enclave::Inner;
use crate::session::Caller;
use crate::{Clock, Error, Ports, random};

/// A token as a page asks for it.
struct Asked {
    claims: ByClaim<ClaimValue>,
    life_s: Option<u32>,
}

impl<P: Ports> Inner<P> {
    /// Signs a token with a key of the caller. A person who is asked sees its claims; when it begins
    /// is decided after they have answered.
    pub(crate) async fn sign_jwt(
        self: &Rc<Self>,
        caller: &Caller,
        params: SignJwtParams,
    ) -> Result<SignedJwt, Error> {
        let SignJwtParams { key_id, claims, life_s, version } = params;
        let asked = Asked { claims: claims.unwrap_or_default(), life_s };
        let operation = Operation::new(caller, Method::SignJwt, (key_id, version))?;
        let vault = self.unlocked()?;
        let key = self.permitted(&vault, &operation).await?;
        let template = key.record.policy().template()?;
        let shown = match self.claims(&template, &asked) {
            Ok(claims) => {
                format!("typ: {}\n{}", template.as_policy().typ.as_str(), claims.to_lines())
            }
            Err(error) => {
                self.defer(self.draft(&operation, error.code().as_str()));
                return Err(error);
            }
        };
        let shown = || Cow::Borrowed(shown.as_bytes());
        let operation = operation.showing(&shown);
        self.using(operation, async |permitted| {
            let claims = self.claims(&template, &asked)?;
            let unsigned = Unsigned::new(&permitted.public()?, &template.typ()?, &claims)?;
            let handle = permitted.handle(&self.ports).await?;
            let signature = self.ports.crypto().sign(&handle, unsigned.signing_input()).await?;
            let expires = claims.exp().ok_or(ErrorCode::Internal)? * 1000;
            Ok(SignedJwt { token: unsigned.sign(&signature), expires, version: permitted.version })
        })
        .await
    }

    /// Verifies a token of a key of the caller. Whatever is wrong about the token has one answer; only
    /// what is wrong about the key is an error.
    pub(crate) async fn verify_jwt(
        self: &Rc<Self>,
        caller: &Caller,
        params: VerifyJwtParams,
    ) -> Result<Verdict, Error> {
        let VerifyJwtParams { key_id, token } = params;
        let operation = Operation::new(caller, Method::VerifyJwt, (key_id, None))?;
        let vault = self.unlocked()?;
        let key = self.permitted(&vault, &operation).await?;
        let read = Jws::parse(token.as_str()).ok();
        let named = read.and_then(|jws| Some((named_version(&key, &jws)?, jws)));
        // Named, so that it is this version that is looked at again if the key changes meanwhile.
        let (operation, jws) = match named {
            Some((version, jws)) => (operation.of_version(version), Some(jws)),
            None => (operation, None),
        };
        self.using(operation, async |permitted| {
            if !permitted.is_for(KeyUsage::Jwt) {
                return Err(Error::Denied(PolicyRule::Operation));
            }
            let Some(jws) = jws else { return Ok(Verdict { valid: false }) };
            Ok(Verdict { valid: self.is_valid(&permitted, &jws).await? })
        })
        .await
    }

    /// Whether this version signed the token and the template of the key allows it now.
    async fn is_valid(&self, permitted: &Permitted<'_, P>, jws: &Jws<'_>) -> Result<bool, Error> {
        let template = permitted.key.record.policy().template()?;
        let (public, typ) = (permitted.public()?, template.typ()?);
        let crypto = self.ports.crypto();
        let check = async |input: &[u8], signature: &[u8; SIGNATURE_LEN]| {
            crypto.verify(&public, input, signature).await
        };
        let verified = verify_by(jws, (&public, &typ), check).await?;
        let now_s = self.ports.clock().now_ms() / 1000;
        Ok(verified.is_ok_and(|verified| template.check(&verified.claims, now_s).is_ok()))
    }

    /// The claims of the token if it were issued now.
    fn claims(&self, template: &Template, asked: &Asked) -> Result<Claims, Error> {
        let now_s = self.ports.clock().now_ms() / 1000;
        let id = random::id(self.ports.crypto())?;
        Ok(template.issue(&asked.claims, &Issue { now_s, life_s: asked.life_s, id })?)
    }
}

/// The version of the key that a token names, if it may still be used to verify.
fn named_version<P: Ports>(key: &LoadedKey<P>, jws: &Jws<'_>) -> Option<u32> {
    let kid = jws.header().kid.as_ref()?;
    let version = key.info.versions.iter().find(|version| version.kid.as_ref() == Some(kid))?;
    key.record.may_read(Some(version.version)).ok()?;
    Some(version.version)
}

impl From<JoseError> for Error {
    /// For what the enclave itself signs: nothing else of it can go wrong.
    fn from(error: JoseError) -> Self {
        match error {
            JoseError::Denied(rule) => Self::Denied(rule),
            JoseError::TooLarge => Self::Code(ErrorCode::PayloadTooLarge),
            _ => Self::Code(ErrorCode::Internal),
        }
    }
}

#[cfg(test)]
mod tests {
    use kms_protocol::PolicyRule;

    use super::*;

    #[test]
    fn a_refusal_keeps_its_rule_and_nothing_else_is_told() {
        let denied = Error::from(JoseError::Denied(PolicyRule::JwtLife));
        assert_eq!(denied, Error::Denied(PolicyRule::JwtLife));
        let large = Error::from(JoseError::TooLarge);
        assert_eq!(large, Error::Code(ErrorCode::PayloadTooLarge));
        let wrong = Error::from(JoseError::UnsupportedAlgorithm);
        assert_eq!(wrong, Error::Code(ErrorCode::Internal));
    }
}
