//! What a key is used on, as a person can read it. Nothing that a page chose may move, hide or
//! imitate anything around it: what is no visible character is written as its code point.

use kms_protocol::ErrorCode;
use sha2::{Digest, Sha256};

use crate::ui::{Payload, PayloadText};

/// Most characters of a text that are shown; a line break counts as a line.
const MAX_SHOWN: usize = 1000;
/// The same of a text that is shown whole or not at all.
const MAX_WHOLE: usize = 8000;
/// What a line break counts.
const LINE: usize = 40;
/// Most marks in a row that stand above or below one letter.
const MAX_MARKS: usize = 2;
/// Most blanks, and most line breaks, in a row: more could push the rest out of sight.
const MAX_BLANKS: usize = 16;
const MAX_BREAKS: usize = 2;

/// Letters and marks that Unicode counts as printable and that show nothing.
const UNSEEN: [char; 8] =
    ['\u{34f}', '\u{115f}', '\u{1160}', '\u{17b4}', '\u{17b5}', '\u{2800}', '\u{3164}', '\u{ffa0}'];
/// Around a code point. They stand for nothing else, so a text cannot contain what looks like one.
const OPEN: char = '\u{27e8}';
const CLOSE: char = '\u{27e9}';

/// What the data looks like.
pub(super) fn read(data: &[u8]) -> Payload {
    Payload {
        bytes: data.len() as u64,
        sha256: Sha256::digest(data).into(),
        text: std::str::from_utf8(data).ok().map(|text| show(text, MAX_SHOWN)),
    }
}

/// The same of what the enclave itself says, all of which is shown or none.
pub(super) fn read_whole(data: &[u8]) -> Result<Payload, ErrorCode> {
    let text = std::str::from_utf8(data).ok().map(|text| show(text, MAX_WHOLE));
    let payload = Payload { text, ..read(data) };
    if payload.is_readable() { Ok(payload) } else { Err(ErrorCode::ApprovalTooLarge) }
}

/// A name that a page chose; the longest fits.
pub(super) fn visible(name: &str) -> String {
    show(name, MAX_SHOWN).shown
}

/// The beginning of a text, or all of it.
fn show(text: &str, room: usize) -> PayloadText {
    let mut shown = Shown { room, ..Shown::default() };
    let whole = text.chars().all(|c| shown.push(c));
    PayloadText { shown: shown.text, characters: text.chars().count() as u64, whole }
}

#[derive(Default)]
struct Shown {
    text: String,
    room: usize,
    /// How much of it is used.
    used: usize,
    marks: usize,
    blanks: usize,
    breaks: usize,
}

impl Shown {
    /// Adds a character, if there is room for it.
    fn push(&mut self, c: char) -> bool {
        let kind = Kind::of(c);
        let run = match kind {
            Kind::Mark => &mut self.marks,
            Kind::Blank => &mut self.blanks,
            Kind::Break => &mut self.breaks,
            Kind::Letter | Kind::Unseen => &mut 0,
        };
        *run += 1;
        let as_it_is = match kind {
            Kind::Mark => *run <= MAX_MARKS,
            Kind::Blank => *run <= MAX_BLANKS,
            Kind::Break => *run <= MAX_BREAKS,
            Kind::Letter => true,
            Kind::Unseen => false,
        };
        self.end_runs(kind);
        let piece =
            if as_it_is { String::from(c) } else { format!("{OPEN}U+{:04X}{CLOSE}", c as u32) };
        let room = if as_it_is && kind == Kind::Break { LINE } else { piece.chars().count() };
        self.used += room;
        let fits = self.used <= self.room;
        if fits {
            self.text.push_str(&piece);
        }
        fits
    }

