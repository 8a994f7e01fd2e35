//! Checkpoints that the vault signs, and proofs about them.

use std::rc::Rc;

use base64ct::{Base64UrlUnpadded, Encoding};
use kms_crypto::labels::{self, Label};
use kms_crypto::{CryptoProvider, SecretBytes};
use kms_protocol::{
    ConsistencyProof, ErrorCode, InclusionProof, ProveConsistencyParams, ProveInclusionParams,
    SignedCheckpoint,
};
use kms_tlog::{Checkpoint, Note, Plan, VerifierKey};
use sha2::{Digest, Sha256};

use super::entry::Head;
use crate::enclave::Inner;
use crate::state::UnlockedVault;
use crate::{Error, Ports};

const INVALID: Error = Error::Code(ErrorCode::InvalidParams);
/// What the names of vaults as logs begin with. The domain is reserved (RFC 2606, section 2), so
/// that no such name is an address.
const ORIGIN: &str = "ats-kms.invalid/vault/";

/// The key that signs checkpoints, and nothing else.
pub(crate) struct CheckpointKey<S> {
    signer: S,
    verifier: VerifierKey,
}

impl<S> CheckpointKey<S> {
    /// The key of the vault with this RootKey. It is named after itself: the name tells nothing
    /// that the key does not.
    pub(crate) async fn derive<C: CryptoProvider<Key = S>>(
        crypto: &C,
        root: &SecretBytes<32>,
    ) -> Result<Self, Error> {
        let seed = labels::derive(root, Label::CheckpointKey);
        let (signer, public) = crypto.import_ed25519(&seed).await?;
        let hash = Sha256::digest(public.raw());
        let id = Base64UrlUnpadded::encode_string(hash.split_at(16).0);
        let public = public.raw().try_into().map_err(|_| ErrorCode::Internal)?;
        let verifier = VerifierKey::new(&format!("{ORIGIN}{id}"), public);
        Ok(Self { signer, verifier: verifier.map_err(|_| ErrorCode::Internal)? })
    }
}

impl<P: Ports> Inner<P> {
    /// Signs the state of the log after everything that waited was written.
    pub(crate) async fn sign_checkpoint(self: &Rc<Self>) -> Result<SignedCheckpoint, Error> {
        let vault = self.unlocked()?;
        let head = self.settled_head(&vault).await?;
        self.sign_head(&vault, &head).await
    }

    /// Signs a state of the log.
    pub(super) async fn sign_head(
        &self,
        vault: &UnlockedVault<P>,
        head: &Head,
    ) -> Result<SignedCheckpoint, Error> {
        let key = vault.secrets()?.checkpoint;
        let text = Checkpoint::new(key.verifier.name(), head.count(), head.tree.root()).to_string();
        let signature = self.ports.crypto().sign(&key.signer, text.as_bytes()).await?;
        let note = Note::new(&text, vec![key.verifier.signature(signature)]);
        let note = note.map_err(|_| ErrorCode::Internal)?.to_string();
        vault.still_open()?;
        Ok(SignedCheckpoint { note, verifier_key: key.verifier.to_string() })
    }

    /// Proves that an entry is in the tree of so many.
    pub(crate) async fn prove_inclusion(
        self: &Rc<Self>,
        params: ProveInclusionParams,
    ) -> Result<InclusionProof, Error> {
        let ProveInclusionParams { seq, size } = params;
        let index = seq.checked_sub(1).ok_or(INVALID)?;
        let plan = |size| Plan::inclusion(index, size);
        let (size, hashes) = self.prove_planned(size, plan).await?;
        Ok(InclusionProof { seq, size, hashes })
    }

    /// Proves that the tree of so many entries begins with that of fewer.
    pub(crate) async fn prove_consistency(
        self: &Rc<Self>,
        params: ProveConsistencyParams,
    ) -> Result<ConsistencyProof, Error> {
        let ProveConsistencyParams { from, to } = params;
        let plan = |size| Plan::consistency(from, size);
        let (to, hashes) = self.prove_planned(to, plan).await?;
        Ok(ConsistencyProof { from, to, hashes })
    }

    async fn prove_planned(
        self: &Rc<Self>,
        size: Option<u64>,
        plan: impl Fn(u64) -> Option<Plan>,
    ) -> Result<(u64, Vec<Vec<u8>>), Error> {
        let vault = self.unlocked()?;
        let head = self.settled_head(&vault).await?;
        let size = size.unwrap_or(head.count());
        let plan = plan(size).filter(|_| size <= head.count()).ok_or(INVALID)?;
        let edge = self.edge(&vault).await?;
        let hashes = self.prove(&vault, &edge, &plan).await?;
        vault.still_open()?;
        Ok((size, hashes.into_iter().map(Vec::from).collect()))
    }
}
