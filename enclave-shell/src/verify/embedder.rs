//! Checks what a page sends that embeds the enclave.

use std::fmt;

use kms_manifest::{Gap, Origin, embedder_gaps};
use serde::Serialize;

use super::fetch::{Client, Reply};
use super::page::Page;
use super::report::Outcome;
use super::{VerifyError, VerifyOptions, parse_url};

/// A page of more bytes is not judged by its beginning.
const PAGE_LIMIT: u64 = 2 * 1024 * 1024;

/// What an embedding page lacks.
#[derive(Debug, Clone, Serialize)]
pub struct EmbedderReport {
    /// How it ended.
    pub outcome: Outcome,
    /// The page that was asked for.
    pub page: String,
    /// Why it could not be read.
    pub problem: Option<String>,
    /// What it lacks, each with what closes it.
    pub findings: Vec<Finding>,
}

/// One thing that is lacking.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// What it is.
    pub gap: Gap,
    /// What to change.
    pub fix: String,
}

/// Checks the headers and the HTML of `page`, which embeds the enclave at `url`. Blocks while it fetches;
/// follows no redirect.
pub fn verify_embedder(
    url: &str,
    page: &str,
    options: &VerifyOptions,
) -> Result<EmbedderReport, VerifyError> {
    let enclave = parse_url(url)?;
    let (origin, path) = split(page)?;
    let reply = Client::new(&origin, options)?.fetch(&path, PAGE_LIMIT, &NAVIGATION);
    let (problem, gaps) = match reply {
        Err(problem) => (Some(problem), Vec::new()),
        Ok(reply) if reply.status != 200 => {
            (Some(format!("answered with status {}", reply.status)), Vec::new())
        }
        Ok(reply) if reply.body.len() as u64 > PAGE_LIMIT => {
            (Some(format!("longer than {PAGE_LIMIT} bytes")), Vec::new())
        }
        Ok(reply) => (None, gaps_of(&enclave, &reply)),
    };
    let outcome = match (&problem, gaps.is_empty()) {
        (Some(_), _) => Outcome::Unreachable,
        (None, true) => Outcome::Match,
        (None, false) => Outcome::Mismatch,
    };
    let findings = gaps.into_iter().map(|gap| Finding { fix: gap.fix(&enclave), gap }).collect();
    Ok(EmbedderReport { outcome, page: page.to_owned(), problem, findings })
}

fn gaps_of(enclave: &Origin, reply: &Reply) -> Vec<Gap> {
    let page = Page::read(&reply.body, enclave);
    let mut gaps = embedder_gaps(enclave, &reply.headers, &page.policies);
    if !page.frames.is_empty() {
        gaps.push(Gap::HasFrames { sources: page.frames });
    }
    gaps
}

/// What a browser sends that opens the page in a tab.
const NAVIGATION: [(&str, &str); 2] =
    [("Sec-Fetch-Dest", "document"), ("Sec-Fetch-Mode", "navigate")];

/// Origin and path of a page.
pub(crate) fn split(page: &str) -> Result<(Origin, String), VerifyError> {
    let wrong = || VerifyError::Page(page.to_owned());
    let scheme = page.find("://").ok_or_else(wrong)? + 3;
    let rest = page.get(scheme..).unwrap_or_default();
    let end = rest.find(['/', '?', '#']).map_or(page.len(), |at| scheme + at);
    let (origin, path) = page.split_at(end);
    let path = path.split('#').next().unwrap_or_default();
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    Ok((origin.parse().map_err(|_| wrong())?, path))
}

impl fmt::Display for EmbedderReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "embedder {}", self.page)?;
        if let Some(problem) = &self.problem {
            return writeln!(f, "  {problem}\nunreachable: nothing is known of the embedder");
        }
        for Finding { gap, fix } in &self.findings {
            writeln!(f, "  {gap}\n    {fix}")?;
        }
        let verdict = if self.findings.is_empty() {
            "ok: the page sends what an embedder should"
        } else {
            "LACKING: the page leaves the enclave open to others"
        };
        writeln!(f, "{verdict}")?;
        writeln!(
            f,
            "not seen from here: frames that its scripts add, its service worker, its opener"
        )?;
        writeln!(f, "  checkEmbedder of the client sees these in the running page")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_an_origin_and_a_path() {
        for (page, origin, path) in [
            ("https://app.example", "https://app.example", "/"),
            ("https://app.example/a/b?c#d", "https://app.example", "/a/b?c"),
            ("http://app.localhost:8080?x", "http://app.localhost:8080", "/?x"),
        ] {
            let found = split(page).unwrap();
            assert_eq!((found.0.as_str(), found.1.as_str()), (origin, path));
        }
        for page in ["", "app.example", "ftp://app.example/", "https://", "https://u@app.example/"]
        {
            assert!(matches!(split(page), Err(VerifyError::Page(_))), "{page}");
        }
    }
}
