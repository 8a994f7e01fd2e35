//! Build, test and release tasks of ATS KMS.
