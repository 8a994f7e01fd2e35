//! Wire types, method table, error codes and limits of ATS KMS.
