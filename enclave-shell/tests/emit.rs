//! Emitting is deterministic and a written folder reads back as the same release.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step fails the test")]

#[allow(dead_code, reason = "shared by several tests")]
mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use common::{EMBEDDER, module_path, paths, release, sources};
use enclave_shell::{Deployment, Emitted, Error, emit};
use kms_manifest::{MANIFEST_PATH, Manifest, Pin, Sha256, Sha384};

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
    let module = module_path(&emitted);
    let mut expected = vec!["_headers".to_owned(), "headers.json".to_owned()];
    expected.extend(["nginx.conf".to_owned(), "pin.json".to_owned()]);
    for file in ["index.html", &module[1..], &MANIFEST_PATH[1..]] {
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
    assert!(policy.contains(&format!("script-src '{integrity}' 'wasm-unsafe-eval'")));
    assert!(emitted.pin.csp.contains(&integrity.to_string()));
    let manifest = Manifest::parse(&emitted.files[MANIFEST_PATH].bytes).unwrap();
    assert_eq!(Pin::of(&manifest).unwrap(), emitted.pin);
    assert_eq!(manifest, emitted.manifest);
    assert_eq!(
        enclave_shell::assemble::measure(&module.bytes),
        Some(emitted.manifest.measurement())
    );
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
    let module = module_path(&emitted);
    for (file, named) in [
        ("index.html", "/".to_owned()),
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
            assert!(nginx.contains(&format!("add_header {name} \"{value}\" always;")));
        }
    }
    assert_eq!(json["/"], json["/index.html"]);
    assert_eq!(json["/"]["Access-Control-Allow-Origin"], EMBEDDER);
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
