//! Assembles the one module from files that stand in the repository as they are.

use kms_manifest::{Measurement, Origin, Sha256};
use serde_json::json;

use crate::error::Error;
use crate::parts::WORKER_MAIN;
use crate::sources::Sources;

const WORKER_PREFIX: &str = "const WORKER_SOURCE = ";
const WASM_PREFIX: &str = "const WASM_TEXT = ";

/// Byte `b` of the wasm is the character `U+0023 + b`: printable ASCII for the bytes that are
/// frequent in wasm, no control character below a space, no quotation mark. The transport's
/// Brotli sees the structure of the wasm through it (decision 7).
const TEXT_BASE: u32 = 0x23;

/// The module's bytes and what it promises of its worker and wasm.
#[derive(Debug, Clone)]
pub struct Module {
    /// The JavaScript.
    pub source: String,
    /// Digests of the worker source and the wasm inside.
    pub measurement: Measurement,
}

/// Joins generated constants and the frame's parts, byte for byte and in order.
pub fn module(
    sources: &Sources,
    version: &str,
    origin: &Origin,
    embedders: &[Origin],
) -> Result<Module, Error> {
    let worker = worker(sources)?;
    let measurement =
        Measurement { worker: Sha256::of(worker.as_bytes()), wasm: Sha256::of(&sources.wasm) };
    let mut source = release_constant(version, origin, embedders, &measurement)?;
    let literals =
        [(WORKER_PREFIX, js_string(&worker)?), (WASM_PREFIX, js_string(&text_of(&sources.wasm))?)];
    for (prefix, literal) in literals {
        source.extend([prefix, &literal, ";\n"]);
    }
    for (_, text) in &sources.frame {
        push_part(&mut source, text);
    }
    Ok(Module { source, measurement })
}

/// The worker: its parts in order, the glue right before the entry point.
fn worker(sources: &Sources) -> Result<String, Error> {
    if !sources.worker.iter().any(|(name, _)| name == WORKER_MAIN) {
        return Err(Error::MissingPart(WORKER_MAIN.to_owned()));
    }
    let mut worker = String::new();
    for (name, text) in &sources.worker {
        if name == WORKER_MAIN {
            push_part(&mut worker, &sources.glue);
        }
        push_part(&mut worker, text);
    }
    Ok(worker)
}

/// Appends a part; one that does not end its last line must not run into the next.
fn push_part(target: &mut String, text: &str) {
    target.push_str(text);
    if !text.ends_with('\n') {
        target.push('\n');
    }
}

fn release_constant(
    version: &str,
    origin: &Origin,
    embedders: &[Origin],
    measurement: &Measurement,
) -> Result<String, Error> {
    let version = js_string(version)?;
    let origin = js_string(origin.as_str())?;
    let embedders = escape(&serde_json::to_string(embedders)?);
    let digests = escape(&json!(measurement).to_string());
    Ok(format!(
        "const RELEASE = Object.freeze({{ version: {version}, protocol: {protocol}, \
         origin: {origin}, embedders: Object.freeze({embedders}), \
         digests: Object.freeze({digests}) }});\n",
        protocol = kms_protocol::PROTOCOL_VERSION,
    ))
}

/// A JavaScript string literal that is valid in any script, inline or not.
fn js_string(text: &str) -> Result<String, Error> {
    Ok(escape(&serde_json::to_string(text)?))
}

/// JSON text as JavaScript: the two line separators that older engines refuse in literals, and
/// the sequences that mean something to an HTML parser, are escaped. They occur inside strings
/// only.
fn escape(json: &str) -> String {
    json.replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
        .replace("</", "<\\/")
        .replace("<!--", "\\u003c!--")
}

/// The wasm as text, one character per byte.
fn text_of(wasm: &[u8]) -> String {
    wasm.iter().filter_map(|byte| char::from_u32(TEXT_BASE + u32::from(*byte))).collect()
}

/// Undoes [`text_of`]; any other character is no wasm.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let byte = |char| u8::try_from(u32::from(char).checked_sub(TEXT_BASE)?).ok();
    text.chars().map(byte).collect()
}

