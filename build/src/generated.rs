//! Requests that nobody thought of: schemathesis makes them from the broker's published description, and a
//! test starts the broker that is asked, with every role.

use anyhow::Result;

use crate::process::run;
use crate::repo::Repo;
use crate::{setup, verify};

/// How many requests an endpoint gets of each kind that chance decides on.
const QUICK: u32 = 3;
const LONG: u32 = 300;

/// Asks the broker what was made up.
pub(crate) fn run_all(repo: &Repo, long: bool) -> Result<()> {
    let packages = setup::schemathesis(repo)?;
    let mut command = verify::tests(repo)?;
    command.args(["--test", "generated", "--", "--ignored", "--nocapture"]);
    command.env("KMS_SCHEMATHESIS", packages);
    let examples = if long { LONG } else { QUICK };
    run(command.env("KMS_SCHEMATHESIS_EXAMPLES", examples.to_string()))
}
