//! The pure core of ATS KMS: vault, key lifecycle, policy, audit, dispatcher.
