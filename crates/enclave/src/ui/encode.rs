//! What the frame is told.

use js_sys::{Array, Uint8Array};
use kms_protocol::{IntoValue, KeyId, Label, Value};
use kms_vault::{
    Approval, AuditFilter, AuditRows, BackupInfo, Ceremony, HeldLease, KeyRow, KeyRows,
    KnownRelease, LeaseTerms, Manage, NewPasskey, OperationInfo, Passkey, Payload, PayloadText,
    ReleaseChange, ReleaseNotice, UiCommand, UiScreen, View,
};
use wasm_bindgen::{JsCast, JsValue};

use crate::convert;
use crate::js::Dict;

/// A message, and its transfer list.
pub(super) fn command(command: UiCommand) -> (JsValue, Array) {
    let message = match command {
        UiCommand::Show(view) => return show(view),
        UiCommand::Strength(score) => {
            Value::object([("ui", text("strength")), ("score", u32::from(score).into_value())])
        }
        UiCommand::Log(entries) => {
            Value::object([("ui", text("log")), ("entries", entries.into_value())])
        }
        UiCommand::Busy => Value::object([("ui", text("busy"))]),
        UiCommand::Hide => Value::object([("ui", text("hide"))]),
    };
    convert::to_js(&message)
}

fn show(view: View) -> (JsValue, Array) {
    let around = Value::object([
        ("ui", text("show")),
        ("view", view.number.into_value()),
        ("origin", text(view.origin.as_str())),
        ("problem", view.problem.map_or(Value::Null, |code| text(code.as_str()))),
        ("retryAfterMs", view.retry_after_ms.into_value()),
    ]);
    // Straight from their own buffer into the message's: no string, no other copy.
    let words = match &view.screen {
        UiScreen::Phrase(words) => Some(Uint8Array::new_from_slice(words.expose())),
        _ => None,
    };
    let (message, transfer) = convert::to_js(&join(around, screen(view.screen)));
    if let Some(words) = words {
        transfer.push(&words.buffer());
        message.unchecked_ref::<Dict>().put("words", &words);
    }
    (message, transfer)
}

fn screen(screen: UiScreen) -> Value {
    match screen {
        UiScreen::Setup(new) => named("setup", [("passkey", passkey(new))]),
        UiScreen::Release(notice) => release(*notice),
        UiScreen::Unlock { why, enrolments, ceremony: input } => named(
            "unlock",
            [
                ("why", text(why.as_str())),
                ("enrolments", enrolments.into_value()),
                ("ceremony", ceremony(input)),
            ],
        ),
        UiScreen::Phrase(_) => named("phrase", []),
        UiScreen::ConfirmPhrase(positions) => {
            let positions = positions.map(|position| u32::from(position).into_value());
            named("confirm_phrase", [("positions", Value::List(positions.into()))])
        }
        UiScreen::AddPassphrase => named("add_passphrase", []),
        UiScreen::AddPasskey(new) => named("add_passkey", [("passkey", passkey(new))]),
        UiScreen::Manage(page) => manage(page),
        UiScreen::Backup { phrase } => named("backup", [("phrase", phrase.into_value())]),
        UiScreen::BackupReady { name, bytes } => {
            named("backup_ready", [("name", name.into_value()), ("bytes", bytes.into_value())])
        }
        UiScreen::Restore { why } => named("restore", [("why", text(why.as_str()))]),
        UiScreen::ConfirmRestore(info) => backup_info(info),
        UiScreen::Reset => named("reset", []),
        UiScreen::Lease(terms) => lease(terms),
        UiScreen::Keys(page) => keys(page),
        UiScreen::Key(details) => named(
            "key",
            [("key", details.key.into_value()), ("public", details.public.into_value())],
        ),
        UiScreen::Audit(page) => audit(page),
        UiScreen::LogReady(log) => named(
            "log_ready",
            [
                ("name", log.name.into_value()),
                ("count", log.count.into_value()),
                ("checkpoint", log.checkpoint.into_value()),
            ],
        ),
        UiScreen::Approve(asked) => approval(asked),
    }
}

fn passkey(new: NewPasskey) -> Value {
    Value::object([
        ("challenge", bytes(&new.challenge)),
        ("user", bytes(&new.user)),
        ("salt", bytes(&new.salt)),
        ("exclude", new.exclude.into_value()),
    ])
}

fn release(notice: ReleaseNotice) -> Value {
    let one = |release: KnownRelease| {
        Value::object([
            ("version", release.version.into_value()),
            ("worker", release.worker.into_value()),
            ("wasm", release.wasm.into_value()),
        ])
    };
    let change = |change: ReleaseChange| {
        Value::object([("course", text(change.course.as_str())), ("from", one(change.from))])
    };
    named(
        "release",
        [
            ("running", one(notice.running)),
            ("change", notice.change.map_or(Value::Null, change)),
            ("standing", text(notice.standing.as_str())),
        ],
    )
}

