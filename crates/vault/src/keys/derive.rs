//! New keys from keys: agreed on with somebody else, or derived for a context. What they are made of
//! never comes out.

use std::rc::Rc;

use kms_crypto::labels::{AGREE, DERIVE};
use kms_crypto::{CryptoProvider, KeyKind, PublicKey, hkdf};
use kms_protocol::{
    AgreeKeyParams, CreateKeyParams, DeriveKeyParams, EncryptionContext, ErrorCode, KeyId, KeyInfo,
    KeyOrigin, KeySpec, KeyUsage, Method, PolicyRule,
};
use minicbor::bytes::ByteSlice;

use super::ciphertext::Canonical;
use super::create::Plan;
use super::facts::Facts;
use super::using::{Operation, Permitted};
use crate::enclave::Inner;
use crate::session::Caller;
use crate::{Error, Ports, cbor};

/// What a new key is for. It is part of what the key is derived with: the same bytes never serve two
/// purposes, one of which could undo the other.
fn purpose(spec: KeySpec, usages: &[KeyUsage]) -> &'static str {
    match spec {
        KeySpec::HmacSha256 if usages.contains(&KeyUsage::Derive) => "hmac-sha256/derive",
        _ => spec.as_str(),
    }
}

/// HKDF `info` of a key that two sides agree on. It is the same for both.
fn agree_info(
    purpose: &str,
    (one, other): (&PublicKey, &PublicKey),
    context: &EncryptionContext,
) -> Vec<u8> {
    let mut halves = [one.raw(), other.raw()];
    halves.sort_unstable();
    let halves = halves.map(<&ByteSlice>::from);
    cbor::encode(&(AGREE, purpose, halves[0], halves[1], Canonical(context)))
}

/// HKDF `info` of a key that is derived from a version of another.
fn derive_info(
    purpose: &str,
    (key_id, version): (&KeyId, u32),
    context: &EncryptionContext,
) -> Vec<u8> {
    cbor::encode(&(DERIVE, purpose, key_id.as_str(), version, Canonical(context)))
}

/// Fails if the new key could leave the vault and the one that it is made from could not.
fn stays_in<P: Ports>(from: &Permitted<'_, P>, new: &Plan) -> Result<(), Error> {
    let leaves = new.policy().usage()?.contains(&KeyUsage::Export);
    let denied = leaves && !from.is_for(KeyUsage::Export);
    if denied { Err(Error::Denied(PolicyRule::Operation)) } else { Ok(()) }
}

impl<P: Ports> Inner<P> {
    /// Agrees on a new key of the caller.
    pub(crate) async fn agree_key(
        self: &Rc<Self>,
        caller: &Caller,
        params: AgreeKeyParams,
    ) -> Result<KeyInfo, Error> {
        let AgreeKeyParams { key_id, peer, context, version, key } = params;
        let vault = self.unlocked()?;
        let (plan, context) =
            (self.symmetric_plan(caller, *key, KeyOrigin::Derived)?, context.unwrap_or_default());
        let purpose = purpose(plan.spec(), &plan.policy().usage()?);
        let shown =
            || Facts::default().new_key(&plan).bytes("peer", &peer).context(&context).told();
        let operation =
            Operation::new(caller, Method::AgreeKey, (key_id, version))?.showing(&shown);
        let made = self.using(operation, async |permitted| {
            stays_in(&permitted, &plan)?;
            let (handle, own) = (permitted.handle(&self.ports).await?, permitted.public()?);
            let other = PublicKey::from_raw(own.kind(), &peer)?;
            let info = agree_info(purpose, (&own, &other), &context);
            let shared = self.ports.crypto().agree(&handle, &other).await?;
            permitted.vault.import(&self.ports, &plan, shared.derive(&[], &info)?).await
        });
        let made = made.await?;
        self.store_new(caller, &vault, plan, made).await
    }

    /// Derives a new key of the caller.
    pub(crate) async fn derive_key(
        self: &Rc<Self>,
        caller: &Caller,
        params: DeriveKeyParams,
    ) -> Result<KeyInfo, Error> {
        let DeriveKeyParams { key_id, context, version, key } = params;
        let vault = self.unlocked()?;
        let (plan, context) =
            (self.symmetric_plan(caller, *key, KeyOrigin::Derived)?, context.unwrap_or_default());
        let purpose = purpose(plan.spec(), &plan.policy().usage()?);
        let shown = || Facts::default().new_key(&plan).context(&context).told();
        let operation = Operation::new(caller, Method::DeriveKey, (key_id.clone(), version))?;
        let operation = operation.showing(&shown);
        let made = self.using(operation, async |permitted| {
            stays_in(&permitted, &plan)?;
            let handle = permitted.handle(&self.ports).await?;
            let info = derive_info(purpose, (&key_id, permitted.version), &context);
            let secret = hkdf::expand_key(self.ports.crypto(), &handle, &info).await?;
            permitted.vault.import(&self.ports, &plan, secret).await
        });
        let made = made.await?;
        self.store_new(caller, &vault, plan, made).await
    }

    /// What a new key is to be that is made of a secret.
    pub(super) fn symmetric_plan(
        &self,
        caller: &Caller,
        key: CreateKeyParams,
        origin: KeyOrigin,
    ) -> Result<Plan, Error> {
        if !KeyKind::from(key.spec).is_symmetric() {
            return Err(Error::Code(ErrorCode::InvalidParams));
        }
        self.plan(caller, key, origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Written by hand from RFC 8949. A change here makes every derived key another one.
    #[test]
    fn what_a_key_is_derived_with_is_fixed() {
        let id = KeyId::new("AAECAwQFBgcICQoLDA0ODw").unwrap();
        let context = EncryptionContext::default();
        let info = derive_info("aes-256", (&id, 2), &context);
        assert_eq!(info, b"\x85\x71ats-kms/v1/derive\x67aes-256\x76AAECAwQFBgcICQoLDA0ODw\x02\xa0");
        let half = |first: u8| {
            let mut raw = [0; 32];
            raw[0] = first;
            PublicKey::from_raw(KeyKind::X25519, &raw).unwrap()
        };
        let (low, high) = (half(4), half(9));
        let info = agree_info("hmac-sha256", (&high, &low), &context);
        let expected = [
            &b"\x85\x70ats-kms/v1/agree\x6bhmac-sha256"[..],
            b"\x58\x20",
            low.raw(),
            b"\x58\x20",
            high.raw(),
            b"\xa0",
        ];
        assert_eq!(info, expected.concat());
        assert_eq!(info, agree_info("hmac-sha256", (&low, &high), &context));
    }

    #[test]
    fn deriving_and_codes_are_two_purposes() {
        let of = |usages: &[KeyUsage]| purpose(KeySpec::HmacSha256, usages);
        assert_eq!(of(&[KeyUsage::Mac, KeyUsage::VerifyMac]), "hmac-sha256");
        assert_eq!(of(&[KeyUsage::VerifyMac]), "hmac-sha256");
        assert_eq!(of(&[KeyUsage::Derive]), "hmac-sha256/derive");
        assert_eq!(purpose(KeySpec::Aes256, &[KeyUsage::Encrypt]), "aes-256");
    }
}