    /// A run ends with anything else; blanks between line breaks make no difference.
    fn end_runs(&mut self, kind: Kind) {
        if kind != Kind::Mark {
            self.marks = 0;
        }
        if kind != Kind::Blank {
            self.blanks = 0;
        }
        if kind != Kind::Break && kind != Kind::Blank {
            self.breaks = 0;
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    /// Goes with the letter before it.
    Mark,
    Blank,
    Break,
    /// Controls, whatever changes the direction, and everything else without a shape.
    Unseen,
}

impl Kind {
    fn of(c: char) -> Self {
        match c {
            '\n' => Kind::Break,
            ' ' => Kind::Blank,
            OPEN | CLOSE => Kind::Unseen,
            '\'' | '"' | '\\' => Kind::Letter,
            _ if UNSEEN.contains(&c) || is_selector(c) => Kind::Unseen,
            // The standard library escapes what is not printable and, alone or at the beginning
            // of a string, what extends a grapheme.
            _ if c.escape_debug().len() == 1 => Kind::Letter,
            _ if !format!("a{c}").escape_debug().any(|shown| shown == '\\') => Kind::Mark,
            _ => Kind::Unseen,
        }
    }
}

/// Variation selectors: any number of them can hide behind a letter.
fn is_selector(c: char) -> bool {
    matches!(c, '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let text = show(text, MAX_SHOWN);
        assert!(text.whole);
        text.shown
    }

    #[test]
    fn plain_text_of_any_script_stays_as_it_is() {
        for text in [
            "",
            "Pay 10 € to Alice?",
            "it's \"quoted\" \\ and <b>bold</b> & more",
            "two\nlines\n\nand a paragraph",
            "Zażółć gęślą jaźń, e\u{301}, שלום, سلام, नमस्ते, 你好, 👍",
            "{\n    \"indented\": true\n}",
        ] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn what_cannot_be_seen_is_written_as_its_code_point() {
        let cases = [
            ("a\0b\u{7}\u{1b}[2J\u{7f}", "a⟨U+0000⟩b⟨U+0007⟩⟨U+001B⟩[2J⟨U+007F⟩"),
            ("tab\tand\r\n", "tab⟨U+0009⟩and⟨U+000D⟩\n"),
            // Marks, embeddings, overrides and isolates of direction (UAX #9).
            ("\u{61c}\u{200e}\u{200f}", "⟨U+061C⟩⟨U+200E⟩⟨U+200F⟩"),
            (
                "\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}",
                "⟨U+202A⟩⟨U+202B⟩⟨U+202C⟩⟨U+202D⟩⟨U+202E⟩",
            ),
            ("\u{2066}\u{2067}\u{2068}\u{2069}", "⟨U+2066⟩⟨U+2067⟩⟨U+2068⟩⟨U+2069⟩"),
            (
                "\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}",
                "⟨U+200B⟩⟨U+200C⟩⟨U+200D⟩⟨U+2060⟩⟨U+FEFF⟩",
            ),
            (
                "\u{85}\u{a0}\u{ad}\u{2028}\u{2029}\u{3000}",
                "⟨U+0085⟩⟨U+00A0⟩⟨U+00AD⟩⟨U+2028⟩⟨U+2029⟩⟨U+3000⟩",
            ),
            ("\u{3164}\u{2800}\u{34f}\u{fe0f}", "⟨U+3164⟩⟨U+2800⟩⟨U+034F⟩⟨U+FE0F⟩"),
            ("\u{e0041}\u{e0100}\u{e000}\u{10ffff}", "⟨U+E0041⟩⟨U+E0100⟩⟨U+E000⟩⟨U+10FFFF⟩"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_text_cannot_imitate_a_code_point() {
        assert_eq!(shown("⟨U+0000⟩"), "⟨U+27E8⟩U+0000⟨U+27E9⟩");
    }

    #[test]
    fn marks_blanks_and_line_breaks_do_not_pile_up() {
        let marks = shown(&format!("a{}b\u{301}", "\u{301}".repeat(4)));
        assert_eq!(marks, "a\u{301}\u{301}⟨U+0301⟩⟨U+0301⟩b\u{301}");
        let blanks = shown(&format!("a{}b c", " ".repeat(17)));
        assert_eq!(blanks, format!("a{}⟨U+0020⟩b c", " ".repeat(16)));
        assert_eq!(shown("a\n\n\n\nb\n\nc"), "a\n\n⟨U+000A⟩⟨U+000A⟩b\n\nc");
        assert_eq!(shown("a\n \n \nb"), "a\n \n ⟨U+000A⟩b");
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let fits = show(&"ä".repeat(MAX_SHOWN), MAX_SHOWN);
        assert_eq!((fits.whole, fits.characters), (true, 1000));
        let long = show(&"ä".repeat(MAX_SHOWN + 1), MAX_SHOWN);
        assert_eq!((long.whole, long.characters), (false, 1001));
        assert_eq!(long.shown, "ä".repeat(MAX_SHOWN));
        let lines = show(&"a\n".repeat(MAX_SHOWN / LINE), MAX_SHOWN);
        assert_eq!((lines.whole, lines.shown.lines().count()), (false, 25));
        // What is left out is not followed by something shorter that would fit.
        let last = show(&format!("{}\u{202e}x", "a".repeat(MAX_SHOWN - 2)), MAX_SHOWN);
        assert_eq!((last.whole, last.shown.len()), (false, MAX_SHOWN - 2));
    }

    #[test]
    fn what_is_shown_whole_has_more_room_and_is_never_cut() {
        let longest = "a".repeat(MAX_WHOLE);
        let text = read_whole(longest.as_bytes()).unwrap().text.unwrap();
        assert_eq!((text.whole, text.shown), (true, longest.clone()));
        for data in [format!("{longest}a").as_bytes(), &[0xff]] {
            assert_eq!(read_whole(data), Err(ErrorCode::ApprovalTooLarge));
        }
    }

    #[test]
    fn the_longest_name_is_shown_to_its_end() {
        let name = "\u{202e}".repeat(kms_protocol::limits::MAX_LABEL);
        assert_eq!(visible(&name), "⟨U+202E⟩".repeat(kms_protocol::limits::MAX_LABEL));
    }

    #[test]
    fn data_that_is_no_text_has_a_length_and_a_digest() {
        let data = read(&[0xff, 0xfe]);
        assert_eq!((data.bytes, data.text), (2, None));
        let text = read(b"abc");
        // FIPS 180-2, appendix B.1.
        let digest =
            hex_literal::hex!("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!((text.bytes, text.sha256), (3, digest));
        assert_eq!(text.text.map(|text| text.shown), Some("abc".into()));
    }
}
