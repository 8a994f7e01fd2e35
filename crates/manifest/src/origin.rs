//! Web origins (RFC 6454, WHATWG URL) strict enough to be written into security headers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::{Host, Url};

/// A tuple origin in its canonical serialisation: `https` anywhere, `http` on loopback names
/// only. Never opaque (`null`), never with a path, credentials, a wildcard or an IPv6 literal
/// (a CSP host-source cannot name one).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    text: String,
    host: String,
    port: u16,
    https: bool,
}

/// Why a text is not an acceptable origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Not a URL, or a scheme other than `https` and `http`.
    #[error("an origin is https://host[:port]")]
    Malformed,
    /// Parses, but is not spelled as a browser would serialise it.
    #[error(
        "an origin has no path, credentials, default port or upper case: write `scheme://host[:port]`"
    )]
    NotCanonical,
    /// The host is an IPv6 literal or holds a character that a header could not carry.
    #[error("the host must be a DNS name or an IPv4 address")]
    Host,
    /// Plain HTTP on a host that is not loopback.
    #[error("http is allowed on localhost, *.localhost and 127.0.0.1 only")]
    PlainText,
}

impl Origin {
    /// The serialisation that browsers send in `Origin`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host name without a port.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, the scheme's default included.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the scheme is `https`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.https
    }
}

/// Whether `host` always names the same machine (RFC 6761 §6.3).
fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost") || host == "127.0.0.1"
}

fn plain_host(url: &Url) -> Option<String> {
    let host = match url.host()? {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(_) => return None,
    };
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte);
    let labels_filled = host.split('.').all(|label| !label.is_empty());
    (host.len() <= 253 && host.bytes().all(plain) && labels_filled).then_some(host)
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let url = Url::parse(text).map_err(|_| OriginError::Malformed)?;
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(OriginError::Malformed),
        };
        let host = plain_host(&url).ok_or(OriginError::Host)?;
        if url.origin().ascii_serialization() != text {
            return Err(OriginError::NotCanonical);
        }
        if !https && !is_loopback(&host) {
            return Err(OriginError::PlainText);
        }
        let port = url.port_or_known_default().ok_or(OriginError::Malformed)?;
        Ok(Self { text: text.to_owned(), host, port, https })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn accepts_canonical_origins() {
        for text in [
            "https://kms.ats.run",
            "https://kms.ats.run:8443",
            "https://xn--bcher-kva.example",
            "https://192.0.2.7",
            "http://localhost:7001",
            "http://kms.localhost:7001",
            "http://127.0.0.1:80801".trim_end_matches('1'),
        ] {
            assert_eq!(
                text.parse::<Origin>().map(|origin| origin.to_string()),
                Ok(text.to_owned())
            );
        }
    }

    #[test]
    fn knows_ports() {
        let origin: Origin = "https://kms.ats.run".parse().unwrap();
        assert_eq!((origin.host(), origin.port(), origin.is_https()), ("kms.ats.run", 443, true));
        assert_eq!(format!("{origin:?}"), origin.to_string());
    }

    #[test]
    fn refuses_everything_else() {
        for (text, error) in [
            ("null", OriginError::Malformed),
            ("", OriginError::Malformed),
            ("*", OriginError::Malformed),
            ("kms.ats.run", OriginError::Malformed),
            ("ftp://kms.ats.run", OriginError::Malformed),
            ("file:///etc/passwd", OriginError::Malformed),
            ("data:text/html,x", OriginError::Malformed),
            ("https://", OriginError::Malformed),
            ("https://*.ats.run", OriginError::Host),
            ("https://a;script-src", OriginError::Host),
            ("https://a,b", OriginError::Host),
            ("https://a'b", OriginError::Host),
            ("https://[::1]", OriginError::Host),
            ("https://a..b", OriginError::Host),
            ("https://ats.run.", OriginError::Host),
            ("https://kms.ats.run/", OriginError::NotCanonical),
            ("https://kms.ats.run/x", OriginError::NotCanonical),
            ("https://kms.ats.run?x", OriginError::NotCanonical),
            ("https://kms.ats.run#x", OriginError::NotCanonical),
            ("https://user@kms.ats.run", OriginError::NotCanonical),
            ("https://KMS.ats.run", OriginError::NotCanonical),
            ("https://kms.ats.run:443", OriginError::NotCanonical),
            (" https://kms.ats.run", OriginError::NotCanonical),
            ("https://kms.ats.run\n", OriginError::NotCanonical),
            ("https:\\\\kms.ats.run", OriginError::NotCanonical),
            ("https://bücher.example", OriginError::NotCanonical),
            ("https://0x7f.1", OriginError::NotCanonical),
            ("http://kms.ats.run", OriginError::PlainText),
            ("http://localhost.evil.example", OriginError::PlainText),
            ("http://evillocalhost", OriginError::PlainText),
            ("http://127.0.0.2", OriginError::PlainText),
        ] {
            assert_eq!(text.parse::<Origin>(), Err(error), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn an_accepted_origin_is_its_own_serialisation(text in "https?://[ -~]{1,24}") {
            if let Ok(origin) = text.parse::<Origin>() {
                prop_assert_eq!(origin.as_str(), &text);
                prop_assert!(!text[8..].contains(['/', ' ', ';', ',', '\'', '"', '*', '@']));
            }
        }
    }
}
