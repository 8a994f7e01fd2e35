//! Keys that leave the vault and come in: wrapped under a key of it, or sealed to a public key. One
//! leaves only if its policy said so when it was made.

use std::rc::Rc;

use kms_crypto::hpke::{self, Binding};
use kms_crypto::{KeyKind, PublicKey, SecretBytes, SecretVec};
use kms_protocol::{
    EncryptionContext, ErrorCode, ExportKeyParams, ExportedKey, ImportKeyParams, KeyId, KeyInfo,
    KeyOrigin, KeySpec, KeyUsage, Method, UnwrapKeyParams, WrapKeyParams, WrappedKey,
};

use super::ciphertext::{Canonical, Form};
use super::create::{Made, Plan};
use super::encrypt::version_of;
use super::facts::Facts;
use super::using::Operation;
use crate::enclave::Inner;
use crate::session::Caller;
use crate::state::UnlockedVault;
use crate::{Error, Ports, cbor};

/// HPKE `info` of a sealed key, so that `open` never opens one.
const INFO: &[u8] = b"ats-kms/v1/key";

/// HPKE `aad` of a sealed key: what it is, and its context.
fn sealed_aad(spec: KeySpec, context: &EncryptionContext) -> Vec<u8> {
    cbor::encode(&(spec.as_str(), Canonical(context)))
}

/// To whom a key is sealed: the lengths of the two kinds differ.
fn recipient_of(raw: &[u8]) -> Result<PublicKey, Error> {
    let kind = if raw.len() == 32 { KeyKind::HpkeX25519 } else { KeyKind::HpkeXWing };
    Ok(PublicKey::from_raw(kind, raw)?)
}

impl<P: Ports> UnlockedVault<P> {
    /// Makes a key of what came in. Anything that is no key is no ciphertext of one.
    async fn receive(&self, ports: &P, plan: &Plan, opened: SecretVec) -> Result<Made<P>, Error> {
        let secret = SecretBytes::copy_of(opened.expose());
        drop(opened);
        let made = match secret {
            Ok(secret) => self.import(ports, plan, secret).await,
            Err(error) => Err(error.into()),
        };
        made.map_err(|error| match error.code() {
            ErrorCode::InvalidKey => ErrorCode::InvalidCiphertext.into(),
            _ => error,
        })
    }
}

impl<P: Ports> Inner<P> {
    /// Wraps a key of the caller under another one.
    pub(crate) async fn wrap_key(
        self: &Rc<Self>,
        caller: &Caller,
        params: WrapKeyParams,
    ) -> Result<WrappedKey, Error> {
        let WrapKeyParams { key_id, target_key_id, context } = params;
        let context = context.unwrap_or_default();
        let shown =
            || Facts::default().key_id("targetKeyId", &target_key_id).context(&context).told();
        let operation =
            Operation::new(caller, Method::WrapKey, (key_id.clone(), None))?.showing(&shown);
        self.using(operation, async |permitted| {
            let (spec, secret) = self.leaving(caller, (&target_key_id, &key_id)).await?;
            let what = (Form::Key(spec), &context);
            let wrapped = permitted.encrypt(&self.ports, what, secret.expose()).await?;
            Ok(WrappedKey { wrapped, version: permitted.version })
        })
        .await
    }

    /// Unwraps a key into a new one of the caller.
    pub(crate) async fn unwrap_key(
        self: &Rc<Self>,
        caller: &Caller,
        params: UnwrapKeyParams,
    ) -> Result<KeyInfo, Error> {
        let UnwrapKeyParams { key_id, wrapped, context, key } = params;
        let vault = self.unlocked()?;
        let plan = self.plan(caller, *key, KeyOrigin::Imported)?;
        let context = context.unwrap_or_default();
        let what = (Form::Key(plan.spec()), &context);
        let version = version_of(what.0, &wrapped);
        let shown =
            || Facts::default().new_key(&plan).bytes("wrapped", &wrapped).context(&context).told();
        let operation =
            Operation::new(caller, Method::UnwrapKey, (key_id, version))?.showing(&shown);
        let made = self.using(operation, async |permitted| {
            let opened = permitted.decrypt(&self.ports, what, &wrapped).await?;
            permitted.vault.receive(&self.ports, &plan, opened).await
        });
        let made = made.await?;
        self.store_new(caller, &vault, plan, made).await
    }

    /// Seals a key of the caller to a public key.
    pub(crate) async fn export_key(
        self: &Rc<Self>,
        caller: &Caller,
        params: ExportKeyParams,
    ) -> Result<ExportedKey, Error> {
        let ExportKeyParams { key_id, recipient, context, version } = params;
        let context = context.unwrap_or_default();
        let shown = || Facts::default().bytes("recipient", &recipient).context(&context).told();
        let operation =
            Operation::new(caller, Method::ExportKey, (key_id, version))?.showing(&shown);
        self.using(operation, async |permitted| {
            let to = recipient_of(&recipient)?;
            let secret = permitted.secret(&self.ports).await?;
            let aad = sealed_aad(permitted.key.info.spec, &context);
            let binding = Binding { info: INFO, aad: &aad };
            let crypto = self.ports.crypto();
            let sealed = hpke::seal(crypto, &to, binding, secret.expose()).await?;
            Ok(ExportedKey { sealed, version: permitted.version })
        })
        .await
    }

    /// Opens a key that was sealed to one of the caller, into a new one.
    pub(crate) async fn import_key(
        self: &Rc<Self>,
        caller: &Caller,
        params: ImportKeyParams,
    ) -> Result<KeyInfo, Error> {
        let ImportKeyParams { key_id, sealed, context, version, key } = params;
        let vault = self.unlocked()?;
        let plan = self.plan(caller, *key, KeyOrigin::Imported)?;
        let context = context.unwrap_or_default();
        let aad = sealed_aad(plan.spec(), &context);
        let binding = Binding { info: INFO, aad: &aad };
        let shown =
            || Facts::default().new_key(&plan).bytes("sealed", &sealed).context(&context).told();
        let operation =
            Operation::new(caller, Method::ImportKey, (key_id, version))?.showing(&shown);
        let made = self.using(operation, async |permitted| {
            let (handle, public) = (permitted.handle(&self.ports).await?, permitted.public()?);
            let key = (&*handle, &public);
            let opened = hpke::open(self.ports.crypto(), key, binding, &sealed).await?;
            permitted.vault.receive(&self.ports, &plan, opened).await
        });
        let made = made.await?;
        self.store_new(caller, &vault, plan, made).await
    }

    /// The secret of a key that may leave wrapped, and its spec.
    async fn leaving(
        self: &Rc<Self>,
        caller: &Caller,
        (key_id, under): (&KeyId, &KeyId),
    ) -> Result<(KeySpec, SecretBytes<32>), Error> {
        let shown = || Facts::default().key_id("wrapped under", under).told();
        let operation = Operation::new(caller, Method::WrapKey, (key_id.clone(), None))?;
        let operation = operation.with(KeyUsage::Export).showing(&shown);
        self.using(operation, async |permitted| {
            let secret = permitted.secret(&self.ports).await?;
            Ok((permitted.key.info.spec, secret))
        })
        .await
    }
}
