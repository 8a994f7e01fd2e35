//! Releases that are refused, one fault each.

mod chain;
mod inputs;
mod signed;

use crate::folder::Case;

pub(crate) fn all() -> Vec<Case> {
    [inputs::all(), signed::all(), chain::all()].into_iter().flatten().collect()
}
