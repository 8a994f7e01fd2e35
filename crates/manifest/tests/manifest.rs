//! The manifest's one spelling, its rules, and the pin made of it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step fails the test")]

use kms_manifest::{
    AssetEntry, Deployment, FileKind, HeaderSet, Headers, MANIFEST_LIMIT, Manifest, ManifestError,
    Measurement, Origin, Pin, SCHEMA, Scripts, Sha256, Sha384, SigningKeys, Status, WAICT_POLICY,
    short_code, waict_manifest, waict_policy,
};
use proptest::prelude::*;
use serde_json::Value;

fn body(kind: FileKind) -> &'static [u8] {
    match kind {
        FileKind::Html => b"html",
        FileKind::Enrol => b"enrol",
        FileKind::EnrolScript => b"enrol script",
        FileKind::Module => b"module",
        FileKind::Tools => b"tools",
        FileKind::Webcat => b"webcat",
        FileKind::WebcatModule => b"webcat module",
        FileKind::Worker => b"worker",
        FileKind::ToolsWorker => b"tools worker",
        FileKind::Waict | FileKind::Manifest => b"",
    }
}

fn entry(kind: FileKind) -> AssetEntry {
    let bytes = body(kind);
    AssetEntry {
        path: kind.path(&Sha256::of(bytes)),
        sha256: Sha256::of(bytes),
        sha384: Sha384::of(bytes),
        size: bytes.len() as u64,
        media_type: kind.media_type().to_owned(),
    }
}

fn manifest() -> Manifest {
    let origin: Origin = "https://kms.example".parse().unwrap();
    let embedders: Vec<Origin> = vec!["https://app.example".parse().unwrap()];
    let wasm = Sha256::of(b"wasm");
    let tools = Measurement { worker: Sha256::of(b"tools worker"), wasm: Sha256::of(b"tools") };
    let digest = |kind| Sha384::of(body(kind));
    let scripts = Scripts {
        module: digest(FileKind::Module),
        tools: digest(FileKind::Tools),
        enrol: digest(FileKind::EnrolScript),
    };
    let mut assets = FileKind::ASSETS.map(entry).to_vec();
    assets.sort_by(|a, b| a.path.cmp(&b.path));
    Manifest {
        schema: SCHEMA,
        version: "0.1.0".to_owned(),
        epoch: 1,
        commit: "unknown".to_owned(),
        toolchain: "rustc 1.95.0".to_owned(),
        headers: HeaderSet::new(&origin, &embedders, &scripts),
        deployment: Deployment { origin, embedders, signers: None },
        assets,
        worker: Sha256::of(b"worker"),
        wasm,
        tools,
        wasm_hashes: vec![wasm.to_base64url(), tools.wasm.to_base64url()],
        previous: None,
        status: Status::default(),
    }
}

/// The same with the page for WEBCAT.
fn with_webcat() -> Manifest {
    let mut manifest = manifest();
    manifest.assets.extend(FileKind::WEBCAT.map(entry));
    manifest.assets.sort_by(|a, b| a.path.cmp(&b.path));
    let scripts = manifest.webcat_scripts().unwrap();
    let Deployment { origin, embedders, .. } = &manifest.deployment;
    manifest.headers = manifest.headers.with_webcat(origin, embedders, &scripts);
    manifest
}

/// The same with a WAICT manifest.
fn with_waict(mut manifest: Manifest) -> Manifest {
    let origin = manifest.deployment.origin.clone();
    let body = waict_manifest(&origin, &manifest.assets, &manifest.wasm_hashes).unwrap();
    let sha256 = Sha256::of(body.as_bytes());
    manifest.assets.push(AssetEntry {
        path: FileKind::Waict.path(&sha256),
        sha256,
        sha384: Sha384::of(body.as_bytes()),
        size: body.len() as u64,
        media_type: FileKind::Waict.media_type().to_owned(),
    });
    manifest.assets.sort_by(|a, b| a.path.cmp(&b.path));
    let path = manifest.asset(FileKind::Waict).unwrap().path.clone();
    manifest.headers = manifest.headers.with_waict(&origin, &path);
    manifest
}

