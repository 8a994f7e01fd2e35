// The JavaScript files that make up the enclave, in the order in which they are assembled.
// Shared by build.rs, which embeds them, and the library, which joins them.

/// Files of `enclave-shell/frame`, in one module scope.
pub const FRAME_PARTS: [&str; 14] = [
    "limits.js",
    "refuse.js",
    "selfcheck.js",
    "probe.js",
    SHARED_DOORS,
    "isolation.js",
    "strings.js",
    "style.js",
    "ui-parts.js",
    "ui-screens.js",
    "ui.js",
    "worker.js",
    "channel.js",
    "boot.js",
];

/// The one file that the frame shares with the worker, seen from the frame's folder.
const SHARED_DOORS: &str = "../../crates/enclave/worker/doors.js";

/// Files of `crates/enclave/worker`. The wasm-bindgen glue comes right before [`WORKER_MAIN`].
pub const WORKER_PARTS: [&str; 5] =
    ["capture.js", "doors.js", "isolation.js", "lockdown.js", WORKER_MAIN];

/// The worker's entry point.
pub const WORKER_MAIN: &str = "main.js";
