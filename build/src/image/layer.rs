//! The one layer: the program, and the names of who runs it.

use super::{NAME, USER};
use crate::archive::Entry;

/// Everything that is in an image with this program. There are no certificates of public authorities:
/// the broker trusts its bundle only. Names of hosts come from where it runs.
pub(super) fn entries(program: &[u8]) -> Vec<Entry> {
    let passwd = format!("nonroot:x:{USER}:{USER}:nonroot:/:/nonexistent\n");
    let group = format!("nonroot:x:{USER}:\n");
    let folder = Entry { is_dir: true, ..Entry::file("etc/", 0o755, b"") };
    vec![
        folder,
        Entry::file("etc/group", 0o444, group.as_bytes()),
        Entry::file("etc/passwd", 0o444, passwd.as_bytes()),
        Entry::file(NAME, 0o555, program),
    ]
}
