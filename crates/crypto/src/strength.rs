//! An estimate of how strong a passphrase is, shown while it is typed. Whether a passphrase is
//! accepted is decided elsewhere, by its length.

use passwords::{analyzer, scorer};
use zeroize::Zeroize;

/// Rates a passphrase from 0 to 100 by length, kinds of characters, repetitions and sequences.
/// There is no dictionary behind it. Text that is not UTF-8 is worth nothing.
#[must_use]
pub fn score(passphrase: &[u8]) -> u8 {
    let Ok(text) = std::str::from_utf8(passphrase) else { return 0 };
    let analyzed = analyzer::analyze(text);
    let score = scorer::score(&analyzed);
    analyzed.into_password().zeroize();
    percent(score)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // clamped, and casts saturate
fn percent(score: f64) -> u8 {
    score.clamp(0.0, 100.0) as u8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn better_passphrases_rate_higher() {
        let ascending =
            [&b""[..], b"aaaaaaaa", b"kq4zpz13", b"K q4zpz-13", b"correct Horse battery staple 7"];
        let scores = ascending.map(score);
        assert!(scores.is_sorted_by(|a, b| a < b), "{scores:?}");
        assert_eq!(scores.first(), Some(&0));
        assert_eq!(scores.last(), Some(&100));
    }

    #[test]
    fn what_is_not_text_is_worth_nothing() {
        assert_eq!(score(b"correct Horse battery staple 7 \xff"), 0);
    }

    #[test]
    fn scores_are_clamped() {
        assert_eq!([-1.0, 0.9, 99.9, 101.0, f64::NAN].map(percent), [0, 0, 99, 100, 0]);
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_score(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(score(&bytes) <= 100);
        }

        #[test]
        fn any_text_has_a_score(text in ".{0,80}") {
            prop_assert!(score(text.as_bytes()) <= 100);
        }
    }
}
