//! Keys, statements, and the refusal to sign what was not built twice.

use std::fs;

use crate::lab::{Lab, load, refused, run};

#[test]
fn nothing_is_signed_that_a_second_build_has_not_given() {
    let lab = Lab::new();
    lab.build("one", 1, None);
    let statement = lab.text("statement");
    run(&["release", "create", &lab.text("one"), "--out", &statement]);
    let sign = |rebuilt: &str| {
        let (dir, key) = (lab.text("one"), lab.text("keys/signer1"));
        let (rebuilt, out) = (lab.text(rebuilt), lab.text("signed"));
        let words = ["--dir", &dir, "--rebuilt", &rebuilt, "--key", &key, "--out", &out];
        refused(&[&["release", "sign", &statement], words.as_slice()].concat())
    };
    assert!(sign("one").contains("the same folder"));
    let page = lab.path("one-rebuilt/index.html");
    let good = fs::read(&page).unwrap();
    fs::write(&page, [good.as_slice(), b"\n"].concat()).unwrap();
    assert!(sign("one-rebuilt").contains("index.html differs"));
    fs::remove_file(&page).unwrap();
    assert!(sign("one-rebuilt").contains("index.html is in one build only"));
    fs::write(&page, &good).unwrap();
    fs::write(lab.path("one-rebuilt/more"), b"").unwrap();
    assert!(sign("one-rebuilt").contains("more is in one build only"));
    fs::remove_file(lab.path("one-rebuilt/more")).unwrap();
    // The statement of another release.
    lab.build("two", 2, None);
    run(&["release", "create", &lab.text("two"), "--out", &statement]);
    assert!(sign("one-rebuilt").contains("of another release"));
    assert!(!lab.path("signed").exists());
}

#[test]
fn a_key_can_be_encrypted() {
    let lab = Lab::new();
    lab.write("passphrase", "correct horse\nmore\n");
    lab.write("wrong", "battery staple\n");
    lab.write("empty", "\n");
    let (file, passphrase) = (lab.text("sealed"), lab.text("passphrase"));
    let words = ["key", "new", "s.example", "--out", &file, "--passphrase-file", &passphrase];
    let public = run(&words);
    let key = load(&lab.path("sealed"), Some(&lab.path("passphrase"))).unwrap();
    assert!(public.contains(&key.verifier().to_string()));
    assert!(public.contains(&key.cosigner().to_string()));
    let problem = |file: &str, passphrase: Option<&str>| {
        let passphrase = passphrase.map(|name| lab.path(name));
        load(&lab.path(file), passphrase.as_deref()).err().unwrap()
    };
    assert!(problem("sealed", None).contains("needs a passphrase"));
    assert!(problem("sealed", Some("wrong")).contains("does not open"));
    assert!(problem("sealed", Some("empty")).contains("no passphrase"));
    assert!(problem("keys/signer1", Some("passphrase")).contains("not encrypted"));
    assert!(problem("policy.json", None).contains("not a private key"));
    // A file is never written over.
    assert!(refused(&words).contains("sealed"));
    assert!(load(&lab.path("sealed"), Some(&lab.path("passphrase"))).is_ok());
}

#[cfg(unix)]
#[test]
fn a_key_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let lab = Lab::new();
    run(&["key", "new", "s.example", "--out", &lab.text("plain")]);
    let mode = fs::metadata(lab.path("plain")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(load(&lab.path("plain"), None).unwrap().verifier().name(), "s.example");
}

/// What `emit` needs of a build, as far as it looks at it.
fn enclave(lab: &Lab) -> String {
    let dir = lab.path("enclave");
    fs::create_dir(&dir).unwrap();
    for name in ["enclave", "tools"] {
        fs::write(dir.join(format!("{name}.wasm")), b"\0asm\x01\0\0\0").unwrap();
        fs::write(dir.join(format!("{name}.glue.js")), "let wasm_bindgen;\n").unwrap();
    }
    lab.text("enclave")
}

#[test]
fn an_emitted_release_names_the_one_before() {
    let lab = Lab::new();
    let enclave = enclave(&lab);
    let url = lab.url();
    let words = |epoch: &'static str, out: &str| {
        let out = lab.text(out);
        let all = ["emit", "--origin", &url, "--embedder", "http://pwa.localhost:1", "--enclave"];
        let all = all.iter().copied().chain([&*enclave, "--epoch", epoch, "--out", &out]);
        all.map(str::to_owned).collect::<Vec<_>>()
    };
    let plain = words("1", "first");
    run(&plain.iter().map(String::as_str).collect::<Vec<_>>());
    let before = lab.text("first/.well-known/ats-kms/manifest.json");
    let bytes = fs::read(&before).unwrap();
    let digest = kms_manifest::Sha256::of(&bytes);
    let revoked = digest.to_string();
    let next = words("2", "second");
    let more = ["--previous", &before, "--deprecated", &revoked];
    let next: Vec<_> = next.iter().map(String::as_str).chain(more).collect();
    run(&next);
    let second = lab.path("second/.well-known/ats-kms/manifest.json");
    let second = kms_manifest::Manifest::parse(&fs::read(second).unwrap()).unwrap();
    assert_eq!((second.epoch, second.previous), (2, Some(digest)));
    assert_eq!(second.status.deprecated, [digest]);
    let wrong = words("3", "third");
    let wrong: Vec<_> = wrong.iter().map(String::as_str).chain(more).collect();
    assert!(refused(&wrong).contains("has to follow 1"));
}

#[test]
fn nothing_is_published_that_a_policy_refuses() {
    let lab = Lab::new();
    lab.build("one", 1, None);
    lab.sign("one");
    lab.log("one.note");
    let (dir, proof) = (lab.text("one"), lab.text("proof"));
    run(&["log", "prove", &lab.text("log"), &lab.text("one.note"), "--out", &proof]);
    lab.write("slow.json", &lab.policy(24).to_string());
    let (now, slow) = (lab.text("policy.json"), lab.text("slow.json"));
    let publish = ["release", "publish", &dir, "--proof", &proof, "--policy"];
    let placed = lab.path("one/.well-known/ats-kms/manifest.tlog-proof");
    let problem = refused(&[&publish[..], &[&slow]].concat());
    assert!(problem.contains("too_young"), "{problem}");
    assert!(!placed.exists());
    run(&[&publish[..], &[&now]].concat());
    assert!(placed.exists());
}
