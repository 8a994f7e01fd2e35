//! Header files for hosts other than `enclave-shell serve`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use kms_manifest::{ENROL_PATH, Headers, WEBCAT_PATH, inert_headers};

use crate::asset::{Asset, Audience};
use crate::emit::Emitted;
use crate::error::Error;

/// What hosts send for every path that is not a file. Without this file some of them send the
/// frame page instead, and without its headers: rules for all paths would be added to those of
/// each file, so the page brings a policy of its own.
pub(crate) const NOT_FOUND: (&str, &str) = (
    "/404.html",
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
     <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'\">\n\
     <title>Not found</title>\n</head>\n<body>\n<h1>Not found</h1>\n</body>\n</html>\n",
);

/// The file that holds what is served at a path.
pub(crate) fn file_name(path: &str) -> &str {
    match path {
        "/" => "/index.html",
        ENROL_PATH => "/enrol.html",
        WEBCAT_PATH => "/webcat/index.html",
        path => path,
    }
}

/// Every static header of a file. With a single embedder a page's CORS answer is static too; with
/// several it depends on the request, which only some hosts can express.
fn static_headers<'a>(emitted: &'a Emitted, asset: &'a Asset) -> Vec<(&'a str, &'a str)> {
    let mut headers = vec![("Content-Type", asset.media_type.as_str())];
    headers.extend(asset.headers.iter());
    let page = asset.audience.is_page();
    if let (true, [only]) = (page, emitted.manifest.deployment.embedders.as_slice()) {
        headers.push(("Access-Control-Allow-Origin", only.as_str()));
        headers.push(("Vary", "Origin"));
    }
    headers
}

/// Paths under which hosts serve a file: a page also answers to its file name, where it needs its
/// headers just as much.
fn paths(path: &str) -> Vec<&str> {
    let file = file_name(path);
    if file == path { vec![path] } else { vec![path, file] }
}

/// Headers of the page for unknown paths, where hosts serve it by its own name.
fn not_found_headers() -> Headers {
    let mut headers = inert_headers();
    headers.set("Content-Type", "text/html; charset=utf-8");
    headers
}

/// `_headers`, as Netlify and Cloudflare Pages read it.
pub(crate) fn headers_file(emitted: &Emitted) -> String {
    let mut text = String::new();
    for (path, asset) in &emitted.files {
        for path in paths(path) {
            let _ = writeln!(text, "{path}");
            for (name, value) in static_headers(emitted, asset) {
                let _ = writeln!(text, "  {name}: {value}");
            }
        }
    }
    for path in ["/404", NOT_FOUND.0] {
        let _ = writeln!(text, "{path}");
        for (name, value) in not_found_headers().iter() {
            let _ = writeln!(text, "  {name}: {value}");
        }
    }
    text
}

/// `headers.json`: path to header name to value, for everything else.
pub(crate) fn headers_json(emitted: &Emitted) -> Result<String, Error> {
    let mut files: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    let not_found = not_found_headers();
    files.insert(NOT_FOUND.0, not_found.iter().collect());
    for (path, asset) in &emitted.files {
        for path in paths(path) {
            files.insert(path, static_headers(emitted, asset).into_iter().collect());
        }
    }
    Ok(serde_json::to_string_pretty(&files)? + "\n")
}

/// `nginx.conf`: to be included at http level.
pub(crate) fn nginx(emitted: &Emitted) -> String {
    let deployment = &emitted.manifest.deployment;
    let mut text = String::from(
        "# Written by `enclave-shell emit`; include it at http level.\n\
         # kms-site.conf is yours: root (this folder), ssl_certificate, ssl_certificate_key.\n\
         map $http_origin $kms_cors {\n    default \"\";\n",
    );
    for embedder in &deployment.embedders {
        let _ = writeln!(text, "    \"{embedder}\" $http_origin;");
    }
    text.push_str(
        "}\nmap $http_sec_fetch_dest $kms_no_frame {\n    default 1;\n    \"\" 0;\n    iframe 0;\n    \
         empty 0;\n}\nmap $http_sec_fetch_dest $kms_no_worker {\n    default 1;\n    \"\" 0;\n    worker 0;\n    \
         empty 0;\n}\nmap \"$http_sec_fetch_dest $http_sec_fetch_mode\" $kms_no_tab {\n    default 1;\n    \
         \"~^( |empty )\" 0;\n    \"document navigate\" 0;\n}\nserver {\n",
    );
    let tls = if deployment.origin.is_https() { " ssl" } else { "" };
    let _ = writeln!(text, "    listen {}{tls};", deployment.origin.port());
    let _ = writeln!(text, "    server_name {};", deployment.origin.host());
    if deployment.origin.is_https() {
        text.push_str("    http2 on;\n    ssl_protocols TLSv1.3;\n");
    }
    text.push_str("    server_tokens off;\n    gzip_static on;\n    include kms-site.conf;\n");
    for (path, asset) in &emitted.files {
        location(&mut text, path, asset);
    }
    text.push_str("    location / {\n");
    for (name, value) in inert_headers().iter() {
        if name != "Content-Type" {
            let _ = writeln!(text, "        add_header {name} \"{value}\" always;");
        }
    }
    text.push_str("        return 404;\n    }\n}\n");
    text
}

fn location(text: &mut String, path: &str, asset: &Asset) {
    let file = file_name(path);
    let _ = writeln!(text, "    location = {path} {{");
    let _ = writeln!(text, "        limit_except GET {{ deny all; }}");
    let (refuse, vary) = match asset.audience {
        Audience::Anyone => ("", ""),
        Audience::Frame => ("$kms_no_frame", "Origin, Sec-Fetch-Dest"),
        Audience::Tab => ("$kms_no_tab", "Origin, Sec-Fetch-Dest, Sec-Fetch-Mode"),
        Audience::Worker => ("$kms_no_worker", "Sec-Fetch-Dest"),
    };
    if !refuse.is_empty() {
        let _ = writeln!(text, "        if ({refuse}) {{\n            return 403;\n        }}");
    }
    let _ = writeln!(text, "        try_files {file} =404;");
    let _ = writeln!(text, "        types {{}}\n        default_type \"{}\";", asset.media_type);
    for (name, value) in asset.headers.iter() {
        // No value has quotes of both kinds.
        let quote = if value.contains('"') { '\'' } else { '"' };
        let _ = writeln!(text, "        add_header {name} {quote}{value}{quote} always;");
    }
    if asset.audience.is_page() {
        text.push_str("        add_header Access-Control-Allow-Origin $kms_cors always;\n");
    }
    if !vary.is_empty() {
        let _ = writeln!(text, "        add_header Vary \"{vary}\" always;");
    }
    text.push_str("    }\n");
}
