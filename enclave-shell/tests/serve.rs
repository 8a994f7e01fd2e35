//! What the server says over the wire: headers, refusals, CORS, content coding, TLS versions.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step fails the test")]

#[allow(dead_code, reason = "shared by several tests")]
mod common;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use common::{
    EMBEDDER, enrol_script_path, free_port, local_release, module_path, paths, release,
    serve_plain, serve_tls, tools_path,
};
use enclave_shell::serve::{DevCertificate, Running, ServeOptions, TlsVersion, start};
use kms_manifest::INERT_CSP;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// One HTTP/1.1 exchange, as text: status line, headers, body.
async fn exchange(addr: SocketAddr, method: &str, path: &str, headers: &[&str]) -> String {
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: kms.localhost\r\n");
    for header in headers {
        request += header;
        request += "\r\n";
    }
    request += "Connection: close\r\n\r\n";
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(addr).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).unwrap();
        String::from_utf8_lossy(&reply).into_owned()
    })
    .await
    .unwrap()
}

fn status(reply: &str) -> &str {
    &reply[9..12]
}

fn has_header(reply: &str, name: &str, value: &str) -> bool {
    let wanted = format!("{}: {value}", name.to_ascii_lowercase());
    reply.split("\r\n").any(|line| line == wanted)
}

