//! A policy in Rego: what the table admits is done only if this says yes too. It can take away and
//! never add, and whatever goes wrong in it is a no.

use std::num::NonZeroU32;
use std::sync::{LazyLock, Once};
use std::time::{Duration, Instant};

use kms_token::Challenge;
use regorus::utils::limits::{ExecutionTimerConfig, TimeSource, set_time_source};
use regorus::{Engine, Value};

use crate::Error;

/// The one rule that is asked for.
const RULE: &str = "data.kms.broker.allow";
/// Longer than any policy should need by far; requests wait for it.
const PATIENCE: ExecutionTimerConfig =
    ExecutionTimerConfig { limit: Duration::from_millis(50), check_interval: NonZeroU32::MIN };

/// What its patience is measured by.
struct Running(LazyLock<Instant>);

impl TimeSource for Running {
    fn now(&self) -> Option<Duration> {
        Some(self.0.elapsed())
    }
}

static RUNNING: Running = Running(LazyLock::new(Instant::now));
static HAS_TIME: Once = Once::new();

/// At which moment it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// A workload asks for a challenge: approvers see nothing that is refused here.
    Ask,
    /// A token is used, whatever was true when it was asked for.
    Use,
}

/// A policy that was read.
#[derive(Clone, Debug)]
pub struct Rego(Engine);

impl Rego {
    /// Reads a policy. One that has no rule `allow` would refuse everything: it is an error.
    pub fn new(name: &str, text: String) -> Result<Self, Error> {
        let wrong = |error: &dyn std::fmt::Display| Error::Config(format!("{name}: {error}"));
        // Once for the process. Without it nothing would ever take too long.
        HAS_TIME.call_once(|| {
            let _ = set_time_source(&RUNNING);
        });
        let mut engine = Engine::new();
        engine.set_execution_timer_config(PATIENCE);
        engine.add_policy(name.to_owned(), text).map_err(|error| wrong(&error))?;
        // Also finds what only shows when rules are put in order.
        engine
            .compile_with_entrypoint(&RULE.into())
            .map_err(|error| wrong(&format!("{RULE}: {error}")))?;
        Ok(Self(engine))
    }

    /// Whether it says yes: nothing else than `true` does.
    #[must_use]
    pub fn allows(&self, phase: Phase, challenge: &Challenge, now_s: u64) -> bool {
        let answer = input(phase, challenge, now_s).and_then(|input| {
            let mut engine = self.0.clone();
            engine.set_input(input);
            engine.eval_rule(RULE.to_owned()).ok()
        });
        answer == Some(Value::Bool(true))
    }
}

/// What a policy is told. The challenge is the one that approvers sign, member by member.
fn input(phase: Phase, challenge: &Challenge, now_s: u64) -> Option<Value> {
    let phase = match phase {
        Phase::Ask => "ask",
        Phase::Use => "use",
    };
    let challenge = Value::from_json_str(&challenge.to_json()).ok()?;
    let mut input = Value::new_object();
    let members = input.as_object_mut().ok()?;
    for (name, value) in [("phase", phase.into()), ("now", now_s.into()), ("challenge", challenge)]
    {
        members.insert(name.into(), value);
    }
    Some(input)
}
