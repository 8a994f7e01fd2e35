//! What llvm-cov tells, as far as it is of interest.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Coverage, Line};

/// Reads an LCOV trace: lines of `sources`, without tests, which stand in a file of their own or
/// at the end of one, without attributes, whose code is the derive macros', and without lines of
/// punctuation alone.
pub(super) fn read(trace: &str, root: &Path, sources: &[&str]) -> Result<Coverage> {
    let mut coverage = Coverage { counted: 0, missed: Vec::new() };
    for (path, lines) in files(trace, root, sources) {
        let text = std::fs::read_to_string(root.join(&path))
            .with_context(|| format!("cannot read {path}"))?;
        add_file(&mut coverage, &path, &text, &lines);
    }
    Ok(coverage)
}

/// Line numbers with how often each ran, by path.
type Counts = BTreeMap<usize, u64>;

fn files(trace: &str, root: &Path, sources: &[&str]) -> BTreeMap<String, Counts> {
    let mut files: BTreeMap<String, Counts> = BTreeMap::new();
    let mut current = None;
    for line in trace.lines() {
        if let Some(file) = line.strip_prefix("SF:") {
            current = Path::new(file)
                .strip_prefix(root)
                .ok()
                .map(|path| path.to_string_lossy().replace('\\', "/"))
                .filter(|path| sources.iter().any(|source| path.starts_with(source)))
                .filter(|path| !path.ends_with("/tests.rs"));
        } else if let (Some(path), Some(data)) = (&current, line.strip_prefix("DA:"))
            && let Some((number, count)) = data.split_once(',')
            && let (Ok(number), Ok(count)) = (number.parse(), count.parse::<u64>())
        {
            *files.entry(path.clone()).or_default().entry(number).or_default() += count;
        }
    }
    files
}

fn add_file(coverage: &mut Coverage, path: &str, text: &str, lines: &Counts) {
    let own = text.lines().take_while(|line| *line != "#[cfg(test)]");
    for (index, line) in own.enumerate() {
        let number = index + 1;
        let is_code = line.contains(char::is_alphanumeric) && !line.trim().starts_with("#[");
        let Some(count) = lines.get(&number).filter(|_| is_code) else { continue };
        coverage.counted += 1;
        if *count == 0 {
            let text = line.trim().to_owned();
            coverage.missed.push(Line { path: path.to_owned(), number, text });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_code_that_says_something_counts() {
        let text = "fn a() {\n    b();\n}\n#[x]\nfn c() {\n    d();\n}\n#[cfg(test)]\nfn e() {}\n";
        let trace = "SF:/x/crates/a/src/l.rs\nDA:1,1\nDA:2,3\nDA:3,1\nDA:4,0\nDA:5,0\nDA:6,0\n\
                     DA:7,0\nDA:9,0\nend_of_record\nSF:/deps/l.rs\nDA:1,0\nend_of_record\n\
                     SF:/x/crates/a/src/l/tests.rs\nDA:1,0\nend_of_record\n";
        let counts = files(trace, Path::new("/x"), &["crates/a/src/"]);
        assert_eq!(counts.keys().collect::<Vec<_>>(), ["crates/a/src/l.rs"]);
        let mut coverage = Coverage { counted: 0, missed: Vec::new() };
        add_file(&mut coverage, "l.rs", text, &counts["crates/a/src/l.rs"]);
        assert_eq!(coverage.counted, 4);
        let missed: Vec<_> = coverage.missed.iter().map(|it| (it.number, &*it.text)).collect();
        assert_eq!(missed, [(5, "fn c() {"), (6, "d();")]);
        assert_eq!(coverage.thousandths(), 500);
    }
}
