//! Host shell of ATS KMS: emits, serves and verifies the enclave.
