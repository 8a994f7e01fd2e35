//! One request, one answer: from the list of files or a short refusal.

use std::collections::BTreeMap;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use kms_manifest::{Headers, Origin, Sha256, inert_headers};

use super::Site;
use crate::asset::{Asset, Audience, Encoding};
use crate::error::Error;

const SEC_FETCH_DEST: &str = "sec-fetch-dest";
const SEC_FETCH_MODE: &str = "sec-fetch-mode";

/// The destination of `fetch`, by which a page checks what is served.
const FETCHED: &str = "empty";

/// Destinations for which nothing else is ever served: a worker from the network escapes the pin.
const WORKER_DESTINATIONS: [&str; 3] = ["worker", "sharedworker", "serviceworker"];

/// A site with every header parsed and every body ready to send.
pub(super) struct Prepared {
    files: BTreeMap<String, File>,
    embedders: Vec<Origin>,
}

struct File {
    headers: HeaderMap,
    audience: Audience,
    etag: String,
    body: Bytes,
    encodings: Vec<(Encoding, Bytes)>,
}

/// An answer with what the access log needs.
pub(super) struct Answer {
    path: String,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Prepared {
    pub(super) fn new(site: Site) -> Result<Self, Error> {
        let mut files = BTreeMap::new();
        for (path, asset) in site.files {
            files.insert(path, File::new(&asset)?);
        }
        Ok(Self { files, embedders: site.embedders })
    }

    pub(super) fn respond(&self, method: &Method, path: &str, request: &HeaderMap) -> Answer {
        let Some((path, file)) = self.files.get_key_value(path) else {
            return refuse("-", StatusCode::NOT_FOUND, "Not found.\n");
        };
        if method != Method::GET && method != Method::HEAD {
            let mut answer = refuse(path, StatusCode::METHOD_NOT_ALLOWED, "Method not allowed.\n");
            answer.headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return answer;
        }
        if !file.serves(text(request, SEC_FETCH_DEST), text(request, SEC_FETCH_MODE)) {
            return refuse(path, StatusCode::FORBIDDEN, "Not for this use.\n");
        }
        let mut answer = file.answer(path, request);
        if file.audience.is_page() {
            self.add_cors(&mut answer.headers, request);
        }
        if method == Method::HEAD {
            answer.body = Bytes::new();
        }
        answer
    }

    /// Lets a listed embedder read a page, and nobody else.
    fn add_cors(&self, headers: &mut HeaderMap, request: &HeaderMap) {
        let Some(origin) = request.get(header::ORIGIN) else { return };
        let listed = self.embedders.iter().any(|known| known.as_str().as_bytes() == origin);
        if listed && !headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
    }
}

impl File {
    fn new(asset: &Asset) -> Result<Self, Error> {
        let mut headers = header_map(&asset.headers)?;
        if !asset.media_type.is_empty() {
            let value = HeaderValue::from_str(&asset.media_type)
                .map_err(|_| Error::Header("Content-Type".to_owned()))?;
            headers.insert(header::CONTENT_TYPE, value);
        }
        if !headers.contains_key(header::VARY) {
            let vary = match asset.audience {
                Audience::Anyone => "Accept-Encoding",
                Audience::Frame => "Accept-Encoding, Origin, Sec-Fetch-Dest",
                Audience::Tab => "Accept-Encoding, Origin, Sec-Fetch-Dest, Sec-Fetch-Mode",
                Audience::Worker => "Accept-Encoding, Sec-Fetch-Dest",
            };
            headers.insert(header::VARY, HeaderValue::from_static(vary));
        }
        let encodings = asset.encodings().iter();
        Ok(Self {
            headers,
            audience: asset.audience,
            etag: Sha256::of(&asset.bytes).to_base64url(),
            body: Bytes::copy_from_slice(&asset.bytes),
            encodings: encodings.map(|(coding, bytes)| (*coding, bytes.clone().into())).collect(),
        })
    }

    /// Whether the file is meant for a fetch destination. Clients that send none are not browsers.
    fn serves(&self, destination: Option<&str>, mode: Option<&str>) -> bool {
        destination.is_none_or(|destination| match self.audience {
            Audience::Anyone => !WORKER_DESTINATIONS.contains(&destination),
            Audience::Frame => [FETCHED, "iframe"].contains(&destination),
            Audience::Worker => [FETCHED, "worker"].contains(&destination),
            Audience::Tab => {
                destination == FETCHED || (destination == "document" && mode == Some("navigate"))
            }
        })
    }

