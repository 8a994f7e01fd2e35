//! Encryption, codes, sealing, and keys from keys, each checked against software that is not the
//! enclave.

use anyhow::{Context as _, Result, anyhow, ensure};
use base64ct::{Base64, Encoding as _};
use kms_crypto::{
    CryptoError, CryptoProvider, KeyKind, PublicKey, SecretBytes,
    hpke::{self, Binding},
    software::{SoftwareKey, SoftwareProvider},
};
use kms_testkit::seeded_provider;
use pollster::block_on;
use serde_json::{Value, json};

use super::pairs;
use crate::{
    scenario::scenarios,
    session::{Session, from_base64},
    vault_ui::VaultUi,
    world::World,
};

scenarios!("operations": encryption_codes_and_data_keys, keys_from_keys_and_sealing);

pub(super) const TEXT: &[u8] = b"some text";
const USER: &[u8] = b"\xa1\x64user\x617";

pub(super) fn sent(bytes: &[u8]) -> Value {
    json!({"bytes": Base64::encode_string(bytes)})
}

pub(super) fn received(answer: &Value) -> Result<Vec<u8>> {
    from_base64(answer["bytes"].as_str().with_context(|| answer.to_string())?)
}

pub(super) fn failed(error: CryptoError) -> anyhow::Error {
    anyhow!("{error}")
}

/// A key of this side, of which the enclave learns the public half.
struct Outsider {
    software: SoftwareProvider,
    key: SoftwareKey,
    public: PublicKey,
}

impl Outsider {
    fn new(kind: KeyKind) -> Result<Self> {
        let software = seeded_provider(7);
        let key = SoftwareKey::generate(kind, |out| software.fill_random(out)).map_err(failed)?;
        let public = key.public_key().map_err(failed)?.context("no public half")?;
        Ok(Self { software, key, public })
    }

    /// Takes a key out of the enclave, as its policy allows.
    async fn take_out(&self, session: &Session<'_>, id: &Value, spec: &str) -> Result<SoftwareKey> {
        let params = json!({"keyId": id, "recipient": sent(self.public.raw())});
        let sealed = received(&session.call("keys.export", params).await?["sealed"])?;
        let aad = [&[0x82, 0x60 + u8::try_from(spec.len())?], spec.as_bytes(), b"\xa0"].concat();
        let binding = Binding { info: b"ats-kms/v1/key", aad: &aad };
        let key = (&self.key, &self.public);
        let opened = block_on(hpke::open(&self.software, key, binding, &sealed)).map_err(failed)?;
        let secret = SecretBytes::copy_of(opened.expose()).map_err(failed)?;
        let kind = if spec == "aes-256" { KeyKind::Aes256 } else { KeyKind::HmacSha256 };
        SoftwareKey::from_secret(kind, secret).map_err(failed)
    }
}

pub(super) async fn create(session: &Session<'_>, spec: &str, uses: &[&str]) -> Result<Value> {
    let params = json!({"spec": spec, "policy": {"operations": uses}});
    Ok(session.call("keys.create", params).await?["keyId"].take())
}

pub(super) async fn mac(session: &Session<'_>, id: &Value) -> Result<Vec<u8>> {
    let made = session.call("mac", json!({"keyId": id, "data": sent(TEXT)})).await?;
    received(&made["mac"])
}

/// The same code in software.
fn mac_of(key: &SoftwareKey) -> Result<Vec<u8>> {
    Ok(block_on(seeded_provider(1).mac(key, TEXT)).map_err(failed)?.to_vec())
}

fn code_key(secret: SecretBytes<32>) -> Result<SoftwareKey> {
    SoftwareKey::from_secret(KeyKind::HmacSha256, secret).map_err(failed)
}

async fn encryption_codes_and_data_keys(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let key = encryption(&session).await?;
    codes(&session).await?;
    data_keys(&session).await?;
    told_to_the_person(&session, VaultUi(page), &key).await?;
    let random = session.call("random", json!({"length": 4096})).await?;
    let bytes = received(&random["bytes"])?;
    ensure!(bytes.len() == 4096 && bytes.iter().any(|byte| *byte != bytes[0]));
    ensure!(session.call("audit.verify", json!({})).await?.is_object());
    Ok(())
}

/// The page of a key says in words what it is for, and shows no public key where there is none.
async fn told_to_the_person(session: &Session<'_>, ui: VaultUi<'_>, key: &Value) -> Result<()> {
    let id = key.as_str().context("no id")?;
    session.begin("keys.manage").await?;
    ui.press_on("keys", &format!("[id='key-{id}']")).await?;
    let page = ui.text_of("key", "body").await?;
    for words in
        ["AES-256 encryption", "encrypting and decrypting", "leaving the vault", "Version 2"]
    {
        ensure!(page.contains(words), "{words:?} is not in {page}");
    }
    ensure!(!page.contains("Public key"), "{page}");
    ui.press_on("key", "#cancel").await?;
    session.ended().await
}