#[test]
fn bytes_round_trip_and_name_every_field() {
    let manifest = manifest();
    let bytes = manifest.to_bytes().unwrap();
    assert_eq!(Manifest::parse(&bytes).unwrap(), manifest);
    let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "assets",
            "commit",
            "deployment",
            "epoch",
            "headers",
            "previous",
            "schema",
            "status",
            "toolchain",
            "tools",
            "version",
            "wasm",
            "wasm_hashes",
            "worker"
        ]
    );
    assert!(value["previous"].is_null());
    // As another writer of RFC 8785 has it, with every member that there can be.
    let mut full = manifest;
    full.previous = Some(Sha256::of(b"previous"));
    full.status.revoked.push(Sha256::of(b"revoked"));
    full.toolchain = "rustc \u{fc}\u{1f600} \"\\/ 1.95.0".to_owned();
    full.deployment.signers = Some(SigningKeys { keys: vec!["a".to_owned()], threshold: 1 });
    for one in [&full, &Manifest::parse(&bytes).unwrap()] {
        assert_eq!(one.to_bytes().unwrap(), json_canon::to_vec(one).unwrap());
    }
    assert_eq!(value["assets"][0]["mediaType"], "text/html; charset=utf-8");
}

#[test]
fn refuses_other_spellings() {
    let text = String::from_utf8(manifest().to_bytes().unwrap()).unwrap();
    for other in [
        format!("{text}\n"),
        format!(" {text}"),
        text.replacen("\"epoch\":1", "\"epoch\": 1", 1),
        text.replacen("\"previous\":null,", "", 1),
        text.replacen("unknown", "unknow\\u006e", 1),
    ] {
        assert!(matches!(Manifest::parse(other.as_bytes()), Err(ManifestError::NotCanonical)));
    }
}

#[test]
fn refuses_unknown_duplicate_and_missing_fields() {
    let text = String::from_utf8(manifest().to_bytes().unwrap()).unwrap();
    for other in [
        text.replacen('{', "{\"aaa\":1,", 1),
        text.replacen("\"allowed\":[]", "\"allowed\":[],\"extra\":[]", 1),
        text.replacen("\"epoch\":1", "\"epoch\":1,\"epoch\":1", 1),
        text.replacen("\"epoch\":1,", "", 1),
        text.replacen("\"epoch\":1", "\"epoch\":1.5", 1),
        text.replacen("sha256-", "sha512-", 1),
        "[]".to_owned(),
        String::new(),
    ] {
        assert!(
            matches!(Manifest::parse(other.as_bytes()), Err(ManifestError::Json(_))),
            "{other}"
        );
    }
}

#[test]
fn refuses_an_oversized_manifest_unread() {
    let bytes = vec![b' '; MANIFEST_LIMIT + 1];
    assert!(matches!(Manifest::parse(&bytes), Err(ManifestError::TooLong)));
}