    fn answer(&self, path: &str, request: &HeaderMap) -> Answer {
        let mut headers = self.headers.clone();
        let accepted = self.encodings.iter().find(|(coding, _)| accepts(request, *coding));
        let (body, etag) = match accepted {
            Some((coding, bytes)) => {
                let value = HeaderValue::from_static(coding.token());
                headers.insert(header::CONTENT_ENCODING, value);
                (bytes.clone(), format!("\"{}-{}\"", self.etag, coding.token()))
            }
            None => (self.body.clone(), format!("\"{}\"", self.etag)),
        };
        let known = text(request, "if-none-match")
            .is_some_and(|list| list.split(',').any(|tag| tag.trim() == etag));
        if let Ok(value) = HeaderValue::from_str(&etag) {
            headers.insert(header::ETAG, value);
        }
        let (status, body) = if known {
            (StatusCode::NOT_MODIFIED, Bytes::new())
        } else {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
            (StatusCode::OK, body)
        };
        Answer { path: path.to_owned(), status, headers, body }
    }
}

impl Answer {
    /// Method, listed path or `-`, status and body length; never anything else of the request.
    pub(super) fn log_line(&self, method: &Method) -> String {
        let method = match *method {
            Method::GET => "GET",
            Method::HEAD => "HEAD",
            _ => "-",
        };
        format!("{method} {} {} {}", self.path, self.status.as_u16(), self.body.len())
    }

