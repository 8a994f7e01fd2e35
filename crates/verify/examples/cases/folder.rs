//! The folder of cases: one small file for each, and the files that they share.

use std::collections::BTreeMap;

use base64ct::{Base64, Encoding};
use kms_manifest::Sha256;
use kms_verify::Fault;
use kms_verify::case::{Answer, Question};
use serde_json::{Value, json};

use crate::world::{Files, World};
use crate::{faults, passing};

/// A case: its name, what it has to come to, and its files.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) fault: Option<Fault>,
    pub(crate) files: Files,
}

/// A case that changes the world before its files are made.
pub(crate) fn of_world(
    name: &'static str,
    fault: Option<Fault>,
    change: impl FnOnce(&mut World),
) -> Case {
    let mut world = World::new();
    change(&mut world);
    Case { name, fault, files: world.files() }
}

/// A case that changes the files of a good release.
pub(crate) fn of_files(name: &'static str, fault: Fault, change: impl FnOnce(&mut Files)) -> Case {
    let mut files = World::new().files();
    change(&mut files);
    Case { name, fault: Some(fault), files }
}

/// Every file of the folder by its path.
pub(crate) fn all() -> BTreeMap<String, Vec<u8>> {
    let mut folder = BTreeMap::new();
    for case in passing::all().into_iter().chain(faults::all()) {
        let failing = case.name.ends_with("_fail");
        assert_eq!(failing, case.fault.is_some(), "{}", case.name);
        let answer = question(&case.files).answer().unwrap();
        let code = answer.code.as_deref();
        assert_eq!(code, case.fault.map(Fault::code), "{}", case.name);
        let text = serde_json::to_string_pretty(&entry(&case.files, &answer, &mut folder)).unwrap();
        let before = folder.insert(format!("{}.json", case.name), (text + "\n").into_bytes());
        assert!(before.is_none(), "{}", case.name);
    }
    folder
}

fn question(files: &Files) -> Question {
    let encode = |bytes: &Vec<u8>| Base64::encode_string(bytes);
    Question {
        policy: encode(&files.policy),
        manifest: encode(&files.manifest),
        proof: encode(&files.proof),
        growth: files.growth.as_ref().map(encode),
        revocations: (!files.withheld).then(|| files.revocations.iter().map(encode).collect()),
        mark: files.mark.as_ref().map(encode),
        now: files.now,
    }
}

/// The case's own file; the files that it names go to the folder, each once.
fn entry(files: &Files, answer: &Answer, folder: &mut BTreeMap<String, Vec<u8>>) -> Value {
    let mut put = |bytes: &Vec<u8>| {
        let name = format!("files/{}", &Sha256::of(bytes).to_hex()[..16]);
        folder.insert(name.clone(), bytes.clone());
        name
    };
    let mut case = json!({
        "policy": put(&files.policy),
        "manifest": put(&files.manifest),
        "proof": put(&files.proof),
        "growth": files.growth.as_ref().map(&mut put),
        "revocations": (!files.withheld)
            .then(|| files.revocations.iter().map(&mut put).collect::<Vec<_>>()),
        "mark": files.mark.as_ref().map(&mut put),
        "now": files.now,
    });
    case["answer"] = serde_json::to_value(answer).unwrap();
    case
}
