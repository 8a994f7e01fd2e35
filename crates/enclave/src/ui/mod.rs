//! The channel to the frame's own user interface: a closed set of messages, both ways.

mod decode;
mod encode;

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function};
use kms_vault::UiCommand;
use wasm_bindgen::prelude::*;

pub(crate) use decode::{FromFrame, read};

use crate::js;
use crate::port::MessagePort;

/// Sends to the frame.
#[derive(Clone)]
pub(crate) struct PostUi(Rc<Channel>);

struct Channel {
    post: Function,
    /// Ends the wait for a helper's answer.
    give_up: RefCell<Option<Function>>,
}

impl PostUi {
    /// `post(message, transfer)` sends to the frame.
    pub(crate) fn new(post: Function) -> Self {
        Self(Rc::new(Channel { post, give_up: RefCell::default() }))
    }

    /// Asks for a worker of this kind that gets this end of a channel.
    pub(crate) fn helper(&self, kind: &str, port: &MessagePort) {
        self.post(&js::dict([("ui", &kind.into())]), &Array::of1(port));
    }

    /// What to call when the frame tells that a helper died without a word.
    pub(crate) fn on_helper_failed(&self, give_up: Option<Function>) {
        self.0.give_up.replace(give_up);
    }

    /// Tells who waits for a helper that there will be no answer.
    pub(crate) fn helper_failed(&self) {
        if let Some(give_up) = self.0.give_up.take() {
            let _ = give_up.call0(&JsValue::UNDEFINED); // resolvers do not throw
        }
    }

    /// Tells what to show.
    pub(crate) fn command(&self, command: UiCommand) {
        let (message, transfer) = encode::command(command);
        self.post(&message, &transfer);
    }

    fn post(&self, message: &JsValue, transfer: &Array) {
        let _ = self.0.post.call2(&JsValue::UNDEFINED, message, transfer);
    }
}
