//! Emitting is deterministic and a written folder reads back as the same release.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step fails the test")]

#[allow(dead_code, reason = "shared by several tests")]
mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use common::{
    EMBEDDER, enrol_script_path, free_port, module_path, paths, release, serve_plain, sources,
    tools_path, verified, waict_path,
};
use enclave_shell::verify::Outcome;
use enclave_shell::{Audience, Deployment, Emitted, Error, Sources, emit, emit_plain};
use kms_manifest::{ENROL_PATH, FileKind, INERT_CSP, MANIFEST_PATH, Manifest, Pin, Sha256, Sha384};

const ORIGIN: &str = "https://kms.example";

/// Every file below a folder.
fn tree(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
                files.insert(name, fs::read(path).unwrap());
            }
        }
    }
    files
}

#[test]
fn two_emits_are_identical() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    release(ORIGIN).write_to(a.path()).unwrap();
    release(ORIGIN).write_to(b.path()).unwrap();
    assert_eq!(tree(a.path()), tree(b.path()));
}

#[test]
fn without_compressed_forms_it_is_the_same_release() {
    let deployment = Deployment::new(ORIGIN, &[EMBEDDER]).unwrap();
    let plain = emit_plain(&sources(), &deployment).unwrap();
    let full = emit(&sources(), &deployment).unwrap();
    assert_eq!((&plain.pin, &plain.manifest), (&full.pin, &full.manifest));
    for (path, asset) in &plain.files {
        let (bytes, headers) = (&full.files[path].bytes, &full.files[path].headers);
        assert_eq!((&asset.bytes, &asset.headers), (bytes, headers), "{path}");
        assert!(asset.encodings().is_empty() && !full.files[path].encodings().is_empty(), "{path}");
    }
}

#[test]
fn the_order_of_embedders_does_not_matter() {
    let one = Deployment::new(ORIGIN, &["https://b.example", "https://a.example"]).unwrap();
    let two =
        Deployment::new(ORIGIN, &["https://a.example", "https://b.example", "https://a.example"])
            .unwrap();
    let (one, two) = (emit(&sources(), &one).unwrap(), emit(&sources(), &two).unwrap());
    assert_eq!(one.pin, two.pin);
}

#[test]
fn the_folder_is_complete() {
    let dir = tempfile::tempdir().unwrap();
    let emitted = release(ORIGIN);
    emitted.write_to(dir.path()).unwrap();
    let scripts = [module_path(&emitted), tools_path(&emitted), enrol_script_path(&emitted)];
    let mut expected = ["404.html", "_headers", "headers.json", "nginx.conf", "pin.json"]
        .map(str::to_owned)
        .to_vec();
    let waict = waict_path(&emitted);
    let pages = ["index.html", "enrol.html", &MANIFEST_PATH[1..], &waict[1..]];
    for file in pages.into_iter().chain(scripts.iter().map(|path| &path[1..])) {
        expected.extend(["", ".br", ".gz"].map(|ending| format!("{file}{ending}")));
    }
    expected.sort();
    assert_eq!(tree(dir.path()).into_keys().collect::<Vec<_>>(), expected);
}

#[test]
fn everything_agrees_with_everything() {
    let emitted = release(ORIGIN);
    let path = module_path(&emitted);
    let (page, module) = (&emitted.files["/"], &emitted.files[&path]);
    let integrity = Sha384::of(&module.bytes);
    let text = String::from_utf8(page.bytes.clone()).unwrap();
    assert!(text.contains(&format!(
        "<script type=\"module\" src=\"{path}\" integrity=\"{integrity}\" crossorigin=\"anonymous\"></script>"
    )));
    assert_eq!(text.matches("<script").count(), 1);
    assert!(!text.contains("<style") && !text.contains("style="));
    assert!(text.lines().count() <= 15);
    assert!(path.starts_with(&format!("/r/{}", &Sha256::of(&module.bytes).to_hex()[..16])));
    let policy = page.headers.value("Content-Security-Policy").unwrap();
    let tools = &emitted.pin.tools.integrity;
    assert!(policy.contains(&format!("script-src '{integrity}' '{tools}' 'wasm-unsafe-eval'")));
    assert!(emitted.pin.csp.contains(&format!("'{integrity}' '{tools}'")));
    let manifest = Manifest::parse(&emitted.files[MANIFEST_PATH].bytes).unwrap();
    assert_eq!(Pin::of(&manifest).unwrap(), emitted.pin);
    assert_eq!(manifest, emitted.manifest);
    let measured = enclave_shell::assemble::measure(FileKind::Module, &module.bytes);
    assert_eq!(measured, manifest.measurement(FileKind::Module));
    assert!(measured.is_some());
}

