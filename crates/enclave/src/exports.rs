//! What the worker's script calls.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use js_sys::Function;
use js_sys::futures::spawn_local;
use kms_protocol::{
    CallerOrigin, EnrolmentKind, ErrorCode, Label, Nonce, PROTOCOL_VERSION, Ready, Value, event,
};
use kms_vault::{Config, Names, Signers};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use crate::hub::Hub;
use crate::js::Dict;
use crate::port::MessagePort;
use crate::ports::{Browser, Vault};
use crate::stack::Scrubbed;
use crate::ui::{self, FromFrame, PostUi};

/// The enclave of this worker.
#[wasm_bindgen]
pub struct Enclave {
    config: Dict,
    hub: Rc<Hub>,
    post_ui: PostUi,
    vault: OnceCell<Vault>,
    ticking: Rc<Cell<bool>>,
}

#[wasm_bindgen]
impl Enclave {
    /// `config` is `{ version, workerDigest, wasmDigest, host, origin, signers, names, partitioned? }`;
    /// `post_ui(message, transfer)` sends to the frame.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(config: JsValue, post_ui: Function) -> Self {
        #[cfg(feature = "probe")]
        crate::probe::report_secrets();
        let post_ui = PostUi::new(post_ui);
        Self {
            config: config.unchecked_into(),
            hub: Hub::new(post_ui.clone()),
            post_ui,
            vault: OnceCell::new(),
            ticking: Rc::default(),
        }
    }

    /// Tests the browser and reads the vault's header. Rejects with the name of an error.
    pub async fn start(&self) -> Result<(), JsValue> {
        let name = |code: ErrorCode| JsValue::from_str(code.as_str());
        let partitioned = self.config.at("partitioned").as_bool();
        let (hub, post_ui) = (Rc::clone(&self.hub), self.post_ui.clone());
        let ports = Browser::boot(hub, post_ui, partitioned).await.map_err(name)?;
        let vault = Vault::new(ports, self.config().map_err(name)?);
        vault.start().await.map_err(|error| name(error.code()))?;
        let background = vault.clone();
        spawn_local(Scrubbed::new(async move { background.run().await }));
        let _ = self.vault.set(vault);
        Ok(())
    }

    /// Binds the port of a page whose origin the frame has verified.
    pub fn connect(&self, origin: String, nonce: String, version: u32, port: &MessagePort) {
        match self.accept(origin, nonce, version) {
            Ok((vault, origin, nonce)) => {
                let session = vault.connect(origin);
                self.hub.bind(vault, session, port.clone());
                port.send(&event("ready", self.ready(nonce)));
            }
            Err(code) => {
                port.send(&refused(code));
                port.close();
            }
        }
    }

    /// Takes a message of the frame's user interface; what is kept is copied at once.
    pub fn ui(&self, message: &JsValue) {
        match (ui::read(message), self.vault.get().cloned()) {
            (Some(FromFrame::HelperFailed), _) => self.post_ui.helper_failed(),
            (Some(FromFrame::Event(view, event)), Some(vault)) => {
                spawn_local(Scrubbed::new(async move { vault.handle_ui(view, event).await }));
            }
            _ => {}
        }
    }

    /// Runs the timers; to be called every second.
    pub fn tick(&self) {
        let Some(vault) = self.vault.get().cloned() else { return };
        if self.ticking.replace(true) {
            return; // the last one still waits for the store
        }
        let ticking = Rc::clone(&self.ticking);
        spawn_local(Scrubbed::new(async move {
            vault.tick().await;
            ticking.set(false);
        }));
    }
}

impl Enclave {
    fn text(&self, name: &str) -> String {
        self.config.at(name).as_string().unwrap_or_default()
    }

    /// Signers that cannot be read are nobody's mistake but the release's: it does not start.
    fn config(&self) -> Result<Config, ErrorCode> {
        let signers = match self.text("signers") {
            none if none.is_empty() => None,
            named => Some(Signers::parse(&named).ok_or(ErrorCode::IntegrityFailure)?),
        };
        Ok(Config {
            release: self.text("version"),
            worker_digest: self.text("workerDigest"),
            wasm_digest: self.text("wasmDigest"),
            host: self.text("host"),
            origin: self.text("origin"),
            auto_lock: Config::AUTO_LOCK,
            signers,
            names: self.names()?,
        })
    }

    /// What new ways to unlock are called, by kind. A release without names does not start.
    fn names(&self) -> Result<Names, ErrorCode> {
        let names: Dict = self.config.at("names").unchecked_into();
        let of = |kind: EnrolmentKind| {
            let name = names.at(kind.as_str()).as_string().unwrap_or_default();
            Label::new(name).map_err(|_| ErrorCode::IntegrityFailure)
        };
        Ok(Names {
            passphrase: of(EnrolmentKind::Passphrase)?,
            passkey: of(EnrolmentKind::Passkey)?,
            recovery_phrase: of(EnrolmentKind::RecoveryPhrase)?,
        })
    }

    fn accept(
        &self,
        origin: String,
        nonce: String,
        version: u32,
    ) -> Result<(&Vault, CallerOrigin, Nonce), ErrorCode> {
        let vault = self.vault.get().ok_or(ErrorCode::Internal)?;
        if version != PROTOCOL_VERSION {
            return Err(ErrorCode::ProtocolVersion);
        }
        let origin = CallerOrigin::new(origin).map_err(|_| ErrorCode::OriginRefused)?;
        let nonce = Nonce::new(nonce).map_err(|_| ErrorCode::InvalidRequest)?;
        Ok((vault, origin, nonce))
    }

    fn ready(&self, nonce: Nonce) -> Ready {
        Ready { nonce, protocol: PROTOCOL_VERSION, release: self.text("version") }
    }
}

/// The last message of a port that is not served; the frame sends the same.
fn refused(code: ErrorCode) -> Value {
    let data = Value::object([("code", Value::Text(code.as_str().into()))]);
    Value::object([("event", Value::Text("refused".into())), ("data", data)])
}
