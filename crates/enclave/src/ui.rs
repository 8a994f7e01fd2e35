//! The channel to the frame's own user interface: a closed set of messages, both ways.

use std::rc::Rc;

use js_sys::{Function, Uint8Array};
use kms_crypto::SecretVec;
use kms_protocol::{IntoValue, Value};
use kms_vault::{UiCommand, UiEvent};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use crate::convert;
use crate::js::{self, Dict, Kind};
use crate::port::MessagePort;

/// Longest passphrase that is looked at, in bytes; the vault has its own, lower limit.
const MAX_PASSPHRASE: u32 = 4096;

/// Sends to the frame.
#[derive(Clone)]
pub(crate) struct PostUi(Rc<Function>);

impl PostUi {
    pub(crate) fn new(post: Function) -> Self {
        Self(Rc::new(post))
    }

    /// Asks for a KDF worker that gets this end of a channel.
    pub(crate) fn kdf(&self, port: &MessagePort) {
        let message = js::dict([("ui", &"kdf".into())]);
        let _ = self.0.call2(&JsValue::UNDEFINED, &message, port);
    }

    /// Tells what to show.
    pub(crate) fn command(&self, command: UiCommand) {
        let (message, _) = convert::to_js(&encode(command));
        let _ = self.0.call1(&JsValue::UNDEFINED, &message);
    }
}

fn encode(command: UiCommand) -> Value {
    let text = |text: &str| Value::Text(text.into());
    match command {
        UiCommand::Show { screen, origin, problem, retry_after_ms } => Value::object([
            ("ui", text("show")),
            ("screen", text(screen.as_str())),
            ("origin", text(origin.as_str())),
            ("problem", problem.map_or(Value::Null, |code| text(code.as_str()))),
            ("retryAfterMs", retry_after_ms.into_value()),
        ]),
        UiCommand::Busy => Value::object([("ui", text("busy"))]),
        UiCommand::Hide => Value::object([("ui", text("hide"))]),
    }
}

/// Reads a message of the frame; anything unknown is dropped.
pub(crate) fn event_from_js(message: &JsValue) -> Option<UiEvent> {
    if !message.is_object() || js::kind(message) != Kind::Plain {
        return None;
    }
    let message: &Dict = message.unchecked_ref();
    match message.at("ui").as_string()?.as_str() {
        "submit" => passphrase(message.member("passphrase")?.as_ref()).map(UiEvent::Submit),
        "cancel" => Some(UiEvent::Cancel),
        "activity" => Some(UiEvent::Activity),
        "hidden" => Some(UiEvent::Hidden),
        "lock" => Some(UiEvent::Lock),
        _ => None,
    }
}

/// Moves the passphrase out of the JavaScript heap. One that is far too long becomes an
/// empty one, which the vault refuses with a reason the person gets to see.
fn passphrase(view: &JsValue) -> Option<SecretVec> {
    if js::kind(view) != Kind::Bytes {
        return None;
    }
    let view: &Uint8Array = view.unchecked_ref();
    let length = view.length();
    let bytes = if length <= MAX_PASSPHRASE { view.to_vec() } else { Vec::new() };
    view.fill(0, 0, length);
    Some(SecretVec::new(bytes))
}
