//! The scenarios, a file for each theme.

use crate::scenario::Scenario;

mod faults;
mod flow;
mod hostile;
mod isolation;
mod known_answers;
mod memory;
mod tamper;

/// Every scenario, in the order of reading.
pub(crate) fn all() -> impl Iterator<Item = Scenario> {
    let themes = [
        flow::ALL,
        isolation::ALL,
        hostile::ALL,
        tamper::ALL,
        known_answers::ALL,
        memory::ALL,
        faults::ALL,
    ];
    themes.into_iter().flatten().copied()
}
