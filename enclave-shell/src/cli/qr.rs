//! A QR code in a terminal.

/// Light modules that have to be around it (ISO/IEC 18004).
const QUIET: usize = 4;
const BLACK_ON_WHITE: &str = "\x1b[30;107m";
const RESET: &str = "\x1b[0m";

/// Two rows of modules in a line of half blocks, always black on white: not every reader takes the
/// reverse.
pub(super) fn for_terminal(rows: &str) -> String {
    let rows: Vec<_> = rows.lines().map(str::as_bytes).collect();
    let side = rows.len() + 2 * QUIET;
    let dark = |x: usize, y: usize| {
        let row = y.checked_sub(QUIET).and_then(|y| rows.get(y));
        let module = row.zip(x.checked_sub(QUIET)).and_then(|(row, x)| row.get(x));
        module == Some(&b'1')
    };
    let block = |x, y| match (dark(x, y), dark(x, y + 1)) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    };
    let line = |y| {
        let blocks: String = (0..side).map(|x| block(x, y)).collect();
        format!("{BLACK_ON_WHITE}{blocks}{RESET}\n")
    };
    (0..side).step_by(2).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_is_half_a_block() {
        let shown = for_terminal("110\n101\n011");
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(lines.len(), 6);
        let blocks = |line: &str| line.replace(BLACK_ON_WHITE, "").replace(RESET, "");
        assert_eq!(blocks(lines[0]), " ".repeat(11));
        assert_eq!(blocks(lines[2]), "    █▀▄    ");
        assert_eq!(blocks(lines[3]), "     ▀▀    ");
    }
}
