//! The facade: what the wasm edge and the tests drive.

use std::cell::RefCell;
use std::rc::Rc;

use kms_protocol::{AutoLock, CallerOrigin, Enrolment, ErrorCode, IntoValue, Screen, Value, event};

use crate::attempts::Watch;
use crate::audit::Journal;
use crate::session::Sessions;
use crate::sheet::{Attempt, Sheet};
use crate::state::{Phase, UnlockedVault};
use crate::time::Moment;
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
    /// When the vault locks itself.
    pub auto_lock: AutoLock,
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
    /// The enrolments of the header that was last read.
    pub(crate) enrolments: RefCell<Vec<Enrolment>>,
    /// Since when the stored attempts to unlock are known.
    pub(crate) watch: Watch,
    pub(crate) journal: RefCell<Journal<P>>,
    pub(crate) sessions: RefCell<Sessions>,
    pub(crate) sheet: RefCell<Sheet>,
}

impl<P: Ports> Enclave<P> {
    /// An enclave that has not read its storage yet.
    pub fn new(ports: P, config: Config) -> Self {
        let watch = Watch::new(Moment::now(ports.clock()));
        Self(Rc::new(Inner {
            ports,
            config,
            phase: RefCell::new(Phase::Faulted(ErrorCode::StorageUnavailable)),
            enrolments: RefCell::default(),
            watch,
            journal: RefCell::default(),
            sessions: RefCell::default(),
            sheet: RefCell::default(),
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
    }

    /// Handles one message of a session: the reply, the replies of a batch in their order, or
    /// `None` for a cancellation or a closed session.
    pub async fn handle(&self, session: SessionId, message: Value) -> Option<Value> {
        self.0.handle(session, message).await
    }

    /// Handles one event of the enclave's own user interface.
    pub async fn handle_ui(&self, event: UiEvent) {
        self.0.handle_ui(event).await;
    }

    /// Timers: automatic locking, deadlines, deferred audit entries. To be called every second.
    pub async fn tick(&self) {
        self.0.tick().await;
    }

    /// Background work, started once: writes deferred audit entries within 250 ms. Never ends.
    pub async fn run(&self) {
        self.0.run().await;
    }
}

impl<P: Ports> Inner<P> {
    async fn handle_ui(self: &Rc<Self>, event: UiEvent) {
        match event {
            UiEvent::Submit(passphrase) => {
                if let Some(attempt) = self.begin_attempt() {
                    let outcome = self.try_passphrase(attempt, passphrase.expose()).await;
                    drop(passphrase);
                    self.finish_attempt(attempt, &outcome);
                }
            }
            UiEvent::Cancel => self.close_sheet(&Err(Error::Code(ErrorCode::UserCancelled))),
            UiEvent::Activity => self.touch(),
            UiEvent::Hidden => self.lock(kms_protocol::LockReason::Hidden, None).await,
            UiEvent::Lock => self.lock(kms_protocol::LockReason::Requested, None).await,
        }
    }

    async fn try_passphrase(
        self: &Rc<Self>,
        attempt: Attempt,
        passphrase: &[u8],
    ) -> Result<Rc<UnlockedVault<P>>, Error> {
        match attempt.screen {
            Screen::Setup => self.set_up(attempt, passphrase).await,
            Screen::Unlock => self.unlock(attempt, passphrase).await,
        }
    }

    fn finish_attempt(&self, attempt: Attempt, outcome: &Result<Rc<UnlockedVault<P>>, Error>) {
        match outcome {
            Ok(vault) => {
                *self.phase.borrow_mut() = Phase::Unlocked(Rc::clone(vault));
                self.answer(attempt, &Ok(()));
                self.broadcast("unlocked", &kms_protocol::Empty {});
            }
            Err(error) if is_for_the_person(error.code()) => self.ask_again(attempt, error),
            Err(error) => self.answer(attempt, &Err(error.clone())),
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

/// Whether the person can do something about it in the sheet.
fn is_for_the_person(code: ErrorCode) -> bool {
    use ErrorCode::{UnlockDelayed, UnlockFailed, WeakPassphrase};
    matches!(code, UnlockFailed | UnlockDelayed | WeakPassphrase)
}
