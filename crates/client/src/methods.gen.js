// Generated from crates/protocol by `cargo xtask codegen`. Do not edit.

/** Methods that end, or may have to end, when a person has acted. */
export const INTERACTIVE = new Set([
  'vault.setup',
  'vault.unlock',
  'vault.manage',
  'keys.manage',
  'vault.backup',
  'vault.restore',
  'vault.reset',
  'sign',
  'jwt.sign',
  'vapid.create_lease',
  'leases.extend',
]);
