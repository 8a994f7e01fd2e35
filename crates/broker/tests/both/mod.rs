//! What holds wherever the log is.

mod flow;
mod incident;
mod narrowed;
mod tiers;
