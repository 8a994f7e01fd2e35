//! A deployment with signers, a log and witnesses, and a release of it: what a case starts from.

use kms_manifest::{
    AssetEntry, Deployment, FileKind, HeaderSet, Manifest, Measurement, Origin, SCHEMA, Scripts,
    Sha256, Sha384, Status,
};
use kms_tlog::{
    Checkpoint, Hash, LogProof, Node, Note, Plan, SignerKey, leaf_hash, node_hash, write_hashes,
};
use kms_verify::{Mark, Release, Revocation, SeenRelease, SeenTree, Statement};
use serde_json::{Value, json};

pub(crate) const ORIGIN: &str = "https://kms.example";
pub(crate) const LOG: &str = "log.example/kms";
/// When the first witness has seen the release.
pub(crate) const SEEN: u64 = 1_800_000_000;
pub(crate) const HOUR: u64 = 3600;
pub(crate) const COOL_DOWN_HOURS: u64 = 24;

/// Everything that a case may change before its files are made.
pub(crate) struct World {
    pub(crate) policy: Value,
    pub(crate) manifest: Manifest,
    /// The text that the signers sign, where it is not the one of the manifest.
    pub(crate) statement: Option<String>,
    pub(crate) signers: Vec<SignerKey>,
    /// Entries before the release's and behind it.
    pub(crate) before: Vec<Vec<u8>>,
    pub(crate) behind: Vec<Vec<u8>>,
    pub(crate) log: SignerKey,
    pub(crate) checkpoint: Option<String>,
    /// Who has seen the checkpoint, and when.
    pub(crate) witnesses: Vec<(SignerKey, u64)>,
    pub(crate) revocations: Vec<Vec<u8>>,
    /// Size of the tree in the mark; 0 for no mark.
    pub(crate) seen_size: usize,
    pub(crate) seen_release: Option<SeenRelease>,
    pub(crate) now: u64,
}

/// The files of a case.
#[derive(Clone)]
pub(crate) struct Files {
    pub(crate) policy: Vec<u8>,
    pub(crate) manifest: Vec<u8>,
    pub(crate) proof: Vec<u8>,
    pub(crate) growth: Option<Vec<u8>>,
    pub(crate) revocations: Vec<Vec<u8>>,
    /// The list of revocations is not there.
    pub(crate) withheld: bool,
    pub(crate) mark: Option<Vec<u8>>,
    pub(crate) now: u64,
}

pub(crate) fn key(name: &str, seed: u8) -> SignerKey {
    SignerKey::new(name, &[seed; 32]).unwrap()
}

pub(crate) fn signer(number: u8) -> SignerKey {
    key(&format!("signer{number}.kms.example"), number)
}

pub(crate) fn witness(number: u8) -> SignerKey {
    key(&format!("witness{number}.example"), 20 + number)
}

pub(crate) fn note(text: &str, signers: &[SignerKey]) -> Vec<u8> {
    let lines = signers.iter().map(|key| key.sign(text)).collect();
    Note::new(text, lines).unwrap().to_string().into_bytes()
}

pub(crate) fn revocation(origin: &str, manifest: Sha256) -> String {
    let origin = origin.parse().unwrap();
    let reason = "the build was not ours".to_owned();
    Statement::Revocation(Revocation { origin, manifest, reason }).to_string()
}

/// A release of this epoch that follows the one before.
pub(crate) fn manifest(epoch: u64) -> Manifest {
    let previous = (epoch > 1).then(|| manifest(epoch - 1).digest().unwrap());
    let origin: Origin = ORIGIN.parse().unwrap();
    let embedders: Vec<Origin> = vec!["https://app.example".parse().unwrap()];
    let body = |kind: FileKind| format!("{kind:?} of epoch {epoch}").into_bytes();
    let integrity = |kind| Sha384::of(&body(kind));
    let scripts = Scripts {
        module: integrity(FileKind::Module),
        tools: integrity(FileKind::Tools),
        enrol: integrity(FileKind::EnrolScript),
    };
    let entry = |kind: FileKind| AssetEntry {
        path: kind.path(&Sha256::of(&body(kind))),
        sha256: Sha256::of(&body(kind)),
        sha384: integrity(kind),
        size: body(kind).len() as u64,
        media_type: kind.media_type().to_owned(),
    };
    let mut assets = FileKind::ASSETS.map(entry).to_vec();
    assets.sort_by(|a, b| a.path.cmp(&b.path));
    let tools = Measurement { worker: Sha256::of(b"tools worker"), wasm: Sha256::of(b"tools") };
    let wasm = Sha256::of(b"wasm");
    Manifest {
        schema: SCHEMA,
        version: format!("1.{epoch}.0"),
        epoch,
        commit: "unknown".to_owned(),
        toolchain: "rustc 1.95.0".to_owned(),
        headers: HeaderSet::new(&origin, &embedders, &scripts),
        deployment: Deployment { origin, embedders, signers: None },
        assets,
        worker: Sha256::of(b"worker"),
        wasm,
        tools,
        wasm_hashes: vec![wasm.to_base64url(), tools.wasm.to_base64url()],
        previous,
        status: Status::default(),
    }
}

