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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits() {
        let hex = "0123456789abcdef0123456789abcdef01234567";
        assert!(is_commit(hex) && is_commit(&format!("{hex}-dirty")) && is_commit("unknown"));
        assert!(!is_commit("") && !is_commit("abc") && !is_commit(&hex.to_uppercase()));
    }
}
