//! A new recovery phrase: shown, asked for in part, and only then enrolled.

use std::rc::Rc;

use kms_crypto::{CryptoProvider, SecretBytes, SecretVec, phrase};
use kms_protocol::ErrorCode;

use super::Fresh;
use super::drive::Next;
use super::question::Turn;
use super::step::{NewPhrase, Place, Step, Then};
use crate::enclave::Inner;
use crate::factor::Candidate;
use crate::time::Moment;
use crate::{Error, Ports, random};

/// Words of a phrase.
const WORDS: u8 = 24;
/// Random bytes below this are evenly spread over the words.
const EVEN: u8 = u8::MAX - u8::MAX % WORDS;

impl<P: Ports> Inner<P> {
    /// Draws a new phrase and shows it.
    pub(super) fn new_phrase(&self, place: Place) -> Next<P> {
        let crypto = self.ports.crypto();
        match SecretBytes::try_new_with(|out| crypto.fill_random(out)) {
            Ok(entropy) => {
                let since = Moment::now(self.ports.clock());
                Next::Go(Step::Phrase(NewPhrase { entropy: Rc::new(entropy), place, since }))
            }
            Err(error) => Next::Done(Err(error.into())),
        }
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

    /// Enrols the phrase if the words are right, after another fresh unlock if the first one was
    /// too long ago.
    pub(super) async fn on_words(
        self: &Rc<Self>,
        turn: &Turn,
        (new, positions): (NewPhrase, [u8; 3]),
        typed: SecretVec,
    ) -> Next<P> {
        if !are_words(&new.entropy, positions, typed.expose()) {
            let mismatch = Error::Code(ErrorCode::PhraseMismatch);
            return Next::Again(Step::ConfirmPhrase(new, positions), mismatch);
        }
        match new.place.clone() {
            Place::New => self.set_up_with_phrase(turn, new).await,
            Place::Existing(Some(fresh)) => self.enrol_phrase(turn, new, fresh).await,
            Place::Existing(None) => match self.unlock_for(Then::Enrol(new)) {
                Ok(step) => Next::Go(step),
                Err(error) => Next::Done(Err(error)),
            },
        }
    }

    async fn set_up_with_phrase(self: &Rc<Self>, turn: &Turn, new: NewPhrase) -> Next<P> {
        self.busy();
        let candidate = Candidate::Phrase(Rc::clone(&new.entropy));
        match self.set_up(turn.question, &candidate, None).await {
            Ok(vault) => Next::Entered(vault),
            Err(error) => Next::Failed(Step::Phrase(new), error),
        }
    }

    /// Adds the phrase to the vault.
    pub(super) async fn enrol_phrase(
        self: &Rc<Self>,
        turn: &Turn,
        new: NewPhrase,
        fresh: Rc<Fresh>,
    ) -> Next<P> {
        self.busy();
        let candidate = Candidate::Phrase(Rc::clone(&new.entropy));
        match self.enrol(turn, &fresh, &candidate, None).await {
            Ok(()) => Next::Acted,
            Err(error) => Next::Failed(Step::Phrase(new), error),
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
