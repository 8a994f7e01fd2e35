//! The two pages: fifteen lines each, nothing inline.

use kms_manifest::Sha384;

/// The frame page: runs the one module and nothing else.
pub(crate) fn frame(module_path: &str, integrity: &Sha384) -> String {
    let purpose = "This page keeps keys for another site and needs JavaScript to do so.";
    render("ATS KMS enclave", purpose, &script_tag(module_path, integrity))
}

/// The enrolment page: runs its one script and nothing else.
pub(crate) fn enrol(script_path: &str, integrity: &Sha384) -> String {
    let purpose = "This page creates a passkey and needs JavaScript to do so.";
    render("ATS KMS: create a passkey", purpose, &script_tag(script_path, integrity))
}

fn render(title: &str, without_script: &str, script: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
{script}
</head>
<body>
<noscript>{without_script}</noscript>
</body>
</html>
"#
    )
}

/// A page's one script element.
pub(crate) fn script_tag(path: &str, integrity: &Sha384) -> String {
    format!(
        r#"<script type="module" src="{path}" integrity="{integrity}" crossorigin="anonymous"></script>"#
    )
}
