//! Streams: what they make, what they refuse, when they end, and what is logged of them.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

mod content;
mod ends;
mod order;
mod policy;

use kms_crypto::stream::{CHUNK_LEN, SEALED_CHUNK_LEN};
use kms_protocol::Value;
use kms_protocol::limits::MAX_STREAM_CHUNKS;
use kms_testkit::Tab;
use kms_testkit::tab::{Code, bytes, member, text};
use kms_vault::SessionId;

type Members<'a> = &'a [(&'static str, Value)];

fn params(more: Members<'_>) -> Value {
    Value::Map(more.iter().map(|(name, value)| ((*name).into(), value.clone())).collect())
}

fn word(name: &'static str, text: &str) -> (&'static str, Value) {
    (name, Value::Text(text.into()))
}

fn data(name: &'static str, bytes: &[u8]) -> (&'static str, Value) {
    (name, Value::Bytes(bytes.to_vec()))
}

fn drafts() -> (&'static str, Value) {
    ("context", Value::object([word("user", "7")]))
}

fn key(tab: &Tab) -> String {
    tab.create("aes-256", "durable").unwrap()
}

/// Opens a stream that encrypts; its name and its header.
fn encrypting(tab: &Tab, key: &str) -> Result<(String, Vec<u8>), Code> {
    let opened = tab.call("streams.encrypt", params(&[word("keyId", key), drafts()]))?;
    Ok((text(&opened, "streamId"), bytes(&opened, "header")))
}

/// Opens a stream that decrypts; its name.
fn decrypting(tab: &Tab, key: &str, header: &[u8]) -> Result<String, Code> {
    let more = [word("keyId", key), data("header", header), drafts()];
    Ok(text(&tab.call("streams.decrypt", params(&more))?, "streamId"))
}

/// The chunks of a write.
fn chunks(stream: &str, (chunk, last): (usize, bool), bytes: &[u8]) -> Value {
    let chunk = Value::Number(f64::from(u32::try_from(chunk).unwrap()));
    let last = ("last", Value::Bool(last));
    params(&[word("streamId", stream), ("chunk", chunk), data("data", bytes), last])
}

fn write_as(
    (tab, session): (&Tab, SessionId),
    stream: &str,
    place: (usize, bool),
    bytes: &[u8],
) -> Result<Vec<u8>, Code> {
    let written = tab.call_as(session, "streams.write", chunks(stream, place, bytes))?;
    Ok(kms_testkit::tab::bytes(&written, "data"))
}

fn write(tab: &Tab, stream: &str, place: (usize, bool), bytes: &[u8]) -> Result<Vec<u8>, Code> {
    write_as((tab, tab.session), stream, place, bytes)
}

/// Writes a whole message, as much at once as may be.
fn write_all(tab: &Tab, stream: &str, message: &[u8], chunk: usize) -> Result<Vec<u8>, Code> {
    let at_once = MAX_STREAM_CHUNKS * chunk;
    let mut made = Vec::new();
    let before = message.len().saturating_sub(1) / at_once;
    for at in 0..before {
        let part = &message[at * at_once..(at + 1) * at_once];
        made.extend(write(tab, stream, (at * MAX_STREAM_CHUNKS, false), part)?);
    }
    let rest = &message[before * at_once..];
    made.extend(write(tab, stream, (before * MAX_STREAM_CHUNKS, true), rest)?);
    Ok(made)
}

fn encrypt(tab: &Tab, key: &str, message: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Code> {
    let (stream, header) = encrypting(tab, key)?;
    Ok((header, write_all(tab, &stream, message, CHUNK_LEN)?))
}

fn decrypt(tab: &Tab, key: &str, (header, payload): (&[u8], &[u8])) -> Result<Vec<u8>, Code> {
    let stream = decrypting(tab, key, header)?;
    write_all(tab, &stream, payload, SEALED_CHUNK_LEN)
}

fn close(tab: &Tab, stream: &str) -> Result<(), Code> {
    tab.call("streams.close", params(&[word("streamId", stream)])).map(drop)
}

/// Whether there is no such stream any more, for any use of it.
fn is_gone(tab: &Tab, stream: &str) -> bool {
    let gone = Err("stream_not_found".to_owned());
    close(tab, stream) == gone.clone().map(drop)
        && [0, 1].iter().all(|chunk| write(tab, stream, (*chunk, true), b"more") == gone)
}

fn message(len: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from((at * 31 + at / CHUNK_LEN) % 251).unwrap()).collect()
}

/// Code and rule of a refusal.
fn refusal(tab: &Tab, method: &str, params: Value) -> (String, String) {
    let reply = tab.send(tab.request(method, params)).unwrap();
    let error = member(&reply, "error").unwrap();
    (text(&error, "code"), text(&error, "rule"))
}