#[test]
fn the_module_names_exactly_the_tools_that_are_served() {
    let emitted = release(ORIGIN);
    let path = tools_path(&emitted);
    let tools = &emitted.files[&path];
    let digest = Sha256::of(&tools.bytes);
    assert_eq!(path, format!("/r/{}/tools.js", &digest.to_hex()[..16]));
    let integrity = Sha384::of(&tools.bytes);
    let inside = emitted.manifest.tools;
    let measured = enclave_shell::assemble::measure(FileKind::Tools, &tools.bytes);
    assert_eq!(measured, Some(inside));
    let module = &emitted.files[&module_path(&emitted)].bytes;
    let constant = std::str::from_utf8(module).unwrap().lines().next().unwrap();
    for part in [
        format!("tools: Object.freeze({{\"integrity\":\"{integrity}\",\"url\":\"{path}\"}})"),
        format!("\"tools\":\"{}\",\"toolsWorker\":\"{}\"", inside.wasm, inside.worker),
    ] {
        assert!(constant.contains(&part), "{part}: {constant}");
    }
    assert_eq!(tools.encodings().len(), 2);
    assert_eq!(tools.headers.value("Access-Control-Allow-Origin"), Some("*"));
    assert!(tools.headers.value("Cache-Control").unwrap().contains("immutable"));
    let hashes = [emitted.manifest.wasm, inside.wasm].map(|digest| digest.to_base64url());
    assert_eq!(emitted.manifest.wasm_hashes, hashes);
}

#[test]
fn the_enrolment_page_runs_one_pinned_script_in_a_tab() {
    let emitted = release(ORIGIN);
    let page = &emitted.files[ENROL_PATH];
    assert_eq!(page.audience, Audience::Tab);
    let path = enrol_script_path(&emitted);
    let script = &emitted.files[&path];
    let integrity = Sha384::of(&script.bytes);
    let text = String::from_utf8(page.bytes.clone()).unwrap();
    assert!(text.contains(&format!(
        "<script type=\"module\" src=\"{path}\" integrity=\"{integrity}\" crossorigin=\"anonymous\"></script>"
    )));
    assert_eq!(text.matches("<script").count(), 1);
    let policy = page.headers.value("Content-Security-Policy").unwrap();
    assert!(policy.contains(&format!("script-src '{integrity}';")));
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("sandbox"));
    let constant = format!("const ENROL = Object.freeze({{ origin: \"{ORIGIN}\", version: \"");
    assert!(script.bytes.starts_with(constant.as_bytes()));
    assert!(!emitted.pin.csp.contains(&integrity.to_string()), "the frame must not run it");
}

#[test]
fn the_waict_manifest_lists_every_file_and_every_page_names_it() {
    let emitted = release(ORIGIN);
    let path = waict_path(&emitted);
    let body = String::from_utf8(emitted.files[&path].bytes.clone()).unwrap();
    let (json, proof) = body.split_once('\n').unwrap();
    assert_eq!(proof, "\n", "there is no proof, so nothing may be remembered");
    let waict: serde_json::Value = serde_json::from_str(json).unwrap();
    let hashes = waict["hashes"].as_object().unwrap();
    let files = emitted.files.iter().filter(|(at, _)| **at != path && *at != MANIFEST_PATH);
    let expected: BTreeMap<_, _> = files
        .map(|(at, asset)| (format!("{ORIGIN}{at}"), Sha256::of(&asset.bytes).to_base64url()))
        .collect();
    assert_eq!(hashes.len(), expected.len());
    assert!(expected.iter().all(|(url, digest)| hashes[url] == digest.as_str()), "{json}");
    let mut wasm = emitted.manifest.wasm_hashes.clone();
    wasm.sort();
    assert_eq!(waict["wasm_hashes"], serde_json::json!(wasm));
    for (at, asset) in &emitted.files {
        let page = asset.media_type.starts_with("text/html");
        let expected = page.then(|| format!("max-age=0, mode=enforce, manifest=\"{path}\""));
        let sent = asset.headers.value("Integrity-Policy-WAICT-v1");
        assert_eq!(sent, expected.as_deref(), "{at}");
    }
    assert_eq!(emitted.files[&path].media_type, "application/waict-integrity-manifest");
}

