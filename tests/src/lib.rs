//! Browser end-to-end tests and benchmarks of ATS KMS.
