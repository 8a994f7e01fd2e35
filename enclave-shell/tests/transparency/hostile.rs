//! Servers that send something else than the release, to everybody or to frames alone: the monitor
//! sees each of them from a vantage of its own.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use enclave_shell::Emitted;

use crate::lab::Lab;
use crate::watching::look;

const CSP: &str = "content-security-policy";
const EVIL: &str = "<!doctype html><title>x</title><script>steal()</script>";

/// An answer before it is sent: status, headers, body.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.into(), value.into()));
    }

    fn remove(&mut self, name: &str) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    fn page(&mut self, media_type: &str, body: &str) {
        self.set("content-type", media_type);
        self.body = body.as_bytes().to_vec();
    }

    /// Puts something into the page.
    fn insert(&mut self, what: &str) {
        let page = String::from_utf8(self.body.clone()).unwrap();
        assert!(page.contains("</head>"), "{page}");
        self.body = page.replace("</head>", &format!("{what}</head>")).into_bytes();
    }

    fn csp(&mut self, change: fn(&str) -> String) {
        let csp = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(CSP)).unwrap();
        let changed = change(&csp.1);
        assert_ne!(changed, csp.1);
        self.set(CSP, &changed);
    }
}

/// What a server does to the frame's page.
type Attack = fn(&mut Answer);

const ATTACKS: [(&str, Attack); 20] = [
    ("another page", |it| it.page("text/html; charset=utf-8", EVIL)),
    ("another script", |it| it.insert("<script src=\"/evil.js\"></script>")),
    ("a script with a nonce", |it| {
        it.insert("<script nonce=\"x\">steal()</script>");
        it.csp(|csp| csp.replace("script-src ", "script-src 'nonce-x' "));
    }),
    ("an event handler", |it| it.insert("<img src=\"x\" onerror=\"steal()\">")),
    ("a page in the page", |it| it.insert("<iframe srcdoc=\"<script>steal()</script>\"></iframe>")),
    ("a page that leaves", |it| it.insert("<meta http-equiv=\"refresh\" content=\"0;url=/evil\">")),
    ("a script that leaves", |it| it.insert("<script>location = '/evil'</script>")),
    ("a header that leaves", |it| it.set("refresh", "0;url=/evil")),
    ("a redirect", |it| {
        it.status = 302;
        it.set("location", "/evil");
    }),
    ("a page as XHTML", |it| it.set("content-type", "application/xhtml+xml")),
    ("a page as SVG", |it| it.page("image/svg+xml", "<svg onload=\"steal()\"/>")),
    ("no type", |it| it.remove("content-type")),
    ("no policy", |it| it.remove(CSP)),
    ("a policy that only reports", |it| {
        let (_, csp) = it.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(CSP)).unwrap();
        let csp = csp.clone();
        it.remove(CSP);
        it.set("content-security-policy-report-only", &csp);
    }),
    ("a policy with eval", |it| {
        it.csp(|csp| csp.replace("script-src ", "script-src 'unsafe-eval' "));
    }),
    ("a policy with another script", |it| {
        it.csp(|csp| csp.replace("script-src ", "script-src https://evil.example "));
    }),
    ("a policy with connections", |it| {
        it.csp(|csp| csp.replace("connect-src 'none'", "connect-src *"));
    }),
    ("a policy for every embedder", |it| {
        it.csp(|csp| csp.replace("frame-ancestors ", "frame-ancestors * "));
    }),
    ("every embedder may set the policy", |it| it.set("allow-csp-from", "*")),
    ("a service worker's scope", |it| it.set("service-worker-allowed", "/")),
];

