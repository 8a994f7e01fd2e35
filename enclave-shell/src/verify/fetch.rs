//! A small HTTP client: one origin, no redirects, no cookies, bounded in time and size.

use std::time::Duration;

use kms_manifest::{Headers, Origin};
use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, config::Config};

use super::{VerifyError, VerifyOptions};

pub(crate) struct Client {
    agent: Agent,
    origin: String,
}

/// A response: repeated headers are joined by commas, as a cache would join them.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn new(origin: &Origin, options: &VerifyOptions) -> Result<Self, VerifyError> {
        let tls = TlsConfig::builder().root_certs(roots(options.ca.as_deref())?).build();
        let config = Config::builder()
            .tls_config(tls)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .proxy(None)
            .user_agent("enclave-shell-verify")
            .accept_encoding("")
            .timeout_global(Some(options.timeout))
            .timeout_connect(Some(options.timeout.min(Duration::from_secs(10))))
            .build();
        let agent =
            Agent::with_parts(config, DefaultConnector::default(), LoopbackNames::default());
        Ok(Self { agent, origin: origin.to_string() })
    }

    /// Fetches a path; a body of more than `limit` bytes is cut one byte later, so that it cannot
    /// be mistaken for the right one.
    pub(crate) fn fetch(
        &self,
        path: &str,
        limit: u64,
        headers: &[(&str, &str)],
    ) -> Result<Reply, String> {
        let mut request = self.agent.get(format!("{}{path}", self.origin));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        receive(request.call(), limit)
    }

    /// Posts a text to a path.
    pub(crate) fn post(&self, path: &str, text: &str, limit: u64) -> Result<Reply, String> {
        let request = self.agent.post(format!("{}{path}", self.origin));
        receive(request.content_type("text/plain; charset=utf-8").send(text), limit)
    }
}

fn receive(
    response: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    limit: u64,
) -> Result<Reply, String> {
    let mut response = response.map_err(|error| error.to_string())?;
    let mut received = Headers::new();
    for name in response.headers().keys() {
        let values: Vec<_> = response
            .headers()
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect();
        received.set(name.as_str(), values.join(", "));
    }
    let body = read(response.body_mut(), limit).map_err(|error| error.to_string())?;
    Ok(Reply { status: response.status().as_u16(), headers: received, body })
}

fn read(body: &mut ureq::Body, limit: u64) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    body.as_reader().take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn roots(ca: Option<&[u8]>) -> Result<RootCerts, VerifyError> {
    let Some(pem) = ca else { return Ok(RootCerts::WebPki) };
    let certificates: Vec<Certificate<'static>> = parse_pem(pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(VerifyError::Ca);
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

/// Resolves names below `localhost` to this machine (RFC 6761 §6.3), which many system resolvers
/// leave to the application.
#[derive(Debug, Default)]
struct LoopbackNames(DefaultResolver);

impl Resolver for LoopbackNames {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let loopback = uri.host().is_some_and(|host| host.ends_with(".localhost"));
        let default_port = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        if !loopback {
            return self.0.resolve(uri, config, timeout);
        }
        let mut addresses = self.empty();
        addresses.push(([127, 0, 0, 1], uri.port_u16().unwrap_or(default_port)).into());
        Ok(addresses)
    }
}
