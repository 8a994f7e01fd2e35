import { defineKmsVerify } from './verify-element.js';

export { defineKmsVerify } from './verify-element.js';
export { verifyEnclave } from './verify-enclave.js';
export { explainFailure } from './verify-failures.js';

/** @typedef {import('./verify-enclave.js').VerifyReport} VerifyReport */
/** @typedef {import('./verify-steps.js').VerifyStep} VerifyStep */
/** @typedef {import('./verify-enclave.js').VerifyOptions} VerifyOptions */
/** @typedef {import('./verify-enclave.js').Level} Level */

// On a server there is nothing to define; importing this must still work there.
if (typeof customElements !== 'undefined') defineKmsVerify();
