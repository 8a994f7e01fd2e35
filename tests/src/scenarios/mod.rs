//! The scenarios, a file for each theme.

use crate::scenario::Scenario;

mod faults;
mod flow;
mod hostile;
mod isolation;
mod memory;
mod tamper;

/// Every scenario, in the order of reading.
pub(crate) fn all() -> impl Iterator<Item = Scenario> {
    [flow::ALL, isolation::ALL, hostile::ALL, tamper::ALL, memory::ALL, faults::ALL]
        .into_iter()
        .flatten()
        .copied()
}
