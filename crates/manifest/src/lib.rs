//! Release manifest, digests, SRI strings, CSP and header policy of ATS KMS.
