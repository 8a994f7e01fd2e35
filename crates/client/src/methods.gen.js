// Generated from crates/protocol by `cargo xtask codegen`. Do not edit.

/** Methods that end, or may have to end, when a person has acted. */
export const INTERACTIVE = new Set(
  'vault.setup vault.unlock vault.manage keys.manage vault.backup vault.restore vault.reset sign jwt.sign encrypt decrypt rewrap streams.encrypt streams.decrypt mac verify_mac data_keys.generate data_keys.decrypt open keys.agree keys.derive keys.wrap keys.unwrap keys.export keys.import vapid.create_lease leases.extend poa.approve poa.reject poa.revoke poa.rotate'.split(' '),
);
