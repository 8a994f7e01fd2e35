//! The frame page: fifteen lines, nothing inline.

use kms_manifest::Sha384;

/// The page that runs the one module and nothing else.
pub(crate) fn render(module_path: &str, integrity: &Sha384) -> String {
    let script = script_tag(module_path, integrity);
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>ATS KMS enclave</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
{script}
</head>
<body>
<noscript>This page keeps keys for another site and needs JavaScript to do so.</noscript>
</body>
</html>
"#
    )
}

/// The page's one script element.
pub(crate) fn script_tag(module_path: &str, integrity: &Sha384) -> String {
    format!(
        r#"<script type="module" src="{module_path}" integrity="{integrity}" crossorigin="anonymous"></script>"#
    )
}