/// What a served module holds, found by the shape of its generated lines.
#[must_use]
pub fn measure(module: &[u8]) -> Option<Measurement> {
    let text = std::str::from_utf8(module).ok()?;
    let literal = |prefix: &str| {
        let line = text.lines().take(3).find_map(|line| line.strip_prefix(prefix))?;
        serde_json::from_str::<String>(line.strip_suffix(';')?).ok()
    };
    let worker = literal(WORKER_PREFIX)?;
    let wasm = bytes_of(&literal(WASM_PREFIX)?)?;
    Some(Measurement { worker: Sha256::of(worker.as_bytes()), wasm: Sha256::of(&wasm) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> Sources {
        let part = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        Sources {
            frame: vec![part("a.js", "const a = 1;"), part("b.js", "const b = 2;\n")],
            worker: vec![
                part("first.js", "'\u{2028}\u{2029}</script><!--\"\\';"),
                part(WORKER_MAIN, "main();\n"),
                part("probe.js", "probe();"),
            ],
            glue: "let glue;".to_owned(),
            wasm: b"\0asm\x01\0\0\0".to_vec(),
        }
    }

    fn assembled(sources: &Sources) -> Module {
        let origin: Origin = "https://kms.example".parse().unwrap();
        let embedder: Origin = "https://app.example".parse().unwrap();
        module(sources, "1.2.3", &origin, &[embedder]).unwrap()
    }

    #[test]
    fn constants_come_first_then_the_frame() {
        let module = assembled(&sources());
        let lines: Vec<_> = module.source.lines().collect();
        assert_eq!(
            lines[0],
            format!(
                "const RELEASE = Object.freeze({{ version: \"1.2.3\", protocol: 1, \
                 origin: \"https://kms.example\", \
                 embedders: Object.freeze([\"https://app.example\"]), \
                 digests: Object.freeze({{\"wasm\":\"{}\",\"worker\":\"{}\"}}) }});",
                module.measurement.wasm, module.measurement.worker
            )
        );
        assert!(lines[1].starts_with("const WORKER_SOURCE = \""));
        assert!(lines[2].starts_with("const WASM_TEXT = \""));
        assert_eq!(lines[3..], ["const a = 1;", "const b = 2;"]);
    }

    #[test]
    fn the_worker_literal_is_safe_and_exact() {
        let module = assembled(&sources());
        for hostile in ["\u{2028}", "\u{2029}", "</script", "<!--"] {
            assert!(!module.source.contains(hostile), "{hostile:?}");
        }
        let worker = "'\u{2028}\u{2029}</script><!--\"\\';\nlet glue;\nmain();\nprobe();\n";
        assert_eq!(module.measurement.worker, Sha256::of(worker.as_bytes()));
        assert_eq!(measure(module.source.as_bytes()), Some(module.measurement));
    }

    #[test]
    fn every_byte_of_the_wasm_survives_on_one_line() {
        // The last two read `</`.
        let wasm: Vec<u8> = (0..=u8::MAX).chain([0x19, 0x0c]).collect();
        let module = assembled(&Sources { wasm: wasm.clone(), ..sources() });
        assert_eq!(module.measurement.wasm, Sha256::of(&wasm));
        assert_eq!(measure(module.source.as_bytes()), Some(module.measurement));
        let line = module.source.lines().nth(2).unwrap();
        assert!(line.starts_with(WASM_PREFIX) && line.ends_with("\";"));
        assert!(!line.chars().any(|char| char < ' ' || "\u{2028}\u{2029}".contains(char)));
        assert!(!line.contains("</"));
    }

    #[test]
    fn text_of_other_characters_is_no_wasm() {
        assert_eq!(text_of(&[0, 1, 0xff]), "#$\u{122}");
        assert_eq!(bytes_of("#$\u{122}"), Some(vec![0, 1, 0xff]));
        assert_eq!(bytes_of("\""), None);
        assert_eq!(bytes_of("\u{123}"), None);
    }

    #[test]
    fn a_worker_without_entry_point_is_refused() {
        let mut sources = sources();
        sources.worker.remove(1);
        let origin: Origin = "https://kms.example".parse().unwrap();
        assert!(matches!(
            module(&sources, "1", &origin, &[]),
            Err(Error::MissingPart(name)) if name == WORKER_MAIN
        ));
    }

    #[test]
    fn what_is_no_module_has_no_measurement() {
        assert_eq!(measure(b""), None);
        assert_eq!(measure(b"\xff"), None);
        assert_eq!(measure(b"const WORKER_SOURCE = \"x\";\nconst WASM_TEXT = \" \";\n"), None);
    }
}
