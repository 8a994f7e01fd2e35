//! The literals of a script, comments and regular expressions left out.

/// A quoted text, or a part of a template between its holes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Literal<'a> {
    /// From 1.
    pub(super) line: usize,
    /// As it is written.
    pub(super) text: &'a str,
    /// Everything in front of its quotation mark.
    pub(super) before: &'a str,
}

/// Every literal in order.
pub(super) fn literals(script: &str) -> Vec<Literal<'_>> {
    let mut scanner = Scanner { script, at: 0, holes: Vec::new(), code: 0, found: Vec::new() };
    while scanner.step() {}
    scanner.found
}

struct Scanner<'a> {
    script: &'a str,
    at: usize,
    /// How many braces are open in each hole of a template.
    holes: Vec<usize>,
    /// Where the code ends that was read last, without spaces and comments.
    code: usize,
    found: Vec<Literal<'a>>,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        &self.script[self.at..]
    }

    /// Reads what is next; false at the end.
    fn step(&mut self) -> bool {
        let rest = self.rest();
        let Some(next) = rest.chars().next() else { return false };
        match next {
            '/' if rest.starts_with("//") => self.skip(rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => {
                self.skip(rest.find("*/").map_or(rest.len(), |end| end + 2));
            }
            '/' if self.expects_value() => self.expression(),
            '\'' | '"' => self.quoted(next),
            '`' => self.template(),
            '}' if self.holes.last() == Some(&0) => {
                self.holes.pop();
                self.template();
            }
            _ => self.other(next),
        }
        true
    }

    fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    fn read(&mut self, bytes: usize) {
        self.at = self.script.len().min(self.at + bytes);
        self.code = self.at;
    }

    fn other(&mut self, next: char) {
        if let Some(open) = self.holes.last_mut() {
            match next {
                '{' => *open += 1,
                '}' => *open -= 1,
                _ => {}
            }
        }
        if next.is_whitespace() { self.skip(next.len_utf8()) } else { self.read(next.len_utf8()) }
    }

    /// Whether a slash here begins a regular expression: no value stands before it.
    fn expects_value(&self) -> bool {
        let code = &self.script[..self.code];
        let word = |word| code.ends_with(word);
        !code.ends_with(|c: char| c.is_alphanumeric() || "_$)]}'\"`".contains(c))
            || ["return", "typeof", "case"].into_iter().any(word)
    }

    fn expression(&mut self) {
        let mut class = false;
        let mut escaped = false;
        let end = self.rest().char_indices().skip(1).find(|(_, c)| {
            let (here, was) = (*c, std::mem::take(&mut escaped));
            match here {
                _ if was => {}
                '\\' => escaped = true,
                '[' => class = true,
                ']' => class = false,
                _ => return here == '\n' || here == '/' && !class,
            }
            false
        });
        self.read(end.map_or(self.rest().len(), |(at, _)| at + 1));
    }

    fn quoted(&mut self, mark: char) {
        let end = until(&self.rest()[1..], |rest| rest.starts_with([mark, '\n']));
        self.note(end);
        self.read(1 + end + 1);
    }

    /// From the beginning of a template or the end of a hole to the end or to the next hole.
    fn template(&mut self) {
        let inner = &self.rest()[1..];
        let end = until(inner, |rest| rest.starts_with('`') || rest.starts_with("${"));
        self.note(end);
        let hole = inner[end..].starts_with("${");
        self.read(1 + end + if hole { 2 } else { 1 });
        if hole {
            self.holes.push(0);
        }
    }

    fn note(&mut self, bytes: usize) {
        let before = &self.script[..self.at];
        let text = self.script.get(self.at + 1..self.at + 1 + bytes).unwrap_or_default();
        self.found.push(Literal { line: 1 + before.matches('\n').count(), text, before });
    }
}

/// Bytes before the first place that is not escaped and ends a literal.
fn until(text: &str, ends: impl Fn(&str) -> bool) -> usize {
    let mut escaped = false;
    let end = text.char_indices().find(|(at, c)| {
        let was = escaped;
        escaped = !was && *c == '\\';
        !was && ends(&text[*at..])
    });
    end.map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(script: &str) -> Vec<(usize, &str)> {
        literals(script).into_iter().map(|it| (it.line, it.text)).collect()
    }

    #[test]
    fn literals_are_found_and_comments_are_not() {
        let script = "// 'a'\nf('b', \"c\\\"d\"); /* 'e'\n'f' */ g(`h\n`, '');\n";
        let found = [(2, "b"), (2, "c\\\"d"), (3, "h\n"), (4, "")];
        assert_eq!(texts(script), found);
        assert_eq!(literals(script)[0].before, "// 'a'\nf(");
    }

    #[test]
    fn a_template_is_its_parts_and_what_stands_in_its_holes() {
        let script = "`a ${b({ c: 'd' }, `e${f}g`)} h` + '}'";
        let found: Vec<_> = texts(script).into_iter().map(|(_, text)| text).collect();
        assert_eq!(found, ["a ", "d", "e", "g", " h", "}"]);
        assert_eq!(texts("`\\${a}\\``"), [(1, "\\${a}\\`")]);
    }

    #[test]
    fn quotation_marks_in_regular_expressions_begin_nothing() {
        for script in ["x.replace(/[/']+\\/'/g, 'y')", "return /'/ ? 'y' : 0", "(a / b, c / 'y')"] {
            assert_eq!(texts(script), [(1, "y")], "{script}");
        }
        assert_eq!(texts("a = b / c;\n'y'; // /'/\n"), [(2, "y")]);
    }

    #[test]
    fn what_is_not_closed_ends() {
        for (script, text) in
            [("'a", "a"), ("`a", "a"), ("'a\n'", "a"), ("`a${", "a"), ("'\\", "\\")]
        {
            assert_eq!(texts(script)[0], (1, text), "{script}");
        }
        assert_eq!(texts("/* 'a'"), []);
        assert_eq!(texts("x = /a"), []);
    }
}
