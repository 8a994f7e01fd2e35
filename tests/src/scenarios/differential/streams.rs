//! Messages in chunks, against the construction as docs/formats.md has it on `@noble/ciphers`.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::{Sides, compare};
use crate::{
    session::{Session, from_base64, to_page},
    world::World,
};

const CHUNK: usize = 65_536;
const TAG: usize = 16;
const HEADER: usize = 65;

/// A message is cut around these lengths, which are all the ways in which it can end.
const LENGTHS: [usize; 6] = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK];

pub(super) async fn streams(world: &mut World) -> Result<()> {
    compare(world, async |sides| {
        let (id, _) = sides.create("aes-256", &["encrypt", "decrypt", "export"]).await?;
        let key = sides.take_out(&id, "aes-256").await?;
        let random = CHUNK * sides.inputs.below(3)? + 256 * sides.inputs.below(256)? + 7;
        for length in LENGTHS.into_iter().chain([random]) {
            both_ways(sides, (&id, &key), length)
                .await
                .with_context(|| format!("{length} bytes"))?;
        }
        Ok(())
    })
    .await
}

async fn both_ways(sides: &Sides<'_>, (id, key): (&Value, &Value), length: usize) -> Result<()> {
    let Sides { session, peer, inputs } = sides;
    let (message, context) = (inputs.bytes(length)?, inputs.context()?);
    let opening = |sealed: &[u8]| json!({"key": key, "keyId": id, "context": context, "sealed": to_page(sealed)});

    let ours = encrypted(sides, (id, &context), &message).await?;
    ensure!(peer.bytes("openStream", opening(&ours))? == message, "noble read something else");
    ensure!(
        peer.ask("openStream", opening(&flipped(sides, &ours)?)).is_err(),
        "damaged, for noble"
    );
    ensure!(peer.ask("openStream", opening(&ours[..ours.len() - 1])).is_err(), "cut, for noble");

    let asked = json!({
        "key": key, "keyId": id, "version": 1, "context": context,
        "nonce": to_page(&inputs.bytes(12)?), "streamKey": to_page(&inputs.bytes(32)?),
        "message": to_page(&message),
    });
    let theirs = peer.bytes("sealStream", asked)?;
    ensure!(theirs.len() == ours.len(), "{} bytes, not {}", theirs.len(), ours.len());
    let read = decrypted(sides, (id, &context), &theirs).await?;
    ensure!(read == message, "the enclave read something else");
    for damaged in [&flipped(sides, &theirs)?[..], &theirs[..theirs.len() - 1]] {
        let refused = refusal(session, (id, &context), damaged).await?;
        ensure!(refused == "invalid_ciphertext", "damaged, for the enclave: {refused}");
    }
    Ok(())
}

/// With one bit of the last chunk changed, or of the header.
fn flipped(sides: &Sides<'_>, sealed: &[u8]) -> Result<Vec<u8>> {
    let mut flipped = sealed.to_vec();
    let from_end = 1 + sides.inputs.below(TAG)?;
    let at = if sides.inputs.below(2)? == 0 { sealed.len() - from_end } else { HEADER - from_end };
    flipped[at] ^= 1 << sides.inputs.below(8)?;
    Ok(flipped)
}

async fn encrypted(
    sides: &Sides<'_>,
    (id, context): (&Value, &Value),
    message: &[u8],
) -> Result<Vec<u8>> {
    let begun = sides.session.call("streams.encrypt", json!({"keyId": id, "context": context}));
    let begun = begun.await?;
    let mut sealed = bytes_of(&begun["header"])?;
    ensure!(sealed.len() == HEADER && begun["version"] == 1, "{begun}");
    for params in writes(&begun, message, CHUNK, 1 + sides.inputs.below(2)?) {
        let written = sides.session.call("streams.write", params).await?;
        sealed.extend(bytes_of(&written["data"])?);
    }
    Ok(sealed)
}

async fn decrypted(
    sides: &Sides<'_>,
    (id, context): (&Value, &Value),
    sealed: &[u8],
) -> Result<Vec<u8>> {
    let (header, payload) = sealed.split_at(HEADER);
    let params = json!({"keyId": id, "context": context, "header": to_page(header)});
    let begun = sides.session.call("streams.decrypt", params).await?;
    let mut message = Vec::new();
    for params in writes(&begun, payload, CHUNK + TAG, 1 + sides.inputs.below(2)?) {
        let written = sides.session.call("streams.write", params).await?;
        message.extend(bytes_of(&written["data"])?);
    }
    Ok(message)
}

/// How the enclave refuses a stream: at its header or at its last write.
async fn refusal(
    session: &Session<'_>,
    (id, context): (&Value, &Value),
    sealed: &[u8],
) -> Result<String> {
    let (header, payload) = sealed.split_at(HEADER);
    let params = json!({"keyId": id, "context": context, "header": to_page(header)});
    let Ok(begun) = session.call("streams.decrypt", params.clone()).await else {
        return session.refusal("streams.decrypt", params).await;
    };
    let mut writes = writes(&begun, payload, CHUNK + TAG, 1);
    let last = writes.pop().context("no write")?;
    for params in writes {
        session.call("streams.write", params).await?;
    }
    session.refusal("streams.write", last).await
}

/// The writes of a whole stream, so many chunks in each.
fn writes(begun: &Value, bytes: &[u8], unit: usize, at_once: usize) -> Vec<Value> {
    let mut parts: Vec<_> = bytes.chunks(unit * at_once).collect();
    if parts.is_empty() {
        parts.push(&[]);
    }
    let count = parts.len();
    let write = |(number, part): (usize, &[u8])| {
        json!({
            "streamId": begun["streamId"], "chunk": number * at_once, "data": to_page(part),
            "last": number + 1 == count,
        })
    };
    parts.into_iter().enumerate().map(write).collect()
}

fn bytes_of(answer: &Value) -> Result<Vec<u8>> {
    from_base64(answer["bytes"].as_str().with_context(|| answer.to_string())?)
}
