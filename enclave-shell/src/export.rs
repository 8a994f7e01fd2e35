//! Header files for hosts other than `enclave-shell serve`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use kms_manifest::inert_headers;

use crate::emit::{Asset, Emitted};
use crate::error::Error;

/// Every static header of a file. With a single embedder the frame page's CORS answer is static
/// too; with several it depends on the request, which only some hosts can express.
fn static_headers<'a>(emitted: &'a Emitted, asset: &'a Asset) -> Vec<(&'a str, &'a str)> {
    let mut headers = vec![("Content-Type", asset.media_type.as_str())];
    headers.extend(asset.headers.iter());
    if let (true, [only]) = (asset.frame, emitted.manifest.deployment.embedders.as_slice()) {
        headers.push(("Access-Control-Allow-Origin", only.as_str()));
        headers.push(("Vary", "Origin"));
    }
    headers
}

/// Paths under which hosts serve a file: the frame page also answers to its file name, where it
/// needs its headers just as much.
fn paths(path: &str) -> Vec<&str> {
    if path == "/" { vec!["/", "/index.html"] } else { vec![path] }
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
    text
}

/// `headers.json`: path to header name to value, for everything else.
pub(crate) fn headers_json(emitted: &Emitted) -> Result<String, Error> {
    let mut files: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
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
        "}\nmap $http_sec_fetch_dest $kms_refuse {\n    default 1;\n    \"\" 0;\n    iframe 0;\n    \
         empty 0;\n}\nserver {\n",
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
    let file = if path == "/" { "/index.html" } else { path };
    let _ = writeln!(text, "    location = {path} {{");
    let _ = writeln!(text, "        limit_except GET {{ deny all; }}");
    if asset.frame {
        text.push_str("        if ($kms_refuse) {\n            return 403;\n        }\n");
    }
    let _ = writeln!(text, "        try_files {file} =404;");
    let _ = writeln!(text, "        types {{}}\n        default_type \"{}\";", asset.media_type);
    for (name, value) in asset.headers.iter() {
        let _ = writeln!(text, "        add_header {name} \"{value}\" always;");
    }
    if asset.frame {
        text.push_str("        add_header Access-Control-Allow-Origin $kms_cors always;\n");
        text.push_str("        add_header Vary \"Origin, Sec-Fetch-Dest\" always;\n");
    }
    text.push_str("    }\n");
}
