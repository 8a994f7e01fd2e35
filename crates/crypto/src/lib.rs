//! Suites, envelopes and key derivation of ATS KMS, over a CryptoProvider port.