fn policy() -> Value {
    let keys: Vec<_> = (1..=3).map(|number| signer(number).verifier().to_string()).collect();
    let mut lines = vec![format!("log {}", key(LOG, 10).verifier())];
    lines.extend((1..=3).map(|it| format!("witness W{it} {}", witness(it).cosigner())));
    lines.extend(["group two 2 W1 W2 W3", "quorum two"].map(str::to_owned));
    json!({
        "schema": 1,
        "origin": ORIGIN,
        "signers": { "threshold": 2, "keys": keys },
        "transparency": lines,
        "cool_down_hours": COOL_DOWN_HOURS,
    })
}

/// Root of a perfect subtree.
fn subtree(leaves: &[Hash], Node { level, index }: Node) -> Hash {
    let start = usize::try_from(index << level).unwrap();
    let mut row = leaves[start..start + (1 << level)].to_vec();
    while row.len() > 1 {
        row = row.chunks(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
    }
    row[0]
}

pub(crate) fn proof_of(leaves: &[Hash], plan: &Plan) -> Vec<Hash> {
    let nodes: Vec<_> = plan.nodes().map(|node| subtree(leaves, node)).collect();
    plan.join(&nodes).unwrap()
}

fn root(leaves: &[Hash]) -> Hash {
    proof_of(leaves, &Plan::root(leaves.len() as u64).unwrap())[0]
}

impl World {
    /// The second release, at place 3 of a log of 6, to somebody who has seen the first one at a
    /// size of 3.
    pub(crate) fn new() -> Self {
        let first = manifest(1);
        let said = Statement::Release(Release::of(&first).unwrap()).to_string();
        let other = |name: &str| name.as_bytes().to_vec();
        Self {
            policy: policy(),
            manifest: manifest(2),
            statement: None,
            signers: vec![signer(1), signer(2)],
            before: vec![other("one"), note(&said, &[signer(1), signer(2)]), other("three")],
            behind: vec![other("five"), other("six")],
            log: key(LOG, 10),
            checkpoint: None,
            witnesses: vec![(witness(1), SEEN), (witness(2), SEEN + HOUR)],
            revocations: Vec::new(),
            seen_size: 3,
            seen_release: Some(SeenRelease { epoch: 1, manifest: first.digest().unwrap() }),
            now: SEEN + HOUR + COOL_DOWN_HOURS * HOUR,
        }
    }

    pub(crate) fn entry(&self) -> Vec<u8> {
        let own = || Statement::Release(Release::of(&self.manifest).unwrap()).to_string();
        note(&self.statement.clone().unwrap_or_else(own), &self.signers)
    }

    pub(crate) fn leaves(&self) -> Vec<Hash> {
        let entries = self.before.iter().cloned().chain([self.entry()]);
        entries.chain(self.behind.iter().cloned()).map(|entry| leaf_hash(&entry)).collect()
    }

    pub(crate) fn tree(&self, size: usize) -> SeenTree {
        SeenTree { size: size as u64, root: root(&self.leaves()[..size]).into() }
    }

    pub(crate) fn mark(&self) -> Mark {
        let mut mark = Mark::new(&ORIGIN.parse().unwrap());
        mark.release = self.seen_release;
        mark.logs.insert(LOG.to_owned(), self.tree(self.seen_size));
        mark
    }

    pub(crate) fn proof(&self) -> LogProof {
        let leaves = self.leaves();
        let index = self.before.len() as u64;
        let size = leaves.len() as u64;
        let text = Checkpoint::new(LOG, size, root(&leaves)).to_string();
        let text = self.checkpoint.clone().unwrap_or(text);
        let mut lines = vec![self.log.sign(&text)];
        lines.extend(self.witnesses.iter().map(|(key, time)| key.cosign(&text, *time)));
        let path = proof_of(&leaves, &Plan::inclusion(index, size).unwrap());
        let checkpoint = Note::new(&text, lines).unwrap();
        LogProof { extra: Some(self.entry()), index, path, checkpoint }
    }

    pub(crate) fn files(&self) -> Files {
        let leaves = self.leaves();
        let growth = Plan::consistency(self.seen_size as u64, leaves.len() as u64).unwrap();
        let seen = self.seen_size > 0;
        Files {
            policy: serde_json::to_vec_pretty(&self.policy).unwrap(),
            manifest: self.manifest.to_bytes().unwrap(),
            proof: self.proof().to_string().into_bytes(),
            growth: seen.then(|| write_hashes(&proof_of(&leaves, &growth)).into_bytes()),
            revocations: self.revocations.clone(),
            withheld: false,
            mark: seen.then(|| self.mark().to_json().unwrap().into_bytes()),
            now: self.now,
        }
    }
}

impl Files {
    /// Replaces a part of the proof's text, which has to be there.
    pub(crate) fn edit_proof(&mut self, from: &str, to: &str) {
        let text = String::from_utf8(self.proof.clone()).unwrap();
        assert!(text.contains(from), "{from}");
        self.proof = text.replacen(from, to, 1).into_bytes();
    }

    /// Replaces a part of the manifest, which has to be there.
    pub(crate) fn edit_manifest(&mut self, from: &str, to: &str) {
        let text = String::from_utf8(self.manifest.clone()).unwrap();
        assert!(text.contains(from), "{from}");
        self.manifest = text.replacen(from, to, 1).into_bytes();
    }
}
