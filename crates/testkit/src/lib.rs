//! Development only: fault-injecting ports and vectors for ATS KMS.
