//! Relative links of every Markdown file: the file and the heading exist.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use super::{Findings, Source};
use crate::repo::Repo;

pub(super) fn check(repo: &Repo, sources: &[Source], findings: &mut Findings) {
    let pages: BTreeMap<&str, &Source> = sources
        .iter()
        .filter(|source| source.has_extension(&["md"]))
        .map(|source| (source.path.as_str(), source))
        .collect();
    for page in pages.values() {
        for link in links(&page.text).into_iter().filter(|link| is_relative(link)) {
            if let Some(problem) = broken(repo, &pages, page, &link) {
                findings.problem(format!("{}: link `{link}` {problem}", page.path));
            }
        }
    }
}

fn is_relative(link: &str) -> bool {
    !link.is_empty() && !link.contains("://") && !link.starts_with("mailto:")
}

fn broken(
    repo: &Repo,
    pages: &BTreeMap<&str, &Source>,
    page: &Source,
    link: &str,
) -> Option<&'static str> {
    let (path, anchor) = link.split_once('#').map_or((link, None), |(p, a)| (p, Some(a)));
    let file = if path.is_empty() { PathBuf::from(&page.path) } else { resolve(&page.path, path) };
    if !repo.root().join(&file).exists() {
        return Some("leads to no file");
    }
    let anchor = anchor?;
    let target = pages.get(file.to_string_lossy().as_ref())?;
    (!anchors(&target.text).contains(anchor)).then_some("leads to no heading")
}

fn resolve(page: &str, link: &str) -> PathBuf {
    let mut path = Path::new(page).parent().map(Path::to_owned).unwrap_or_default();
    for part in Path::new(link).components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            Component::Normal(name) => path.push(name),
            _ => {}
        }
    }
    path
}

/// Targets of `[text](target)`, outside code.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(text) {
        let line = without_code(line);
        for (at, _) in line.match_indices("](") {
            let rest = &line[at + 2..];
            let end = rest.find([')', ' ']).unwrap_or(rest.len());
            found.push(rest[..end].to_owned());
        }
    }
    found
}

/// The anchors that GitHub gives to headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut count: BTreeMap<String, u32> = BTreeMap::new();
    for heading in prose(text).filter_map(heading) {
        let slug = slug(heading);
        let times = count.entry(slug.clone()).or_default();
        found.insert(if *times == 0 { slug } else { format!("{slug}-{times}") });
        *times += 1;
    }
    found
}

/// The text of a `#` heading.
pub(super) fn heading(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches('#');
    (rest.len() < line.len()).then(|| rest.strip_prefix(' ')).flatten().map(str::trim)
}

fn slug(heading: &str) -> String {
    let lower = heading.to_lowercase();
    let kept = lower.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Lines outside fenced code.
pub(super) fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_in_code_do_not_count() {
        let text = "a [b](c.md) `[d](e)` [f](g#h)\n```\n[i](j)\n```\n";
        assert_eq!(links(text), ["c.md", "g#h"]);
    }

    #[test]
    fn headings_become_anchors() {
        let text = "# What it is: `kms` & co\n## Same\n## Same\n#no\n";
        let expected = ["same", "same-1", "what-it-is-kms--co"].map(str::to_owned);
        assert_eq!(anchors(text), BTreeSet::from(expected));
    }

    #[test]
    fn links_resolve_from_their_page() {
        assert_eq!(resolve("docs/a/b.md", "../c.md"), Path::new("docs/c.md"));
        assert_eq!(resolve("README.md", "docs/c.md"), Path::new("docs/c.md"));
    }
}
