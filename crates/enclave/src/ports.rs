//! All ports of the vault, over the browser.

use std::rc::Rc;

use futures_util::future::join;
use kms_protocol::ErrorCode;
use kms_vault::Ports;

use crate::clock::BrowserClock;
use crate::files::ToolsFiles;
use crate::hub::Hub;
use crate::kdf::WorkerKdf;
use crate::lock::{self, WebLock};
use crate::provider::WebCrypto;
use crate::store::IdbStore;
use crate::tabs::WebTabs;
use crate::ui::PostUi;

/// The vault over the browser.
pub(crate) type Vault = kms_vault::Enclave<Browser>;

/// What the browser gives the vault.
pub(crate) struct Browser {
    store: IdbStore,
    crypto: WebCrypto,
    clock: BrowserClock,
    kdf: WorkerKdf,
    outbox: Rc<Hub>,
    lock: WebLock,
    tabs: WebTabs,
    files: ToolsFiles,
}

impl Browser {
    /// Finds out what this browser can do, and refuses one that cannot do enough.
    pub(crate) async fn boot(
        hub: Rc<Hub>,
        post_ui: PostUi,
        partitioned: Option<bool>,
    ) -> Result<Self, ErrorCode> {
        let locks = lock::manager().ok_or(ErrorCode::UnsupportedEnvironment)?;
        let store = IdbStore::new(partitioned);
        // Side by side: each waits for another process of the browser.
        let (crypto, ()) = join(WebCrypto::boot(), store.wake()).await;
        Ok(Self {
            store,
            crypto: crypto.map_err(|_| ErrorCode::UnsupportedEnvironment)?,
            clock: BrowserClock,
            kdf: WorkerKdf(post_ui.clone()),
            outbox: hub,
            lock: WebLock::new(locks.clone()),
            tabs: WebTabs::new(locks),
            files: ToolsFiles(post_ui),
        })
    }
}

impl Ports for Browser {
    type Store = IdbStore;
    type Crypto = WebCrypto;
    type Clock = BrowserClock;
    type Kdf = WorkerKdf;
    type Outbox = Hub;
    type Lock = WebLock;
    type Tabs = WebTabs;
    type Files = ToolsFiles;

    fn store(&self) -> &IdbStore {
        &self.store
    }

    fn crypto(&self) -> &WebCrypto {
        &self.crypto
    }

    fn clock(&self) -> &BrowserClock {
        &self.clock
    }

    fn kdf(&self) -> &WorkerKdf {
        &self.kdf
    }

    fn outbox(&self) -> &Hub {
        &self.outbox
    }

    fn lock(&self) -> &WebLock {
        &self.lock
    }

    fn tabs(&self) -> &WebTabs {
        &self.tabs
    }

    fn files(&self) -> &ToolsFiles {
        &self.files
    }
}
