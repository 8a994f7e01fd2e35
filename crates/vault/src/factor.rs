//! What a person can open a vault with, after the checks that need no vault.

use std::rc::Rc;

use kms_crypto::{PublicKey, SecretBytes, SecretVec, backup_key, passkey, phrase};
use kms_protocol::{EnrolmentKind, ErrorCode};

use crate::approval::Signer;
use crate::ui::{Factor, PasskeyAnswer};

/// Fewest characters of a passphrase, counted as Unicode scalar values.
const MIN_CHARS: usize = 12;
/// Most bytes of a passphrase.
const MAX_BYTES: usize = 1024;

/// Something that may open an enrolment, or become one.
pub(crate) enum Candidate {
    /// A passphrase.
    Passphrase(SecretVec),
    /// The PRF output of a passkey, and the key that it signs with, where that is known.
    Passkey { credential: Vec<u8>, secret: Rc<SecretBytes<32>>, public_key: Option<PublicKey> },
    /// The entropy of a recovery phrase.
    Phrase(Rc<SecretBytes<32>>),
}

impl Candidate {
    /// Reads what was typed or answered; `host` is where passkeys must belong to.
    pub(crate) fn parse(factor: Factor, host: &str) -> Result<Self, ErrorCode> {
        Ok(match factor {
            Factor::Passphrase(passphrase) => Candidate::Passphrase(passphrase),
            Factor::Phrase(words) => Candidate::Phrase(Rc::new(phrase::parse(words.expose())?)),
            Factor::Passkey(answer) => {
                let PasskeyAnswer { credential, prf, prf_at_creation, .. } = answer;
                let PasskeyAnswer { authenticator_data, public_key, .. } = answer;
                let first = prf_at_creation.as_ref().map(SecretVec::expose);
                let secret = passkey::check(host, &authenticator_data, prf.expose(), first)?;
                // One of another algorithm opens the vault like any other, and approves nothing.
                let key = public_key.and_then(|spki| PublicKey::signing_from_spki(&spki));
                let public_key = key.transpose().map_err(|_| ErrorCode::PasskeyFailed)?;
                Candidate::Passkey { credential, secret: Rc::new(secret), public_key }
            }
        })
    }

    /// The backup recipient that belongs to a recovery phrase.
    pub(crate) fn recipient(&self) -> Option<[u8; 32]> {
        match self {
            Candidate::Phrase(entropy) => {
                Some(backup_key::recipient(&backup_key::of_phrase(entropy)))
            }
            _ => None,
        }
    }

    /// What approves once a passkey is enrolled, if its public key is known.
    pub(crate) fn signer(&self, enrolment: &str) -> Option<Signer> {
        match self {
            Candidate::Passkey { credential, public_key: Some(key), .. } => {
                Some(Signer::new(enrolment, credential, key))
            }
            _ => None,
        }
    }

    /// Refuses what no vault may be made with.
    pub(crate) fn check_new(&self) -> Result<(), ErrorCode> {
        match self {
            Candidate::Passphrase(passphrase) => check_new_passphrase(passphrase.expose()),
            Candidate::Passkey { .. } | Candidate::Phrase(_) => Ok(()),
        }
    }
}

/// What kind of enrolment a factor is for.
pub(crate) const fn kind_of(factor: &Factor) -> EnrolmentKind {
    match factor {
        Factor::Passphrase(_) => EnrolmentKind::Passphrase,
        Factor::Passkey(_) => EnrolmentKind::Passkey,
        Factor::Phrase(_) => EnrolmentKind::RecoveryPhrase,
    }
}

/// Refuses passphrases that no vault may be made with.
pub(crate) fn check_new_passphrase(passphrase: &[u8]) -> Result<(), ErrorCode> {
    let chars = std::str::from_utf8(passphrase).map(|text| text.chars().count());
    match chars {
        Ok(count) if count >= MIN_CHARS && passphrase.len() <= MAX_BYTES => Ok(()),
        _ => Err(ErrorCode::WeakPassphrase),
    }
}

/// Whether a passphrase can be the right one at all.
pub(crate) fn is_possible(passphrase: &[u8]) -> bool {
    (1..=MAX_BYTES).contains(&passphrase.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passphrases_have_a_shortest_and_a_longest_form() {
        assert_eq!(check_new_passphrase("elevenchars".as_bytes()), Err(ErrorCode::WeakPassphrase));
        assert_eq!(check_new_passphrase("twelve chars".as_bytes()), Ok(()));
        assert_eq!(check_new_passphrase("äöüäöüäöüäö".as_bytes()), Err(ErrorCode::WeakPassphrase));
        assert_eq!(check_new_passphrase("äöüäöüäöüäöü".as_bytes()), Ok(()));
        assert_eq!(check_new_passphrase(&[b'a'; 1024]), Ok(()));
        assert_eq!(check_new_passphrase(&[b'a'; 1025]), Err(ErrorCode::WeakPassphrase));
        assert_eq!(check_new_passphrase(&[0xff; 20]), Err(ErrorCode::WeakPassphrase));
    }
}
