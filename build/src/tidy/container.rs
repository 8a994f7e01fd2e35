//! The container that releases are built in: its base is named by its content, and what it adds by a date
//! or a digest; its Rust is the pinned one.

use super::{Findings, Source};

const CONTAINER: &str = "build/Containerfile";
const TOOLCHAIN: &str = "rust-toolchain.toml";

pub(super) fn check(sources: &[Source], findings: &mut Findings) {
    let text = |path: &str| sources.iter().find(|source| source.path == path).map(|it| &*it.text);
    let (Some(container), Some(toolchain)) = (text(CONTAINER), text(TOOLCHAIN)) else {
        findings.problem(format!("{CONTAINER} or {TOOLCHAIN} is missing"));
        return;
    };
    for problem in problems(container, toolchain) {
        findings.problem(format!("{CONTAINER}: {problem}"));
    }
}

fn problems(container: &str, toolchain: &str) -> Vec<&'static str> {
    let bases = || container.lines().filter_map(|line| line.strip_prefix("FROM "));
    let downloads = container.matches("curl --").count();
    let rules = [
        (bases().count() == 1 && bases().all(has_digest), "not one base, named by its digest"),
        (container.contains("//snapshot.debian.org/archive/"), "packages are not of one date"),
        (downloads == container.matches("sha256sum --check").count(), "a download is not checked"),
        (
            value(toolchain, "channel = ").is_some_and(|channel| {
                value(container, "ARG RUST=").is_some_and(|rust| rust == channel)
            }),
            "another Rust than that of rust-toolchain.toml",
        ),
    ];
    rules.iter().filter(|(holds, _)| !holds).map(|(_, problem)| *problem).collect()
}

fn has_digest(base: &str) -> bool {
    base.split_once("@sha256:").is_some_and(|(_, digest)| {
        digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// What follows a key at the beginning of a line, without quotes.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let value = text.lines().find_map(|line| line.strip_prefix(key))?;
    Some(value.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = include_str!("../../Containerfile");
    const PINNED: &str = include_str!("../../../rust-toolchain.toml");

    #[test]
    fn the_container_of_releases_is_pinned() {
        assert_eq!(problems(OWN, PINNED), [""; 0]);
    }

    #[test]
    fn what_can_change_is_found() {
        for (pinned, changed) in [
            ("@sha256:", ":"),
            ("ARG RUST=1.", "ARG RUST=2."),
            ("snapshot.debian.org", "deb.debian.org"),
            ("sha256sum --check", "cat"),
            ("FROM ", "FROM x\nFROM "),
        ] {
            assert!(OWN.contains(pinned), "{pinned}");
            assert_eq!(problems(&OWN.replace(pinned, changed), PINNED).len(), 1, "{pinned}");
        }
    }
}