#[test]
fn a_written_release_loads_as_itself() {
    let dir = tempfile::tempdir().unwrap();
    let emitted = release(ORIGIN);
    emitted.write_to(dir.path()).unwrap();
    let loaded = Emitted::load(dir.path()).unwrap();
    assert_eq!((&loaded.manifest, &loaded.pin), (&emitted.manifest, &emitted.pin));
    for path in paths(&emitted) {
        let (a, b) = (&loaded.files[&path], &emitted.files[&path]);
        assert_eq!((&a.bytes, &a.media_type, &a.headers), (&b.bytes, &b.media_type, &b.headers));
        assert_eq!(a.encodings(), b.encodings());
    }
}

#[test]
fn an_altered_folder_is_refused_by_file() {
    let dir = tempfile::tempdir().unwrap();
    let emitted = release(ORIGIN);
    let (module, tools) = (module_path(&emitted), tools_path(&emitted));
    for (file, named) in [
        ("index.html", "/".to_owned()),
        ("enrol.html", ENROL_PATH.to_owned()),
        (&tools[1..], tools.clone()),
        (&format!("{}.gz", &tools[1..]), format!("{tools}.gz")),
        (&module[1..], module.clone()),
        (&format!("{}.br", &module[1..]), format!("{module}.br")),
        ("index.html.gz", "/.gz".to_owned()),
    ] {
        emitted.write_to(dir.path()).unwrap();
        let path = dir.path().join(file);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
        match Emitted::load(dir.path()) {
            Err(Error::Altered(name)) => assert_eq!(name, named),
            other => panic!("{file}: {:?}", other.map(|emitted| emitted.pin)),
        }
    }
}

#[test]
fn header_files_hold_every_header() {
    let dir = tempfile::tempdir().unwrap();
    let emitted = release(ORIGIN);
    emitted.write_to(dir.path()).unwrap();
    let json: serde_json::Value =
        serde_json::from_slice(&fs::read(dir.path().join("headers.json")).unwrap()).unwrap();
    let netlify = fs::read_to_string(dir.path().join("_headers")).unwrap();
    let nginx = fs::read_to_string(dir.path().join("nginx.conf")).unwrap();
    for (path, asset) in &emitted.files {
        assert_eq!(json[path]["Content-Type"], asset.media_type);
        for (name, value) in asset.headers.iter() {
            assert_eq!(json[path][name], value);
            assert!(netlify.contains(&format!("  {name}: {value}\n")));
            let quote = if value.contains('"') { '\'' } else { '"' };
            assert!(!value.contains(quote), "{name}: {value}");
            let line = format!("add_header {name} {quote}{value}{quote} always;");
            assert!(nginx.contains(&line), "{line}");
        }
    }
    for (path, file) in [("/", "/index.html"), (ENROL_PATH, "/enrol.html")] {
        assert_eq!(json[path], json[file]);
        assert_eq!(json[path]["Access-Control-Allow-Origin"], EMBEDDER);
        assert!(netlify.contains(&format!("\n{file}\n")));
    }
    assert!(nginx.contains("location = /enrol {"));
    assert!(nginx.contains("try_files /enrol.html =404;"));
}

