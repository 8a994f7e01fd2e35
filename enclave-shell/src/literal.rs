//! JavaScript literals: text, JSON and wasm, exact and safe in any script.

use crate::error::Error;

/// Byte `b` of the wasm is the character `U+0023 + b`: printable ASCII for the bytes that are
/// frequent in wasm, no control character below a space, no quotation mark. The transport's
/// Brotli sees the structure of the wasm through it (decision 7).
const TEXT_BASE: u32 = 0x23;

/// A JavaScript string literal that is valid in any script, inline or not.
pub(crate) fn string(text: &str) -> Result<String, Error> {
    Ok(escape(&serde_json::to_string(text)?))
}

/// JSON text as JavaScript: the two line separators that older engines refuse in literals, and
/// the sequences that mean something to an HTML parser, are escaped. They occur inside strings
/// only.
pub(crate) fn escape(json: &str) -> String {
    json.replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
        .replace("</", "<\\/")
        .replace("<!--", "\\u003c!--")
}

/// The wasm as text, one character per byte.
pub(crate) fn text_of(wasm: &[u8]) -> String {
    wasm.iter().filter_map(|byte| char::from_u32(TEXT_BASE + u32::from(*byte))).collect()
}

/// Undoes [`text_of`]; any other character is no wasm.
pub(crate) fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let byte = |char| u8::try_from(u32::from(char).checked_sub(TEXT_BASE)?).ok();
    text.chars().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_other_characters_is_no_wasm() {
        assert_eq!(text_of(&[0, 1, 0xff]), "#$\u{122}");
        assert_eq!(bytes_of("#$\u{122}"), Some(vec![0, 1, 0xff]));
        assert_eq!(bytes_of("\""), None);
        assert_eq!(bytes_of("\u{123}"), None);
    }
}
