//! Vaults on disk as some release left them, in a text file: one record a line.

use base64ct::{Base64, Encoding};
use kms_crypto::CryptoProvider;
use kms_crypto::software::{DeviceKey, SoftwareProvider};
use kms_vault::{RecordKey, Table};
use pollster::block_on;

use crate::MemoryStore;

/// A vault that was read from its file.
pub struct Golden {
    /// Its disk.
    pub store: MemoryStore<DeviceKey>,
    expected: Vec<Vec<String>>,
    words: Vec<String>,
}

impl Golden {
    /// Reads a file.
    ///
    /// # Panics
    /// If it is not one.
    #[must_use]
    #[allow(clippy::unwrap_used, clippy::panic)]
    pub fn read(text: &str) -> Self {
        let golden =
            Self { store: MemoryStore::default(), expected: Vec::new(), words: Vec::new() };
        text.lines().filter(|line| !line.starts_with('#')).fold(golden, |mut golden, line| {
            let words: Vec<_> = line.split(' ').collect();
            match words.as_slice() {
                ["generation", number] => golden.store.poke_generation(number.parse().unwrap()),
                ["device", key] => golden.store.poke_device(Some(device_key(&bytes(key)))),
                ["record", table, key, value] => {
                    let table = Table::ALL.into_iter().find(|t| t.name() == *table).unwrap();
                    let key = match key.parse() {
                        Ok(number) if table == Table::Audit => RecordKey::Number(number),
                        _ => RecordKey::Text((*key).into()),
                    };
                    golden.store.poke(table, &key, Some(bytes(value)));
                }
                ["expect", what @ ..] => golden.expected.push(owned(what)),
                ["words", words @ ..] => golden.words = owned(words),
                _ => panic!("not a line of a golden vault: {line}"),
            }
            golden
        })
    }

    /// The words of its recovery phrase.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// What is expected of the vault, by the first word.
    #[must_use]
    pub fn expected(&self, what: &str) -> Vec<Vec<String>> {
        self.expected.iter().filter(|words| words[0] == what).cloned().collect()
    }
}

/// The records of a disk, in the form that [`Golden::read`] reads.
#[must_use]
pub fn write(store: &MemoryStore<DeviceKey>, device: &[u8]) -> String {
    let mut lines = vec![
        format!("generation {}", store.disk_generation()),
        format!("device {}", Base64::encode_string(device)),
    ];
    for table in Table::ALL {
        for key in store.keys(table) {
            let name = match &key {
                RecordKey::Number(number) => number.to_string(),
                RecordKey::Text(name) => name.clone(),
            };
            let value = Base64::encode_string(&store.peek(table, &key).unwrap_or_default());
            lines.push(format!("record {} {name} {value}", table.name()));
        }
    }
    lines.join("\n")
}

/// The device key with these bytes.
///
/// # Panics
/// If they are not 32.
#[must_use]
#[allow(clippy::unwrap_used)]
pub fn device_key(bytes: &[u8]) -> DeviceKey {
    let bytes = bytes.to_vec();
    let provider = SoftwareProvider::new(move |out: &mut [u8]| {
        out.copy_from_slice(&bytes);
        Ok(())
    });
    block_on(provider.generate_device_key()).unwrap()
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).into()).collect()
}

#[allow(clippy::unwrap_used)]
fn bytes(text: &str) -> Vec<u8> {
    Base64::decode_vec(text).unwrap()
}
