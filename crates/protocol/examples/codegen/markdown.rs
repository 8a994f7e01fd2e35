//! The pages `docs/protocol.md`, `docs/errors.md` and `docs/operations.md`.

use std::fmt::Write as _;

use kms_protocol::schema::{Shape, TypeDoc};
use kms_protocol::{
    APART, AuditRule, Authority, ErrorCode, Interaction, KeyCaller, KeySpec, KeyState, KeyUsage,
    Method, Needs, PROTOCOL_VERSION, Side, SpecUsages, VaultState, limits,
};

const NOTE: &str =
    "<!-- Generated from crates/protocol by `cargo xtask codegen`. Do not edit. -->\n\n";

/// `docs/protocol.md`.
pub(crate) fn protocol(types: &[TypeDoc]) -> String {
    let mut out = format!("{NOTE}# Protocol\n\nVersion {PROTOCOL_VERSION}. ");
    out += CHANNEL;
    out += &limit_table();
    out += "\n## Methods\n\n";
    out += "| method | parameters | result | needs | asks a person | logged | own errors |\n";
    out += "|---|---|---|---|---|---|---|\n";
    for method in Method::ALL {
        out += &method_row(*method);
    }
    out += "\n";
    for method in Method::ALL {
        let _ = writeln!(out, "- `{}`: {}", method.name(), method.doc());
    }
    out += "\n## Types\n";
    for ty in types {
        out += &type_section(ty);
    }
    out
}

const CHANNEL: &str = "Requests travel over one `MessagePort` from the page straight to the \
enclave's worker, by structured clone; bytes are `Uint8Array`.\n\n\
- Request: `{ id, method, params?, deadlineMs? }`. `id` is chosen by the caller, \
`[A-Za-z0-9_-]`, unique among its waiting requests.\n\
- Reply: `{ id, result }` or `{ id, error: { code, message, retry, retryAfterMs?, rule? } }`; \
`id` is `null` when none could be read.\n\
- Batch: an array of requests is answered by one array of replies in the same order.\n\
- Cancel: `{ cancel: id }` has no reply of its own; the cancelled request ends with `aborted`.\n\
- Event: `{ event, data }` with `event` one of `ready`, `attention`, `locked`, `unlocked`, \
`keys_changed`, `refused`, `fault`.\n\n\
A member that is not named here is refused. Apart from the id, no reply repeats anything of \
the request. Types that could carry a key or a credential do not exist.\n\n\
## Limits\n\n";

fn limit_table() -> String {
    let rows: [(&str, u64); 19] = [
        ("nesting of a message", limits::MAX_DEPTH as u64),
        ("own keys of one object", limits::MAX_KEYS as u64),
        ("requests in a batch, items of a list", limits::MAX_ITEMS as u64),
        ("`keys.list` and `audit.list` in a batch", limits::MAX_BATCH_PAGES as u64),
        ("bytes of one string (UTF-8)", limits::MAX_TEXT as u64),
        ("bytes of a token that is verified", limits::MAX_TOKEN as u64),
        ("bytes of one byte array", limits::MAX_DATA as u64),
        ("bytes of one message", limits::MAX_MESSAGE as u64),
        ("of which each value counts, beside its own bytes", limits::VALUE_COST as u64),
        ("characters of a request id", limits::MAX_ID as u64),
        ("requests waiting, per port", limits::MAX_IN_FLIGHT as u64),
        ("requests per second, per port", u64::from(limits::RATE_PER_SECOND)),
        ("requests at once, per port", u64::from(limits::RATE_BURST)),
        ("requests of one message that a person approves", limits::MAX_APPROVALS as u64),
        ("chunks of one write to a stream", limits::MAX_STREAM_CHUNKS as u64),
        ("streams that are open, per port", limits::MAX_STREAMS as u64),
        ("streams that are open, in all", limits::MAX_ALL_STREAMS as u64),
        ("milliseconds between two writes of a stream", limits::STREAM_IDLE_MS),
        ("items in a page of a listing", u64::from(limits::MAX_PAGE)),
    ];
    let mut out = "| what | at most |\n|---|---|\n".to_owned();
    for (what, most) in rows {
        let _ = writeln!(out, "| {what} | {most} |");
    }
    let _ = writeln!(
        out,
        "\nDeadlines: {} ms by default, {} ms for methods that ask a person and at most.",
        limits::DEFAULT_DEADLINE_MS,
        limits::MAX_DEADLINE_MS
    );
    out
}

