//! Where two builds of a file part.

use std::path::Path;

use object::{Object as _, ObjectSection as _};
use wasmparser::{Parser, Payload};

/// The magic number of a WebAssembly module.
const WASM: &[u8] = b"\0asm";
/// That of a program or library for Linux.
const ELF: &[u8] = b"\x7fELF";

/// What is not the same in two files, in words.
pub(super) fn explain(first: &Path, second: &Path) -> String {
    match (std::fs::read(first), std::fs::read(second)) {
        (Ok(first), Ok(second)) => between(&first, &second),
        (Err(_), _) => "the second build only".to_owned(),
        (_, Err(_)) => "the first build only".to_owned(),
    }
}

/// The same of the bytes: the section of a wasm or of a program, the line of a text, the byte of anything
/// else.
pub(crate) fn between(first: &[u8], second: &[u8]) -> String {
    let both = |magic| first.starts_with(magic) && second.starts_with(magic);
    if both(WASM) {
        return in_sections(first, second, wasm_sections);
    }
    if both(ELF) {
        return in_sections(first, second, elf_sections);
    }
    match (str::from_utf8(first), str::from_utf8(second)) {
        (Ok(first), Ok(second)) => in_lines(first, second),
        _ => in_bytes(first, second),
    }
}

/// A section: its name and its bytes.
type Section<'a> = (String, &'a [u8]);
type Sections = for<'a> fn(&'a [u8]) -> Option<Vec<Section<'a>>>;

fn wasm_sections(module: &[u8]) -> Option<Vec<Section<'_>>> {
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.ok()?;
        // Header, end and the single functions are no sections.
        let Some((id, range)) = payload.as_section() else { continue };
        let name = match &payload {
            Payload::CustomSection(custom) => format!("custom section \"{}\"", custom.name()),
            _ => name_of(id),
        };
        found.push((name, module.get(range)?));
    }
    Some(found)
}

fn elf_sections(program: &[u8]) -> Option<Vec<Section<'_>>> {
    let file = object::File::parse(program).ok()?;
    let sections = file
        .sections()
        .map(|section| Some((format!("section {}", section.name().ok()?), section.data().ok()?)));
    sections.collect()
}

/// Sections by their numbers (WebAssembly core specification, section 5.5.2).
fn name_of(id: u8) -> String {
    const NAMES: [&str; 14] = [
        "custom",
        "type",
        "import",
        "function",
        "table",
        "memory",
        "global",
        "export",
        "start",
        "element",
        "code",
        "data",
        "data count",
        "tag",
    ];
    NAMES
        .get(usize::from(id))
        .map_or_else(|| format!("section {id}"), |name| format!("{name} section"))
}

fn in_sections(first: &[u8], second: &[u8], sections: Sections) -> String {
    let (Some(ours), Some(theirs)) = (sections(first), sections(second)) else {
        return in_bytes(first, second);
    };
    let differing: Vec<_> = ours
        .iter()
        .filter_map(|(name, bytes)| match theirs.iter().find(|(other, _)| other == name) {
            None => Some(format!("no {name} in the second")),
            Some((_, other)) if other == bytes => None,
            Some((_, other)) => Some(format!("{name}, {}", in_bytes(bytes, other))),
        })
        .chain(theirs.iter().filter_map(|(name, _)| {
            let alone = !ours.iter().any(|(own, _)| own == name);
            alone.then(|| format!("no {name} in the first"))
        }))
        .collect();
    if differing.is_empty() { in_bytes(first, second) } else { differing.join("; ") }
}

fn in_lines(first: &str, second: &str) -> String {
    let same = first.lines().zip(second.lines()).take_while(|(a, b)| a == b).count();
    format!("line {} on", same + 1)
}

