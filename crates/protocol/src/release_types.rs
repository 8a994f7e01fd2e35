//! The named types of the wire that are about releases of the enclave itself.

use crate::schema::{FieldDoc, Shape, TypeDoc, TypeRef, Wire, add, doc};
use crate::{ErrorCode, Fields, FromValue, IntoValue, Value};

record! {
    /// Parameters of `enclave.notice`: what signers say against a release. Every byte is checked.
    NoticeParams {
        /// The manifest of the release that it is about, at most 65,536 bytes.
        manifest: Vec<u8> => "manifest",
        /// A signed note: the revocation of that release, or the statement of a later one.
        statement: Vec<u8> => "statement",
        /// The manifest of the later release, whose status names the one it is about.
        successor: Option<Vec<u8>> => "successor",
    }
}

record! {
    /// What is known of the release that runs.
    ReleaseStanding {
        /// What its signers say.
        standing: Standing => "standing",
    }
}

tokens! {
    /// What signers say of a release.
    Standing {
        /// Nothing that was heard here.
        Unknown => "unknown",
        /// It is to be replaced: a person has to accept a warning before it opens a vault.
        Deprecated => "deprecated",
        /// It must not run: it opens no vault.
        Revoked => "revoked",
    }
}