fn method_row(method: Method) -> String {
    let (params, result) = method.types();
    let policy = method.policy();
    let (needs, logged) = (needs(policy.needs), logged(policy.audit));
    let asks = asks(policy.interaction);
    let errors: Vec<_> =
        method.errors().iter().map(|code| format!("`{}`", code.as_str())).collect();
    format!(
        "| `{}` | `{}` | `{}` | {needs} | {asks} | {logged} | {} |\n",
        method.name(),
        params.typescript,
        result.typescript,
        errors.join(" ")
    )
}

fn type_section(ty: &TypeDoc) -> String {
    let mut out = format!("\n### {}\n\n{}\n\n", ty.name, ty.doc);
    match &ty.shape {
        Shape::OneOf(types) => {
            let types: Vec<_> = types.iter().map(|one| format!("`{one}`")).collect();
            let _ = writeln!(out, "One of {}.", types.join(", "));
        }
        Shape::Texts => return out.trim_end().to_owned() + "\n",
        Shape::Record(fields) if fields.is_empty() => return out.trim_end().to_owned() + "\n",
        Shape::Record(fields) => {
            out += "| member | type | meaning |\n|---|---|---|\n";
            for field in fields {
                let optional = if field.ty.optional { ", optional" } else { "" };
                let _ = writeln!(
                    out,
                    "| `{}` | `{}`{optional} | {} |",
                    field.name, field.ty.typescript, field.doc
                );
            }
        }
        Shape::Tokens(tokens) => {
            out += "| value | meaning |\n|---|---|\n";
            for (name, doc) in tokens {
                let _ = writeln!(out, "| `{name}` | {doc} |");
            }
        }
    }
    out
}

/// `docs/errors.md`.
pub(crate) fn errors() -> String {
    let mut out = format!("{NOTE}# Errors\n\n");
    out += "Codes are never reused with another meaning. `message` is this fixed text: \
nothing of any input is ever part of it. `retry` says what helps: `never`, `after_unlock`, \
`backoff` (wait `retryAfterMs` where given), `reload` (close and connect again).\n\n";
    out += "| code | retry | raised by | message |\n|---|---|---|---|\n";
    for code in ErrorCode::ALL {
        let info = code.info();
        let side = match info.side {
            Side::Enclave => "enclave",
            Side::Frame => "frame",
            Side::Client => "client",
            Side::Ui => "enclave UI",
        };
        let _ = writeln!(
            out,
            "| `{}` | {} | {side} | {} |",
            info.name,
            info.retry.as_str(),
            info.message
        );
    }
    out
}

/// `docs/operations.md`.
pub(crate) fn operations() -> String {
    let mut out = format!("{NOTE}# Operations\n\n");
    out += OPERATIONS;
    out += "| method | vault | asks a person | logged | who | enabled | disabled | pending-deletion \
| destroyed | use |\n|---|---|---|---|---|---|---|---|---|---|\n";
    for method in Method::ALL {
        out += &operation_row(*method);
    }
    out + &authority() + &usages()
}

/// Each method in each state of a vault, with each authority.
fn authority() -> String {
    let mut out = AUTHORITY.to_owned();
    for method in Method::ALL {
        let _ = write!(out, "| `{}` | {} |", method.name(), method.auth().as_str());
        for state in VaultState::ALL {
            let cells = Authority::ALL.map(|by| match method.refusal(*state, by) {
                Some(code) => format!("`{}`", code.as_str()),
                None => "yes".to_owned(),
            });
            let same = cells.iter().all(|cell| *cell == cells[0]);
            let _ = write!(out, " {} |", if same { &cells[0] } else { "as below" });
        }
        out += "\n";
    }
    out += "\nThe cells that depend on the authority, in each state:\n\n| method | vault |";
    for by in Authority::ALL {
        let _ = write!(out, " {} |", by.name);
    }
    out += "\n|---|---|---|---|---|---|---|\n";
    for method in Method::ALL {
        for state in VaultState::ALL {
            out += &authority_row(*method, *state);
        }
    }
    out
}

