//! Files and ports (Landlock).

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, NetPort, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope,
};

use super::{Extent, Needs, failed};
use crate::Error;

/// What names of hosts are found with. A container image may have none of them.
const NAMES: [&str; 5] =
    ["/etc/gai.conf", "/etc/host.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/resolv.conf"];
/// For answers that are too long for a datagram.
const DNS: u16 = 53;

/// All rights up to this version are handled; an older kernel handles those that it knows.
const VERSION: ABI = ABI::V6;

pub(super) fn restrict(needs: &Needs) -> Result<Extent, Error> {
    let file = BitFlags::from(AccessFs::ReadFile);
    let folder = file | AccessFs::ReadDir;
    let state = folder
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::RemoveFile;
    let names = NAMES.into_iter().filter_map(|name| PathFd::new(name).ok());
    let mut rules: Vec<_> = names.map(|name| PathBeneath::new(name, file)).collect();
    let files = needs.files.iter().map(|path| (path, file));
    let folders = needs.folders.iter().map(|path| (path, folder));
    for (path, access) in files.chain(folders).chain([(&needs.state, state)]) {
        let opened = PathFd::new(path);
        let missing = |error| Error::file(path, std::io::Error::other(error));
        rules.push(PathBeneath::new(opened.map_err(missing)?, access));
    }
    let connect = needs.connect.iter().chain([&DNS]);
    let ports = connect.map(|port| NetPort::new(*port, AccessNet::ConnectTcp));
    let ports = ports.chain([NetPort::new(needs.listen, AccessNet::BindTcp)]);
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(VERSION))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(VERSION)))
        .and_then(|rules| rules.scope(Scope::from_all(VERSION)))
        .and_then(Ruleset::create)
        .and_then(|created| created.add_rules(rules.into_iter().map(Ok)))
        .and_then(|created| created.add_rules(ports.map(Ok)))
        .and_then(landlock::RulesetCreated::restrict_self)
        .map_err(|error: landlock::RulesetError| failed(error))?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => Extent::Full,
        RulesetStatus::PartiallyEnforced => Extent::Part,
        RulesetStatus::NotEnforced => Extent::None,
    })
}
