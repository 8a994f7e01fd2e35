//! What the frame tells. Each message is read whole or not at all: an unknown name, a missing or
//! a superfluous member, or a wrong type drops it.

use std::cell::Cell;

use js_sys::{Array, Uint8Array};
use kms_crypto::SecretVec;
use kms_protocol::{AutoLock, EnrolmentKind, ErrorCode, FromValue};
use kms_vault::{
    Action, Assertion, AuditFilter, Factor, KeyAction, MethodGroup, Outcome, Part, PasskeyAnswer,
    UiEvent,
};
use wasm_bindgen::{JsCast, JsValue};

use crate::convert;
use crate::js::{self, Dict, Kind};

/// Longest passphrase or list of words that is looked at, in bytes; the vault has lower limits.
const MAX_SECRET: u32 = 4096;

/// Longest credential id (Web Authentication, section 5.1.3: at most 1023 bytes).
const MAX_CREDENTIAL: u32 = 1023;

/// Longest PRF output; one of ours has 32 bytes.
const MAX_PRF: u32 = 64;

/// Longest authenticator data: 37 bytes and extensions.
const MAX_AUTHENTICATOR_DATA: u32 = 1024;

/// Longest `SubjectPublicKeyInfo`: those of RSA are the longest that authenticators make.
const MAX_PUBLIC_KEY: u32 = 1024;

/// Longest client data; a few hundred bytes are usual.
const MAX_CLIENT_DATA: u32 = 4096;

/// Longest signature: an ECDSA signature on P-256 in DER.
const MAX_SIGNATURE: u32 = 72;

/// Length of the digest of what is approved.
const DIGEST_LEN: u32 = 32;

/// Longest member that is no byte array, as [`convert::from_js`] counts; labels are the longest.
const MAX_PLAIN: usize = 512;

/// A message of the frame.
pub(crate) enum FromFrame {
    /// For the vault, with the number of the screen it was done on.
    Event(Option<u32>, UiEvent),
    /// A helper that was asked for died, or could not be started.
    HelperFailed,
}

/// Reads a message of the frame, and wipes every byte array in it.
pub(crate) fn read(message: &JsValue) -> Option<FromFrame> {
    if !message.is_object() || js::kind(message) != Kind::Plain {
        return None;
    }
    let members = Members::new(message.unchecked_ref());
    let read = match members.plain::<String>("ui")?.as_str() {
        "helper_failed" => FromFrame::HelperFailed,
        name => FromFrame::Event(members.plain("view")?, event(name, &members)?),
    };
    members.all_taken().then_some(read)
}

fn event(name: &str, members: &Members<'_>) -> Option<UiEvent> {
    Some(match name {
        "estimate" => UiEvent::Estimate(members.secret("secret")?),
        "factor" => {
            UiEvent::Factor { enrolment: members.plain("enrolment")?, factor: factor(members)? }
        }
        "new_phrase" => UiEvent::NewPhrase,
        "written" => UiEvent::Written,
        "words" => UiEvent::Words(members.secret("secret")?),
        "back" => UiEvent::Back,
        "restore" => UiEvent::Restore,
        "action" => UiEvent::Action(action(members)?),
        "backup" => UiEvent::Backup {
            phrase: members.plain("phrase")?,
            passphrase: members.optional("secret", MAX_SECRET).ok()?.map(SecretVec::new),
        },
        "open" => UiEvent::Open(part(members)?),
        "open_key" => UiEvent::OpenKey(members.plain("keyId")?),
        "turn" => UiEvent::Turn(members.plain("on")?),
        "filter" => UiEvent::Filter(filter(members)?),
        "key" => UiEvent::Key(key_action(members)?),
        "export" => UiEvent::Export,
        "confirm" => UiEvent::Confirm,
        "approve" => UiEvent::Approve {
            digest: members.bytes("digest", DIGEST_LEN)?,
            code: members.plain("code")?,
            assertion: assertion(members).ok()?,
        },
        "cancel" => UiEvent::Cancel,
        "activity" => UiEvent::Activity,
        "hidden" => UiEvent::Hidden,
        "lock" => UiEvent::Lock,
        _ => return None,
    })
}

fn factor(members: &Members<'_>) -> Option<Factor> {
    Some(match members.plain("kind")? {
        EnrolmentKind::Passphrase => Factor::Passphrase(members.secret("secret")?),
        EnrolmentKind::RecoveryPhrase => Factor::Phrase(members.secret("secret")?),
        EnrolmentKind::Passkey => Factor::Passkey(PasskeyAnswer {
            credential: members.bytes("credential", MAX_CREDENTIAL)?,
            prf: members.bytes("prf", MAX_PRF).map(SecretVec::new)?,
            prf_at_creation: members.optional("prfAtCreation", MAX_PRF).ok()?.map(SecretVec::new),
            authenticator_data: members.bytes("authenticatorData", MAX_AUTHENTICATOR_DATA)?,
            public_key: members.optional("publicKey", MAX_PUBLIC_KEY).ok()?,
        }),
    })
}

