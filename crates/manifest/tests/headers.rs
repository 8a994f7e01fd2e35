//! The header set, golden: a weaker header fails here, and `lint` names it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step fails the test")]

use kms_manifest::{
    FileKind, HeaderSet, Headers, INERT_CSP, Origin, Problem, Scripts, Sha384, WORKER_CSP,
    inert_headers, lint,
};

fn origin(text: &str) -> Origin {
    text.parse().unwrap()
}

fn kms() -> Origin {
    origin("https://kms.example")
}

const KINDS: [FileKind; 11] = [
    FileKind::Html,
    FileKind::Enrol,
    FileKind::EnrolScript,
    FileKind::Module,
    FileKind::Tools,
    FileKind::Webcat,
    FileKind::WebcatModule,
    FileKind::Worker,
    FileKind::ToolsWorker,
    FileKind::Waict,
    FileKind::Manifest,
];

fn scripts() -> Scripts {
    let [module, tools, enrol] = [b"abc", b"def", b"ghi"].map(|bytes| Sha384::of(bytes));
    Scripts { module, tools, enrol }
}

fn set() -> HeaderSet {
    let embedders = [origin("https://app.example")];
    HeaderSet::new(&kms(), &embedders, &scripts()).with_webcat(&kms(), &embedders, &scripts())
}

fn pairs(headers: &Headers) -> Vec<(&str, &str)> {
    headers.iter().collect()
}

const HSTS: (&str, &str) =
    ("Strict-Transport-Security", "max-age=63072000; includeSubDomains; preload");

#[test]
fn an_origin_is_written_as_browsers_send_it() {
    assert_eq!(origin("https://kms.example").as_str(), "https://kms.example");
    assert_eq!(origin("http://kms.localhost:7001").as_str(), "http://kms.localhost:7001");
}

#[test]
fn golden_frame_headers() {
    let set = set();
    let html: Vec<_> =
        pairs(&set.html).into_iter().filter(|(name, _)| *name != "Permissions-Policy").collect();
    assert_eq!(
        html,
        [
            ("Allow-CSP-From", "https://app.example"),
            ("Cache-Control", "no-cache"),
            ("Connection-Allowlist", "(response-origin)"),
            (
                "Content-Security-Policy",
                "default-src 'none'; script-src \
                 'sha384-ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn' \
                 'sha384-GAwyXMyymeduxsA6W1p3Va+O9JmQbb9THxjQylCeSHGwgFysDxIrli1UutxhGfPP' \
                 'wasm-unsafe-eval'; style-src 'none'; worker-src blob:; connect-src 'none'; \
                 img-src data:; base-uri 'none'; form-action 'none'; \
                 frame-ancestors https://app.example; require-trusted-types-for 'script'; \
                 trusted-types kms; sandbox allow-scripts allow-same-origin allow-downloads"
            ),
            ("Content-Type", "text/html; charset=utf-8"),
            ("Cross-Origin-Embedder-Policy", "require-corp"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "cross-origin"),
            ("Document-Isolation-Policy", "isolate-and-require-corp"),
            ("Integrity-Policy", "blocked-destinations=(script style)"),
            ("Origin-Agent-Cluster", "?1"),
            ("Referrer-Policy", "no-referrer"),
            HSTS,
            ("X-Content-Type-Options", "nosniff"),
        ]
    );
}

