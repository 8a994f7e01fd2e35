//! What a person is told of a challenge: who asks, what for, on what grounds, and for how long.

use kms_token::{Binding, Challenge, Digest, SpiffeId, Target, Tier};

use crate::keys::facts::Facts;
use crate::keys::record::LogRecord;

/// All that approvers sign about. Names have one form and no line breaks; other texts stand in quotes.
pub(super) fn challenge_facts(challenge: &Challenge) -> Facts {
    let Challenge { id, aud, sub, certificate, act, con, leg, req, approvals: _, tier } = challenge;
    let facts = Facts::default().line("workload", sub.as_str()).line("action", act.as_str());
    let facts = facts.line("risk", tier.map_or("not rated", Tier::as_str));
    let facts = con.iter().fold(facts, |facts, (name, value)| {
        facts.line("constraint", &format!("{name} = {value:?}"))
    });
    request_facts(facts, req)
        .line("accountable", &format!("{:?} {:?}", leg.party_type, leg.party))
        .line("basis", &format!("{:?}", leg.basis))
        .line("jurisdiction", &format!("{:?}", leg.jurisdiction))
        .line("accepted by", aud.as_str())
        .line("certificate", &certificate.to_string())
        .line("challenge", &id.to_string())
}

fn request_facts(facts: Facts, request: &Binding) -> Facts {
    let facts = facts.line("request", &format!("{} {}", request.method(), request.target()));
    let body = request.body();
    let told = if body == Digest::of(b"") { "none".into() } else { format!("SHA-256 {body}") };
    facts.line("body", &told)
}

/// Which log the broker shows, and whether it has grown. The first one is for the person to compare.
pub(super) fn log_facts(facts: Facts, seen: Option<&LogRecord>, new: &LogRecord) -> Facts {
    match seen {
        None => facts.line("log, never seen before", new.key()),
        Some(seen) => facts.line("log", &format!("from {} to {} lines", seen.size(), new.size())),
    }
}

/// What is revoked, and where.
pub(super) fn revocation_facts(target: &Target, aud: &SpiffeId) -> Facts {
    let facts = Facts::default();
    let facts = match target {
        Target::Token(jti) => facts.line("token", &jti.to_string()),
        Target::Challenge(id) => facts.line("challenge", &id.to_string()),
        Target::Subject(id) => facts.line("all of workload", id.as_str()),
    };
    facts.line("at", aud.as_str())
}
