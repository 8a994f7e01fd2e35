//! The facade: what the wasm edge and the tests drive.

use std::cell::RefCell;
use std::rc::Rc;

use futures_util::lock::Mutex;
use kms_protocol::{
    AutoLock, BackupHealth, CallerOrigin, Enrolment, EnrolmentKind, ErrorCode, IntoValue, Label,
    Value, event,
};
use kms_verify::Signers;

use crate::approval::Denials;
use crate::attempts::Watch;
use crate::audit::Journal;
use crate::header::Header;
use crate::session::Sessions;
use crate::sheet::Sheet;
use crate::state::Phase;
use crate::time::Moment;
use crate::tripwire::Tripwire;
use crate::turns::Turns;
use crate::{Clock, Error, Outbox, Ports, SessionId, UiEvent};

/// What a release knows about itself.
#[derive(Clone, Debug)]
pub struct Config {
    /// Version of the release.
    pub release: String,
    /// Digest of the worker source as the frame measured it (`sha256-…`).
    pub worker_digest: String,
    /// Digest of the wasm module as the frame measured it (`sha256-…`).
    pub wasm_digest: String,
    /// When the vault locks itself at the latest.
    pub auto_lock: AutoLock,
    /// Host name of the enclave's origin, to which passkeys belong.
    pub host: String,
    /// The enclave's origin, where passkeys approve.
    pub origin: String,
    /// Whose word against a release counts, if anybody's does.
    pub signers: Option<Signers>,
    /// What new ways to unlock are called.
    pub names: Names,
}

/// What a new way to unlock is called until the person renames it. The words stand with all others
/// that a person reads, which the core does not have.
#[derive(Clone, Debug)]
pub struct Names {
    /// A passphrase.
    pub passphrase: Label,
    /// A passkey.
    pub passkey: Label,
    /// A recovery phrase.
    pub recovery_phrase: Label,
}

impl Names {
    pub(crate) const fn of(&self, kind: EnrolmentKind) -> &Label {
        match kind {
            EnrolmentKind::Passphrase => &self.passphrase,
            EnrolmentKind::Passkey => &self.passkey,
            EnrolmentKind::RecoveryPhrase => &self.recovery_phrase,
        }
    }
}

impl Config {
    /// Automatic locking of a release that says nothing else: 15 minutes idle, 8 hours at most.
    pub const AUTO_LOCK: AutoLock =
        AutoLock { idle_ms: 15 * 60 * 1000, absolute_ms: 8 * 60 * 60 * 1000 };
}

/// The enclave: sessions, sheet and vault over its ports. Clones are the same enclave.
pub struct Enclave<P: Ports>(Rc<Inner<P>>);

impl<P: Ports> Clone for Enclave<P> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

/// The shared state. No borrow of a cell is ever held across an await.
pub(crate) struct Inner<P: Ports> {
    pub(crate) ports: P,
    pub(crate) config: Config,
    pub(crate) phase: RefCell<Phase<P>>,
    /// The header that was read or written last.
    pub(crate) header: RefCell<Option<Header>>,
    /// Since when the stored attempts to unlock are known.
    pub(crate) watch: Watch,
    pub(crate) journal: RefCell<Journal<P>>,
    pub(crate) sessions: RefCell<Sessions>,
    pub(crate) sheet: RefCell<Sheet<P>>,
    /// Whose turn it is to read many records: the memory is for one page at a time.
    pub(crate) paging: Mutex<()>,
    /// Whose turn it is to write to a stream.
    pub(crate) writing: Turns,
    /// What the person denied lately.
    pub(crate) denials: RefCell<Denials>,
    /// What is known of the release that last opened the vault.
    pub(crate) tripwire: Tripwire,
}

impl<P: Ports> Enclave<P> {
    /// An enclave that has not read its storage yet.
    pub fn new(ports: P, config: Config) -> Self {
        Self(Rc::new(Inner {
            ports,
            config,
            phase: RefCell::new(Phase::Faulted(ErrorCode::StorageUnavailable)),
            header: RefCell::default(),
            watch: Watch::default(),
            journal: RefCell::default(),
            sessions: RefCell::default(),
            sheet: RefCell::default(),
            paging: Mutex::default(),
            writing: Turns::default(),
            denials: RefCell::default(),
            tripwire: Tripwire::default(),
        }))
    }

    /// Reads the header and decides whether there is a vault. Until this has succeeded every
    /// method that needs the vault fails with the reason; calling it again is allowed.
    pub async fn start(&self) -> Result<(), Error> {
        self.0.start().await
    }

    /// Opens a session for a page whose origin the frame has verified.
    #[must_use]
    pub fn connect(&self, origin: CallerOrigin) -> SessionId {
        let now = self.0.ports.clock().monotonic_ms();
        self.0.sessions.borrow_mut().connect(origin, now)
    }

    /// Closes a session; what it waited for ends.
    pub fn disconnect(&self, session: SessionId) {
        self.0.sessions.borrow_mut().disconnect(session);
        self.0.dismiss(session);
        if let Ok(vault) = self.0.unlocked() {
            vault.streams.borrow_mut().leave(session);
        }
    }

    /// Handles one message of a session: the reply, the replies of a batch in their order, or
    /// `None` for a cancellation or a closed session.
    pub async fn handle(&self, session: SessionId, message: Value) -> Option<Value> {
        self.0.handle(session, message).await
    }

    /// Handles one event of the enclave's own user interface. What the person does on a screen
    /// names its [`View::number`](crate::View::number) and is dropped when that is not the last
    /// one shown.
    pub async fn handle_ui(&self, view: Option<u32>, event: UiEvent) {
        self.0.handle_ui(view, event).await;
    }

    /// Timers: automatic locking, deadlines, deferred audit entries, the check of the log. To be
    /// called every second.
    pub async fn tick(&self) {
        self.0.tick().await;
    }

    /// Background work, started once: writes deferred audit entries within 250 ms, and locks when
    /// another tab does. Never ends.
    pub async fn run(&self) {
        self.0.run().await;
    }
}

impl<P: Ports> Inner<P> {
    /// Remembers the header that was read or written last.
    pub(crate) fn note_header(&self, header: Header) {
        *self.header.borrow_mut() = Some(header);
    }

    /// Ways to open the vault, as far as they are known here.
    pub(crate) fn enrolments(&self) -> Vec<Enrolment> {
        let header = self.header.borrow();
        // A header that cannot be published is never remembered.
        header.as_ref().and_then(|header| header.publish().ok()).unwrap_or_default()
    }

    /// What is known of backups.
    pub(crate) fn backup_health(&self) -> BackupHealth {
        let none = BackupHealth { last_backup: None, last_drill: None };
        self.header.borrow().as_ref().map_or(none, Header::backup_health)
    }

    /// Notes the attempts that are stored.
    pub(crate) fn watch_attempts(&self, header: &Header) {
        let now = Moment::now(self.ports.clock());
        for enrolment in &header.enrolments {
            self.watch.known_ms(&enrolment.id, enrolment.attempts, now);
        }
    }

    /// Sends an event to every session.
    pub(crate) fn broadcast<D: IntoValue + Clone>(&self, name: &'static str, data: &D) {
        let sessions = self.sessions.borrow().all();
        for session in sessions {
            self.ports.outbox().event(session, event(name, data.clone()));
        }
    }
}
