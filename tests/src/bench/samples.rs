//! Measured numbers by name, and what stands for many of them.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde::Deserialize;

/// What one function of a page measured, in milliseconds.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Samples(BTreeMap<String, Vec<f64>>);

impl Samples {
    /// Adds the numbers of another call of the same function.
    pub(super) fn extend(&mut self, more: Self) {
        for (name, values) in more.0 {
            self.0.entry(name).or_default().extend(values);
        }
    }

    /// Adds a number.
    pub(super) fn add(&mut self, name: &str, value: f64) {
        self.0.entry(name.to_owned()).or_default().push(value);
    }

    /// The middle value.
    pub(super) fn median(&self, name: &str) -> Result<f64> {
        self.percentile(name, 50)
    }

    /// The smallest value that `percent` of all values do not exceed.
    pub(super) fn percentile(&self, name: &str, percent: usize) -> Result<f64> {
        let mut sorted = self.0.get(name).cloned().unwrap_or_default();
        ensure!(!sorted.is_empty(), "nothing was measured of {name}");
        ensure!(sorted.iter().all(|value| *value >= 0.0), "{name} took less than no time");
        sorted.sort_by(f64::total_cmp);
        Ok(sorted[(sorted.len() * percent).div_ceil(100).saturating_sub(1)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = u32>) -> Samples {
        Samples([("x".to_owned(), values.into_iter().map(f64::from).collect())].into())
    }

    fn percentile(samples: &Samples, percent: usize) -> u32 {
        let value = samples.percentile("x", percent).unwrap();
        (0..1000).find(|whole| f64::from(*whole) >= value).unwrap()
    }

    #[test]
    fn percentiles_are_the_nearest_rank() {
        let samples = of((1..=200).rev());
        assert_eq!(percentile(&samples, 50), 100);
        assert_eq!(percentile(&samples, 99), 198);
        assert_eq!(percentile(&of([7]), 50), 7);
    }

    #[test]
    fn calls_add_up() {
        let mut samples = of([3, 1]);
        samples.extend(of([2]));
        assert_eq!(percentile(&samples, 50), 2);
    }

    #[test]
    fn nothing_and_nonsense_are_errors() {
        assert!(of([]).median("x").is_err());
        assert!(of([1]).median("y").is_err());
        assert!(Samples([("x".to_owned(), vec![f64::NAN])].into()).median("x").is_err());
    }
}