/// Nothing where the authority makes no difference.
fn authority_row(method: Method, state: VaultState) -> String {
    let found = Authority::ALL.map(|by| method.refusal(state, by));
    if found.iter().all(|one| *one == found[0]) {
        return String::new();
    }
    let cells = found.map(|one| one.map_or("yes".into(), |code| format!("`{}`", code.as_str())));
    format!("| `{}` | {} | {} |\n", method.name(), state.as_str(), cells.join(" | "))
}

const AUTHORITY: &str = "\n## Authority\n\nWhat a method needs beyond the state of the vault, for a \
key whose policy asks for nothing more: nothing, an unlocked vault, a person who confirms this very \
call, one who proves with a factor during the call who they are (fresh), or a lease. `yes` or the code \
of the refusal.\n\n\
A test drives every cell of both tables: \
`every_method_in_every_state_with_every_authority_does_what_the_table_says` in \
`crates/vault/tests/any_use/authority.rs`.\n\n\
| method | needs | no vault | locked | unlocked |\n|---|---|---|---|---|\n";

/// What keys can be for.
fn usages() -> String {
    let mut out = USAGES.to_owned();
    let names = |usages: &[KeyUsage]| match usages {
        [] => "–".to_owned(),
        _ => usages.iter().map(|one| format!("`{}`", one.as_str())).collect::<Vec<_>>().join(" "),
    };
    for spec in KeySpec::ALL {
        let SpecUsages { ordinary, further } = spec.usages();
        let _ = writeln!(out, "| `{}` | {} | {} |", spec.as_str(), names(ordinary), names(further));
    }
    out += "\nA key is never for both of these, because one would undo the other:\n\n";
    out += "| uses | otherwise |\n|---|---|\n";
    for (one, other, why) in APART {
        let _ = writeln!(out, "| `{}` `{}` | {why} |", one.as_str(), other.as_str());
    }
    out
}

const USAGES: &str = "\n## Uses of keys\n\nWhat a key of each spec can be for. Without a policy a \
key is for the ordinary uses; the others have to be named. `invalid_params` for anything else.\n\n\
| spec | ordinary | further |\n|---|---|---|\n";

const OPERATIONS: &str = "The policy table: what each method demands before it does anything. \
What is not allowed here is refused. Of the vault: `not_initialized`, `already_initialized` or \
`locked`. Of a key: `not_found` for a site that its policy does not name, `policy_denied` with the \
rule `owner` for a site that did not make it, `invalid_key_state` for a state that says no, and \
`policy_denied` with the rule `operation` where its policy does not allow the use. Then come the \
other rules of its policy.\n\n\
Tests in `crates/vault/tests/matrix.rs` drive every cell: of the vault \
`every_method_in_every_state_does_what_the_table_says`, of a person \
`a_person_confirms_what_the_table_says`, of keys \
`every_method_that_names_a_key_does_what_the_table_says`. What is logged has tests of its own.\n\n";

fn operation_row(method: Method) -> String {
    let policy = method.policy();
    let asks = asks(policy.interaction);
    let key = method.key_rule().map_or("– | – | – | – | – | –".to_owned(), |rule| {
        let who = match rule.caller {
            KeyCaller::Allowed => "allowed sites",
            KeyCaller::Owner => "its owner",
        };
        let states = KeyState::ALL
            .iter()
            .map(|state| if rule.states.contains(state) { "yes" } else { "no" });
        let usage = rule.usage.map_or("–".to_owned(), |usage| format!("`{}`", usage.as_str()));
        let cells: Vec<_> = std::iter::once(who).chain(states).collect();
        format!("{} | {usage}", cells.join(" | "))
    });
    let (needs, logged) = (needs(policy.needs), logged(policy.audit));
    format!("| `{}` | {needs} | {asks} | {logged} | {key} |\n", method.name())
}

fn asks(interaction: Interaction) -> &'static str {
    match interaction {
        Interaction::None => "no",
        Interaction::Sheet | Interaction::EachUse => "yes",
        Interaction::PerKey => "as the key says",
    }
}

fn needs(needs: Needs) -> &'static str {
    match needs {
        Needs::Nothing => "–",
        Needs::NoVault => "no vault",
        Needs::Vault => "a vault",
        Needs::Unlocked => "unlocked",
    }
}

fn logged(audit: AuditRule) -> &'static str {
    match audit {
        AuditRule::Never => "no",
        AuditRule::Durable => "yes",
        AuditRule::PerKey => "as the key says",
    }
}
