//! Releases that are accepted.

use kms_manifest::Sha256;

use crate::folder::{Case, of_world};
use crate::world::{
    COOL_DOWN_HOURS, HOUR, ORIGIN, SEEN, key, manifest, note, revocation, signer, witness,
};

pub(crate) fn all() -> Vec<Case> {
    vec![
        of_world("next_release", None, |_| {}),
        of_world("first_release_seen", None, |world| {
            world.seen_size = 0;
            world.seen_release = None;
        }),
        of_world("same_release_again", None, |world| {
            world.seen_size = 6;
            let digest = world.manifest.digest().unwrap();
            world.seen_release = Some(kms_verify::SeenRelease { epoch: 2, manifest: digest });
        }),
        of_world("release_between_was_missed", None, |world| world.manifest = manifest(3)),
        of_world("all_signers", None, |world| world.signers.push(signer(3))),
        of_world("a_stranger_signed_too", None, |world| {
            world.signers.push(key("stranger.example", 99));
        }),
        of_world("all_witnesses", None, |world| world.witnesses.push((witness(3), SEEN + 9))),
        of_world("an_unknown_witness_too", None, |world| {
            world.witnesses.push((key("stranger.example", 99), SEEN));
        }),
        of_world("the_earlier_of_two_times_counts", None, |world| {
            world.witnesses.push((witness(2), SEEN + 20 * HOUR));
        }),
        of_world("alone_in_the_log", None, |world| {
            (world.before, world.behind) = (Vec::new(), Vec::new());
            (world.seen_size, world.seen_release) = (0, None);
        }),
        of_world("a_witness_is_a_little_ahead", None, |world| {
            world.policy["cool_down_hours"] = 0.into();
            world.now = SEEN + HOUR - 300;
        }),
        of_world("old_enough_to_the_second", None, |world| {
            world.now = SEEN + HOUR + COOL_DOWN_HOURS * HOUR;
        }),
        of_world("another_release_is_revoked", None, |world| {
            let text = revocation(ORIGIN, Sha256::of(b"another"));
            world.revocations = vec![note(&text, &[signer(2), signer(3)])];
        }),
        of_world("the_manifest_revokes_another", None, |world| {
            world.manifest.status.revoked = vec![manifest(1).digest().unwrap()];
        }),
    ]
}
