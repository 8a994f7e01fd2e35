//! A broker with its log in a file.

#![allow(clippy::unwrap_used)] // helpers of tests

#[path = "../both/mod.rs"]
mod both;
#[path = "../support/mod.rs"]
mod support;
