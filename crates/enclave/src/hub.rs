//! The pages' ports, and the vault behind them.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Waker};

use js_sys::Array;
use js_sys::futures::spawn_local;
use kms_protocol::limits::{MAX_ITEMS, MAX_MESSAGE};
use kms_protocol::{ErrorCode, Value, reply_error};
use kms_vault::{Map, Outbox, SessionId, UiCommand};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use crate::convert;
use crate::js::{self, Kind};
use crate::port::{MessageEvent, MessagePort};
use crate::ports::Vault;
use crate::stack::Scrubbed;
use crate::ui::PostUi;

type Handler = Closure<dyn FnMut(JsValue)>;

/// Bytes of all messages that wait for an answer, together. The memory is small and fixed,
/// and no page may exhaust it.
const MAX_HELD: usize = MAX_MESSAGE;

/// Where events go.
pub(crate) struct Hub {
    clients: RefCell<Map<SessionId, Client>>,
    held: Cell<usize>,
    post_ui: PostUi,
}

struct Client {
    port: MessagePort,
    _on_message: Handler,
    _on_garbled: Handler,
    _on_close: Handler,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.port.set_onmessage(None);
        self.port.set_onmessageerror(None);
        self.port.set_onclose(None);
        self.port.close();
    }
}

impl Outbox for Hub {
    fn event(&self, session: SessionId, event: Value) {
        if let Some(client) = self.clients.borrow().get(&session) {
            client.port.send(&event);
        }
    }

    fn ui(&self, command: UiCommand) {
        self.post_ui.command(command);
    }
}

impl Hub {
    pub(crate) fn new(post_ui: PostUi) -> Rc<Self> {
        let clients = RefCell::default();
        Rc::new(Self { clients, held: Cell::new(0), post_ui })
    }

    /// Binds a page's port to its session; from here on every message is answered.
    pub(crate) fn bind(self: &Rc<Self>, vault: &Vault, session: SessionId, port: MessagePort) {
        let on_message = self.on_message(vault.clone(), session, port.clone());
        let on_garbled = on_garbled(port.clone());
        let on_close = self.on_close(vault.clone(), session);
        port.set_onmessageerror(Some(on_garbled.as_ref().unchecked_ref()));
        port.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        let client =
            Client { port, _on_message: on_message, _on_garbled: on_garbled, _on_close: on_close };
        self.clients.borrow_mut().insert(session, client);
    }

    fn on_message(self: &Rc<Self>, vault: Vault, session: SessionId, port: MessagePort) -> Handler {
        let hub = Rc::clone(self);
        Closure::new(move |event: JsValue| {
            let data = event.unchecked_ref::<MessageEvent>().data();
            match Held::read(&hub, &data) {
                Ok((held, message)) => {
                    run(answer(vault.clone(), session, port.clone(), held, message));
                }
                Err(code) => port.send(&refusal(&data, code)),
            }
        })
    }

    /// `close` events are fired by some engines only; elsewhere the frame goes away with
    /// the page, and the worker with it.
    fn on_close(self: &Rc<Self>, vault: Vault, session: SessionId) -> Handler {
        let hub = Rc::clone(self);
        Closure::new(move |_| {
            vault.disconnect(session);
            let gone = hub.clients.borrow_mut().remove(&session);
            // The handler that runs now must outlive its own call.
            spawn_local(async move { drop(gone) });
        })
    }
}

/// A message whose bytes count against [`MAX_HELD`] until it is answered.
struct Held {
    hub: Rc<Hub>,
    bytes: usize,
}

impl Held {
    fn read(hub: &Rc<Hub>, data: &JsValue) -> Result<(Self, Value), ErrorCode> {
        let held = hub.held.get();
        let (message, bytes) = convert::from_js(data, MAX_HELD - held).map_err(|code| {
            let busy = code == ErrorCode::PayloadTooLarge && held > 0;
            if busy { ErrorCode::TooManyRequests } else { code }
        })?;
        hub.held.set(held + bytes);
        Ok((Self { hub: Rc::clone(hub), bytes }, message))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.hub.held.set(self.hub.held.get() - self.bytes);
    }
}

/// Takes the first step at once: many requests need no second one, and the queue of the
/// engine costs as much as such a request itself.
fn run(work: impl Future<Output = ()> + 'static) {
    let mut work = Scrubbed::new(work);
    let mut context = Context::from_waker(Waker::noop());
    // A future that is not done registers its real waker when the queue polls it again.
    if Pin::new(&mut work).poll(&mut context).is_pending() {
        spawn_local(work);
    }
}

async fn answer(vault: Vault, session: SessionId, port: MessagePort, held: Held, message: Value) {
    let reply = vault.handle(session, message).await;
    drop(held);
    if let Some(reply) = reply {
        port.send(&reply);
    }
}

/// Answers a message that could not be read, with the ids of its requests where they can.
fn refusal(data: &JsValue, code: ErrorCode) -> Value {
    let one = |request: &JsValue| reply_error(convert::request_id(request), code.into());
    if data.is_object() && js::kind(data) == Kind::Array {
        let items: &Array = data.unchecked_ref();
        if (1..=MAX_ITEMS).contains(&(items.length() as usize)) {
            return Value::List(items.iter().map(|item| one(&item)).collect());
        }
    }
    one(data)
}

fn on_garbled(port: MessagePort) -> Handler {
    Closure::new(move |_| port.send(&reply_error(None, ErrorCode::InvalidRequest.into())))
}
