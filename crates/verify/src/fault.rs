//! Everything that can be wrong with a release, each with its own code.

use std::fmt;

macro_rules! faults {
    ($($name:ident = $code:literal: $text:literal,)*) => {
        /// Why a release is refused. Codes are never reused with another meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault {
            $(#[doc = $text] $name,)*
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name for machines.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// What it means.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

faults! {
    PolicyForm = "policy_form": "The policy cannot be read.",
    PolicyRule = "policy_rule": "The policy breaks a rule.",
    MarkForm = "mark_form": "What was seen before cannot be read.",
    MarkOrigin = "mark_origin": "What was seen before is of another deployment.",
    RevocationForm = "revocation_form": "A revocation cannot be read.",
    RevocationSignature = "revocation_signature": "A signature under a revocation is wrong.",
    RevocationUnsigned = "revocation_unsigned": "Too few signers have signed a revocation.",
    RevocationOrigin = "revocation_origin": "A revocation is of another deployment.",
    RevocationsMissing = "revocations_missing": "The deployment does not send its list of revocations.",
    Revoked = "revoked": "The release was revoked; it must not run.",
    ManifestTooLong = "manifest_too_long": "The manifest is too long.",
    ManifestForm = "manifest_form": "The manifest cannot be read.",
    ManifestSpelling = "manifest_spelling": "The manifest is not in its one spelling.",
    ManifestRule = "manifest_rule": "The manifest breaks a rule.",
    ManifestOrigin = "manifest_origin": "The manifest is of another deployment.",
    ProofForm = "proof_form": "The proof cannot be read.",
    StatementMissing = "statement_missing": "The proof holds no statement.",
    StatementForm = "statement_form": "The statement cannot be read.",
    StatementKind = "statement_kind": "The statement is not one of a release.",
    StatementSignature = "statement_signature": "A signature under the statement is wrong.",
    StatementUnsigned = "statement_unsigned": "Too few signers have signed the statement.",
    StatementManifest = "statement_manifest": "The statement is of another manifest.",
    StatementOrigin = "statement_origin": "The statement names another deployment than the manifest.",
    StatementEpoch = "statement_epoch": "The statement names another epoch than the manifest.",
    StatementVersion = "statement_version": "The statement names another version than the manifest.",
    StatementPrevious = "statement_previous": "The statement names another previous release than the manifest.",
    LogUnknown = "log_unknown": "No log of the policy has signed the checkpoint.",
    LogSignature = "log_signature": "The log's signature is wrong.",
    CheckpointForm = "checkpoint_form": "The checkpoint is not one of the log that signed it.",
    WitnessSignature = "witness_signature": "A witness's signature is wrong.",
    QuorumMissing = "quorum_missing": "Too few witnesses have seen the checkpoint.",
    IndexOutOfRange = "index_out_of_range": "The log is smaller than the place of the entry.",
    ProofTruncated = "proof_truncated": "The proof has too few hashes.",
    ProofPadded = "proof_padded": "The proof has too many hashes.",
    NotIncluded = "not_included": "The statement is not in the log.",
    FromTheFuture = "from_the_future": "The witnesses' time has not come yet.",
    TooYoung = "too_young": "The release was not public for long enough.",
    LogReplayed = "log_replayed": "The checkpoint is older than one that was seen.",
    LogSplit = "log_split": "The log shows two trees of one size.",
    GrowthMissing = "growth_missing": "That the log has grown from the tree that was seen is not proved.",
    GrowthForm = "growth_form": "The proof of the log's growth cannot be read.",
    LogForked = "log_forked": "The log has not grown from the tree that was seen.",
    Rollback = "rollback": "The release is older than one that was seen.",
    EpochSplit = "epoch_split": "Another release of this epoch was seen.",
    PreviousMismatch = "previous_mismatch": "The release does not follow the one that was seen.",
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.text(), self.code())
    }
}

impl std::error::Error for Fault {}