#[tokio::test]
async fn every_header_of_the_manifest_is_sent() {
    let (emitted, port) = local_release();
    let server = serve_plain(emitted.clone(), port);
    for path in paths(&emitted) {
        let reply = exchange(server.addr, "GET", &path, &[]).await;
        assert_eq!(status(&reply), "200");
        let asset = &emitted.files[&path];
        assert!(has_header(&reply, "Content-Type", &asset.media_type));
        for (name, value) in asset.headers.iter() {
            assert!(has_header(&reply, name, value), "{path} {name}: {reply}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn refusals_are_short_and_inert() {
    let (emitted, port) = local_release();
    let module = module_path(&emitted);
    let (tools, enrol) = (tools_path(&emitted), enrol_script_path(&emitted));
    let server = serve_plain(emitted, port);
    for (method, path, headers, expected) in [
        ("GET", tools.as_str(), &["Sec-Fetch-Dest: worker"][..], "403"),
        ("GET", enrol.as_str(), &["Sec-Fetch-Dest: sharedworker"], "403"),
        ("GET", "/enrol", &["Sec-Fetch-Dest: iframe", "Sec-Fetch-Mode: navigate"], "403"),
        ("GET", "/enrol", &["Sec-Fetch-Dest: object", "Sec-Fetch-Mode: navigate"], "403"),
        ("GET", "/enrol", &["Sec-Fetch-Dest: document", "Sec-Fetch-Mode: no-cors"], "403"),
        ("GET", "/enrol", &["Sec-Fetch-Dest: script", "Sec-Fetch-Mode: no-cors"], "403"),
        ("POST", "/enrol", &["Content-Length: 0"], "405"),
        ("GET", "/enrol/", &[], "404"),
        ("GET", "/enrol.html", &[], "404"),
        ("GET", "/", &["Sec-Fetch-Dest: document"][..], "403"),
        ("GET", "/", &["Sec-Fetch-Dest: embed"], "403"),
        ("GET", module.as_str(), &["Sec-Fetch-Dest: serviceworker"], "403"),
        ("GET", "/index.html", &[], "404"),
        ("GET", "/pin.json", &[], "404"),
        ("GET", "/r/", &[], "404"),
        ("GET", "/../Cargo.toml", &[], "404"),
        ("POST", "/", &["Content-Length: 0"], "405"),
        ("DELETE", module.as_str(), &[], "405"),
    ] {
        let reply = exchange(server.addr, method, path, headers).await;
        assert_eq!(status(&reply), expected, "{method} {path}");
        assert!(has_header(&reply, "Content-Security-Policy", INERT_CSP));
        assert!(has_header(&reply, "X-Content-Type-Options", "nosniff"));
        assert!(!reply.contains('<') && reply.len() < 600, "{reply}");
    }
    let navigation = ["Sec-Fetch-Dest: document", "Sec-Fetch-Mode: navigate"];
    assert_eq!(status(&exchange(server.addr, "GET", "/enrol", &navigation).await), "200");
    for destination in ["iframe", "empty"] {
        let header = format!("Sec-Fetch-Dest: {destination}");
        assert_eq!(status(&exchange(server.addr, "GET", "/", &[&header]).await), "200");
    }
    server.stop().await;
}

#[tokio::test]
async fn only_listed_embedders_read_the_page() {
    let (emitted, port) = local_release();
    let server = serve_plain(emitted, port);
    let listed = exchange(server.addr, "GET", "/", &[&format!("Origin: {EMBEDDER}")]).await;
    assert!(has_header(&listed, "Access-Control-Allow-Origin", EMBEDDER));
    assert!(listed.to_ascii_lowercase().contains("\r\nvary: accept-encoding, origin"));
    for origin in ["http://evil.localhost:7002", "null", "http://pwa.localhost:7003"] {
        let reply = exchange(server.addr, "GET", "/", &[&format!("Origin: {origin}")]).await;
        assert!(!reply.to_ascii_lowercase().contains("access-control-allow-origin"), "{origin}");
    }
    server.stop().await;
}

#[tokio::test]
async fn head_and_compressed_answers() {
    let (emitted, port) = local_release();
    let module = module_path(&emitted);
    let server = serve_plain(emitted.clone(), port);
    let head = exchange(server.addr, "HEAD", &module, &[]).await;
    let size = emitted.files[&module].bytes.len().to_string();
    assert!(has_header(&head, "Content-Length", &size) && head.ends_with("\r\n\r\n"));
    for (accept, coding) in [("gzip, br", "br"), ("gzip", "gzip")] {
        let header = format!("Accept-Encoding: {accept}");
        let reply = exchange(server.addr, "GET", &module, &[&header]).await;
        assert!(has_header(&reply, "Content-Encoding", coding));
    }
    server.stop().await;
}

#[tokio::test]
async fn a_stopped_server_is_gone() {
    let (emitted, port) = local_release();
    let server = serve_plain(emitted, port);
    let addr = server.addr;
    server.stop().await;
    assert!(TcpStream::connect(addr).is_err());
}

#[tokio::test]
async fn half_a_request_does_not_keep_a_connection() {
    let (emitted, port) = local_release();
    let head_timeout = Duration::from_millis(300);
    let options = ServeOptions { head_timeout, ..ServeOptions::loopback(port) };
    let server = start(emitted, options).unwrap();
    let addr = server.addr;
    // One letter in, it may still become HTTP/2 or HTTP/1.
    for sent in ["", "P", "PRI * HTTP/2.0\r\n", "GET / HTTP/1.1\r\nHost: kms.localhost\r\nX-"] {
        let closed = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(addr).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            stream.write_all(sent.as_bytes()).unwrap();
            let mut reply = String::new();
            // A reset ends the connection as well as its orderly end; only a timeout does not.
            match stream.read_to_string(&mut reply) {
                Ok(_) => true,
                Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
            }
        });
        assert!(closed.await.unwrap(), "{sent:?}");
    }
    assert_eq!(status(&exchange(addr, "GET", "/", &[]).await), "200");
    server.stop().await;
}

/// Tries one TLS version; returns the protocol agreed on, or nothing if the server refuses.
async fn handshake(
    server: &Running,
    ca: &str,
    version: &'static rustls::SupportedProtocolVersion,
) -> Option<(rustls::ProtocolVersion, Vec<u8>)> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let addr = server.addr;
    tokio::task::spawn_blocking(move || {
        let name = ServerName::try_from("kms.localhost").unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut stream = StreamOwned::new(connection, TcpStream::connect(addr).unwrap());
        stream.conn.complete_io(&mut stream.sock).ok()?;
        let protocol = stream.conn.alpn_protocol().unwrap_or_default().to_vec();
        Some((stream.conn.protocol_version()?, protocol))
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn tls_floor() {
    let certificate = DevCertificate::new(&["kms.localhost"]).unwrap();
    for (floor, accepts_12) in [(TlsVersion::V1_3, false), (TlsVersion::V1_2, true)] {
        let port = free_port();
        let emitted = release(&format!("https://kms.localhost:{port}"));
        let server = serve_tls(emitted, port, &certificate, floor);
        let old = handshake(&server, &certificate.ca, &rustls::version::TLS12).await;
        assert_eq!(old.is_some(), accepts_12, "{floor:?}");
        let (version, protocol) =
            handshake(&server, &certificate.ca, &rustls::version::TLS13).await.unwrap();
        assert_eq!(version, rustls::ProtocolVersion::TLSv1_3);
        assert_eq!(protocol, b"h2");
        server.stop().await;
    }
}
