//! Field rules shared by manifest and pin.

/// A release version: short, and safe in a path, a header and a page.
pub(crate) fn is_version(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+-".contains(&byte))
}

/// A source commit: a hexadecimal object name, marked `-dirty` if the tree was not clean, or
/// `unknown`.
pub(crate) fn is_commit(text: &str) -> bool {
    let name = text.strip_suffix("-dirty").unwrap_or(text);
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text == "unknown" || (matches!(name.len(), 40 | 64) && name.bytes().all(hex))
}

/// One line of visible text.
pub(crate) fn is_line(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// An absolute path of unreserved characters (RFC 3986 §2.3), without empty or dot segments.
pub(crate) fn is_path(path: &str) -> bool {
    let segment = |segment: &str| {
        !segment.is_empty()
            && !segment.chars().all(|c| c == '.')
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    };
    path == "/"
        || (path.len() <= 256
            && path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(segment)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for path in ["/", "/r/0123/enclave.js", "/.well-known/ats-kms/manifest.json"] {
            assert!(is_path(path), "{path}");
        }
        for path in ["", "x", "//", "/a/", "/../x", "/./x", "/a//b", "/a b", "/%2e", "/a?b", "/é"]
        {
            assert!(!is_path(path), "{path}");
        }
    }

    #[test]
    fn commits() {
        let hex = "0123456789abcdef0123456789abcdef01234567";
        assert!(is_commit(hex) && is_commit(&format!("{hex}-dirty")) && is_commit("unknown"));
        assert!(!is_commit("") && !is_commit("abc") && !is_commit(&hex.to_uppercase()));
    }
}
