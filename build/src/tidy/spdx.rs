//! Licence expressions, as far as crates use them (SPDX annex D).

/// Whether `allowed` licences satisfy `expression`. `/` is the old form of OR.
pub(super) fn satisfied(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser { tokens: &tokens, next: 0, allowed };
    parser.any() && parser.next == tokens.len()
}

struct Parser<'a> {
    tokens: &'a [&'a str],
    next: usize,
    allowed: &'a [String],
}

impl Parser<'_> {
    fn any(&mut self) -> bool {
        let mut satisfied = self.all();
        while self.take("OR") {
            satisfied |= self.all();
        }
        satisfied
    }

    fn all(&mut self) -> bool {
        let mut satisfied = self.one();
        while self.take("AND") {
            satisfied &= self.one();
        }
        satisfied
    }

    fn one(&mut self) -> bool {
        if self.take("(") {
            return self.any() & self.take(")");
        }
        let Some(licence) = self.tokens.get(self.next) else { return false };
        self.next += 1;
        let mut name = (*licence).to_owned();
        if self.take("WITH") {
            name = format!("{name} WITH {}", self.tokens.get(self.next).unwrap_or(&""));
            self.next += 1;
        }
        self.allowed.contains(&name)
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.tokens.get(self.next) == Some(&token);
        self.next += usize::from(found);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::satisfied;

    fn allowed() -> Vec<String> {
        ["MIT", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).to_vec()
    }

    #[test]
    fn one_side_of_or_is_enough() {
        assert!(satisfied("MIT OR Apache-2.0", &allowed()));
        assert!(satisfied("Apache-2.0/MIT", &allowed()));
        assert!(!satisfied("GPL-3.0 OR Apache-2.0", &allowed()));
    }

    #[test]
    fn both_sides_of_and_are_needed() {
        assert!(satisfied("(MIT OR Apache-2.0) AND Unicode-3.0", &allowed()));
        assert!(!satisfied("MIT AND GPL-3.0", &allowed()));
    }

    #[test]
    fn an_exception_is_part_of_the_name() {
        assert!(satisfied("Apache-2.0 WITH LLVM-exception", &allowed()));
        assert!(!satisfied("MIT WITH LLVM-exception", &allowed()));
    }

    #[test]
    fn malformed_expressions_are_refused() {
        assert!(!satisfied("", &allowed()));
        assert!(!satisfied("MIT )", &allowed()));
        assert!(!satisfied("( MIT", &allowed()));
    }
}
