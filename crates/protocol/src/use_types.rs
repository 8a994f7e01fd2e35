//! The named types of the wire that are about using keys.

use crate::schema::{FieldDoc, Shape, TypeDoc, TypeRef, Wire, add, doc};
use crate::{
    CreateKeyParams, EncryptionContext, ErrorCode, Fields, FromValue, IntoValue, KeyId, Value,
};

record! {
    /// Parameters of `sign`.
    SignParams {
        /// Which key.
        key_id: KeyId => "keyId",
        /// What to sign, at most 1 MiB; hashed by the algorithm itself.
        data: Vec<u8> => "data",
        /// With which version; the latest if absent.
        version: Option<u32> => "version",
    }
}

record! {
    /// A signature.
    Signature {
        /// 64 bytes.
        signature: Vec<u8> => "signature",
        /// The version that signed.
        version: u32 => "version",
    }
}

record! {
    /// Parameters of `verify`.
    VerifyParams {
        /// Which key.
        key_id: KeyId => "keyId",
        /// What was signed.
        data: Vec<u8> => "data",
        /// 64 bytes; any other length is simply not valid.
        signature: Vec<u8> => "signature",
        /// Against which version; the latest if absent.
        version: Option<u32> => "version",
    }
}

record! {
    /// Outcome of a verification.
    Verdict {
        /// Whether the signature, or the code, is that of the data, or the token one of the key that
        /// its template allows now.
        valid: bool => "valid",
    }
}

record! {
    /// Parameters of `encrypt`.
    EncryptParams {
        /// Which key.
        key_id: KeyId => "keyId",
        /// What to encrypt, at most 1 048 320 bytes.
        plaintext: Vec<u8> => "plaintext",
        /// What the ciphertext is bound to, at most 16 texts; nothing if absent.
        context: Option<EncryptionContext> => "context",
        /// With which version; the latest if absent.
        version: Option<u32> => "version",
    }
}

record! {
    /// Something encrypted.
    Ciphertext {
        /// It names the version that encrypted.
        ciphertext: Vec<u8> => "ciphertext",
        /// The same version.
        version: u32 => "version",
    }
}

record! {
    /// Parameters of `decrypt` and of `rewrap`.
    DecryptParams {
        /// Which key.
        key_id: KeyId => "keyId",
        /// What `encrypt` or `rewrap` returned.
        ciphertext: Vec<u8> => "ciphertext",
        /// What the ciphertext is bound to.
        context: Option<EncryptionContext> => "context",
    }
}

record! {
    /// Something decrypted.
    Plaintext {
        /// What was encrypted.
        plaintext: Vec<u8> => "plaintext",
        /// The version that decrypted.
        version: u32 => "version",
    }
}

record! {
    /// Parameters of `mac`.
    MacParams {
        /// Which key.
        key_id: KeyId => "keyId",
        /// What to authenticate, at most 1 MiB.
        data: Vec<u8> => "data",
        /// With which version; the latest if absent.
        version: Option<u32> => "version",
    }
}

record! {
    /// A message authentication code.
    MacTag {
        /// 32 bytes.
        mac: Vec<u8> => "mac",
        /// The version that made it.
        version: u32 => "version",
    }
}

record! {
    /// Parameters of `verify_mac`.
    VerifyMacParams {
        /// Which key.
        key_id: KeyId => "keyId",
        /// What was authenticated.
        data: Vec<u8> => "data",
        /// 32 bytes; any other length is simply not valid.
        mac: Vec<u8> => "mac",
        /// Against which version; the latest if absent.
        version: Option<u32> => "version",
    }
}

record! {
    /// Parameters of `random`.
    RandomParams {
        /// How many bytes, 1 to 4096.
        length: u32 => "length",
    }
}

record! {
    /// Random bytes.
    RandomBytes {
        /// From the browser's cryptographic generator.
        bytes: Vec<u8> => "bytes",
    }
}

record! {
    /// Parameters of `data_keys.generate`.
    GenerateDataKeyParams {
        /// Under which key it is wrapped.
        key_id: KeyId => "keyId",
        /// What the wrapped data key is bound to.
        context: Option<EncryptionContext> => "context",
        /// Whether to return it bare, too. The key needs the use `data_key_plaintext` for that, and
        /// otherwise `data_key`.
        with_plaintext: Option<bool> => "withPlaintext",
    }
}

record! {
    /// A data key: 32 random bytes for the page's own encryption.
    DataKey {
        /// Wrapped. It names the version that wrapped.
        wrapped: Vec<u8> => "wrapped",
        /// Bare; absent unless it was asked for.
        plaintext: Option<Vec<u8>> => "plaintext",
        /// The version that wrapped.
        version: u32 => "version",
    }
}

