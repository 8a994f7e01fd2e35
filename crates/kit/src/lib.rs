//! The third wasm module of ATS KMS: the verifier of releases, for the client.
//!
//! It holds no rules. Question and answer are those of the command-line protocol
//! (`kms_verify::case`), so that the verifier's cases are run over it as over every other
//! implementation. Each call takes text and gives text; `undefined` says that there was no question.

use kms_manifest::{Manifest, Pin, qr_rows};
use kms_verify::case::{Answer, Question};
use kms_verify::parse_tiles;
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;

/// What the client is told.
#[derive(Serialize)]
struct Told {
    answer: Answer,
    /// What an embedder pins of the release; there is none of one that is refused.
    pin: Option<Pin>,
}

/// Answers a question, `{ answer, pin }`.
#[wasm_bindgen]
#[must_use]
pub fn verify(question: &str) -> Option<String> {
    let question = Question::parse(question.as_bytes()).ok()?;
    let answer = question.answer().ok()?;
    let pin = if answer.accepted { Some(pin(&question)?) } else { None };
    write(&Told { answer, pin })
}

fn pin(question: &Question) -> Option<Pin> {
    Pin::of(&Manifest::parse(&question.manifest().ok()?).ok()?).ok()
}

/// The tiles of a log that `growth` needs.
#[derive(Serialize)]
struct Wanted {
    url: String,
    paths: Vec<String>,
}

/// The tiles of the log that `growth` needs, `{ url, paths }`; `null` if none are needed.
#[wasm_bindgen]
#[must_use]
pub fn wanted(question: &str) -> Option<String> {
    let growth = Question::parse(question.as_bytes()).ok()?.growth_wanted().ok()?;
    write(&growth.map(|growth| Wanted { paths: growth.paths(), url: growth.url }))
}

/// The proof of the log's growth from those tiles, a list of base64; `null` if they do not give one.
#[wasm_bindgen]
#[must_use]
pub fn growth(question: &str, tiles: &str) -> Option<String> {
    let growth = Question::parse(question.as_bytes()).ok()?.growth_wanted().ok()?;
    let tiles = parse_tiles(tiles.as_bytes());
    write(&growth.zip(tiles).and_then(|(growth, tiles)| growth.prove(&tiles)))
}

/// A digest as a QR code, rows of `1` and `0`; `undefined` for what is no digest.
#[wasm_bindgen]
#[must_use]
pub fn qr(digest: &str) -> Option<String> {
    qr_rows(&digest.parse().ok()?)
}

fn write(value: &impl Serialize) -> Option<String> {
    serde_json::to_string(value).ok()
}
