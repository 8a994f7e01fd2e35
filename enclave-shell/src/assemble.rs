//! Assembles the served scripts from files that stand in the repository as they are.

use kms_manifest::{FileKind, Measurement, Origin, Sha256, Sha384, SigningKeys};
use serde_json::json;

use crate::error::Error;
use crate::literal::{bytes_of, escape, string, text_of};
use crate::sources::{Program, Sources};

/// What stands in front of the worker's source and of the wasm.
type Prefixes = [&'static str; 2];

/// Constants of the frame's module.
const MODULE_PREFIXES: Prefixes = ["const WORKER_SOURCE = ", "const WASM_TEXT = "];

/// The tools are a plain script: what the frame is to read of them, and then to remove, are
/// members of the global object.
const TOOLS_PREFIXES: Prefixes =
    ["globalThis.TOOLS_WORKER_SOURCE = ", "globalThis.TOOLS_WASM_TEXT = "];

/// A script's text and what it promises of its worker and wasm.
#[derive(Debug, Clone)]
pub struct Script {
    /// The JavaScript.
    pub source: String,
    /// Digests of the worker source and the wasm inside.
    pub measurement: Measurement,
}

/// What the scripts of a release know of it.
#[derive(Debug, Clone, Copy)]
pub struct Release<'a> {
    /// Release version.
    pub version: &'a str,
    /// Origin of the enclave.
    pub origin: &'a Origin,
    /// Origins that may embed it.
    pub embedders: &'a [Origin],
    /// Whose word against a release it honours.
    pub signers: Option<&'a SigningKeys>,
    /// Path of the tools.
    pub tools_url: &'a str,
    /// Digest of the tools.
    pub tools_integrity: Sha384,
    /// Digests of what is inside the tools.
    pub tools_inside: Measurement,
    /// Where the server has the workers of enclave and tools; they are in the scripts otherwise.
    pub workers: Option<[&'a str; 2]>,
}

/// The frame's module: generated constants and the frame's parts, byte for byte and in order.
pub fn module(sources: &Sources, release: &Release<'_>) -> Result<Script, Error> {
    let carried = release.workers.is_none();
    let program = program(&sources.enclave, MODULE_PREFIXES, carried)?;
    let mut source = release_constant(release, &program.measurement)?;
    source.push_str(&program.source);
    push_parts(&mut source, &sources.frame);
    Ok(Script { source, ..program })
}

/// The tools: a worker and its wasm, nothing that runs by itself.
pub fn tools(sources: &Program) -> Result<Script, Error> {
    program(sources, TOOLS_PREFIXES, true)
}

/// The enrolment page's script: one constant and the page's parts.
pub fn enrol(parts: &[(String, String)], release: &Release<'_>) -> Result<String, Error> {
    let origin = string(release.origin.as_str())?;
    let version = string(release.version)?;
    let mut source =
        format!("const ENROL = Object.freeze({{ origin: {origin}, version: {version} }});\n");
    push_parts(&mut source, parts);
    Ok(source)
}

/// A worker, unless the server has it, and its wasm as two lines.
fn program(program: &Program, prefixes: Prefixes, carried: bool) -> Result<Script, Error> {
    let worker = worker(program)?;
    let literals = [string(if carried { &worker } else { "" })?, string(&text_of(&program.wasm))?];
    let mut source = String::new();
    for (prefix, literal) in prefixes.into_iter().zip(&literals) {
        source.extend([prefix, literal, ";\n"]);
    }
    let measurement =
        Measurement { worker: Sha256::of(worker.as_bytes()), wasm: Sha256::of(&program.wasm) };
    Ok(Script { source, measurement })
}

/// The worker: its parts in order, the glue right before the entry point.
pub fn worker(program: &Program) -> Result<String, Error> {
    let Some(((_, entry), parts)) = program.worker.split_last() else {
        return Err(Error::MissingPart("the worker's entry point".to_owned()));
    };
    let mut worker = String::new();
    push_parts(&mut worker, parts);
    push_part(&mut worker, &program.glue);
    push_part(&mut worker, entry);
    Ok(worker)
}

fn push_parts(target: &mut String, parts: &[(String, String)]) {
    for (_, text) in parts {
        push_part(target, text);
    }
}

/// Appends a part; one that does not end its last line must not run into the next.
fn push_part(target: &mut String, text: &str) {
    target.push_str(text);
    if !text.ends_with('\n') {
        target.push('\n');
    }
}

fn release_constant(release: &Release<'_>, inside: &Measurement) -> Result<String, Error> {
    let version = string(release.version)?;
    let origin = string(release.origin.as_str())?;
    let embedders = escape(&serde_json::to_string(release.embedders)?);
    let digests = escape(
        &json!({
            "worker": inside.worker,
            "wasm": inside.wasm,
            "tools": release.tools_inside.wasm,
            "toolsWorker": release.tools_inside.worker,
        })
        .to_string(),
    );
    let tools = escape(
        &json!({ "url": release.tools_url, "integrity": release.tools_integrity }).to_string(),
    );
    let workers = match release.workers {
        Some([enclave, tools]) => {
            let urls = json!({ "enclave": enclave, "tools": tools }).to_string();
            format!("Object.freeze({})", escape(&urls))
        }
        None => "null".to_owned(),
    };
    // As text: the enclave reads it, the frame passes it on.
    let signers = match release.signers {
        Some(signers) => string(&serde_json::to_string(signers)?)?,
        None => "''".to_owned(),
    };
    Ok(format!(
        "const RELEASE = Object.freeze({{ version: {version}, protocol: {protocol}, \
         origin: {origin}, embedders: Object.freeze({embedders}), \
         digests: Object.freeze({digests}), tools: Object.freeze({tools}), \
         workers: {workers}, signers: {signers} }});\n",
        protocol = kms_protocol::PROTOCOL_VERSION,
    ))
}

/// What a served script of a kind holds, found by the shape of its generated lines.
#[must_use]
pub fn measure(kind: FileKind, script: &[u8]) -> Option<Measurement> {
    let prefixes = match kind {
        FileKind::Module | FileKind::WebcatModule => MODULE_PREFIXES,
        FileKind::Tools => TOOLS_PREFIXES,
        _ => return None,
    };
    let text = std::str::from_utf8(script).ok()?;
    let literal = |prefix: &str| {
        let line = text.lines().take(3).find_map(|line| line.strip_prefix(prefix))?;
        serde_json::from_str::<String>(line.strip_suffix(';')?).ok()
    };
    let [worker, wasm] = prefixes.map(literal);
    let (worker, wasm) = (worker?, bytes_of(&wasm?)?);
    Some(Measurement { worker: Sha256::of(worker.as_bytes()), wasm: Sha256::of(&wasm) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, text: &str) -> (String, String) {
        (name.to_owned(), text.to_owned())
    }

    fn sources() -> Sources {
        let tools = Program {
            worker: vec![part("first.js", "'use strict';"), part("tools.js", "work();")],
            glue: "let tools;\n".to_owned(),
            wasm: b"\0asm\x01\0\0\0tools".to_vec(),
        };
        let enclave = Program {
            worker: vec![
                part("first.js", "'\u{2028}\u{2029}</script><!--\"\\';"),
                part("main.js", "main();\n"),
            ],
            glue: "let glue;".to_owned(),
            wasm: b"\0asm\x01\0\0\0".to_vec(),
        };
        Sources {
            frame: vec![part("a.js", "const a = 1;"), part("b.js", "const b = 2;\n")],
            enclave,
            tools,
            enrol: vec![part("a.js", "const a = 1;"), part("b.js", "run(ENROL);")],
            kit: None,
        }
    }

    fn with_release<T>(use_it: impl FnOnce(&Release<'_>) -> T) -> T {
        let origin: Origin = "https://kms.example".parse().unwrap();
        let embedder: Origin = "https://app.example".parse().unwrap();
        use_it(&Release {
            version: "1.2.3",
            origin: &origin,
            embedders: &[embedder],
            signers: None,
            tools_url: "/r/0/tools.js",
            tools_integrity: Sha384::of(b"tools"),
            tools_inside: tools(&sources().tools).unwrap().measurement,
            workers: None,
        })
    }

    fn assembled(sources: &Sources) -> Script {
        with_release(|release| module(sources, release)).unwrap()
    }

    #[test]
    fn constants_come_first_then_the_frame() {
        let module = assembled(&sources());
        let tools = tools(&sources().tools).unwrap().measurement;
        let lines: Vec<_> = module.source.lines().collect();
        assert_eq!(
            lines[0],
            format!(
                "const RELEASE = Object.freeze({{ version: \"1.2.3\", protocol: 1, \
                 origin: \"https://kms.example\", \
                 embedders: Object.freeze([\"https://app.example\"]), \
                 digests: Object.freeze({{\"tools\":\"{}\",\"toolsWorker\":\"{}\",\
                 \"wasm\":\"{}\",\"worker\":\"{}\"}}), \
                 tools: Object.freeze({{\"integrity\":\"{}\",\"url\":\"/r/0/tools.js\"}}), \
                 workers: null, signers: '' }});",
                tools.wasm,
                tools.worker,
                module.measurement.wasm,
                module.measurement.worker,
                Sha384::of(b"tools"),
            )
        );
        assert!(lines[1].starts_with("const WORKER_SOURCE = \""));
        assert!(lines[2].starts_with("const WASM_TEXT = \""));
        assert_eq!(lines[3..], ["const a = 1;", "const b = 2;"]);
    }

    #[test]
    fn a_module_knows_where_the_server_has_its_workers() {
        let sources = sources();
        let script = with_release(|release| {
            let workers = Some(["/r/1/worker.js", "/r/2/tools-worker.js"]);
            module(&sources, &Release { workers, ..*release })
        })
        .unwrap();
        let lines: Vec<_> = script.source.lines().collect();
        let known = "workers: Object.freeze({\"enclave\":\"/r/1/worker.js\",\
                     \"tools\":\"/r/2/tools-worker.js\"}), ";
        assert!(lines[0].contains(known), "{}", lines[0]);
        assert_eq!(lines[1], "const WORKER_SOURCE = \"\";");
        assert_eq!(lines[2..], assembled(&sources).source.lines().collect::<Vec<_>>()[2..]);
        let worker = worker(&sources.enclave).unwrap();
        assert_eq!(script.measurement.worker, Sha256::of(worker.as_bytes()));
        let measured = measure(FileKind::WebcatModule, script.source.as_bytes()).unwrap();
        assert_eq!((measured.worker, measured.wasm), (Sha256::of(b""), script.measurement.wasm));
    }

    #[test]
    fn the_tools_are_two_members_of_the_global_object() {
        let script = tools(&sources().tools).unwrap();
        assert_eq!(
            script.source,
            format!(
                "globalThis.TOOLS_WORKER_SOURCE = \"'use strict';\\nlet tools;\\nwork();\\n\";\n\
                 globalThis.TOOLS_WASM_TEXT = {};\n",
                string(&text_of(&sources().tools.wasm)).unwrap()
            )
        );
        let measured = measure(FileKind::Tools, script.source.as_bytes());
        assert_eq!(measured, Some(script.measurement));
        assert_eq!(measure(FileKind::Module, script.source.as_bytes()), None);
    }

    #[test]
    fn the_enrolment_script_knows_its_origin_first() {
        let script = with_release(|release| enrol(&sources().enrol, release)).unwrap();
        assert_eq!(
            script,
            "const ENROL = Object.freeze({ origin: \"https://kms.example\", version: \"1.2.3\" \
             });\nconst a = 1;\nrun(ENROL);\n"
        );
    }

    #[test]
    fn the_worker_literal_is_safe_and_exact() {
        let module = assembled(&sources());
        for hostile in ["\u{2028}", "\u{2029}", "</script", "<!--"] {
            assert!(!module.source.contains(hostile), "{hostile:?}");
        }
        let worker = "'\u{2028}\u{2029}</script><!--\"\\';\nlet glue;\nmain();\n";
        assert_eq!(module.measurement.worker, Sha256::of(worker.as_bytes()));
        let measured = measure(FileKind::Module, module.source.as_bytes());
        assert_eq!(measured, Some(module.measurement));
    }

    #[test]
    fn every_byte_of_the_wasm_survives_on_one_line() {
        // The last two read `</`.
        let wasm: Vec<u8> = (0..=u8::MAX).chain([0x19, 0x0c]).collect();
        let mut sources = sources();
        sources.enclave.wasm.clone_from(&wasm);
        let module = assembled(&sources);
        assert_eq!(module.measurement.wasm, Sha256::of(&wasm));
        let measured = measure(FileKind::Module, module.source.as_bytes());
        assert_eq!(measured, Some(module.measurement));
        let line = module.source.lines().nth(2).unwrap();
        assert!(line.starts_with(MODULE_PREFIXES[1]) && line.ends_with("\";"));
        assert!(!line.chars().any(|char| char < ' ' || "\u{2028}\u{2029}".contains(char)));
        assert!(!line.contains("</"));
    }

    #[test]
    fn a_worker_without_entry_point_is_refused() {
        let mut sources = sources();
        sources.tools.worker.clear();
        assert!(matches!(tools(&sources.tools), Err(Error::MissingPart(_))));
    }

    #[test]
    fn what_is_no_module_has_no_measurement() {
        let not_wasm = b"const WORKER_SOURCE = \"x\";\nconst WASM_TEXT = \" \";\n";
        for bytes in [&b""[..], b"\xff", not_wasm] {
            assert_eq!(measure(FileKind::Module, bytes), None);
        }
        let module = assembled(&sources()).source;
        assert_eq!(measure(FileKind::Html, module.as_bytes()), None);
    }
}
