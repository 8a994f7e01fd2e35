// X-Wing of `@noble/post-quantum` as a KEM for `@hpke/core`, which has none.
import { ml_kem768_x25519 as xWing } from '@noble/post-quantum/hybrid.js';

const SIZES = { secretSize: 32, encSize: 1120, publicKeySize: 1216, privateKeySize: 32 };

/** What `@hpke/core` asks of a KEM. Its keys are bare bytes here: nothing else looks at them. */
export class XWing {
  /** Of draft-connolly-cfrg-xwing-kem-06. */
  id = 0x647a;

  constructor() {
    Object.assign(this, SIZES);
  }

  async deserializePublicKey(raw) {
    return new Uint8Array(raw);
  }

  async deserializePrivateKey(seed) {
    return new Uint8Array(seed);
  }

  async encap({ recipientPublicKey }) {
    const { cipherText, sharedSecret } = xWing.encapsulate(recipientPublicKey);
    return { enc: cipherText.slice().buffer, sharedSecret: sharedSecret.slice().buffer };
  }

  async decap({ recipientKey, enc }) {
    return xWing.decapsulate(new Uint8Array(enc), recipientKey).slice().buffer;
  }
}

export const publicHalf = (seed) => xWing.keygen(seed).publicKey;
