//! Keys of vectors in the vault.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use kms_crypto::{
    KeyKind, PublicKey,
    hpke::{self, Binding},
};
use kms_testkit::seeded_provider;
use pollster::block_on;
use serde_json::{Value, json};

use super::failed;
use crate::session::{Session, from_base64, to_page};

/// Keys that were brought in, each once, by their spec and their 32 secret bytes.
pub(super) struct Keys<'a> {
    session: &'a Session<'a>,
    importing: Value,
    recipient: PublicKey,
    ids: BTreeMap<(&'static str, Vec<u8>), String>,
}

impl<'a> Keys<'a> {
    /// Makes the key that the others are sealed to.
    pub(super) async fn new(session: &'a Session<'a>) -> Result<Self> {
        let params = json!({"spec": "hpke-x25519", "policy": {"operations": ["import"]}});
        let importing = session.call("keys.create", params).await?["keyId"].take();
        let public = session.call("keys.public_key", json!({"keyId": importing})).await?;
        let raw = from_base64(public["raw"]["bytes"].as_str().context("no public key")?)?;
        let recipient = PublicKey::from_raw(KeyKind::HpkeX25519, &raw).map_err(failed)?;
        Ok(Self { session, importing, recipient, ids: BTreeMap::new() })
    }

    /// Will bring a key in.
    pub(super) fn want(&mut self, kind: KeyKind, secret: &[u8]) {
        self.ids.entry((kind.as_str(), secret.to_vec())).or_default();
    }

    /// Brings those in that are wanted, sealed as docs/formats.md has it.
    pub(super) async fn import(&mut self) -> Result<()> {
        let software = seeded_provider(41);
        let mut requests = Vec::new();
        for (spec, secret) in self.ids.keys() {
            let head = [0x82, 0x60 + u8::try_from(spec.len())?];
            let aad = [&head, spec.as_bytes(), b"\xa0"].concat();
            let binding = Binding { info: b"ats-kms/v1/key", aad: &aad };
            let sealed = block_on(hpke::seal(&software, &self.recipient, binding, secret));
            let sealed = to_page(&sealed.map_err(failed)?);
            let key = json!({"spec": spec, "audit": "deferred"});
            let params = json!({"keyId": self.importing, "sealed": sealed, "key": key});
            requests.push(("keys.import", params));
        }
        let replies = self.session.batch(&requests).await?;
        for (id, reply) in self.ids.values_mut().zip(&replies) {
            let imported = reply["result"]["keyId"].as_str();
            imported.with_context(|| format!("not imported: {reply}"))?.clone_into(id);
        }
        Ok(())
    }

    /// What a key is called.
    pub(super) fn id(&self, kind: KeyKind, secret: &[u8]) -> Result<&str> {
        let id = self.ids.get(&(kind.as_str(), secret.to_vec()));
        id.map(String::as_str).with_context(|| format!("a key of {kind:?} is missing"))
    }
}
