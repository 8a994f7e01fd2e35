//! Virtual authenticators (Web Authentication, section 11), for engines that have them.

use anyhow::{Context as _, Result};
use fantoccini::Client;
use serde_json::json;

use crate::{
    command::{delete, post},
    engine::Engine,
    scenario::Skip,
};

/// An authenticator that the person always has at hand and agrees to.
pub(crate) struct Authenticator<'a> {
    client: &'a Client,
    id: String,
}

impl<'a> Authenticator<'a> {
    /// One that evaluates the PRF extension.
    pub(crate) async fn with_prf(engine: Engine, client: &'a Client) -> Result<Self> {
        Self::plug_in(engine, client, &["prf"]).await
    }

    /// One that does not, where the engine has such a thing.
    pub(crate) async fn without_prf(engine: Engine, client: &'a Client) -> Result<Self> {
        let extensions: &[_] = if engine == Engine::Firefox { &["prf"] } else { &[] };
        Self::plug_in(engine, client, extensions).await
    }

    async fn plug_in(engine: Engine, client: &'a Client, extensions: &[&str]) -> Result<Self> {
        if !engine.has_passkeys() {
            anyhow::bail!(Skip("this engine has no Web Authentication"));
        }
        let options = json!({
            "protocol": "ctap2_1", "transport": "internal", "hasResidentKey": true,
            "hasUserVerification": true, "isUserConsenting": true, "isUserVerified": true,
            "extensions": extensions,
        });
        let id = post(client, "webauthn/authenticator", options).await?;
        Ok(Self { client, id: id.as_str().context("no authenticator")?.to_owned() })
    }

    /// Whether it finds that it is the right person.
    pub(crate) async fn verifies(&self, verified: bool) -> Result<()> {
        let path = format!("webauthn/authenticator/{}/uv", self.id);
        post(self.client, &path, json!({"isUserVerified": verified})).await?;
        Ok(())
    }

    /// Takes it away. A test must, or the next one has it at hand too.
    pub(crate) async fn unplug(self) -> Result<()> {
        delete(self.client, &format!("webauthn/authenticator/{}", self.id)).await
    }
}
