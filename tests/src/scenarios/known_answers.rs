//! Published test vectors on the browser's own cryptography.
