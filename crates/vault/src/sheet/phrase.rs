//! A new recovery phrase: shown, asked for in part, and only then enrolled.

use std::rc::Rc;

use kms_crypto::{CryptoProvider, SecretBytes, SecretVec, phrase};
use kms_protocol::ErrorCode;

use super::drive::Next;
use super::question::Turn;
use super::step::{NewPhrase, Step};
use crate::enclave::Inner;
use crate::factor::Candidate;
use crate::{Error, Ports, random};

/// Words of a phrase.
const WORDS: u8 = 24;
/// Random bytes below this are evenly spread over the words.
const EVEN: u8 = u8::MAX - u8::MAX % WORDS;

impl<P: Ports> Inner<P> {
    /// The entropy of a new phrase.
    pub(super) fn draw_phrase(&self) -> Result<Rc<SecretBytes<32>>, Error> {
        let crypto = self.ports.crypto();
        Ok(Rc::new(SecretBytes::try_new_with(|out| crypto.fill_random(out))?))
    }

    /// Asks for some of the words.
    pub(super) fn ask_for_words(&self, new: NewPhrase) -> Next<P> {
        match self.draw_positions() {
            Ok(positions) => Next::Go(Step::ConfirmPhrase(new, positions)),
            Err(error) => Next::Done(Err(error)),
        }
    }

    /// Three different words, in order.
    fn draw_positions(&self) -> Result<[u8; 3], Error> {
        loop {
            let drawn: [u8; 3] = random::bytes(self.ports.crypto())?;
            let mut positions = drawn.map(|byte| byte % WORDS + 1);
            positions.sort_unstable();
            let [first, second, third] = positions;
            if drawn.iter().all(|byte| *byte < EVEN) && first < second && second < third {
                return Ok(positions);
            }
        }
    }

    /// Enrols the phrase if the words are right.
    pub(super) async fn on_words(
        self: &Rc<Self>,
        turn: &Turn,
        (new, positions): (NewPhrase, [u8; 3]),
        typed: &SecretVec,
    ) -> Next<P> {
        if !are_words(&new.entropy, positions, typed.expose()) {
            let mismatch = Error::Code(ErrorCode::PhraseMismatch);
            return Next::Again(Step::ConfirmPhrase(new, positions), mismatch);
        }
        self.busy();
        let candidate = Candidate::Phrase(Rc::clone(&new.entropy));
        let Some(fresh) = &new.fresh else {
            return match self.set_up(turn.question, &candidate, None).await {
                Ok(vault) => Next::Entered(vault),
                Err(error) => self.failed(turn, Step::Phrase(new), error).await,
            };
        };
        match self.enrol(turn, fresh, &candidate, None).await {
            Ok(()) => self.after_action(turn).await,
            Err(error) => self.failed(turn, Step::Phrase(new), error).await,
        }
    }
}

/// Whether these are the words of the phrase at these positions, whatever their case and the
/// white space between them.
fn are_words(entropy: &SecretBytes<32>, positions: [u8; 3], typed: &[u8]) -> bool {
    let words = phrase::words(entropy);
    let at = |position: &u8| words.expose().split(|b| *b == b' ').nth(usize::from(*position) - 1);
    let typed = typed.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let same = |(wanted, typed): (Option<&[u8]>, &[u8])| {
        wanted.is_some_and(|wanted| wanted.eq_ignore_ascii_case(typed))
    };
    let count = typed.clone().count();
    count == positions.len() && positions.iter().map(at).zip(typed).all(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_asked_words_are_accepted() {
        // BIP-39 test vector: 32 zero bytes are 23 times "abandon" and "art".
        let entropy = SecretBytes::new_with(|out: &mut [u8; 32]| out.fill(0));
        let is = |typed: &str| are_words(&entropy, [1, 5, 24], typed.as_bytes());
        assert!(is("abandon abandon art"));
        assert!(is("  Abandon\tABANDON\n art "));
        for wrong in ["", "abandon", "abandon abandon", "abandon abandon art art", "art art art"] {
            assert!(!is(wrong), "{wrong}");
        }
        assert!(!is("abandon abandonart"));
    }
}