/// The name of a rule, and what breaks it.
type Case = (&'static str, fn(&mut Manifest));

#[test]
fn refuses_broken_rules() {
    let cases: [Case; 18] = [
        ("schema", |m| m.schema = 2),
        ("version", |m| m.version = "1 0".to_owned()),
        ("epoch", |m| m.epoch = 1 << 53),
        ("commit", |m| m.commit = "HEAD".to_owned()),
        ("toolchain", |m| m.toolchain = "a\nb".to_owned()),
        ("embedder list", |m| {
            let twice = m.deployment.embedders[0].clone();
            m.deployment.embedders.push(twice);
        }),
        ("asset list", |m| m.assets.clear()),
        ("asset list", |m| m.assets.reverse()),
        ("asset list", |m| m.assets.truncate(4)),
        ("asset list", |m| m.assets.push(m.assets[4].clone())),
        ("asset list", |m| m.assets[1].path = "/enrol/".to_owned()),
        ("asset list", |m| m.assets[1].size = 1 << 53),
        ("asset list", |m| m.assets[4].media_type = "text/html; charset=utf-8".to_owned()),
        ("asset list", |m| m.assets[4].path = "/r/0000000000000000/tools.js".to_owned()),
        ("asset list", |m| m.assets[4].path = "/../tools.js".to_owned()),
        ("wasm_hashes", |m| m.wasm_hashes.clear()),
        ("wasm_hashes", |m| m.wasm_hashes.truncate(1)),
        ("wasm_hashes", |m| m.wasm_hashes.reverse()),
    ];
    for (name, break_rule) in cases {
        let mut broken = manifest();
        break_rule(&mut broken);
        let bytes = serde_json::to_vec(&broken).unwrap();
        match Manifest::parse(&bytes) {
            Err(ManifestError::Field(field)) => assert_eq!(field, name),
            other => panic!("{name}: {other:?}"),
        }
    }
    let mut broken = manifest();
    broken.headers.html.set("X-Bad", "a\r\nb");
    assert!(matches!(broken.check(), Err(ManifestError::Header(_))));
}

#[test]
fn the_pin_follows_the_manifest() {
    let manifest = manifest();
    let pin = Pin::of(&manifest).unwrap();
    assert_eq!(pin.manifest, manifest.digest().unwrap());
    for (script, kind) in [(&pin.module, FileKind::Module), (&pin.tools, FileKind::Tools)] {
        assert_eq!(script.path, kind.path(&Sha256::of(body(kind))));
        assert_eq!(script.integrity, Sha384::of(body(kind)));
        assert!(pin.csp.contains(&format!("'{}'", script.integrity)));
    }
    assert!(
        manifest
            .headers
            .html
            .value("Content-Security-Policy")
            .unwrap()
            .starts_with(pin.csp.split("; require-trusted").next().unwrap())
    );
    assert!(!pin.csp.contains("sandbox") && !pin.csp.contains("frame-ancestors"));
    let text = pin.to_json().unwrap();
    assert_eq!(Pin::parse(text.as_bytes()).unwrap(), pin);
    assert!(Pin::parse(text.replacen('{', "{\"x\":1,", 1).as_bytes()).is_err());
}

/// A list of a struct's values is no other spelling of it.
#[test]
fn lists_are_no_objects() {
    let pin = serde_json::to_value(Pin::of(&manifest()).unwrap()).unwrap();
    let values = |object: &Value, names: &[&str]| {
        Value::from(names.iter().map(|name| object[*name].clone()).collect::<Vec<_>>())
    };
    let mut half = pin.clone();
    half["module"] = values(&pin["module"], &["path", "integrity"]);
    let all = ["version", "url", "manifest", "csp", "module", "tools", "html", "worker", "wasm"];
    for list in [half, values(&pin, &all)] {
        assert!(Pin::parse(list.to_string().as_bytes()).is_err(), "{list}");
    }
    let text = String::from_utf8(manifest().to_bytes().unwrap()).unwrap();
    let status =
        text.replacen("{\"allowed\":[],\"deprecated\":[],\"revoked\":[]}", "[[],[],[]]", 1);
    assert_ne!(status, text);
    assert!(matches!(Manifest::parse(status.as_bytes()), Err(ManifestError::Json(_))));
}

#[test]
fn the_page_for_webcat_is_there_as_a_whole_or_not_at_all() {
    let whole = with_webcat();
    assert_eq!(Manifest::parse(&whole.to_bytes().unwrap()).unwrap(), whole);
    let plain = String::from_utf8(manifest().to_bytes().unwrap()).unwrap();
    assert!(!plain.contains("webcat") && !plain.contains("worker.js"), "{plain}");
    for kind in FileKind::WEBCAT {
        let mut broken = whole.clone();
        broken.assets.retain(|asset| FileKind::of_path(&asset.path) != Some(kind));
        assert!(matches!(broken.check(), Err(ManifestError::Field("asset list"))), "{kind:?}");
    }
    let cases: [Case; 6] = [
        ("headers", |m| m.headers.webcat = Headers::new()),
        ("headers", |m| m.headers.worker = Headers::new()),
        ("asset list", |m| m.worker = Sha256::of(b"another")),
        ("asset list", |m| m.tools.worker = Sha256::of(b"another")),
        ("headers", |m| m.assets = manifest().assets),
        ("asset list", |m| {
            let mut twice = entry(FileKind::Worker);
            twice.sha256 = Sha256::of(b"second");
            twice.path = FileKind::Worker.path(&twice.sha256);
            m.assets.push(twice);
            m.assets.sort_by(|a, b| a.path.cmp(&b.path));
        }),
    ];
    for (name, break_rule) in cases {
        let mut broken = whole.clone();
        break_rule(&mut broken);
        match broken.check() {
            Err(ManifestError::Field(field)) => assert_eq!(field, name),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn the_waict_manifest_lists_what_the_release_does() {
    for whole in [with_waict(manifest()), with_waict(with_webcat())] {
        assert_eq!(Manifest::parse(&whole.to_bytes().unwrap()).unwrap(), whole);
        let cases: [Case; 7] = [
            ("headers", |m| m.headers.waict = Headers::new()),
            ("headers", |m| {
                m.assets.retain(|it| FileKind::of_path(&it.path) != Some(FileKind::Waict));
            }),
            ("WAICT manifest", |m| drop(m.headers.html.remove(WAICT_POLICY))),
            ("WAICT manifest", |m| drop(m.headers.enrol.remove(WAICT_POLICY))),
            ("WAICT manifest", |m| m.headers.enrol.set(WAICT_POLICY, "max-age=0, mode=report")),
            ("WAICT manifest", |m| {
                // Another page than the one that the WAICT manifest lists.
                let page = m.assets.iter_mut().find(|it| it.path == "/").unwrap();
                page.sha256 = Sha256::of(b"another page");
            }),
            ("WAICT manifest", |m| m.deployment.origin = "https://other.example".parse().unwrap()),
        ];
        for (name, break_rule) in cases {
            let mut broken = whole.clone();
            break_rule(&mut broken);
            match broken.check().and_then(|()| broken.check_waict()) {
                Err(ManifestError::Field(field)) => assert_eq!(field, name),
                other => panic!("{name}: {other:?}"),
            }
        }
        assert!(whole.check_waict().is_ok());
    }
    assert!(manifest().check_waict().is_ok(), "there is none");
    let mut named = manifest();
    named.headers.html.set(WAICT_POLICY, waict_policy("/nowhere"));
    assert!(matches!(named.check(), Err(ManifestError::Field("WAICT manifest"))));
}

/// The draft's form: whole addresses, digests in base64url, sorted; then the line of a proof.
#[test]
fn the_waict_manifest_is_exactly_this() {
    let manifest = manifest();
    let origin = &manifest.deployment.origin;
    let wasm = ["zz".to_owned(), "aa".to_owned(), "zz".to_owned()];
    let body = waict_manifest(origin, &manifest.assets[..1], &wasm).unwrap();
    let page = Sha256::of(b"html").to_base64url();
    let json = format!(
        "{{\"hashes\":{{\"https://kms.example/\":\"{page}\"}},\"wasm_hashes\":[\"aa\",\"zz\"]}}"
    );
    assert_eq!(body, format!("{json}\n\n"));
    let digest = Sha256::of(body.as_bytes());
    let path = FileKind::Waict.path(&digest);
    let name = path.strip_prefix("/.well-known/waict/manifests/").unwrap();
    assert_eq!((name.len(), digest.to_base64url().starts_with(name)), (22, true));
}

#[test]
fn the_page_for_webcat_has_a_pin_of_its_own() {
    assert_eq!(Pin::of_webcat(&manifest()).unwrap(), None);
    let manifest = with_webcat();
    let (own, pin) = (Pin::of(&manifest).unwrap(), Pin::of_webcat(&manifest).unwrap().unwrap());
    assert!(pin.webcat && !own.webcat);
    assert!(!own.to_json().unwrap().contains("webcat"), "other pins are as they were");
    assert_eq!((pin.manifest, &pin.tools), (own.manifest, &own.tools));
    assert_eq!((pin.html, pin.worker), (Sha256::of(b"webcat"), own.worker));
    assert_eq!(pin.module.integrity, Sha384::of(b"webcat module"));
    assert!(pin.csp.contains("worker-src 'self';") && own.csp.contains("worker-src blob:;"));
    assert!(pin.csp.contains(&format!("'{}'", pin.module.integrity)));
    let inside = manifest.measurement(FileKind::WebcatModule).unwrap();
    assert_eq!((inside.worker, inside.wasm), (Sha256::of(b""), manifest.wasm));
    assert_eq!(Pin::parse(pin.to_json().unwrap().as_bytes()).unwrap(), pin);
}

#[test]
fn measurement_and_code() {
    let manifest = manifest();
    let enclave = manifest.measurement(FileKind::Module).unwrap();
    assert_eq!((enclave.worker, enclave.wasm), (Sha256::of(b"worker"), Sha256::of(b"wasm")));
    assert_eq!(manifest.measurement(FileKind::Tools), Some(manifest.tools));
    assert_eq!(manifest.measurement(FileKind::EnrolScript), None);
    let code = short_code(&manifest.digest().unwrap());
    assert_eq!((code.len(), code.as_bytes()[4]), (9, b'-'));
}

proptest! {
    #[test]
    fn no_flipped_bit_survives(index: prop::sample::Index, bit in 0u8..8) {
        let original = manifest();
        let mut bytes = original.to_bytes().unwrap();
        let at = index.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(other) = Manifest::parse(&bytes) {
            prop_assert_ne!(other.digest().unwrap(), original.digest().unwrap());
        }
    }

    #[test]
    fn hostile_bytes_never_panic(bytes: Vec<u8>) {
        prop_assert!(Manifest::parse(&bytes).is_err());
        prop_assert!(Pin::parse(&bytes).is_err());
    }
}