fn in_bytes(first: &[u8], second: &[u8]) -> String {
    let same = first.iter().zip(second).take_while(|(a, b)| a == b).count();
    format!("byte {same} on, {} and {} bytes long", first.len(), second.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module of a memory section and a custom section with this content.
    fn module(pages: u8, note: &[u8]) -> Vec<u8> {
        let mut module = b"\0asm\x01\0\0\0\x05\x03\x01\0".to_vec();
        module.extend([pages, 0, u8::try_from(note.len() + 2).unwrap(), 1, b'n']);
        module.extend(note);
        module
    }

    fn explained(first: &[u8], second: &[u8]) -> String {
        let directory = tempfile::tempdir().unwrap();
        let paths = ["first", "second"].map(|name| directory.path().join(name));
        std::fs::write(&paths[0], first).unwrap();
        std::fs::write(&paths[1], second).unwrap();
        explain(&paths[0], &paths[1])
    }

    /// The file of a program with these sections, and one with their names (ELF-64, System V ABI).
    fn program(sections: &[(&str, &[u8])]) -> Vec<u8> {
        let (mut names, mut body, mut table) = (vec![0], Vec::new(), vec![0; 64]);
        let mut row = |name: &str, kind: u32, place: usize, size: usize, names: &mut Vec<u8>| {
            table.extend(u32::try_from(names.len()).unwrap().to_le_bytes());
            table.extend([kind.to_le_bytes(), [0; 4], [0; 4], [0; 4], [0; 4]].concat());
            for number in [64 + place, size] {
                table.extend(u64::try_from(number).unwrap().to_le_bytes());
            }
            table.extend([0; 24]);
            names.extend([name.as_bytes(), b"\0"].concat());
        };
        for (name, bytes) in sections {
            row(name, 1, body.len(), bytes.len(), &mut names);
            body.extend_from_slice(bytes);
        }
        let size = names.len() + 7;
        row(".names", 3, body.len(), size, &mut names);
        body.extend(names);
        let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x01\0\x3e\0\x01\0\0\0".to_vec();
        file.extend([0; 16]);
        file.extend(u64::try_from(64 + body.len()).unwrap().to_le_bytes());
        file.extend([0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 64, 0]);
        let count = u16::try_from(sections.len() + 2).unwrap();
        file.extend([count.to_le_bytes(), (count - 1).to_le_bytes()].concat());
        [file, body, table].concat()
    }

    #[test]
    fn a_section_of_a_program_is_named() {
        let one = program(&[(".code", b"same"), (".parts", b"0123")]);
        let two = program(&[(".code", b"same"), (".parts", b"01x345")]);
        let found = explained(&one, &two);
        assert_eq!(found, "section .parts, byte 2 on, 4 and 6 bytes long");
        let more = program(&[(".code", b"same"), (".parts", b"0123"), (".more", b"")]);
        assert!(explained(&more, &one).contains("no section .more in the second"));
        assert!(explained(&one, &more).contains("no section .more in the first"));
        // Cut off, it has no sections that could be named.
        let cut = &one[..one.len() - 1];
        assert!(explained(&one, cut).starts_with("byte "), "{}", explained(&one, cut));
    }

    #[test]
    fn a_section_is_named() {
        assert_eq!(
            explained(&module(1, b"one"), &module(2, b"one")),
            "memory section, byte 2 on, 3 and 3 bytes long"
        );
        let found = explained(&module(1, b"one"), &module(1, b"two"));
        assert!(found.starts_with("custom section \"n\", byte "), "{found}");
        let shorter = &module(1, b"one")[..13];
        assert_eq!(explained(&module(1, b"one"), shorter), "no custom section \"n\" in the second");
        assert_eq!(explained(shorter, &module(1, b"")), "no custom section \"n\" in the first");
    }

    #[test]
    fn a_line_and_a_byte_are_counted() {
        assert_eq!(explained(b"a\nb\n", b"a\nc\n"), "line 2 on");
        assert_eq!(explained(b"\xff\x00", b"\xff\x01\x02"), "byte 1 on, 2 and 3 bytes long");
        assert_eq!(explained(b"\0asm\xff", b"\0asm\xfe"), "byte 4 on, 5 and 5 bytes long");
    }

    #[test]
    fn a_file_of_one_side_is_called_that() {
        let directory = tempfile::tempdir().unwrap();
        let (here, missing) = (directory.path().join("here"), directory.path().join("missing"));
        std::fs::write(&here, "text").unwrap();
        assert_eq!(explain(&here, &missing), "the first build only");
        assert_eq!(explain(&missing, &here), "the second build only");
    }
}
