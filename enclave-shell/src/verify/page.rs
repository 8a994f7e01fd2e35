//! What the HTML of an embedding page says of frames, as far as it stands there: what scripts add
//! to it is not seen.

use std::convert::Infallible;

use html5gum::{DefaultEmitter, HtmlString, Spanned, StartTag, Token, Tokenizer};
use kms_manifest::Origin;

/// What was found in a page.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// Policies that stand in the page itself.
    pub(crate) policies: Vec<String>,
    /// Where its frames come from, but for those of the enclave.
    pub(crate) frames: Vec<String>,
}

/// What has a page of its own inside.
const FRAMES: [&[u8]; 4] = [b"iframe", b"frame", b"object", b"embed"];
/// What stands in these is no element of the page when scripts run.
const INERT: [&[u8]; 2] = [b"noscript", b"template"];

impl Page {
    pub(crate) fn read(html: &[u8], enclave: &Origin) -> Self {
        let (mut page, mut inert) = (Self::default(), 0_usize);
        let mut emitter = DefaultEmitter::<()>::default();
        // What stands in scripts and titles is text.
        emitter.naively_switch_states(true);
        for token in Tokenizer::new_with_emitter(html, emitter) {
            let token: Result<Token, Infallible> = token;
            match token {
                Ok(Token::StartTag(tag)) if INERT.contains(&&**tag.name) => inert += 1,
                Ok(Token::StartTag(tag)) if inert == 0 => page.note(&tag, enclave),
                Ok(Token::EndTag(tag)) if INERT.contains(&&**tag.name) => {
                    inert = inert.saturating_sub(1);
                }
                _ => {}
            }
        }
        page
    }

    fn note(&mut self, tag: &StartTag<()>, enclave: &Origin) {
        if FRAMES.contains(&&**tag.name) {
            let from = match attribute(tag, b"srcdoc") {
                Some(_) => "srcdoc".to_owned(),
                None => {
                    attribute(tag, b"src").or_else(|| attribute(tag, b"data")).unwrap_or_default()
                }
            };
            let own = from.strip_prefix(enclave.as_str()).is_some_and(|path| path.starts_with('/'));
            if !own {
                self.frames.push(if from.is_empty() { "no address".to_owned() } else { from });
            }
        }
        let equivalent = attribute(tag, b"http-equiv").unwrap_or_default();
        if **tag.name == *b"meta" && equivalent.eq_ignore_ascii_case("content-security-policy") {
            self.policies.extend(attribute(tag, b"content"));
        }
    }
}

fn attribute(tag: &StartTag<()>, name: &[u8]) -> Option<String> {
    let Spanned { value, .. }: &Spanned<HtmlString, ()> = tag.attributes.get(name)?;
    Some(String::from_utf8_lossy(value).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(html: &str) -> Page {
        Page::read(html.as_bytes(), &"https://kms.example".parse().unwrap())
    }

    #[test]
    fn frames_beside_the_enclave_are_found() {
        for (html, frames) in [
            ("<p>none", vec![]),
            ("<iframe src=\"https://kms.example/\"></iframe>", vec![]),
            ("<iframe src=https://kms.example.evil/></iframe>", vec!["https://kms.example.evil/"]),
            ("<IFRAME SRC='//ads.example/a?b&amp;c'>", vec!["//ads.example/a?b&c"]),
            ("<iframe src=https://kms.example/ srcdoc='<p>x'></iframe>", vec!["srcdoc"]),
            ("<iframe></iframe><embed src=/a.pdf>", vec!["no address", "/a.pdf"]),
            (
                "<object data=https://x.example/></object><frame src=b>",
                vec!["https://x.example/", "b"],
            ),
            (
                "<!-- <iframe src=a> --><script>'<iframe src=b>'</script><title><iframe></title>",
                vec![],
            ),
            ("<noscript><iframe src=a></iframe></noscript><iframe src=b></iframe>", vec!["b"]),
            ("<template><iframe src=a></iframe></template>", vec![]),
            ("<p title='<iframe src=a>'>", vec![]),
        ] {
            assert_eq!(read(html).frames, frames, "{html}");
        }
    }

    #[test]
    fn policies_of_the_page_are_found() {
        let html = "<meta charset=utf-8><meta http-equiv=content-security-policy content=\"frame-src \
                    'none'\"><meta http-equiv=refresh content=1><META HTTP-EQUIV='Content-Security-Policy'>";
        assert_eq!(read(html).policies, ["frame-src 'none'"]);
    }
}
