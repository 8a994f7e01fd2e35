//! How much harm an action can do.

use kms_jose::Object;

use crate::json::{get_text, text};
use crate::{HARD_CAP_S, Refusal};

/// The risk tier of an action, where a policy says so. It is part of what approvers are shown and sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// One may approve it.
    Low,
    /// Two approve it.
    High,
    /// Two approve it, and it is done at once.
    Critical,
}

impl Tier {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Fewest approvals.
    #[must_use]
    pub fn approvals(self) -> u8 {
        if self == Self::Low { 1 } else { 2 }
    }

    /// How long after it was minted a token can be used, whatever it says itself, in seconds.
    #[must_use]
    pub fn within(self) -> u64 {
        if self == Self::Critical { 60 } else { HARD_CAP_S }
    }

    /// Reads the member `tier`, if it is there. Fewer approvals than it takes contradict it.
    pub(crate) fn read(object: &Object, approvals: u64) -> Result<Option<Self>, Refusal> {
        if object.get("tier").is_none() {
            return Ok(None);
        }
        let word = get_text(object, "tier")?;
        let known = [Self::Low, Self::High, Self::Critical].into_iter();
        let mut fits = known.filter(|tier| approvals >= tier.approvals().into());
        fits.find(|tier| tier.as_str() == word).map(Some).ok_or(Refusal::Claims)
    }

    pub(crate) fn write(tier: Option<Self>, object: &mut Object) {
        if let Some(tier) = tier {
            object.set("tier", text(tier.as_str()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_critical_is_done_at_once() {
        assert_eq!(Tier::Critical.within(), 60);
        assert_eq!([Tier::Low, Tier::High].map(Tier::within), [HARD_CAP_S; 2]);
    }
}