/// All of an assertion or nothing; a part of one is an error.
fn assertion(members: &Members<'_>) -> Result<Option<Assertion>, ErrorCode> {
    let Some(credential) = members.optional("credential", MAX_CREDENTIAL)? else {
        return Ok(None);
    };
    let bytes = |name, most| members.bytes(name, most).ok_or(ErrorCode::InvalidRequest);
    Ok(Some(Assertion {
        credential,
        client_data: bytes("clientData", MAX_CLIENT_DATA)?,
        authenticator_data: bytes("authenticatorData", MAX_AUTHENTICATOR_DATA)?,
        signature: bytes("signature", MAX_SIGNATURE)?,
    }))
}

fn action(members: &Members<'_>) -> Option<Action> {
    Some(match members.plain::<String>("action")?.as_str() {
        "add" => Action::Add(members.plain("kind")?),
        "rename" => Action::Rename(members.plain("id")?, members.plain("label")?),
        "remove" => Action::Remove(members.plain("id")?),
        "auto_lock" => Action::AutoLock(AutoLock {
            idle_ms: members.plain("idleMs")?,
            absolute_ms: members.plain("absoluteMs")?,
        }),
        "backup" => Action::Backup,
        "drill" => Action::Drill,
        "reset" => Action::Reset,
        "revoke" => Action::Revoke(members.plain("id")?),
        _ => return None,
    })
}

fn part(members: &Members<'_>) -> Option<Part> {
    Some(match members.plain::<String>("part")?.as_str() {
        "keys" => Part::Keys,
        "audit" => Part::Audit,
        _ => return None,
    })
}

/// An absent member lets everything through; a name that is none drops the message.
fn filter(members: &Members<'_>) -> Option<AuditFilter> {
    Some(AuditFilter {
        key_id: members.plain("keyId")?,
        origin: members.plain("origin")?,
        outcome: choice(members.plain("outcome")?, &Outcome::ALL, Outcome::as_str).ok()?,
        group: choice(members.plain("group")?, &MethodGroup::ALL, MethodGroup::as_str).ok()?,
    })
}

/// What a name stands for, if there is one.
fn choice<T: Copy>(
    name: Option<String>,
    all: &[T],
    as_str: fn(T) -> &'static str,
) -> Result<Option<T>, ErrorCode> {
    let Some(name) = name else { return Ok(None) };
    let found = all.iter().copied().find(|one| as_str(*one) == name);
    found.map(Some).ok_or(ErrorCode::InvalidRequest)
}

fn key_action(members: &Members<'_>) -> Option<KeyAction> {
    Some(match members.plain::<String>("action")?.as_str() {
        "rename" => KeyAction::Rename(members.plain("label")?),
        "disable" => KeyAction::Disable,
        "enable" => KeyAction::Enable,
        "rotate" => KeyAction::Rotate,
        "raise" => KeyAction::Raise {
            decryption: members.plain("decryption")?,
            encryption: members.plain("encryption")?,
        },
        "trim" => KeyAction::Trim(members.plain("least")?),
        "schedule_deletion" => KeyAction::ScheduleDeletion(members.plain("days")?),
        "cancel_deletion" => KeyAction::CancelDeletion,
        _ => return None,
    })
}

/// The members of a message. However the reading ends, no byte array keeps its contents.
struct Members<'a> {
    message: &'a Dict,
    names: Array,
    taken: Cell<u32>,
}

impl<'a> Members<'a> {
    fn new(message: &'a Dict) -> Self {
        Self { message, names: js::own_keys(message), taken: Cell::new(0) }
    }

    /// The value of an own member. Each name is asked for once.
    fn take(&self, name: &str) -> Option<JsValue> {
        if !self.names.includes(&name.into(), 0) {
            return None;
        }
        self.taken.set(self.taken.get() + 1);
        Some(self.message.at(name))
    }

    /// A member that is no byte array.
    fn plain<T: FromValue>(&self, name: &str) -> Option<T> {
        match self.take(name) {
            Some(value) => T::from_value(convert::from_js(&value, MAX_PLAIN).ok()?.0).ok(),
            None => T::absent().ok(),
        }
    }

    /// A byte array that may be absent. One that is too long is read as an empty one, which the
    /// vault refuses with a reason that the person gets to see.
    fn optional(&self, name: &str, longest: u32) -> Result<Option<Vec<u8>>, ErrorCode> {
        let value = self.take(name).filter(|value| !value.is_null() && !value.is_undefined());
        let Some(value) = value else { return Ok(None) };
        let view = as_bytes(&value).ok_or(ErrorCode::InvalidRequest)?;
        if view.length() > longest { Ok(Some(Vec::new())) } else { convert::copy(view).map(Some) }
    }

    fn bytes(&self, name: &str, longest: u32) -> Option<Vec<u8>> {
        self.optional(name, longest).ok().flatten()
    }

    fn secret(&self, name: &str) -> Option<SecretVec> {
        self.bytes(name, MAX_SECRET).map(SecretVec::new)
    }

    fn all_taken(&self) -> bool {
        self.taken.get() == self.names.length()
    }
}

impl Drop for Members<'_> {
    fn drop(&mut self) {
        for name in self.names.iter() {
            let value = self.message.at_name(&name);
            if let Some(view) = as_bytes(&value) {
                view.fill(0, 0, view.length());
            }
        }
    }
}

fn as_bytes(value: &JsValue) -> Option<&Uint8Array> {
    (value.is_object() && js::kind(value) == Kind::Bytes).then(|| value.unchecked_ref())
}
