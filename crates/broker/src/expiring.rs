//! A map whose entries end: what is over is found without a look at the rest.

use std::collections::{BTreeMap, BTreeSet};

/// Entries by key, each with the second at which it is over.
#[derive(Debug)]
pub struct Expiring<K, V> {
    entries: BTreeMap<K, (u64, V)>,
    /// The same keys, the first to end first.
    ends: BTreeSet<(u64, K)>,
}

impl<K: Ord + Copy, V> Default for Expiring<K, V> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), ends: BTreeSet::new() }
    }
}

impl<K: Ord + Copy, V> Expiring<K, V> {
    /// Adds an entry; whether there was none of this key. One that is there is left alone.
    #[must_use]
    pub fn insert(&mut self, key: K, end: u64, value: V) -> bool {
        let new = !self.entries.contains_key(&key);
        if new {
            self.ends.insert((end, key));
            self.entries.insert(key, (end, value));
        }
        new
    }

    /// Removes an entry.
    pub fn remove(&mut self, key: &K) {
        if let Some((end, _)) = self.entries.remove(key) {
            self.ends.remove(&(end, *key));
        }
    }

    /// Removes all entries.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.ends.clear();
    }

    /// Removes the entries that are over.
    pub fn forget(&mut self, now_s: u64) {
        while let Some(&(end, key)) = self.ends.first()
            && end <= now_s
        {
            self.remove(&key);
        }
    }

    /// An entry.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(_, value)| value)
    }

    /// An entry, to be changed. Its end stays.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key).map(|(_, value)| value)
    }

    /// Whether there is an entry.
    #[must_use]
    pub fn contains(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    /// All entries, by key.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.values().map(|(_, value)| value)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn what_is_over_is_gone_and_nothing_else() {
        let mut map = Expiring::default();
        for (key, end) in [(1, 30), (2, 10), (3, 20), (4, 20)] {
            assert!(map.insert(key, end, end));
        }
        assert!(!map.insert(2, 90, 90), "a key is there once");
        map.remove(&4);
        map.forget(9);
        assert_eq!(map.len(), 3);
        map.forget(20);
        assert_eq!((map.values().collect::<Vec<_>>(), map.contains(&2)), (vec![&30], false));
        assert!(map.insert(2, 40, 40), "and again when it is gone");
        map.forget(u64::MAX);
        assert!(map.is_empty());
        assert!(map.insert(5, 50, 50));
        map.clear();
        map.forget(u64::MAX);
        assert!(map.is_empty() && map.ends.is_empty());
    }

    #[test]
    fn forgetting_does_not_look_at_what_goes_on() {
        let mut map = Expiring::default();
        for key in 0..100_000_u64 {
            assert!(map.insert(key, 10_000 + key, ()));
        }
        let begun = Instant::now();
        for now_s in 0..10_000 {
            map.forget(now_s);
        }
        // A look at each entry would be a thousand million looks.
        assert!(begun.elapsed() < Duration::from_secs(1));
        map.forget(10_004);
        assert_eq!(map.len(), 100_000 - 5);
    }
}
