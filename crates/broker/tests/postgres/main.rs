//! Brokers with their log in `PostgreSQL`: what holds for one of them holds for all together.

#![allow(clippy::unwrap_used)] // helpers of tests

#[path = "../both/mod.rs"]
mod both;
mod database;
mod processes;
mod replicas;
#[path = "../user/running.rs"]
mod running;
#[path = "../support/mod.rs"]
mod support;
#[path = "../user/mod.rs"]
mod user;
