// Generated from crates/protocol by `cargo xtask codegen`. Do not edit.

/** Methods that end, or may have to end, when a person has acted. */
export const INTERACTIVE =
  'data_keys.decrypt data_keys.generate decrypt encrypt jwt.sign keys.agree keys.derive keys.export keys.import keys.manage keys.unwrap keys.wrap leases.extend mac open poa.approve poa.reject poa.revoke poa.rotate rewrap sign streams.decrypt streams.encrypt vapid.create_lease vault.backup vault.manage vault.reset vault.restore vault.setup vault.unlock verify_mac'.split(' ');
