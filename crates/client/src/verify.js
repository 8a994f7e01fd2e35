import { defineKmsVerify } from './verify-element.js';

export { defineKmsVerify } from './verify-element.js';
export { verifyEnclave } from './verify-enclave.js';

/** @typedef {import('./verify-enclave.js').VerifyReport} VerifyReport */
/** @typedef {import('./verify-enclave.js').VerifyStep} VerifyStep */
/** @typedef {import('./verify-enclave.js').VerifyOptions} VerifyOptions */
/** @typedef {import('./verify-enclave.js').Level} Level */

// On a server there is nothing to define; importing this must still work there.
if (typeof customElements !== 'undefined') defineKmsVerify();
