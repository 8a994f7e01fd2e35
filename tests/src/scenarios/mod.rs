//! The scenarios, a file for each theme.

use crate::scenario::Scenario;

mod accessibility;
mod backups;
mod enrolments;
mod faults;
mod flow;
mod hostile;
mod intrusion;
mod isolation;
mod keys;
mod known_answers;
mod memory;
mod storage;
mod tamper;
mod vaults;
mod ways;
mod windows;

/// Every scenario, in the order of reading.
pub(crate) fn all() -> impl Iterator<Item = Scenario> {
    let themes = [
        flow::ALL,
        accessibility::ALL,
        ways::ALL,
        enrolments::ALL,
        vaults::ALL,
        backups::ALL,
        keys::ALL,
        storage::ALL,
        isolation::ALL,
        hostile::ALL,
        intrusion::ALL,
        windows::ALL,
        tamper::ALL,
        known_answers::ALL,
        memory::ALL,
        faults::ALL,
    ];
    themes.into_iter().flatten().copied()
}