record! {
    /// Parameters of `data_keys.decrypt`.
    DecryptDataKeyParams {
        /// Under which key it is wrapped.
        key_id: KeyId => "keyId",
        /// What `data_keys.generate` returned.
        wrapped: Vec<u8> => "wrapped",
        /// What it is bound to.
        context: Option<EncryptionContext> => "context",
    }
}

record! {
    /// Parameters of `seal`.
    SealParams {
        /// To which key.
        key_id: KeyId => "keyId",
        /// What to seal, at most 1 048 320 bytes.
        plaintext: Vec<u8> => "plaintext",
        /// What the sealed message is bound to; nothing if absent.
        context: Option<EncryptionContext> => "context",
        /// To which version; the latest if absent.
        version: Option<u32> => "version",
    }
}

record! {
    /// Something sealed by HPKE (RFC 9180).
    Sealed {
        /// The encapsulated key of 32 bytes, the ciphertext, the tag.
        sealed: Vec<u8> => "sealed",
        /// The version whose public half it was sealed to. Nothing in `sealed` names it.
        version: u32 => "version",
    }
}

record! {
    /// Parameters of `open`.
    OpenParams {
        /// Which key.
        key_id: KeyId => "keyId",
        /// What `seal` returned, or what somebody else sealed to the public half.
        sealed: Vec<u8> => "sealed",
        /// What the sealed message is bound to.
        context: Option<EncryptionContext> => "context",
        /// To which version it was sealed; the latest if absent.
        version: Option<u32> => "version",
    }
}

record! {
    /// Parameters of `keys.agree`.
    AgreeKeyParams {
        /// Which key.
        key_id: KeyId => "keyId",
        /// The public key of the other side: `raw` of its `keys.public_key`, of the same spec.
        peer: Vec<u8> => "peer",
        /// What the new key is bound to. The other side gives the same.
        context: Option<EncryptionContext> => "context",
        /// With which version; the latest if absent.
        version: Option<u32> => "version",
        /// The new key: `aes-256` or `hmac-sha256`. The other side asks for the same spec.
        key: Box<CreateKeyParams> => "key",
    }
}

record! {
    /// Parameters of `keys.derive`.
    DeriveKeyParams {
        /// From which key.
        key_id: KeyId => "keyId",
        /// What the new key is bound to: another context gives another key.
        context: Option<EncryptionContext> => "context",
        /// From which version; the latest if absent.
        version: Option<u32> => "version",
        /// The new key: `aes-256` or `hmac-sha256`.
        key: Box<CreateKeyParams> => "key",
    }
}

record! {
    /// Parameters of `keys.wrap`.
    WrapKeyParams {
        /// Under which key.
        key_id: KeyId => "keyId",
        /// The key to wrap, in its latest version. Its policy has `export`.
        target_key_id: KeyId => "targetKeyId",
        /// What the wrapped key is bound to.
        context: Option<EncryptionContext> => "context",
    }
}

record! {
    /// A wrapped key.
    WrappedKey {
        /// It names the version that wrapped.
        wrapped: Vec<u8> => "wrapped",
        /// The same version.
        version: u32 => "version",
    }
}

record! {
    /// Parameters of `keys.unwrap`.
    UnwrapKeyParams {
        /// Under which key it is wrapped.
        key_id: KeyId => "keyId",
        /// What `keys.wrap` returned.
        wrapped: Vec<u8> => "wrapped",
        /// What it is bound to.
        context: Option<EncryptionContext> => "context",
        /// The new key, of the spec that was wrapped.
        key: Box<CreateKeyParams> => "key",
    }
}

record! {
    /// Parameters of `keys.export`.
    ExportKeyParams {
        /// Which key. Its policy has `export`.
        key_id: KeyId => "keyId",
        /// To whom: `raw` of a public key of the spec `hpke-x25519`, 32 bytes, or `hpke-x-wing`, 1216
        /// bytes.
        recipient: Vec<u8> => "recipient",
        /// What the sealed key is bound to.
        context: Option<EncryptionContext> => "context",
        /// Which version; the latest if absent.
        version: Option<u32> => "version",
    }
}

record! {
    /// A key, sealed by HPKE (RFC 9180).
    ExportedKey {
        /// The encapsulated key of 32 bytes, the ciphertext, the tag.
        sealed: Vec<u8> => "sealed",
        /// The version that is in it.
        version: u32 => "version",
    }
}

record! {
    /// Parameters of `keys.import`.
    ImportKeyParams {
        /// To which key it was sealed. Its policy has `import`.
        key_id: KeyId => "keyId",
        /// What `keys.export` returned, or what somebody else sealed to the public half.
        sealed: Vec<u8> => "sealed",
        /// What the sealed key is bound to.
        context: Option<EncryptionContext> => "context",
        /// To which version it was sealed; the latest if absent.
        version: Option<u32> => "version",
        /// The new key, of the spec that was sealed.
        key: Box<CreateKeyParams> => "key",
    }
}
