//! Opening the database, and noticing when it goes away.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Function};
use kms_vault::{StoreError, Table};
use wasm_bindgen::prelude::*;

use super::idb::{Database, Factory, Request, Transaction};
use super::{CONTROL, aborted, unavailable};
use crate::js::{self, Deferred};

const NAME: &str = "ats-kms";
const VERSION: u32 = 1;

/// The store; connects when it is first used.
pub(crate) struct IdbStore {
    /// Whether the browser keeps it apart for each embedding site, where the frame could tell.
    pub(super) partitioned: Option<bool>,
    connection: RefCell<Option<Rc<Connection>>>,
    lost: Rc<Cell<bool>>,
}

/// An open database and the handler of its `close` and `versionchange` events.
pub(super) struct Connection {
    db: Database,
    on_gone: Closure<dyn FnMut()>,
}

impl IdbStore {
    pub(crate) fn new(partitioned: Option<bool>) -> Self {
        Self { partitioned, connection: RefCell::default(), lost: Rc::default() }
    }

    /// Starts a transaction over all tables, on a new connection if the old one is gone.
    pub(super) async fn begin(
        &self,
        mode: &str,
    ) -> Result<(Rc<Connection>, Transaction), StoreError> {
        let connection = self.connect().await?;
        match connection.transaction(mode) {
            Ok(transaction) => Ok((connection, transaction)),
            // Also once after a full disk in Firefox, where the connection is still good.
            Err(error) if js::error_name(&error) == "InvalidStateError" => {
                self.connection.take();
                let connection = self.connect().await?;
                let transaction = connection.transaction(mode).map_err(unavailable)?;
                Ok((connection, transaction))
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Opens the database ahead of its first use, which reports what is wrong with it.
    pub(crate) async fn wake(&self) {
        let _ = self.connect().await;
    }

    async fn connect(&self) -> Result<Rc<Connection>, StoreError> {
        if self.lost.take() {
            self.connection.take();
            return Err(StoreError::ConnectionLost);
        }
        if let Some(open) = self.connection.borrow().as_ref() {
            return Ok(Rc::clone(open));
        }
        let new = Rc::new(Connection::new(open().await?, Rc::clone(&self.lost)));
        self.connection.replace(Some(Rc::clone(&new)));
        Ok(new)
    }
}

impl Connection {
    fn new(db: Database, lost: Rc<Cell<bool>>) -> Self {
        // Another tab's upgrade or deletion must not wait for us, so both events close.
        let closing = db.clone();
        let on_gone = Closure::new(move || {
            lost.set(true);
            closing.close();
        });
        db.listen("close", on_gone.as_ref().unchecked_ref());
        db.listen("versionchange", on_gone.as_ref().unchecked_ref());
        Self { db, on_gone }
    }

    fn transaction(&self, mode: &str) -> Result<Transaction, JsValue> {
        let tables: Array = names().map(JsValue::from_str).collect();
        let options = js::dict([("durability", &"strict".into())]);
        self.db.transaction(&tables, mode, &options)
    }

    /// Waits for the event that `attach` subscribes to, or for the end of the transaction
    /// or of the connection, whichever comes first.
    pub(super) async fn wait(
        &self,
        transaction: &Transaction,
        attach: impl FnOnce(&Function),
    ) -> Result<(), StoreError> {
        let Deferred { promise, resolve, reject } = Deferred::new();
        attach(&resolve);
        transaction.set_onabort(&reject);
        let _listening = Listening::new(&self.db, reject);
        match js::settled(promise).await {
            Ok(_) => Ok(()),
            Err(event) if js::event_type(&event) == "abort" => Err(aborted(transaction)),
            Err(_) => Err(StoreError::ConnectionLost),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.db.unlisten("close", self.on_gone.as_ref().unchecked_ref());
        self.db.unlisten("versionchange", self.on_gone.as_ref().unchecked_ref());
        self.db.close();
    }
}

/// A `close` listener that is removed when the wait ends.
struct Listening<'a> {
    db: &'a Database,
    handler: Function,
}

impl<'a> Listening<'a> {
    fn new(db: &'a Database, handler: Function) -> Self {
        db.listen("close", &handler);
        Self { db, handler }
    }
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        self.db.unlisten("close", &self.handler);
    }
}

fn names() -> impl Iterator<Item = &'static str> {
    Table::ALL.into_iter().map(Table::name).chain([CONTROL])
}

async fn open() -> Result<Database, StoreError> {
    let factory = js::global("indexedDB");
    if !factory.is_object() {
        return Err(StoreError::Unavailable);
    }
    let request = factory.unchecked_ref::<Factory>().open(NAME, VERSION).map_err(unavailable)?;
    let upgrade = create_tables(&request);
    let Deferred { promise, resolve, reject } = Deferred::new();
    request.set_onupgradeneeded(upgrade.as_ref().unchecked_ref());
    request.set_onsuccess(&resolve);
    request.set_onerror(&reject);
    if js::settled(promise).await.is_err() {
        return Err(unavailable(request.error().unwrap_or(JsValue::NULL)));
    }
    request.result().map(JsCast::unchecked_into).map_err(unavailable)
}

fn create_tables(request: &Request) -> Closure<dyn FnMut()> {
    let request = request.clone();
    Closure::once(move || {
        let Ok(db) = request.result() else { return };
        for name in names() {
            // A failure aborts the upgrade, and the open request reports it.
            let _ = db.unchecked_ref::<Database>().create_object_store(name);
        }
    })
}
