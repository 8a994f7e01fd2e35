//! The enclave against other people's libraries: `@noble/*`, `jose`, `@hpke/core`. Inputs are random;
//! their seed is printed and can be given again. The other side is written from docs/formats.md
//! (`tests/peers`), and runs the example there as it stands.

mod moves;
mod streams;

use anyhow::{Context as _, Result, ensure};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde_json::{Value, json};

use crate::{
    peer::{Inputs, Peer},
    probe::calls,
    scenario::scenarios,
    session::{Session, from_base64, to_page},
    world::World,
};

use self::{
    moves::{keys_that_move, rewrapped_ciphertexts},
    streams::streams,
};

scenarios!(
    "differential": signatures_and_names, ciphertexts_and_data_keys, rewrapped_ciphertexts, streams,
    codes_and_derived_keys, agreed_keys, sealed_messages, keys_that_move,
    signatures_and_messages_of_others,
);

/// The KEMs of keys that open: one is of `@hpke/core`, X-Wing of `@noble/post-quantum`.
const KEMS: [&str; 2] = ["hpke-x25519", "hpke-x-wing"];

/// How often each comparison is made.
const ROUNDS: usize = 8;

/// The three sides of a comparison.
struct Sides<'a> {
    session: Session<'a>,
    peer: Peer,
    inputs: Inputs,
}

impl Sides<'_> {
    /// A new key with these uses: its name, and the public half where there is one.
    async fn create(&self, spec: &str, uses: &[&str]) -> Result<(Value, Value)> {
        let params = json!({"spec": spec, "policy": {"operations": uses}});
        let id = self.session.call("keys.create", params).await?["keyId"].take();
        if spec == "aes-256" || spec == "hmac-sha256" {
            return Ok((id, Value::Null));
        }
        let public = self.session.call("keys.public_key", json!({"keyId": id})).await?;
        Ok((id, public))
    }

    /// The bytes of a key that may leave, opened by `@hpke/core`.
    async fn take_out(&self, id: &Value, spec: &str) -> Result<Value> {
        self.take_out_to(KEMS[self.inputs.below(KEMS.len())?], id, spec).await
    }

    /// The same, sealed to a key with this KEM.
    async fn take_out_to(&self, kem: &str, id: &Value, spec: &str) -> Result<Value> {
        let secret = to_page(&self.inputs.bytes(32)?);
        let context = self.inputs.context()?;
        let raw = self.peer.ask("half", json!({"spec": kem, "secret": secret}))?;
        let params = json!({"keyId": id, "recipient": raw, "context": context});
        let sealed = self.session.call("keys.export", params).await?["sealed"].take();
        let asked = json!({
            "secret": secret, "to": kem, "spec": spec, "context": context, "sealed": sealed,
        });
        self.peer.ask("openKey", asked)
    }
}

