//! Statements and revocations that their signers did not sign, or that speak of something else.

use kms_manifest::Sha256;
use kms_tlog::{LogProof, Note};
use kms_verify::{Fault, Release, Statement};

use crate::folder::{Case, of_files, of_world};
use crate::world::{ORIGIN, World, key, manifest, note, revocation, signer};

pub(crate) fn all() -> Vec<Case> {
    let mut all = revocations();
    all.extend(revoked());
    all.extend(statements());
    all.extend(contradictions());
    all
}

fn revocations() -> Vec<Case> {
    let text = revocation(ORIGIN, Sha256::of(b"another"));
    let case = |name, fault, note: Vec<u8>| {
        of_world(name, Some(fault), |world| world.revocations = vec![note])
    };
    let release = Statement::Release(Release::of(&manifest(1)).unwrap()).to_string();
    let both = [signer(1), signer(2)];
    let mut wrong = Note::parse(std::str::from_utf8(&note(&text, &both)).unwrap()).unwrap();
    let mut line = wrong.signatures()[1].clone();
    line.bytes[9] ^= 1;
    wrong = Note::new(&text, vec![wrong.signatures()[0].clone(), line]).unwrap();
    let twice = Note::new(&text, vec![signer(1).sign(&text), signer(1).sign(&text)]).unwrap();
    let strangers = [key("signer1.kms.example", 91), key("signer2.kms.example", 92)];
    let elsewhere = revocation("https://other.example", Sha256::of(b"another"));
    vec![
        of_files("revocations_withheld_fail", Fault::RevocationsMissing, |it| it.withheld = true),
        case("revocation_not_a_note_fail", Fault::RevocationForm, b"revoked".to_vec()),
        case("revocation_is_a_release_fail", Fault::RevocationForm, note(&release, &both)),
        case(
            "revocation_wrong_signature_fail",
            Fault::RevocationSignature,
            wrong.to_string().into(),
        ),
        case("revocation_one_signer_fail", Fault::RevocationUnsigned, note(&text, &both[..1])),
        case(
            "revocation_one_signer_twice_fail",
            Fault::RevocationUnsigned,
            twice.to_string().into(),
        ),
        case("revocation_by_strangers_fail", Fault::RevocationUnsigned, note(&text, &strangers)),
        case("revocation_elsewhere_fail", Fault::RevocationOrigin, note(&elsewhere, &both)),
    ]
}

fn revoked() -> Vec<Case> {
    let of_this = |world: &World| {
        let text = revocation(ORIGIN, world.manifest.digest().unwrap());
        vec![note(&text, &[signer(1), signer(3)])]
    };
    vec![
        of_world("revoked_now_fail", Some(Fault::Revoked), |world| {
            world.revocations = of_this(world);
        }),
        of_world("revoked_although_it_was_accepted_fail", Some(Fault::Revoked), |world| {
            let digest = world.manifest.digest().unwrap();
            world.revocations = of_this(world);
            world.seen_release = Some(kms_verify::SeenRelease { epoch: 2, manifest: digest });
        }),
        of_files("revoked_earlier_fail", Fault::Revoked, |files| {
            let mut mark = World::new().mark();
            mark.revoked.insert(Sha256::of(&files.manifest));
            files.mark = Some(mark.to_json().unwrap().into_bytes());
        }),
        of_files("revoked_before_it_is_read_fail", Fault::Revoked, |files| {
            files.manifest = b"no manifest".to_vec();
            let text = revocation(ORIGIN, Sha256::of(&files.manifest));
            files.revocations = vec![note(&text, &[signer(2), signer(3)])];
        }),
    ]
}

fn statements() -> Vec<Case> {
    let extra = |name, fault, extra: Option<&'static [u8]>| {
        of_files(name, fault, |files| {
            let mut proof = World::new().proof();
            proof.extra = extra.map(<[u8]>::to_vec);
            files.proof = proof.to_string().into_bytes();
        })
    };
    let signed = |name, signers: Vec<kms_tlog::SignerKey>| {
        of_world(name, Some(Fault::StatementUnsigned), |world| world.signers = signers)
    };
    let this = World::new().manifest.digest().unwrap();
    vec![
        extra("statement_missing_fail", Fault::StatementMissing, None),
        extra("statement_empty_fail", Fault::StatementForm, Some(b"")),
        extra("statement_not_a_note_fail", Fault::StatementForm, Some(b"release\n")),
        of_world("statement_other_version_of_format_fail", Some(Fault::StatementForm), |world| {
            let text = Statement::Release(Release::of(&world.manifest).unwrap()).to_string();
            world.statement = Some(text.replace("release/v1", "release/v2"));
        }),
        of_world("statement_is_a_revocation_fail", Some(Fault::StatementKind), |world| {
            world.statement = Some(revocation(ORIGIN, this));
        }),
        of_files("statement_wrong_signature_fail", Fault::StatementSignature, |files| {
            let mut proof: LogProof = World::new().proof();
            let entry = String::from_utf8(proof.extra.take().unwrap()).unwrap();
            let entry = Note::parse(&entry).unwrap();
            let mut lines = entry.signatures().to_vec();
            lines[1].bytes[0] ^= 1;
            proof.extra = Some(Note::new(entry.text(), lines).unwrap().to_string().into_bytes());
            files.proof = proof.to_string().into_bytes();
        }),
        signed("statement_one_signer_fail", vec![signer(3)]),
        signed("statement_one_signer_twice_fail", vec![signer(1), signer(1)]),
        signed("statement_by_strangers_fail", vec![key("a.example", 91), key("b.example", 92)]),
        signed(
            "statement_by_other_keys_of_these_names_fail",
            vec![key("signer1.kms.example", 91), key("signer2.kms.example", 92)],
        ),
        signed(
            "statement_by_keys_under_other_names_fail",
            vec![key("a.example", 1), key("b.example", 2)],
        ),
    ]
}

fn contradictions() -> Vec<Case> {
    let said = |name, fault, change: fn(&mut Release)| {
        of_world(name, Some(fault), |world| {
            let mut release = Release::of(&world.manifest).unwrap();
            change(&mut release);
            world.statement = Some(Statement::Release(release).to_string());
        })
    };
    vec![
        said("statement_of_another_manifest_fail", Fault::StatementManifest, |said| {
            said.manifest = Sha256::of(b"another");
        }),
        of_files("manifest_changed_by_one_digit_fail", Fault::StatementManifest, |files| {
            files.edit_manifest("rustc 1.95.0", "rustc 1.95.1");
        }),
        said("statement_of_another_deployment_fail", Fault::StatementOrigin, |said| {
            said.origin = "https://other.example".parse().unwrap();
        }),
        said("statement_of_another_epoch_fail", Fault::StatementEpoch, |said| said.epoch = 3),
        said("statement_of_another_version_fail", Fault::StatementVersion, |said| {
            said.version = "9".into();
        }),
        said("statement_of_another_previous_fail", Fault::StatementPrevious, |said| {
            said.previous = None;
        }),
    ]
}
