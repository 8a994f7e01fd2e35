// The JavaScript files that make up a release, in the order in which they are assembled.
// Shared by build.rs, which embeds them, and the library, which joins them.

/// Files of `enclave-shell/frame`, in one module scope.
pub const FRAME_PARTS: [&str; 31] = [
    "limits.js",
    "refuse.js",
    "selfcheck.js",
    "probe.js",
    SHARED_DOORS,
    "isolation.js",
    SHARED_TEXTS,
    "format.js",
    SHARED_STYLE,
    "storage.js",
    "passkey.js",
    "ui-parts.js",
    "ui-passphrase.js",
    "ui-passkey.js",
    "ui-phrase.js",
    "ui-release.js",
    "ui-unlock.js",
    "ui-manage.js",
    "ui-keys.js",
    "ui-audit.js",
    "ui-export.js",
    "ui-backup.js",
    "ui-lease.js",
    "ui-approve.js",
    "ui-screens.js",
    "ui-seen.js",
    "ui.js",
    "worker.js",
    "toolbox.js",
    "channel.js",
    "boot.js",
];

/// The one file that the frame shares with the worker, seen from the frame's folder.
const SHARED_DOORS: &str = "../../crates/enclave/worker/doors.js";

/// What frame and enrolment page share, seen from the folder of either.
const SHARED_TEXTS: &str = "../ui/strings.js";
const SHARED_STYLE: &str = "../ui/style.js";

/// Files of `enclave-shell/enrol`, in one module scope.
pub const ENROL_PARTS: [&str; 4] = [SHARED_TEXTS, SHARED_STYLE, "ceremony.js", "enrol.js"];

/// Files of `crates/enclave/worker` for the enclave. The wasm-bindgen glue comes right before the
/// last one, the entry point.
pub const WORKER_PARTS: [&str; 6] =
    ["capture.js", "doors.js", "isolation.js", "lockdown.js", "start.js", "main.js"];

/// The same for the backup tools.
pub const TOOLS_PARTS: [&str; 6] =
    ["capture.js", "doors.js", "isolation.js", "lockdown.js", "start.js", "tools.js"];
