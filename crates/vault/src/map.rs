//! A small ordered map: sessions, requests in flight, cached keys.
//!
//! A `BTreeMap` would do, at several kilobytes of wasm per pair of types. At most a thousand
//! entries are in here, so moving them costs less than the tree. Hashing would need a random seed
//! that wasm does not have, as some keys are chosen by pages.

/// A map that is a sorted vector.
#[derive(Debug)]
pub struct Map<K, V>(Vec<(K, V)>);

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord, V> Map<K, V> {
    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        let at = self.find(key).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let at = self.find(key).ok()?;
        self.0.get_mut(at).map(|(_, value)| value)
    }

    /// Adds or replaces a value.
    pub fn insert(&mut self, key: K, value: V) {
        match self.find(&key) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (key, value)),
        }
    }

    /// Takes a value out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let at = self.find(key).ok()?;
        Some(self.0.remove(at).1)
    }

    /// All entries, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// All values, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// Takes out every value that `leaves` says.
    pub fn take_where(&mut self, leaves: impl Fn(&V) -> bool) -> impl Iterator<Item = V> {
        self.0.extract_if(.., move |(_, value)| leaves(value)).map(|(_, value)| value)
    }

    fn find(&self, key: &K) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.cmp(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_one_value_per_key_in_order() {
        let mut map = Map::default();
        for (key, value) in [(5, 'a'), (1, 'b'), (9, 'c'), (5, 'd')] {
            map.insert(key, value);
        }
        let entries: Vec<_> = map.iter().map(|(key, value)| (*key, *value)).collect();
        assert_eq!(entries, [(1, 'b'), (5, 'd'), (9, 'c')]);
        assert_eq!((map.get(&5), map.get(&6)), (Some(&'d'), None));
        assert_eq!((map.remove(&1), map.remove(&1)), (Some('b'), None));
        assert_eq!((map.len(), map.is_empty()), (2, false));
    }

    #[test]
    fn takes_out_what_is_asked_for() {
        let mut map = Map::default();
        (0..10).for_each(|n| map.insert(n, n));
        for value in map.values_mut() {
            *value += 1;
        }
        let odd: Vec<i32> = map.take_where(|value| value % 2 == 1).collect();
        assert_eq!(odd, [1, 3, 5, 7, 9]);
        assert_eq!(map.iter().map(|(key, _)| *key).collect::<Vec<_>>(), [1, 3, 5, 7, 9]);
    }
}
