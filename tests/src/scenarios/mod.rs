//! The scenarios, a file for each theme.

use crate::scenario::Scenario;

mod accessibility;
mod approvals;
mod audit;
mod backups;
mod differential;
mod embedder;
mod enrolments;
mod facade;
mod faults;
mod flow;
mod hostile;
mod interchange;
mod intrusion;
mod isolation;
mod key_manager;
mod keys;
mod known_answers;
mod lacks;
mod leases;
mod locking;
mod memory;
mod operations;
mod pairs;
mod poa;
mod policy;
mod releases;
mod servers;
mod storage;
mod streams;
mod tamper;
mod tokens;
mod typing;
mod vaults;
mod vectors;
mod ways;
mod webcat;
mod windows;

/// Every scenario, in the order of reading.
pub(crate) fn all() -> impl Iterator<Item = Scenario> {
    let themes = [
        flow::ALL,
        accessibility::ALL,
        typing::ALL,
        ways::ALL,
        enrolments::ALL,
        key_manager::ALL,
        vaults::ALL,
        locking::ALL,
        backups::ALL,
        keys::ALL,
        operations::ALL,
        facade::ALL,
        streams::ALL,
        leases::ALL,
        tokens::ALL,
        approvals::ALL,
        poa::ALL,
        policy::ALL,
        releases::ALL,
        storage::ALL,
        lacks::ALL,
        audit::ALL,
        isolation::ALL,
        webcat::ALL,
        hostile::ALL,
        intrusion::ALL,
        windows::ALL,
        tamper::ALL,
        servers::ALL,
        embedder::ALL,
        known_answers::ALL,
        vectors::ALL,
        interchange::ALL,
        differential::ALL,
        memory::ALL,
        faults::ALL,
    ];
    themes.into_iter().flatten().copied()
}