fn ceremony(input: Ceremony) -> Value {
    let one = |passkey: Passkey| {
        Value::object([
            ("enrolment", passkey.enrolment.into_value()),
            ("credential", passkey.credential.into_value()),
            ("salt", bytes(&passkey.salt)),
        ])
    };
    Value::object([
        ("challenge", bytes(&input.challenge)),
        ("passkeys", Value::List(input.passkeys.into_iter().map(one).collect())),
    ])
}

fn manage(page: Manage) -> Value {
    named(
        "manage",
        [
            ("enrolments", page.enrolments.into_value()),
            ("autoLock", page.auto_lock.into_value()),
            ("longest", page.longest.into_value()),
            ("backup", page.backup.into_value()),
            ("storage", page.storage.into_value()),
            ("leases", Value::List(page.leases.into_iter().map(held).collect())),
        ],
    )
}

fn keys(page: KeyRows) -> Value {
    let one = |row: KeyRow| match row {
        KeyRow::Key(key) => Value::object([("key", key.into_value())]),
        KeyRow::Unreadable(key_id) => Value::object([("unreadable", key_id.into_value())]),
    };
    named(
        "keys",
        [
            ("rows", Value::List(page.rows.into_iter().map(one).collect())),
            ("before", page.before.into_value()),
            ("more", page.more.into_value()),
        ],
    )
}

fn audit(page: AuditRows) -> Value {
    let name = |(key_id, label): (KeyId, Label)| {
        Value::object([("keyId", key_id.into_value()), ("label", label.into_value())])
    };
    let AuditFilter { key_id, origin, outcome, group } = page.filter;
    let filter = Value::object([
        ("keyId", key_id.into_value()),
        ("origin", origin.into_value()),
        ("outcome", outcome.map_or(Value::Null, |outcome| text(outcome.as_str()))),
        ("group", group.map_or(Value::Null, |group| text(group.as_str()))),
    ]);
    named(
        "audit",
        [
            ("entries", page.entries.into_value()),
            ("names", Value::List(page.names.into_iter().map(name).collect())),
            ("filter", filter),
            ("count", page.count.into_value()),
            ("head", page.head.into_value()),
            ("before", page.before.into_value()),
            ("next", page.next.into_value()),
        ],
    )
}

fn backup_info(info: BackupInfo) -> Value {
    named(
        "confirm_restore",
        [
            ("created", info.created.into_value()),
            ("keys", info.keys.into_value()),
            ("entries", info.entries.into_value()),
            ("newer", info.newer.into_value()),
        ],
    )
}

fn lease(terms: LeaseTerms) -> Value {
    named(
        "lease",
        [
            ("extends", terms.extends.into_value()),
            ("keyId", terms.key_id.into_value()),
            ("label", terms.label.into_value()),
            ("audiences", terms.audiences.into_value()),
            ("contact", terms.contact.into_value()),
            ("lifeMs", terms.life_ms.into_value()),
            ("tokens", terms.tokens.into_value()),
        ],
    )
}

fn approval(asked: Approval) -> Value {
    let one = |operation: OperationInfo| {
        Value::object([
            ("method", operation.method.into_value()),
            ("label", operation.label.into_value()),
            ("spec", operation.spec.into_value()),
            ("kid", operation.kid.into_value()),
            ("payload", payload(operation.payload)),
        ])
    };
    let operations = asked.operations.into_iter().map(one).collect();
    named(
        "approve",
        [
            ("digest", bytes(&asked.digest)),
            ("operations", Value::List(operations)),
            ("code", asked.code.into_value()),
            ("passkeys", Value::List(asked.passkeys.into_iter().map(Value::Bytes).collect())),
        ],
    )
}

fn held(held: HeldLease) -> Value {
    join(Value::object([("origin", held.origin.into_value())]), held.lease.into_value())
}

fn payload(payload: Payload) -> Value {
    let shown = |text: PayloadText| {
        Value::object([
            ("shown", text.shown.into_value()),
            ("characters", text.characters.into_value()),
            ("whole", text.whole.into_value()),
        ])
    };
    Value::object([
        ("bytes", payload.bytes.into_value()),
        ("sha256", bytes(&payload.sha256)),
        ("text", payload.text.map_or(Value::Null, shown)),
    ])
}

fn named<const N: usize>(screen: &str, members: [(&'static str, Value); N]) -> Value {
    join(Value::object([("screen", text(screen))]), Value::object(members))
}

/// One object of the members of two.
fn join(first: Value, second: Value) -> Value {
    match (first, second) {
        (Value::Map(mut members), Value::Map(more)) => {
            members.extend(more);
            Value::Map(members)
        }
        (first, _) => first,
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(bytes.into())
}