/// Runs a comparison; an error names the seed.
async fn compare(
    world: &mut World,
    comparison: impl AsyncFnOnce(&Sides<'_>) -> Result<()>,
) -> Result<()> {
    let stage = world.stage()?;
    let session = Session::unlocked(world.page()?, &stage).await?;
    let sides = Sides { session, peer: Peer::start()?, inputs: Inputs::new()? };
    comparison(&sides).await.with_context(|| format!("seed {}", sides.inputs.seed))
}

async fn signatures_and_names(world: &mut World) -> Result<()> {
    compare(world, async |sides| {
        for spec in ["ed25519", "ec-p256"] {
            for _ in 0..ROUNDS {
                signature(sides, spec).await.context(spec)?;
            }
        }
        Ok(())
    })
    .await
}

async fn signature(sides: &Sides<'_>, spec: &str) -> Result<()> {
    let Sides { session, peer, inputs } = sides;
    let (id, public) = sides.create(spec, &["sign"]).await?;
    let (mut message, data) = inputs.message()?;
    let signed = session.call("sign", json!({"keyId": id, "data": data})).await?;
    let ask = |message: &[u8]| {
        json!({
            "spec": spec, "raw": public["raw"], "message": to_page(message),
            "signature": signed["signature"],
        })
    };
    ensure!(peer.ask("verify", ask(&message))? == true, "{signed}");
    message.push(0);
    ensure!(peer.ask("verify", ask(&message))? == false, "another message");

    let jwk = &public["jwk"];
    ensure!(peer.ask("thumbprint", json!({"jwk": jwk}))? == jwk["kid"], "{jwk}");
    let read = peer.ask("fromPem", json!({"pem": public["pem"], "alg": jwk["alg"]}))?;
    for member in ["kty", "crv", "x", "y"] {
        ensure!(read[member] == jwk[member], "the PEM is of another key: {public}");
    }
    let header = json!({"alg": jwk["alg"], "kid": jwk["kid"]}).to_string();
    let text = Base64UrlUnpadded::encode_string;
    let input = format!("{}.{}", text(header.as_bytes()), text(&message));
    let params = json!({"keyId": id, "data": to_page(input.as_bytes())});
    let signature = session.call("sign", params).await?;
    let signature = from_base64(signature["signature"]["bytes"].as_str().context("none")?)?;
    let token = format!("{input}.{}", text(&signature));
    let payload = peer.bytes("token", json!({"jwk": jwk, "token": token}))?;
    ensure!(payload == message, "jose read something else");
    Ok(())
}

async fn ciphertexts_and_data_keys(world: &mut World) -> Result<()> {
    compare(world, async |sides| {
        let uses =
            ["encrypt", "decrypt", "data_key", "data_key_plaintext", "wrap", "unwrap", "export"];
        let (id, _) = sides.create("aes-256", &uses).await?;
        let key = sides.take_out(&id, "aes-256").await?;
        for _ in 0..ROUNDS {
            ciphertext(sides, &id, &key).await.context("ciphertext")?;
            data_key(sides, &id, &key).await.context("data key")?;
            wrapped_key(sides, &id, &key).await.context("wrapped key")?;
        }
        Ok(())
    })
    .await
}

async fn ciphertext(sides: &Sides<'_>, id: &Value, key: &Value) -> Result<()> {
    let Sides { session, peer, inputs } = sides;
    let (_, plaintext) = inputs.message()?;
    let context = inputs.context()?;
    let params = json!({"keyId": id, "plaintext": plaintext, "context": context});
    let made = session.call("encrypt", params).await?;
    let asked = json!({
        "key": key, "label": "ats-kms/v1/encrypt", "keyId": id, "context": context,
        "ciphertext": made["ciphertext"],
    });
    ensure!(peer.ask("decrypt", asked)? == plaintext, "{context}");
    let asked = json!({
        "key": key, "label": "ats-kms/v1/encrypt", "keyId": id, "version": 1,
        "context": context, "nonce": to_page(&inputs.bytes(12)?), "plaintext": plaintext,
    });
    let theirs = peer.ask("encrypt", asked)?;
    let params = json!({"keyId": id, "ciphertext": theirs, "context": context});
    ensure!(session.call("decrypt", params).await?["plaintext"] == plaintext, "{context}");
    Ok(())
}

async fn data_key(sides: &Sides<'_>, id: &Value, key: &Value) -> Result<()> {
    let Sides { session, peer, inputs } = sides;
    let context = inputs.context()?;
    let params = json!({"keyId": id, "context": context, "withPlaintext": true});
    let made = session.call("data_keys.generate", params).await?;
    let asked = json!({
        "key": key, "label": "ats-kms/v1/data-key", "keyId": id, "context": context,
        "ciphertext": made["wrapped"],
    });
    ensure!(peer.ask("decrypt", asked)? == made["plaintext"], "{context}");
    Ok(())
}

async fn wrapped_key(sides: &Sides<'_>, id: &Value, key: &Value) -> Result<()> {
    let Sides { session, peer, inputs } = sides;
    let (inner, _) = sides.create("hmac-sha256", &["mac", "export"]).await?;
    let context = inputs.context()?;
    let params = json!({"keyId": id, "targetKeyId": inner, "context": context});
    let wrapped = session.call("keys.wrap", params).await?["wrapped"].take();
    let label = "ats-kms/v1/wrap/hmac-sha256";
    let asked = json!({
        "key": key, "label": label, "keyId": id, "context": context, "ciphertext": wrapped,
    });
    let bare = peer.ask("decrypt", asked)?;
    ensure!(bare == sides.take_out(&inner, "hmac-sha256").await?, "another key came out");
    let theirs = to_page(&inputs.bytes(32)?);
    let asked = json!({
        "key": key, "label": label, "keyId": id, "version": 1, "context": context,
        "nonce": to_page(&inputs.bytes(12)?), "plaintext": theirs,
    });
    let wrapped = peer.ask("encrypt", asked)?;
    let as_code = json!({"spec": "hmac-sha256"});
    let params = json!({"keyId": id, "wrapped": wrapped, "context": context, "key": as_code});
    let made = session.call("keys.unwrap", params).await?;
    same_code(sides, &made["keyId"], &theirs).await
}

/// The enclave's code by a key is noble's by these bytes.
async fn same_code(sides: &Sides<'_>, id: &Value, key: &Value) -> Result<()> {
    let Sides { session, peer, inputs } = sides;
    let (_, message) = inputs.message()?;
    let made = session.call("mac", json!({"keyId": id, "data": message})).await?;
    let theirs = peer.ask("hmac", json!({"key": key, "message": message}))?;
    ensure!(made["mac"] == theirs, "{made}");
    let params = json!({"keyId": id, "data": message, "mac": theirs});
    let verdict = session.call("verify_mac", params).await?;
    ensure!(verdict["valid"] == true, "theirs is not accepted");
    Ok(())
}

/// What a derived key can be, its purpose, and its uses.
const PURPOSES: [(&str, &str, &[&str]); 3] = [
    ("aes-256", "aes-256", &["encrypt", "decrypt"]),
    ("hmac-sha256", "hmac-sha256", &["mac", "verify_mac"]),
    ("hmac-sha256", "hmac-sha256/derive", &["derive"]),
];

/// The enclave's key for a purpose is these bytes.
async fn same_key(sides: &Sides<'_>, id: &Value, purpose: &str, key: &Value) -> Result<()> {
    match purpose {
        "aes-256" => ciphertext(sides, id, key).await,
        "hmac-sha256" => same_code(sides, id, key).await,
        _ => {
            let (_, purpose, uses) = PURPOSES[1];
            let (child, theirs) = derived(sides, (id, key), (purpose, purpose, uses)).await?;
            same_code(sides, &child, &theirs).await
        }
    }
}

/// A key that the enclave derives from another, and its bytes as the other side has them.
async fn derived(
    sides: &Sides<'_>,
    (root, root_key): (&Value, &Value),
    (spec, purpose, uses): (&str, &str, &[&str]),
) -> Result<(Value, Value)> {
    let context = sides.inputs.context()?;
    let key = json!({"spec": spec, "policy": {"operations": uses}});
    let params = json!({"keyId": root, "context": context, "key": key});
    let made = sides.session.call("keys.derive", params).await?["keyId"].take();
    let asked = json!({
        "key": root_key, "keyId": root, "version": 1, "purpose": purpose, "context": context,
    });
    Ok((made, sides.peer.ask("derived", asked)?))
}

async fn codes_and_derived_keys(world: &mut World) -> Result<()> {
    compare(world, async |sides| {
        let (codes, _) = sides.create("hmac-sha256", &["mac", "verify_mac", "export"]).await?;
        let code_key = sides.take_out(&codes, "hmac-sha256").await?;
        let (root, _) = sides.create("hmac-sha256", &["derive", "export"]).await?;
        let root_key = sides.take_out(&root, "hmac-sha256").await?;
        for _ in 0..ROUNDS {
            same_code(sides, &codes, &code_key).await?;
            for what in PURPOSES {
                let (made, theirs) = derived(sides, (&root, &root_key), what).await?;
                same_key(sides, &made, what.1, &theirs).await.context(what.1)?;
            }
        }
        Ok(())
    })
    .await
}

async fn agreed_keys(world: &mut World) -> Result<()> {
    compare(world, async |sides| {
        for curve in ["x25519", "ec-p256-agreement"] {
            for round in 0..ROUNDS {
                agreement(sides, curve, PURPOSES[round % PURPOSES.len()]).await.context(curve)?;
            }
        }
        Ok(())
    })
    .await
}

async fn agreement(
    sides: &Sides<'_>,
    curve: &str,
    (spec, purpose, uses): (&str, &str, &[&str]),
) -> Result<()> {
    let Sides { session, peer, inputs } = sides;
    let (id, public) = sides.create(curve, &["agree"]).await?;
    let (secret, context) = (to_page(&inputs.bytes(32)?), inputs.context()?);
    let half = peer.ask("half", json!({"spec": curve, "secret": secret}))?;
    let key = json!({"spec": spec, "policy": {"operations": uses}});
    let params = json!({"keyId": id, "peer": half, "context": context, "key": key});
    let made = session.call("keys.agree", params).await?;
    let asked = json!({
        "spec": curve, "secret": secret, "peer": public["raw"], "purpose": purpose,
        "context": context,
    });
    same_key(sides, &made["keyId"], purpose, &peer.ask("agreed", asked)?).await.context("key")
}

async fn sealed_messages(world: &mut World) -> Result<()> {
    compare(world, async |sides| {
        let Sides { session, peer, inputs } = sides;
        ensure!(peer.ask("contextIsAsWritten", json!({}))? == true, "docs/formats.md, Context");
        for kem in KEMS {
            let (id, public) = sides.create(kem, &["seal", "open", "import", "export"]).await?;
            let secret = sides.take_out(&id, kem).await?;
            for _ in 0..ROUNDS {
                sealed(sides, (kem, &id), (&secret, &public["raw"])).await.context(kem)?;
            }
        }
        let (id, public) = sides.create("hpke-x25519", &["open"]).await?;
        let (_, plaintext) = inputs.message()?;
        let asked = json!({"raw": public["raw"], "plaintext": plaintext});
        let by_example = peer.ask("sealByExample", asked)?;
        let opened = session.call("open", json!({"keyId": id, "sealed": by_example})).await?;
        ensure!(opened["plaintext"] == plaintext, "the example of docs/formats.md");
        Ok(())
    })
    .await
}

/// Each side opens what the other sealed: a message, and a key that comes in.
async fn sealed(
    sides: &Sides<'_>,
    (kem, id): (&str, &Value),
    (secret, raw): (&Value, &Value),
) -> Result<()> {
    let Sides { session, peer, inputs } = sides;
    let ((_, plaintext), context) = (inputs.message()?, inputs.context()?);
    let asked = json!({"raw": raw, "to": kem, "context": context, "plaintext": plaintext});
    let theirs = peer.ask("seal", asked)?;
    let params = json!({"keyId": id, "sealed": theirs, "context": context});
    let opened = session.call("open", params).await?;
    ensure!(opened["plaintext"] == plaintext, "{context}");

    let params = json!({"keyId": id, "plaintext": plaintext, "context": context});
    let ours = session.call("seal", params).await?["sealed"].take();
    let asked = json!({"secret": secret, "to": kem, "context": context, "sealed": ours});
    ensure!(peer.ask("open", asked)? == plaintext, "{context}, to the other side");

    let key = to_page(&inputs.bytes(32)?);
    let asked = json!({
        "raw": raw, "to": kem, "spec": "hmac-sha256", "context": context, "key": key,
    });
    let sealed = peer.ask("sealKey", asked)?;
    let spec = json!({"spec": "hmac-sha256"});
    let params = json!({"keyId": id, "sealed": sealed, "context": context, "key": spec});
    let made = session.call("keys.import", params).await?;
    same_code(sides, &made["keyId"], &key).await
}

/// What no method takes: signatures of keys of others, and messages sealed to them. The provider of
/// the enclave does, in the probe build.
async fn signatures_and_messages_of_others(world: &mut World) -> Result<()> {
    let (peer, inputs) = (Peer::start()?, Inputs::new()?);
    let compared = of_others(world, &peer, &inputs).await;
    compared.with_context(|| format!("seed {}", inputs.seed))
}

async fn of_others(world: &World, peer: &Peer, inputs: &Inputs) -> Result<()> {
    let mut asked = Vec::new();
    let mut messages = Vec::new();
    for spec in ["ed25519", "ec-p256"] {
        for _ in 0..ROUNDS {
            let (secret, (_, message)) = (to_page(&inputs.bytes(32)?), inputs.message()?);
            let half = peer.ask("half", json!({"spec": spec, "secret": secret}))?;
            let sign = json!({"spec": spec, "secret": secret, "message": message});
            let signature = peer.ask("sign", sign)?;
            let verify = |message: Value| {
                let asked = json!({
                    "kind": spec, "public": half, "message": message, "signature": signature,
                });
                ("probeVerify", asked)
            };
            let other = to_page(&inputs.bytes(300)?);
            asked.extend([verify(message), verify(other)]);
        }
    }
    let signatures = asked.len();
    for _ in 0..ROUNDS {
        let (secret, (_, plaintext)) = (to_page(&inputs.bytes(32)?), inputs.message()?);
        let half = peer.ask("half", json!({"spec": "x25519", "secret": secret}))?;
        let (info, aad) = (to_page(b"ats-kms/v1/seal"), to_page(&[0xa0]));
        let seal = json!({"public": half, "info": info, "aad": aad, "data": plaintext});
        asked.push(("probeHpkeSeal", seal));
        messages.push((secret, plaintext));
    }
    let answers = calls(world, asked).await?;
    let (verdicts, sealed) = answers.split_at(signatures);
    ensure!(verdicts.chunks(2).all(|pair| pair == [true, false]), "{verdicts:?}");
    for (sealed, (secret, plaintext)) in sealed.iter().zip(messages) {
        let open = json!({"secret": secret, "context": {}, "sealed": sealed});
        ensure!(peer.ask("open", open)? == plaintext, "{sealed}");
    }
    Ok(())
}