    pub(super) fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

fn refuse(path: &str, status: StatusCode, message: &'static str) -> Answer {
    // The refusal's headers are constants; a test proves that they can be sent.
    let headers = header_map(&inert_headers()).unwrap_or_default();
    Answer { path: path.to_owned(), status, headers, body: Bytes::from_static(message.as_bytes()) }
}

fn header_map(headers: &Headers) -> Result<HeaderMap, Error> {
    let mut map = HeaderMap::new();
    for (name, value) in headers.iter() {
        let error = || Error::Header(name.to_owned());
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| error())?;
        map.insert(name, HeaderValue::from_str(value).map_err(|_| error())?);
    }
    Ok(map)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    // A value that is not text is none of the values that are asked for.
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

/// Whether `Accept-Encoding` names a coding without ruling it out (RFC 9110 §12.5.3).
fn accepts(request: &HeaderMap, coding: Encoding) -> bool {
    text(request, "accept-encoding").is_some_and(|list| {
        list.split(',').any(|item| {
            let mut parts = item.split(';').map(str::trim);
            let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding.token()));
            let zero = |weight: &str| {
                weight.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()) == Some(0.0)
            };
            named && !parts.any(zero)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Prepared {
        let mut frame = Asset::new(b"page".to_vec(), "text/html", Headers::new());
        frame.audience = Audience::Frame;
        let mut tab = Asset::new(b"tab".to_vec(), "text/html", Headers::new());
        tab.audience = Audience::Tab;
        let script = Asset::new(b"script".to_vec(), "text/javascript", Headers::new())
            .with_encodings(vec![(Encoding::Brotli, b"br".to_vec())]);
        let mut worker = Asset::new(b"worker".to_vec(), "text/javascript", Headers::new());
        worker.audience = Audience::Worker;
        let files = [("/", frame), ("/tab", tab), ("/s.js", script), ("/w.js", worker)];
        let files = files.map(|(path, asset)| (path.to_owned(), asset));
        let embedders = vec!["https://app.example".parse().unwrap()];
        Prepared::new(Site { files: files.into(), embedders }).unwrap()
    }

    fn ask(method: &Method, path: &str, headers: &[(&'static str, &'static str)]) -> Answer {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        site().respond(method, path, &headers)
    }

    #[test]
    fn only_listed_paths_exist() {
        for path in ["/x", "//", "/../s.js", "/S.js", "/s.js/", "/%73.js", ""] {
            assert_eq!(ask(&Method::GET, path, &[]).status, 404, "{path}");
        }
    }

    #[test]
    fn refusals_carry_inert_headers() {
        let answer = ask(&Method::POST, "/", &[]);
        assert_eq!(
            (answer.status.as_u16(), answer.headers["allow"].to_str().unwrap()),
            (405, "GET, HEAD")
        );
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert!(answer.headers.contains_key("content-security-policy"));
    }

    #[test]
    fn destinations() {
        for (path, destination, status) in [
            ("/", "iframe", 200),
            ("/", "empty", 200),
            ("/", "document", 403),
            ("/", "embed", 403),
            ("/", "object", 403),
            ("/", "frame", 403),
            ("/", "IFRAME", 403),
            ("/tab", "empty", 200),
            ("/tab", "document", 403),
            ("/tab", "iframe", 403),
            ("/tab", "frame", 403),
            ("/tab", "embed", 403),
            ("/tab", "object", 403),
            ("/s.js", "script", 200),
            ("/s.js", "empty", 200),
            ("/s.js", "worker", 403),
            ("/s.js", "serviceworker", 403),
            ("/s.js", "sharedworker", 403),
            ("/w.js", "worker", 200),
            ("/w.js", "empty", 200),
            ("/w.js", "sharedworker", 403),
            ("/w.js", "serviceworker", 403),
            ("/w.js", "script", 403),
            ("/w.js", "document", 403),
            ("/w.js", "iframe", 403),
        ] {
            let answer = ask(&Method::GET, path, &[(SEC_FETCH_DEST, destination)]);
            assert_eq!(answer.status, status, "{path} {destination}");
        }
    }

    #[test]
    fn a_tab_is_opened_by_navigation_only() {
        let ask = |mode| ask(&Method::GET, "/tab", &[(SEC_FETCH_DEST, "document"), mode]).status;
        assert_eq!(ask((SEC_FETCH_MODE, "navigate")), 200);
        for mode in ["no-cors", "cors", "same-origin", "websocket", "Navigate", ""] {
            assert_eq!(ask((SEC_FETCH_MODE, mode)), 403, "{mode}");
        }
    }

    #[test]
    fn negotiates_and_revalidates() {
        let plain = ask(&Method::GET, "/s.js", &[("accept-encoding", "gzip, br;q=0")]);
        assert_eq!(
            (&plain.body[..], plain.headers.get("content-encoding")),
            (&b"script"[..], None)
        );
        let small = ask(&Method::GET, "/s.js", &[("accept-encoding", "gzip, br")]);
        assert_eq!(
            (&small.body[..], &small.headers["content-encoding"]),
            (&b"br"[..], &HeaderValue::from_static("br"))
        );
        assert_ne!(plain.headers["etag"], small.headers["etag"]);
        let mut request = HeaderMap::new();
        request.insert("if-none-match", plain.headers["etag"].clone());
        let again = site().respond(&Method::GET, "/s.js", &request);
        assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
        request.insert("accept-encoding", HeaderValue::from_static("br"));
        assert_eq!(site().respond(&Method::GET, "/s.js", &request).status, 200);
    }

    #[test]
    fn head_has_the_length_but_no_body() {
        let answer = ask(&Method::HEAD, "/", &[]);
        assert_eq!(
            (answer.body.len(), &answer.headers["content-length"]),
            (0, &HeaderValue::from(4))
        );
    }

    #[test]
    fn cors_is_for_listed_embedders() {
        for page in ["/", "/tab"] {
            let listed = ask(&Method::GET, page, &[("origin", "https://app.example")]);
            assert_eq!(listed.headers["access-control-allow-origin"], "https://app.example");
        }
        for origin in ["https://evil.example", "null", "https://app.example.evil.example"] {
            for page in ["/", "/tab", "/w.js"] {
                let answer = ask(&Method::GET, page, &[("origin", origin)]);
                assert!(!answer.headers.contains_key("access-control-allow-origin"), "{origin}");
            }
        }
    }

    #[test]
    fn the_log_repeats_nothing_unlisted() {
        let found = ask(&Method::GET, "/s.js", &[]);
        assert_eq!(found.log_line(&Method::GET), "GET /s.js 200 6");
        let missing = ask(&Method::GET, "/secret", &[]);
        assert_eq!(missing.log_line(&Method::DELETE), "- - 404 11");
    }
}
