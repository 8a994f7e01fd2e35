/** Every text of the sheet around the enclave's frame. */
export const TEXT = {
  name: 'Key vault',
  /** @param {string} host */
  of: (host) => `Key vault of ${host}`,
  close: 'Close the key vault',
  enrol: 'Create a passkey in its own tab',
};