/// Serves the release, with `attack` on a file for requests that `on` picks.
pub(crate) fn serve(
    lab: &Lab,
    emitted: &Emitted,
    file: &'static str,
    on: fn(&Request) -> bool,
    attack: impl Fn(&mut Answer) + Clone + Send + Sync + 'static,
) -> tokio::task::JoinHandle<()> {
    let files = Arc::new(emitted.files.clone());
    let embedder = emitted.manifest.deployment.embedders[0].to_string();
    let app = Router::new().fallback(move |request: Request| {
        let (files, embedder, attack) = (files.clone(), embedder.clone(), attack.clone());
        async move {
            let path = request.uri().path().to_owned();
            let Some(asset) = files.get(&path) else {
                return respond(Answer { status: 404, headers: Vec::new(), body: Vec::new() });
            };
            let mut answer = Answer { status: 200, headers: Vec::new(), body: asset.bytes.clone() };
            for (name, value) in asset.headers.iter() {
                answer.set(name, value);
            }
            answer.set("content-type", &asset.media_type);
            let origin = request.headers().get("origin").and_then(|it| it.to_str().ok());
            if ["/", "/enrol"].contains(&&*path) && origin == Some(&embedder) {
                answer.set("access-control-allow-origin", &embedder);
            }
            if path == file && on(&request) {
                attack(&mut answer);
            }
            respond(answer)
        }
    });
    let listen = ("127.0.0.1", lab.port);
    let listener = loop {
        match lab.runtime.block_on(tokio::net::TcpListener::bind(listen)) {
            Ok(listener) => break listener,
            Err(_) => std::thread::sleep(std::time::Duration::from_millis(20)),
        }
    };
    lab.runtime.spawn(async move {
        let _ = axum::serve(listener, app).await;
    })
}

fn respond(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap();
    for (name, value) in answer.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        response.headers_mut().insert(name, HeaderValue::from_str(&value).unwrap());
    }
    response
}

fn found(
    lab: &Lab,
    emitted: &Emitted,
    on: fn(&Request) -> bool,
    attack: impl Fn(&mut Answer) + Clone + Send + Sync + 'static,
) -> (i32, Vec<String>) {
    let server = serve(lab, emitted, "/", on, attack);
    let (code, findings, _) = look(lab);
    server.abort();
    let _ = lab.runtime.block_on(server);
    (code, findings)
}

fn is_frame(request: &Request) -> bool {
    request.headers().get("sec-fetch-dest").is_some_and(|it| it == "iframe")
}

#[test]
fn every_hostile_server_is_found() {
    let lab = Lab::new();
    lab.release("one", 1, None);
    let good = Emitted::load(&lab.path("one")).unwrap();
    assert_eq!(found(&lab, &good, |_| true, |_| {}), (0, Vec::new()));
    for (name, attack) in ATTACKS {
        for on in [(|_| true) as fn(&Request) -> bool, is_frame] {
            let (code, findings) = found(&lab, &good, on, attack);
            assert_eq!(code, 1, "{name}");
            assert!(findings.iter().any(|it| it == "deployment_changed"), "{name}: {findings:?}");
        }
    }
    let anybody: Attack = |it| it.set("access-control-allow-origin", "*");
    assert_eq!(found(&lab, &good, |_| true, anybody).0, 1);
}

#[test]
fn another_release_for_frames_alone_is_found() {
    let lab = Lab::new();
    let first = lab.release("one", 1, None);
    lab.release("two", 2, Some(first));
    let (one, two) =
        (Emitted::load(&lab.path("one")).unwrap(), Emitted::load(&lab.path("two")).unwrap());
    let mut mixed = two.clone();
    for (path, asset) in &one.files {
        mixed.files.entry(path.clone()).or_insert_with(|| asset.clone());
    }
    // The old page, whose script is there as well, but only for frames.
    let page = String::from_utf8(one.files["/"].bytes.clone()).unwrap();
    let attack = move |it: &mut Answer| it.body = page.clone().into_bytes();
    let (code, findings) = found(&lab, &mixed, is_frame, attack);
    assert!(code == 1 && findings.contains(&"deployment_changed".into()), "{findings:?}");
    // The whole old release, for everybody.
    let (code, findings) = found(&lab, &one, |_| true, |_| {});
    assert_eq!((code, findings), (1, vec!["rollback".into()]));
}
