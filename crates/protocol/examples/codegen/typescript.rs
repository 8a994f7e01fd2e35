//! TypeScript declarations.

use std::fmt::Write as _;

use kms_protocol::schema::{FieldDoc, Shape, TypeDoc};
use kms_protocol::{ErrorCode, Interaction, Method, PROTOCOL_VERSION, Retry, Value};

const HEAD: &str = "// Generated from crates/protocol by `cargo xtask codegen`. Do not edit.\n";

/// `protocol.gen.d.ts`.
pub(crate) fn declarations(types: &[TypeDoc]) -> String {
    let mut out = format!("{HEAD}\n/** The one protocol version of this release. */\n");
    let _ = writeln!(out, "export type ProtocolVersion = {PROTOCOL_VERSION};\n");
    let codes: Vec<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    out += "/** Every error a caller can meet; see docs/errors.md. */\n";
    out += &union("ErrorCode", &codes);
    let retries = [Retry::Never, Retry::AfterUnlock, Retry::Backoff, Retry::Reload];
    out += "/** What a caller may do after an error. */\n";
    out += &union("Retry", &retries.map(Retry::as_str));
    for ty in types {
        out += &definition(ty);
    }
    out + &methods() + EVENTS
}

fn union(name: &str, members: &[&str]) -> String {
    let quoted: Vec<_> = members.iter().map(|member| format!("  | '{member}'")).collect();
    format!("export type {name} =\n{};\n\n", quoted.join("\n"))
}

fn definition(ty: &TypeDoc) -> String {
    let mut out = format!("/** {} */\n", ty.doc);
    match &ty.shape {
        Shape::Tokens(tokens) => {
            let names: Vec<_> = tokens.iter().map(|(name, _)| *name).collect();
            out += &union(ty.name, &names);
        }
        Shape::Texts => {
            let _ = writeln!(out, "export type {} = {{ [name: string]: string }};\n", ty.name);
        }
        Shape::OneOf(types) => {
            let _ = writeln!(out, "export type {} = {};\n", ty.name, types.join(" | "));
        }
        Shape::Record(fields) if fields.is_empty() => {
            let _ = writeln!(out, "export type {} = Record<string, never>;\n", ty.name);
        }
        Shape::Record(fields) => {
            let _ = writeln!(out, "export interface {} {{", ty.name);
            for field in fields {
                out += &member(field);
            }
            out += "}\n\n";
        }
    }
    out
}

fn member(field: &FieldDoc) -> String {
    let mark = if field.ty.optional { "?" } else { "" };
    let name =
        if field.name.contains('-') { format!("'{}'", field.name) } else { field.name.to_owned() };
    format!("  /** {} */\n  {name}{mark}: {};\n", field.doc, field.ty.typescript)
}

fn methods() -> String {
    let mut out = "/** The method table. */\nexport interface Methods {\n".to_owned();
    for method in Method::ALL {
        let (params, result) = method.types();
        let _ = writeln!(
            out,
            "  /** {} */\n  '{}': {{ params: {}; result: {} }};",
            method.doc(),
            method.name(),
            params.typescript,
            result.typescript
        );
    }
    out + "}\n\n"
}

const EVENTS: &str = "/** Events of a connection. */
export interface Events {
  /** The frame should be shown or hidden. */
  attention: Attention;
  /** The vault was locked. */
  locked: LockedEvent;
  /** The vault was unlocked. */
  unlocked: Empty;
  /** A key was made or changed. */
  keys_changed: Empty;
}
";

/// `methods.gen.js`: what the client has to know of the table when it runs.
pub(crate) fn interactive() -> String {
    let asks = |method: &&Method| method.policy().interaction != Interaction::None;
    let mut names: Vec<_> = Method::ALL.iter().filter(asks).map(|method| method.name()).collect();
    // In one sorted text, and a list, not a set: every page loads it, compressed.
    names.sort_unstable();
    format!(
        "{HEAD}\n/** Methods that end, or may have to end, when a person has acted. */\n\
         export const INTERACTIVE =\n  '{}'.split(' ');\n",
        names.join(" ")
    )
}

/// `protocol.samples.gen.ts`: the golden samples as TypeScript, checked by `tsc`.
pub(crate) fn samples() -> String {
    let mut out = format!("{HEAD}import type {{ Methods }} from '../src/protocol.gen.js';\n");
    for method in Method::ALL {
        let (params, result) = method.samples();
        for (part, value) in [("params", params), ("result", result)] {
            let _ = writeln!(
                out,
                "\n({}) satisfies Methods['{}']['{part}'];",
                literal(&value),
                method.name()
            );
        }
    }
    out
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "undefined".into(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
        Value::Bytes(bytes) => format!("new Uint8Array({bytes:?})"),
        Value::List(items) => {
            format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", "))
        }
        Value::Map(members) => {
            let members: Vec<_> = members
                .iter()
                .map(|(name, value)| format!("'{name}': {}", literal(value)))
                .collect();
            format!("{{ {} }}", members.join(", "))
        }
    }
}
