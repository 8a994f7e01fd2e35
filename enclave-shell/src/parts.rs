// The JavaScript files that make up the enclave, in the order in which they are assembled.
// Shared by build.rs, which embeds them, and the library, which joins them.

/// Files of `enclave-shell/frame`, in one module scope.
pub const FRAME_PARTS: [&str; 13] = [
    "limits.js",
    "refuse.js",
    "selfcheck.js",
    "probe.js",
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

/// Files of `crates/enclave/worker`. The wasm-bindgen glue comes right before [`WORKER_MAIN`].
pub const WORKER_PARTS: [&str; 4] = ["capture.js", "isolation.js", "lockdown.js", WORKER_MAIN];

/// The worker's entry point.
pub const WORKER_MAIN: &str = "main.js";