#[test]
fn golden_enrolment_headers() {
    let set = set();
    let enrol: Vec<_> =
        pairs(&set.enrol).into_iter().filter(|(name, _)| *name != "Permissions-Policy").collect();
    assert_eq!(
        enrol,
        [
            ("Cache-Control", "no-cache"),
            ("Connection-Allowlist", "(response-origin)"),
            (
                "Content-Security-Policy",
                "default-src 'none'; script-src \
                 'sha384-GtZu8EGLfiTeC/LbDEbnAL2KcF79eBpHf1ZjVhlw9Bj4WhWerQpt6H8X66A8t/VC'; \
                 style-src 'none'; connect-src 'none'; img-src data:; base-uri 'none'; \
                 form-action 'none'; frame-ancestors 'none'; \
                 require-trusted-types-for 'script'; trusted-types 'none'"
            ),
            ("Content-Type", "text/html; charset=utf-8"),
            ("Cross-Origin-Embedder-Policy", "require-corp"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Integrity-Policy", "blocked-destinations=(script style)"),
            ("Origin-Agent-Cluster", "?1"),
            ("Referrer-Policy", "no-referrer"),
            HSTS,
            ("X-Content-Type-Options", "nosniff"),
        ]
    );
}

#[test]
fn golden_script_and_manifest_headers() {
    let expect = |cache, media| {
        [
            ("Access-Control-Allow-Origin", "*"),
            ("Cache-Control", cache),
            ("Content-Security-Policy", INERT_CSP),
            ("Content-Type", media),
            ("Cross-Origin-Resource-Policy", "cross-origin"),
            ("Origin-Agent-Cluster", "?1"),
            ("Referrer-Policy", "no-referrer"),
            HSTS,
            ("X-Content-Type-Options", "nosniff"),
        ]
    };
    assert_eq!(
        pairs(&set().module),
        expect("public, max-age=31536000, immutable", "text/javascript; charset=utf-8")
    );
    assert_eq!(pairs(&set().manifest), expect("no-cache", "application/json"));
}

#[test]
fn golden_headers_for_webcat() {
    let set = set();
    let mut page = set.html.clone();
    let policy = page.value("Content-Security-Policy").unwrap();
    let policy = policy.replace("worker-src blob:", "worker-src 'self'");
    page.set("Content-Security-Policy", policy);
    assert_eq!(pairs(&set.webcat), pairs(&page), "but for its workers it is the frame page");
    assert_eq!(
        pairs(&set.worker),
        [
            ("Access-Control-Allow-Origin", "*"),
            ("Cache-Control", "public, max-age=31536000, immutable"),
            ("Connection-Allowlist", "(response-origin)"),
            ("Content-Security-Policy", WORKER_CSP),
            ("Content-Type", "text/javascript; charset=utf-8"),
            ("Cross-Origin-Embedder-Policy", "require-corp"),
            ("Cross-Origin-Resource-Policy", "cross-origin"),
            ("Document-Isolation-Policy", "isolate-and-require-corp"),
            ("Origin-Agent-Cluster", "?1"),
            ("Referrer-Policy", "no-referrer"),
            HSTS,
            ("X-Content-Type-Options", "nosniff"),
        ]
    );
    let plain = HeaderSet::new(&kms(), &[origin("https://app.example")], &scripts());
    assert!(plain.webcat.is_empty() && plain.worker.is_empty());
}

#[test]
fn golden_headers_for_waict() {
    let path = "/.well-known/waict/manifests/ungWv48Bz-pBQUDeXa4iI7";
    let plain = set();
    let set = set().with_waict(&kms(), path);
    let value = "max-age=0, mode=enforce, \
                 manifest=\"/.well-known/waict/manifests/ungWv48Bz-pBQUDeXa4iI7\"";
    for (page, before) in
        [(set.html, plain.html), (set.enrol, plain.enrol), (set.webcat, plain.webcat)]
    {
        let mut page = page;
        assert!(page.check().is_ok());
        assert_eq!(page.remove("Integrity-Policy-WAICT-v1").as_deref(), Some(value));
        assert_eq!(page, before, "nothing else is different");
    }
    let mut manifest = set.waict;
    let media_type = manifest.remove("Content-Type");
    assert_eq!(media_type.as_deref(), Some("application/waict-integrity-manifest"));
    let mut script = plain.module;
    script.remove("Content-Type");
    assert_eq!(manifest, script, "it never changes, and anyone may read it");
    let none = HeaderSet::new(&kms(), &[origin("https://app.example")], &scripts());
    assert!(none.with_waict(&kms(), path).webcat.is_empty(), "no page, no headers");
}

#[test]
fn every_powerful_feature_is_denied() {
    let set = set();
    let passkeys = ["publickey-credentials-create", "publickey-credentials-get"];
    for (headers, allowed) in [(&set.html, &passkeys[..]), (&set.enrol, &passkeys[..1])] {
        let policy = headers.value("permissions-policy").unwrap();
        for feature in policy.split(", ") {
            let (name, list) = feature.split_once('=').unwrap();
            assert_eq!(list, if allowed.contains(&name) { "(self)" } else { "()" }, "{name}");
        }
        for name in ["camera", "microphone", "geolocation", "usb", "hid", "serial", "bluetooth"] {
            assert!(policy.contains(&format!("{name}=()")), "{name}");
        }
        assert!(passkeys.iter().all(|name| policy.contains(&format!("{name}=("))));
    }
}

#[test]
fn plain_http_sends_no_hsts() {
    let dev = origin("http://kms.localhost:7001");
    let embedders = [origin("http://pwa.localhost:7002")];
    let set =
        HeaderSet::new(&dev, &embedders, &scripts()).with_webcat(&dev, &embedders, &scripts());
    let set = set.with_waict(&dev, "/waict");
    for kind in KINDS {
        assert_eq!(set.of(kind).value("Strict-Transport-Security"), None);
        assert_eq!(lint(kind, &dev, set.of(kind)), []);
    }
}

#[test]
fn several_embedders_need_a_wildcard_for_enforcement_only() {
    let set = HeaderSet::new(
        &kms(),
        &[origin("https://a.example"), origin("https://b.example")],
        &scripts(),
    );
    assert_eq!(set.html.value("Allow-CSP-From"), Some("*"));
    let policy = set.html.value("Content-Security-Policy").unwrap();
    assert!(policy.contains("frame-ancestors https://a.example https://b.example;"));
    assert_eq!(lint(FileKind::Html, &kms(), &set.html), []);
}

#[test]
fn the_emitted_set_is_clean_and_each_missing_header_is_found() {
    let mut set = set();
    // What the pages name depends on the release: the manifest compares it.
    set.waict = set.clone().with_waict(&kms(), "/waict").waict;
    for kind in KINDS {
        let headers = set.of(kind);
        assert_eq!(lint(kind, &kms(), headers), []);
        for (name, _) in headers.iter() {
            let mut weaker = headers.clone();
            weaker.remove(name);
            let findings = lint(kind, &kms(), &weaker);
            assert_eq!(findings.len(), 1, "{kind:?} {name}");
            assert_eq!(
                (findings[0].header.as_str(), &findings[0].problem),
                (name, &Problem::Missing)
            );
        }
    }
}

#[test]
fn each_changed_header_is_found() {
    let set = set();
    for kind in KINDS {
        for (name, value) in set.of(kind).iter() {
            let mut weaker = set.of(kind).clone();
            weaker.set(name, format!("{value}, *"));
            let findings = lint(kind, &kms(), &weaker);
            assert!(!findings.is_empty(), "{kind:?} {name}");
            assert!(findings.iter().all(|finding| finding.header == name), "{findings:?}");
        }
    }
}

#[test]
fn each_weakened_directive_is_found() {
    let set = set();
    for kind in [FileKind::Html, FileKind::Enrol, FileKind::Webcat] {
        let policy = set.of(kind).value("Content-Security-Policy").unwrap();
        let directives: Vec<_> = policy.split("; ").collect();
        for (index, directive) in directives.iter().enumerate() {
            let name = directive.split(' ').next().unwrap();
            let mut dropped = directives.clone();
            dropped.remove(index);
            let mut widened = directives.clone();
            let wide = format!("{directive} https:");
            widened[index] = &wide;
            for text in [dropped.join("; "), widened.join("; ")] {
                let mut weaker = set.of(kind).clone();
                weaker.set("Content-Security-Policy", text.clone());
                let findings = lint(kind, &kms(), &weaker);
                let expected = Problem::Directive { name: name.to_owned() };
                assert_eq!(findings.len(), 1, "{text}");
                assert_eq!(findings[0].problem, expected, "{text}");
            }
        }
    }
}

#[test]
fn weak_script_sources_are_found() {
    let set = set();
    let (module, tools) = (scripts().module, scripts().tools);
    for kind in [FileKind::Html, FileKind::Enrol, FileKind::Webcat] {
        let policy = set.of(kind).value("Content-Security-Policy").unwrap();
        let good = policy.split("; ").find(|part| part.starts_with("script-src")).unwrap();
        for bad in [
            "script-src 'self' 'wasm-unsafe-eval'",
            "script-src 'unsafe-inline' 'wasm-unsafe-eval'",
            "script-src * 'wasm-unsafe-eval'",
            "script-src 'sha384-AAAA' 'wasm-unsafe-eval'",
            "script-src 'wasm-unsafe-eval'",
            &format!("script-src '{module}' 'wasm-unsafe-eval'"),
            &format!("script-src '{module}' '{module}' 'wasm-unsafe-eval'"),
            &format!("script-src '{module}' '{tools}'"),
            &format!("script-src '{module}' '{tools}' 'unsafe-eval'"),
            &format!("script-src '{module}' '{tools}' '{tools}' 'wasm-unsafe-eval'"),
            &format!("{good} 'strict-dynamic'"),
            "script-src-elem *",
            &format!("{good}; script-src-elem *"),
        ] {
            let mut weaker = set.of(kind).clone();
            weaker.set("Content-Security-Policy", policy.replace(good, bad));
            assert!(!lint(kind, &kms(), &weaker).is_empty(), "{bad}");
        }
    }
}

#[test]
fn headers_that_must_not_be_sent_are_found() {
    for name in ["set-cookie", "Link", "refresh", "Report-To", "service-worker-allowed"] {
        let mut extra = set().html;
        extra.set(name, "x");
        let findings = lint(FileKind::Html, &kms(), &extra);
        assert_eq!(findings.len(), 1, "{name}");
        assert_eq!(findings[0].problem, Problem::Forbidden);
    }
}

#[test]
fn a_finding_names_header_and_defect() {
    let texts = |headers: &Headers| {
        lint(FileKind::Html, &kms(), headers).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let mut headers = set().html;
    headers.remove("Referrer-Policy");
    assert_eq!(texts(&headers), ["header Referrer-Policy is missing"]);
    headers.set("Referrer-Policy", "origin");
    let found = "header Referrer-Policy is \"origin\", expected \"no-referrer\"";
    assert_eq!(texts(&headers), [found]);
    let mut headers = set().html;
    headers.set("Set-Cookie", "x");
    assert_eq!(texts(&headers), ["header Set-Cookie must not be sent"]);
    let policy = set().html.remove("Content-Security-Policy").unwrap();
    let mut headers = set().html;
    headers.set("Content-Security-Policy", policy.replace("style-src 'none'; ", ""));
    let found = "header Content-Security-Policy: style-src is wrong or missing";
    assert_eq!(texts(&headers), [found]);
    assert!(texts(&Headers::new()).len() > 10);
}

#[test]
fn refusals_are_inert() {
    let headers = inert_headers();
    assert_eq!(headers.value("content-security-policy"), Some(INERT_CSP));
    assert_eq!(headers.value("x-content-type-options"), Some("nosniff"));
    assert_eq!(headers.value("access-control-allow-origin"), None);
    assert!(headers.check().is_ok());
}

#[test]
fn unsendable_headers_are_refused() {
    for (name, value) in
        [("", "x"), ("A b", "x"), ("A\r\nB", "x"), ("A", "x\r\ny: z"), ("A", "é"), ("A", " x")]
    {
        let headers: Headers = [(name, value)].into_iter().collect();
        assert!(headers.check().is_err(), "{name:?}: {value:?}");
    }
    let twice: Headers = [("Vary", "x"), ("vary", "y")].into_iter().collect();
    assert!(twice.check().is_err());
}
