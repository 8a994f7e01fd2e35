//! The lines of a policy file.

use std::collections::BTreeMap;

use super::{Log, Member, Policy, PolicyError, Witness};
use crate::cosigner::CosignerKey;
use crate::verifier::VerifierKey;

/// Longest policy that is read, in bytes.
const MAX_POLICY: usize = 64 * 1024;
/// Most logs, witnesses and groups, each.
const MAX_EACH: usize = 64;
/// The quorum of no witness, which no group may contain.
const NONE: &str = "none";

enum Quorum {
    Nobody,
    Of(Member),
}

/// What was read so far.
#[derive(Default)]
struct Lines {
    logs: Vec<Log>,
    witnesses: Vec<Witness>,
    groups: usize,
    /// Every name, with whether a group has it already.
    names: BTreeMap<String, (Member, bool)>,
    quorum: Option<Quorum>,
}

impl Policy {
    /// Reads a policy. Stricter than the specification in one point: it has to be UTF-8.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let whole = |problem| PolicyError { line: 0, problem };
        if text.len() > MAX_POLICY {
            return Err(whole("the policy is too long"));
        }
        let rest = text.strip_suffix('\n').ok_or(whole("the last line has no end"))?;
        let mut lines = Lines::default();
        for (line, text) in (1..).zip(rest.split('\n')) {
            lines.read(text).map_err(|problem| PolicyError { line, problem })?;
        }
        let Lines { logs, witnesses, quorum, .. } = lines;
        let quorum = match quorum.ok_or(whole("there is no quorum"))? {
            Quorum::Nobody => None,
            Quorum::Of(member) => Some(member),
        };
        Ok(Self { logs, witnesses, quorum })
    }
}

impl Lines {
    fn read(&mut self, line: &str) -> Result<(), &'static str> {
        if line.contains(|c: char| c.is_ascii_control() && c != '\t') {
            return Err("a control character");
        }
        let items: Vec<_> = line.split([' ', '\t']).filter(|item| !item.is_empty()).collect();
        match items.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with('#') => Ok(()),
            ["log", key] => self.log(key, None),
            ["log", key, url] => self.log(key, Some(url)),
            ["witness", name, key] => self.witness(name, key, None),
            ["witness", name, key, url] => self.witness(name, key, Some(url)),
            ["group", name, least, members @ ..] => self.group(name, least, members),
            ["quorum", name] => self.quorum(name),
            _ => Err("neither log, witness, group nor quorum"),
        }
    }

    fn log(&mut self, key: &str, url: Option<&&str>) -> Result<(), &'static str> {
        let key = VerifierKey::parse(key).map_err(|_| "not the key of a log")?;
        if self.logs.len() >= MAX_EACH {
            return Err("too many logs");
        }
        if self.logs.iter().any(|log| log.key.public() == key.public()) {
            return Err("the key of a log stands twice");
        }
        self.logs.push(Log { key, url: url.map(|&url| url.into()) });
        Ok(())
    }

    fn witness(&mut self, name: &str, key: &str, url: Option<&&str>) -> Result<(), &'static str> {
        let key = CosignerKey::parse(key).map_err(|_| "not the key of a witness")?;
        if self.witnesses.len() >= MAX_EACH {
            return Err("too many witnesses");
        }
        if self.witnesses.iter().any(|witness| witness.key.public() == key.public()) {
            return Err("the key of a witness stands twice");
        }
        self.name(name, Member::Witness(self.witnesses.len()))?;
        self.witnesses.push(Witness { name: name.into(), key, url: url.map(|&url| url.into()) });
        Ok(())
    }

    fn group(&mut self, name: &str, least: &str, members: &[&str]) -> Result<(), &'static str> {
        let least = match least {
            "any" => 1,
            "all" => members.len(),
            number => number
                .parse()
                .ok()
                .filter(|least: &usize| least.to_string() == number)
                .ok_or("not a threshold")?,
        };
        if members.is_empty() || !(1..=members.len()).contains(&least) {
            return Err("the threshold does not fit the members");
        }
        self.groups += 1;
        if self.groups > MAX_EACH {
            return Err("too many groups");
        }
        let members = members.iter().map(|member| self.take(member)).collect::<Result<_, _>>()?;
        self.name(name, Member::Group(least, members))
    }

    fn quorum(&mut self, name: &str) -> Result<(), &'static str> {
        if self.quorum.is_some() {
            return Err("a second quorum");
        }
        let of = |(member, _): &mut (Member, bool)| Quorum::Of(member.clone());
        let quorum = if name == NONE { Quorum::Nobody } else { of(self.known(name)?) };
        self.quorum = Some(quorum);
        Ok(())
    }

    fn name(&mut self, name: &str, member: Member) -> Result<(), &'static str> {
        if name == NONE || self.names.contains_key(name) {
            return Err("the name is taken");
        }
        self.names.insert(name.into(), (member, false));
        Ok(())
    }

    /// A witness in two places would count twice.
    fn take(&mut self, name: &str) -> Result<Member, &'static str> {
        let (member, taken) = self.known(name)?;
        if std::mem::replace(taken, true) {
            Err("a name is in two groups")
        } else {
            Ok(member.clone())
        }
    }

    fn known(&mut self, name: &str) -> Result<&mut (Member, bool), &'static str> {
        self.names.get_mut(name).ok_or("a name that stands on no earlier line")
    }
}