async fn encryption(session: &Session<'_>) -> Result<Value> {
    let id = create(session, "aes-256", &["encrypt", "decrypt", "export"]).await?;
    let context = json!({"user": "7"});
    let params = json!({"keyId": id, "plaintext": sent(TEXT), "context": context});
    let made = session.call("encrypt", params).await?;
    let old = received(&made["ciphertext"])?;
    ensure!(made["version"] == 1 && old[..5] == [1, 0, 0, 0, 1], "{made}");
    let outsider = Outsider::new(KeyKind::HpkeX25519)?;
    let key = outsider.take_out(session, &id, "aes-256").await?;
    let name = id.as_str().context("no id")?.as_bytes();
    let aad = [&b"\x84\x72ats-kms/v1/encrypt\x76"[..], name, b"\x01", USER].concat();
    let read = block_on(outsider.software.decrypt(&key, &aad, &old[5..])).map_err(failed)?;
    ensure!(read.expose() == TEXT, "the form is as documented");
    session.call("keys.rotate", json!({"keyId": id})).await?;
    let whole = |bytes: &[u8]| json!({"keyId": id, "ciphertext": sent(bytes), "context": context});
    let new = session.call("rewrap", whole(&old)).await?;
    ensure!(new["version"] == 2, "{new}");
    for ciphertext in [&old, &received(&new["ciphertext"])?] {
        let read = session.call("decrypt", whole(ciphertext)).await?;
        ensure!(received(&read["plaintext"])? == TEXT);
        let bare = json!({"keyId": id, "ciphertext": sent(ciphertext)});
        ensure!(session.refusal("decrypt", bare).await? == "invalid_ciphertext");
    }
    for cut in [0, 4, 5, 16, 17, 32] {
        ensure!(session.refusal("decrypt", whole(&old[..cut])).await? == "invalid_ciphertext");
    }
    Ok(id)
}

async fn codes(session: &Session<'_>) -> Result<()> {
    let id = create(session, "hmac-sha256", &["mac", "verify_mac", "export"]).await?;
    let made = mac(session, &id).await?;
    let key = Outsider::new(KeyKind::HpkeX25519)?.take_out(session, &id, "hmac-sha256").await?;
    ensure!(made == mac_of(&key)?, "the code is HMAC-SHA-256");
    let ask = |mac: &[u8]| json!({"keyId": id, "data": sent(TEXT), "mac": sent(mac)});
    ensure!(session.call("verify_mac", ask(&made)).await?["valid"] == true);
    for wrong in [&made[..31], &[], &[0; 32]] {
        ensure!(session.call("verify_mac", ask(wrong)).await?["valid"] == false);
    }
    Ok(())
}

async fn data_keys(session: &Session<'_>) -> Result<()> {
    let id = create(session, "aes-256", &["data_key", "data_key_plaintext", "decrypt"]).await?;
    let wrapped = session.call("data_keys.generate", json!({"keyId": id})).await?;
    ensure!(wrapped["plaintext"].is_null(), "{wrapped}");
    let asked = json!({"keyId": id, "withPlaintext": true});
    let made = session.call("data_keys.generate", asked).await?;
    let read = json!({"keyId": id, "wrapped": made["wrapped"]});
    let bare = session.call("data_keys.decrypt", read).await?;
    ensure!(received(&bare["plaintext"])?.len() == 32 && bare["plaintext"] == made["plaintext"]);
    let decrypt = json!({"keyId": id, "ciphertext": made["wrapped"]});
    ensure!(session.refusal("decrypt", decrypt).await? == "invalid_ciphertext");
    Ok(())
}

async fn keys_from_keys_and_sealing(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let session = Session::unlocked(world.page()?, &stage).await?;
    agreement(&session, "x25519", KeyKind::X25519).await?;
    agreement(&session, "ec-p256-agreement", KeyKind::EcP256Agreement).await?;
    derivation(&session).await?;
    sealing(&session, "hpke-x25519", KeyKind::HpkeX25519).await?;
    sealing(&session, "hpke-x-wing", KeyKind::HpkeXWing).await?;
    moving(&session).await?;
    ensure!(session.call("audit.verify", json!({})).await?.is_object());
    Ok(())
}

/// Both sides have the same key, and this one computes it.
async fn agreement(session: &Session<'_>, spec: &str, kind: KeyKind) -> Result<()> {
    let id = create(session, spec, &["agree"]).await?;
    let public = session.call("keys.public_key", json!({"keyId": id})).await?;
    let theirs = PublicKey::from_raw(kind, &received(&public["raw"])?).map_err(failed)?;
    let ours = Outsider::new(kind)?;
    let params = json!({
        "keyId": id, "peer": sent(ours.public.raw()), "context": {"user": "7"},
        "key": {"spec": "hmac-sha256"},
    });
    let agreed = session.call("keys.agree", params).await?;
    ensure!(agreed["origin"] == "derived" && agreed["kid"].is_null(), "{agreed}");
    let shared = block_on(ours.software.agree(&ours.key, &theirs)).map_err(failed)?;
    let mut halves = [theirs.raw(), ours.public.raw()];
    halves.sort_unstable();
    let mut info = b"\x85\x70ats-kms/v1/agree\x6bhmac-sha256".to_vec();
    for half in halves {
        info.extend([0x58, u8::try_from(half.len())?]);
        info.extend(half);
    }
    info.extend(USER);
    let secret = shared.derive(&[], &info).map_err(failed)?;
    ensure!(mac(session, &agreed["keyId"]).await? == mac_of(&code_key(secret)?)?, "{spec}");
    let mut bad = json!({"keyId": id, "key": {"spec": "aes-256"}});
    bad["peer"] = sent(&vec![0; theirs.raw().len()]);
    ensure!(session.refusal("keys.agree", bad).await? == "invalid_key");
    Ok(())
}

