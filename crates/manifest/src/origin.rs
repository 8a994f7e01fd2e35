//! Web origins (RFC 6454, WHATWG URL) strict enough to be written into security headers.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

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

/// Splits off the scheme: whether it is `https`, and the rest.
fn scheme(text: &str) -> Result<(bool, &str), OriginError> {
    if let Some(rest) = text.strip_prefix("https://") {
        return Ok((true, rest));
    }
    if let Some(rest) = text.strip_prefix("http://") {
        return Ok((false, rest));
    }
    let other = text.trim().to_ascii_lowercase();
    let misspelled = other.starts_with("https:") || other.starts_with("http:");
    Err(if misspelled { OriginError::NotCanonical } else { OriginError::Malformed })
}

/// A host that a header can carry, in the one spelling that browsers give it. What an `xn--` label
/// stands for is left to them: one that stands for nothing is never the origin of a page.
fn check_host(host: &str) -> Result<(), OriginError> {
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte);
    let labels_filled = host.split('.').all(|label| !label.is_empty());
    if host.len() > 253 || !host.bytes().all(plain) || !labels_filled {
        return Err(OriginError::Host);
    }
    // Browsers read such a name as a number, whatever its form (WHATWG URL, "ends in a number").
    let last = host.rsplit('.').next().unwrap_or_default();
    let hexadecimal = last
        .strip_prefix("0x")
        .is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    let numeric = hexadecimal || last.bytes().all(|digit| digit.is_ascii_digit());
    let address = host.parse::<Ipv4Addr>().is_ok_and(|address| address.to_string() == host);
    if numeric && !address { Err(OriginError::NotCanonical) } else { Ok(()) }
}

/// The port of an origin: written only where it is not the scheme's own.
fn port(https: bool, written: Option<&str>) -> Result<u16, OriginError> {
    let own = if https { 443 } else { 80 };
    let Some(written) = written else { return Ok(own) };
    let port: u16 = written.parse().map_err(|_| OriginError::Malformed)?;
    let canonical = port != own && port.to_string() == written;
    if canonical { Ok(port) } else { Err(OriginError::NotCanonical) }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let (https, rest) = scheme(text)?;
        if rest.is_empty() {
            return Err(OriginError::Malformed);
        }
        // Something other than an origin, or one in a spelling that browsers would change.
        let more =
            |c: char| "/?#@\\".contains(c) || c.is_ascii_uppercase() || !c.is_ascii_graphic();
        if rest.contains(more) {
            return Err(OriginError::NotCanonical);
        }
        if rest.starts_with('[') {
            return Err(OriginError::Host);
        }
        let (host, written) = match rest.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        };
        check_host(host)?;
        let port = port(https, written)?;
        if !https && !is_loopback(host) {
            return Err(OriginError::PlainText);
        }
        Ok(Self { text: text.to_owned(), host: host.to_owned(), port, https })
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

    /// Whether another implementation serialises the origin of a URL as that URL.
    fn is_canonical(text: &str) -> bool {
        url::Url::parse(text).is_ok_and(|url| url.origin().ascii_serialization() == text)
    }

    #[test]
    fn names_that_browsers_read_as_numbers_are_addresses() {
        for host in ["1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.0x4", "a.0x", "a.1"] {
            let text = format!("https://{host}");
            assert_eq!(text.parse::<Origin>(), Err(OriginError::NotCanonical), "{text}");
            assert!(!is_canonical(&text), "{text}");
        }
        for text in ["https://1.2.3.4", "https://1.2.3.a", "https://1.x", "https://0x7g"] {
            assert!(text.parse::<Origin>().is_ok() && is_canonical(text), "{text}");
        }
        for text in ["https://a:", "https://a:080", "https://a:+1", "http://localhost:80"] {
            assert!(text.parse::<Origin>().is_err() && !is_canonical(text), "{text}");
        }
        for text in ["https://a:b", "https://a:65536", "https://a:1:2"] {
            assert_eq!(text.parse::<Origin>(), Err(OriginError::Malformed), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn an_origin_is_one_for_another_implementation(
            text in "https://[a-z0-9x._:-]{1,12}|https://([0-9]{1,3}\\.){3}[0-9]{1,3}(:[0-9]{1,5})?|[ -~]{1,24}"
        ) {
            if text.parse::<Origin>().is_ok() && !text.contains("xn--") {
                prop_assert!(is_canonical(&text), "{}", text);
            }
            // And nothing else is refused but what a header cannot carry.
            let host = text.strip_prefix("https://").unwrap_or("/");
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_:".contains(c);
            let labels = host.split(':').next().is_some_and(|it| it.split('.').all(|it| !it.is_empty()));
            if is_canonical(&text) && host.chars().all(plain) && labels {
                prop_assert!(text.parse::<Origin>().is_ok(), "{}", text);
            }
        }

        #[test]
        fn an_accepted_origin_is_its_own_serialisation(text in "https?://[ -~]{1,24}") {
            if let Ok(origin) = text.parse::<Origin>() {
                prop_assert_eq!(origin.as_str(), &text);
                prop_assert!(!text[8..].contains(['/', ' ', ';', ',', '\'', '"', '*', '@']));
            }
        }
    }
}
