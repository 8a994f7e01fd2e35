//! The facade of the client that is shaped like Web Cryptography, through the shipped enclave.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::{
    scenario::scenarios,
    session::attack,
    vault_ui::{PASSPHRASE, VaultUi},
    world::World,
};

scenarios!("facade": secrets_by_the_shape_of_web_cryptography);

async fn secrets_by_the_shape_of_web_cryptography(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    stage.visit(page).await?;
    attack(page, "facade", &json!({"op": "open", "url": stage.kms})).await?;
    VaultUi(page).set_up(PASSPHRASE).await?;
    let found = attack(page, "facade", &json!({"op": "run"})).await?;
    let expected = json!({
        "encryption": {
            "handle": "encrypt decrypt",
            "read": true,
            "elsewhere": "OperationError",
            "own nonce": "NotSupportedError",
            "no ciphertext": "OperationError",
            "not for it": "InvalidAccessError",
            "context": true,
        },
        "agreement": true,
        "x25519": {
            "agreed": true,
            "with itself": false,
            "to leave": "InvalidAccessError",
        },
        "copies": {
            "original": true,
            "copy": "OperationError",
        },
        "wrapping": {
            "derived again": true,
            "derived otherwise": false,
            "unwrapped": true,
            "another code": false,
            "elsewhere": "OperationError",
            "another kind": "OperationError",
            "wrapped again": "InvalidAccessError",
            "by a handle for less": "InvalidAccessError",
        },
        "promises": {
            "supported": true,
            "unsupported": false,
            "public raw": 32,
            "secret raw": "InvalidAccessError",
            "locked vault": "KmsError",
        },
    });
    ensure!(found == expected, "{found}");
    Ok(())
}
