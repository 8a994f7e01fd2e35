//! A small release and its server.

use std::time::Duration;

use enclave_shell::serve::{DevCertificate, Running, ServeOptions, Site, TlsVersion, start_site};
use enclave_shell::verify::{Pins, Report, VerifyOptions, verify};
use enclave_shell::{Deployment, Emitted, Program, Sources, emit};
use kms_manifest::{ENROL_PATH, FileKind, MANIFEST_PATH, Pin};

pub(crate) const EMBEDDER: &str = "http://pwa.localhost:7002";

pub(crate) fn sources() -> Sources {
    let part = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let program = |entry: &str, wasm: &[u8]| Program {
        worker: vec![part("lockdown.js", "'use strict';\n"), part(entry, "main();\n")],
        glue: "let wasm_bindgen;\n".to_owned(),
        wasm: wasm.repeat(100),
    };
    Sources {
        frame: vec![part("boot.js", "boot(RELEASE, WORKER_SOURCE, WASM_TEXT);\n")],
        enclave: program("main.js", b"\0asm\x01\0\0\0"),
        tools: program("tools.js", b"\0asm\x01\0\0\0tools"),
        enrol: vec![part("enrol.js", "enrol(ENROL);\n")],
        kit: None,
    }
}

/// A port that was free a moment ago: the origin, and with it the release, depends on it.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

pub(crate) fn release(origin: &str) -> Emitted {
    emit(&sources(), &Deployment::new(origin, &[EMBEDDER]).unwrap()).unwrap()
}

/// The same with the page for WEBCAT.
pub(crate) fn release_for_webcat(origin: &str) -> Emitted {
    let deployment = Deployment::new(origin, &[EMBEDDER]).unwrap();
    emit(&sources(), &Deployment { webcat: true, ..deployment }).unwrap()
}

/// A release for a free loopback port, with that port.
pub(crate) fn local_release() -> (Emitted, u16) {
    let port = free_port();
    (release(&format!("http://kms.localhost:{port}")), port)
}

pub(crate) fn module_path(emitted: &Emitted) -> String {
    emitted.pin.module.path.clone()
}

pub(crate) fn tools_path(emitted: &Emitted) -> String {
    emitted.pin.tools.path.clone()
}

pub(crate) fn enrol_script_path(emitted: &Emitted) -> String {
    emitted.manifest.asset(FileKind::EnrolScript).unwrap().path.clone()
}

pub(crate) fn waict_path(emitted: &Emitted) -> String {
    emitted.manifest.asset(FileKind::Waict).unwrap().path.clone()
}

/// Every served path; the order is the same for every release.
pub(crate) fn paths(emitted: &Emitted) -> [String; 7] {
    [
        "/".to_owned(),
        module_path(emitted),
        MANIFEST_PATH.to_owned(),
        tools_path(emitted),
        ENROL_PATH.to_owned(),
        enrol_script_path(emitted),
        waict_path(emitted),
    ]
}

pub(crate) fn serve_plain(site: impl Into<Site>, port: u16) -> Running {
    start_site(site.into(), ServeOptions::loopback(port)).unwrap()
}

pub(crate) fn serve_tls(
    emitted: Emitted,
    port: u16,
    certificate: &DevCertificate,
    min_version: TlsVersion,
) -> Running {
    let tls = Some(certificate.tls(min_version));
    start_site(emitted.into(), ServeOptions { tls, ..ServeOptions::loopback(port) }).unwrap()
}

/// Runs the blocking verifier beside the server.
pub(crate) async fn verified(url: &str, pin: Option<Pin>, ca: Option<&str>) -> Report {
    let pins = Pins::new(pin.into_iter().collect()).unwrap();
    verified_by(url, pins, ca).await
}

/// The same with what a roll-out pins.
pub(crate) async fn verified_by(url: &str, pins: Pins, ca: Option<&str>) -> Report {
    let options = VerifyOptions {
        pins,
        ca: ca.map(|pem| pem.as_bytes().to_vec()),
        timeout: Duration::from_secs(10),
    };
    let url = url.to_owned();
    tokio::task::spawn_blocking(move || verify(&url, &options).unwrap()).await.unwrap()
}