/// Hosts that find no page of this name send the frame page for every path instead.
#[test]
fn unknown_paths_get_a_page_that_does_nothing() {
    let dir = tempfile::tempdir().unwrap();
    release(ORIGIN).write_to(dir.path()).unwrap();
    let page = fs::read_to_string(dir.path().join("404.html")).unwrap();
    assert!(page.contains("http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'\""));
    assert!(!page.contains("<script") && !page.contains("src="));
    let netlify = fs::read_to_string(dir.path().join("_headers")).unwrap();
    for path in ["/404", "/404.html"] {
        let (_, rule) = netlify.split_once(&format!("\n{path}\n")).unwrap();
        let own: Vec<_> = rule.lines().take_while(|line| line.starts_with("  ")).collect();
        assert!(own.contains(&format!("  Content-Security-Policy: {INERT_CSP}").as_str()));
    }
    // A rule for all paths would be added to that of every file.
    assert!(!netlify.contains('*') || !netlify.lines().any(|line| line.starts_with("/*")));
}

#[test]
fn bad_deployments_are_refused() {
    assert!(Deployment::new("http://kms.example", &[EMBEDDER]).is_err());
    assert!(Deployment::new("https://kms.example/", &[EMBEDDER]).is_err());
    assert!(Deployment::new(ORIGIN, &["*"]).is_err());
    for embedders in [vec![], vec![ORIGIN]] {
        let deployment = Deployment::new(ORIGIN, &embedders).unwrap();
        assert!(matches!(emit(&sources(), &deployment), Err(Error::Deployment { .. })));
    }
    let mut deployment = Deployment::new(ORIGIN, &[EMBEDDER]).unwrap();
    deployment.version = "</script>".to_owned();
    assert!(matches!(emit(&sources(), &deployment), Err(Error::Pin(_))));
}

#[test]
fn changed_bytes_drop_their_precompressed_forms() {
    let mut emitted = release(ORIGIN);
    let page = emitted.files.get_mut("/").unwrap();
    assert_eq!(page.encodings().len(), 2);
    page.bytes[0] ^= 1;
    assert!(page.encodings().is_empty());
}

/// What a build leaves, with the JavaScript of this repository around it.
fn real_sources() -> Sources {
    let dir = tempfile::tempdir().unwrap();
    for name in ["enclave", "tools"] {
        fs::write(dir.path().join(format!("{name}.wasm")), b"\0asm\x01\0\0\0").unwrap();
        fs::write(dir.path().join(format!("{name}.glue.js")), "let wasm_bindgen;\n").unwrap();
    }
    Sources::load(dir.path()).unwrap()
}

/// One byte of the source becomes another.
fn change(text: &mut String) {
    let at = text.find('e').unwrap();
    text.replace_range(at..=at, "f");
}

#[tokio::test]
async fn one_byte_of_the_source_changes_the_digest_and_fails_verification() {
    let port = free_port();
    let origin = format!("http://kms.localhost:{port}");
    let deployment = Deployment::new(&origin, &[EMBEDDER]).unwrap();
    let honest = emit_plain(&real_sources(), &deployment).unwrap();
    let changes: [fn(&mut Sources); 8] = [
        |it| change(&mut it.frame[0].1),
        |it| change(&mut it.frame.last_mut().unwrap().1),
        |it| change(&mut it.enclave.worker[0].1),
        |it| change(&mut it.enclave.glue),
        |it| it.enclave.wasm[4] ^= 1,
        |it| change(&mut it.tools.worker.last_mut().unwrap().1),
        |it| it.tools.wasm[4] ^= 1,
        |it| change(&mut it.enrol[0].1),
    ];
    let mut digests = BTreeSet::from([honest.pin.manifest]);
    for (index, change) in changes.into_iter().enumerate() {
        let mut sources = real_sources();
        change(&mut sources);
        let other = emit_plain(&sources, &deployment).unwrap();
        assert!(digests.insert(other.pin.manifest), "change {index} has a digest of its own");
        let server = serve_plain(other, port);
        let report = verified(&origin, Some(honest.pin.clone()), None).await;
        assert_eq!(
            (report.outcome, report.outcome.exit_code()),
            (Outcome::Mismatch, 1),
            "{report}"
        );
        assert!(report.to_string().contains("FAILED"), "change {index}: {report}");
        server.stop().await;
    }
    let server = serve_plain(honest.clone(), port);
    let report = verified(&origin, Some(honest.pin), None).await;
    assert_eq!(report.outcome, Outcome::Match, "{report}");
    server.stop().await;
}
