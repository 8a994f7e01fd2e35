//! Messages of any length through the enclave: whole, damaged, given up, locked out.

use anyhow::{Result, ensure};
use fantoccini::Client;
use serde_json::{Value, json};

use crate::{
    scenario::scenarios,
    session::attack,
    stage::Stage,
    vault_ui::{PASSPHRASE, VaultUi},
    world::World,
};

scenarios!("streams":
    megabytes_come_back,
    what_is_damaged_does_not_open,
    whoever_gives_up_leaves_nothing,
    locking_and_disabling_end_streams,
);

/// The connection of `tests/hostile/streams.js`.
struct Streams<'a>(&'a Client);

impl Streams<'_> {
    /// Connects to a new vault with a key.
    async fn open<'a>(page: &'a Client, stage: &Stage) -> Result<Streams<'a>> {
        stage.visit(page).await?;
        let streams = Streams(page);
        streams.step("open").await?;
        VaultUi(page).set_up(PASSPHRASE).await?;
        streams.step("ready").await?;
        Ok(streams)
    }

    async fn step(&self, op: &str) -> Result<Value> {
        attack(self.0, "streams", &json!({"op": op})).await
    }
}

async fn megabytes_come_back(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let streams = Streams::open(world.page()?, &stage).await?;
    let whole = streams.step("whole").await?;
    ensure!(whole == json!([true, true, true, true]), "{whole}");
    let together = streams.step("together").await?;
    ensure!(together == json!([true, true, true, true]), "{together}");
    let log = streams.step("log").await?;
    ensure!(log == json!(["streams.decrypt", "streams.encrypt"]), "{log}");
    Ok(())
}

async fn what_is_damaged_does_not_open(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let streams = Streams::open(world.page()?, &stage).await?;
    let found = streams.step("damage").await?;
    let codes = found.as_object().map(|found| found.values().collect::<Vec<_>>());
    let codes = codes.unwrap_or_default();
    ensure!(codes.len() == 9 && codes.iter().all(|code| **code == "invalid_ciphertext"), "{found}");
    Ok(())
}

async fn whoever_gives_up_leaves_nothing(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let streams = Streams::open(world.page()?, &stage).await?;
    let found = streams.step("abort").await?;
    let expected =
        json!({"aborted": "aborted", "enough": true, "open": 4, "code": "too_many_requests"});
    ensure!(found == expected, "{found}");
    // Those were given up, too.
    let whole = streams.step("whole").await?;
    ensure!(whole == json!([true, true, true, true]), "{whole}");
    Ok(())
}

async fn locking_and_disabling_end_streams(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let streams = Streams::open(page, &stage).await?;
    let found = streams.step("lock").await?;
    ensure!(found == json!(["locked", "locked", "locked", "locked"]), "{found}");
    VaultUi(page).unlock(PASSPHRASE).await?;
    streams.step("ready").await?;
    let found = streams.step("disable").await?;
    ensure!(found == json!(["invalid_key_state", "invalid_key_state"]), "{found}");
    let whole = streams.step("whole").await?;
    ensure!(whole == json!([true, true, true, true]), "{whole}");
    Ok(())
}
