//! The named types of the wire that are about approving what workloads ask a broker for.

use crate::schema::{FieldDoc, Shape, TypeDoc, TypeRef, Wire, add, doc};
use crate::{ErrorCode, Fields, FromValue, IntoValue, KeyId, Value};

record! {
    /// What a broker says of its log, with the proof that it has only grown.
    BrokerLog {
        /// The key that signs it: `name+id+key` (C2SP signed-note). That of the first approval stays.
        key: String => "key",
        /// The state of the log: a signed note (C2SP signed-note, tlog-checkpoint).
        checkpoint: String => "checkpoint",
        /// From how many lines on the proof shows that it has grown: as many as `poa.log` told.
        /// Absent if it told nothing.
        since: Option<u64> => "since",
        /// Hashes of 32 bytes (RFC 9162, section 2.1.4); none if there are as many lines as then.
        proof: Option<Vec<Vec<u8>>> => "proof",
    }
}

record! {
    /// What an entry of the vault's log is about, by the names that stand in the broker's log as well.
    AuditedAuthorization {
        /// The token that was minted, or is revoked: its `jti`.
        token: Option<String> => "token",
        /// The challenge that was decided on, or is revoked: its `id`.
        challenge: Option<String> => "challenge",
        /// SHA-256 of what was decided on, in base64url.
        digest: Option<String> => "digest",
        /// The statement that was signed: its `jti`.
        statement: Option<String> => "statement",
    }
}

record! {
    /// The state of a broker's log at the last approval by a key.
    SeenCheckpoint {
        /// The key that signs it.
        key: String => "key",
        /// How many lines it had.
        size: u64 => "size",
        /// Root of the Merkle tree over them, 32 bytes.
        root: Vec<u8> => "root",
    }
}

record! {
    /// Result of `poa.log`.
    SeenLog {
        /// What was seen last; absent before the first approval.
        seen: Option<SeenCheckpoint> => "seen",
    }
}

record! {
    /// Parameters of `poa.approve`.
    ApproveChallengeParams {
        /// Which key. Its policy has `approve`.
        key_id: KeyId => "keyId",
        /// The challenge as the broker wrote it.
        challenge: String => "challenge",
        /// The first of two approvals, for the second approver.
        first: Option<String> => "first",
        /// The broker's log, as it is now.
        log: BrokerLog => "log",
        /// How long what is signed is to live, in seconds: 300 if absent, 900 if it is more.
        life_s: Option<u32> => "lifeSeconds",
        /// With which version; the latest if absent.
        version: Option<u32> => "version",
    }
}

tokens! {
    /// What approving a challenge gave.
    ApprovalKind {
        /// The first of two approvals: it lets nobody do anything.
        Approval => "approval",
        /// The token of the challenge.
        Token => "token",
    }
}

record! {
    /// What a person approved, signed.
    SignedApproval {
        /// What it is.
        kind: ApprovalKind => "kind",
        /// A compact JWS (RFC 7515), for the broker.
        signed: String => "signed",
        /// When it expires, in milliseconds since 1970-01-01T00:00Z.
        expires: u64 => "expires",
        /// The version that signed.
        version: u32 => "version",
    }
}

record! {
    /// Parameters of `poa.reject`.
    RejectChallengeParams {
        /// Which key. Its policy has `approve`.
        key_id: KeyId => "keyId",
        /// The challenge as the broker wrote it.
        challenge: String => "challenge",
        /// SPIFFE id of the broker; the one that is to accept the token if absent.
        audience: Option<String> => "audience",
        /// With which version; the latest if absent.
        version: Option<u32> => "version",
    }
}

tokens! {
    /// What is revoked.
    RevocationTarget {
        /// One token, by its `jti`.
        Token => "token",
        /// A challenge and the token of it, by its `id`.
        Challenge => "challenge",
        /// All that a workload has, by its SPIFFE id.
        Subject => "subject",
    }
}

record! {
    /// Parameters of `poa.revoke`.
    RevokeAuthorizationParams {
        /// Which key. Its policy has `approve`.
        key_id: KeyId => "keyId",
        /// SPIFFE id of the broker.
        audience: String => "audience",
        /// What is revoked.
        what: RevocationTarget => "what",
        /// Which one.
        value: String => "value",
        /// With which version; the latest if absent.
        version: Option<u32> => "version",
    }
}

record! {
    /// Parameters of `poa.rotate`.
    RotateApproverParams {
        /// Which key. Its policy has `approve`, and it was rotated.
        key_id: KeyId => "keyId",
        /// SPIFFE id of the broker.
        audience: String => "audience",
        /// The version that the broker knows. The latest takes its place.
        version: u32 => "version",
    }
}

record! {
    /// A signed statement about tokens or keys.
    SignedStatement {
        /// A compact JWS (RFC 7515), for the broker. It counts for 300 seconds, and once.
        statement: String => "statement",
        /// The version that signed.
        version: u32 => "version",
    }
}