async fn derivation(session: &Session<'_>) -> Result<()> {
    let root = create(session, "hmac-sha256", &["derive", "export"]).await?;
    let params = json!({
        "keyId": root, "context": {"user": "7"}, "key": {"spec": "hmac-sha256"},
    });
    let derived = session.call("keys.derive", params).await?;
    let outsider = Outsider::new(KeyKind::HpkeX25519)?;
    let key = outsider.take_out(session, &root, "hmac-sha256").await?;
    let name = root.as_str().context("no id")?.as_bytes();
    let info =
        [&b"\x85\x71ats-kms/v1/derive\x6bhmac-sha256\x76"[..], name, b"\x01", USER, &[1]].concat();
    let block = block_on(outsider.software.mac(&key, &info)).map_err(failed)?;
    let expected = mac_of(&code_key(SecretBytes::copy_of(&block).map_err(failed)?)?)?;
    ensure!(mac(session, &derived["keyId"]).await? == expected, "HKDF-Expand of one block");
    let both = json!({"spec": "hmac-sha256", "policy": {"operations": ["derive", "mac"]}});
    ensure!(session.refusal("keys.create", both).await? == "invalid_params");
    Ok(())
}

async fn sealing(session: &Session<'_>, spec: &str, kind: KeyKind) -> Result<()> {
    let id = create(session, spec, &["seal", "open"]).await?;
    let public = session.call("keys.public_key", json!({"keyId": id})).await?;
    ensure!(public["jwk"].is_null(), "JOSE has no name for it: {public}");
    let raw = received(&public["raw"])?;
    let recipient = PublicKey::from_raw(kind, &raw).map_err(failed)?;
    let binding = Binding { info: b"ats-kms/v1/seal", aad: USER };
    let outside = block_on(hpke::seal(&seeded_provider(3), &recipient, binding, TEXT));
    let outside = outside.map_err(failed)?;
    let params = json!({"keyId": id, "plaintext": sent(TEXT), "context": {"user": "7"}});
    let inside = received(&session.call("seal", params).await?["sealed"])?;
    for sealed in [&outside, &inside] {
        let opened = json!({"keyId": id, "sealed": sent(sealed), "context": {"user": "7"}});
        ensure!(received(&session.call("open", opened).await?["plaintext"])? == TEXT);
        for cut in [0, 31, 32, 47, sealed.len() - 1] {
            let part = json!({"keyId": id, "sealed": sent(&sealed[..cut])});
            ensure!(session.refusal("open", part).await? == "invalid_ciphertext");
        }
    }
    Ok(())
}

async fn moving(session: &Session<'_>) -> Result<()> {
    let key = create(session, "hmac-sha256", &["mac", "export"]).await?;
    let wrapping = create(session, "aes-256", &["wrap", "unwrap", "decrypt"]).await?;
    let receiving = create(session, "hpke-x25519", &["import"]).await?;
    let expected = mac(session, &key).await?;
    let codes = json!({"spec": "hmac-sha256"});
    let asked = json!({"keyId": wrapping, "targetKeyId": key});
    let wrapped = session.call("keys.wrap", asked).await?["wrapped"].take();
    let copy = json!({"keyId": wrapping, "wrapped": wrapped, "key": codes});
    let copy = session.call("keys.unwrap", copy).await?;
    ensure!(copy["origin"] == "imported" && mac(session, &copy["keyId"]).await? == expected);
    let decrypt = json!({"keyId": wrapping, "ciphertext": wrapped});
    ensure!(session.refusal("decrypt", decrypt).await? == "invalid_ciphertext");
    let public = session.call("keys.public_key", json!({"keyId": receiving})).await?;
    let asked = json!({"keyId": key, "recipient": public["raw"]});
    let sealed = session.call("keys.export", asked).await?["sealed"].take();
    let moved = json!({"keyId": receiving, "sealed": sealed, "key": codes});
    let moved = session.call("keys.import", moved).await?;
    ensure!(mac(session, &moved["keyId"]).await? == expected);
    let stays = create(session, "hmac-sha256", &["mac"]).await?;
    let asked = json!({"keyId": stays, "recipient": public["raw"]});
    ensure!(session.denied_by("keys.export", asked).await? == "operation");
    pairs::move_each(session, (&wrapping, &receiving, &public["raw"])).await
}
