//! Backup files in memory. The container is the test kit's own: it authenticates, tells a wrong
//! factor from damage and a cut from both, and costs nothing. The real format has tests of its own.

use std::cell::RefCell;
use std::rc::Rc;

use kms_crypto::{SecretVec, backup_key, hkdf};
use kms_protocol::ErrorCode;
use kms_vault::{BackupFiles, BackupIdentity, BackupKdf, BackupReader, BackupWriter, Recipients};
use pollster::block_on;

/// First bytes of every file.
const MAGIC: &[u8] = b"test-backup\n";
/// Bytes before the first part.
const HEAD: usize = MAGIC.len() + 1 + 32 + 1 + 28 + 32;
/// Length of the MAC of a part.
const TAG: usize = 32;

/// The files of one person; clones share them.
#[derive(Clone, Default)]
pub struct MemoryFiles {
    chosen: Rc<RefCell<Option<Vec<u8>>>>,
    made: Rc<RefCell<Vec<Vec<u8>>>>,
    fail: Rc<RefCell<Option<ErrorCode>>>,
    hook: Rc<RefCell<Option<Hook>>>,
}

/// What happens before a part is read or written: how many come before it, and what.
type Hook = (u32, Box<dyn FnOnce()>);

impl MemoryFiles {
    /// Lets something happen before the part behind the next `parts` is read or written.
    pub fn meanwhile(&self, parts: u32, act: impl FnOnce() + 'static) {
        *self.hook.borrow_mut() = Some((parts, Box::new(act)));
    }

    fn on_part(&self) {
        let mut hook = self.hook.borrow_mut();
        match hook.take() {
            Some((0, act)) => {
                drop(hook);
                act();
            }
            Some((parts, act)) => *hook = Some((parts - 1, act)),
            None => {}
        }
    }

    /// Every file that was finished.
    #[must_use]
    pub fn made(&self) -> Vec<Vec<u8>> {
        self.made.borrow().clone()
    }

    /// A file whose parts, counted from 0, were changed by somebody who can encrypt.
    #[must_use]
    pub fn rewritten(file: &[u8], change: impl Fn(u64, &mut Vec<u8>)) -> Vec<u8> {
        let (head, rest) = file.split_at_checked(HEAD).unwrap_or((file, &[]));
        let mut reader = MemoryReader { files: Self::default(), rest: rest.to_vec(), parts: 0 };
        let mut writer = MemoryWriter { files: Self::default(), bytes: head.to_vec(), parts: 0 };
        while let Ok(Some(part)) = block_on(reader.read()) {
            let mut plain = part.expose().to_vec();
            change(writer.parts, &mut plain);
            // Only parts that are too long are refused.
            let _written = block_on(writer.write(SecretVec::new(plain)));
        }
        writer.end()
    }

    /// The person chooses a file.
    pub fn choose(&self, file: Vec<u8>) {
        *self.chosen.borrow_mut() = Some(file);
    }

    /// Lets every call fail.
    pub fn set_failing(&self, code: Option<ErrorCode>) {
        *self.fail.borrow_mut() = code;
    }

    fn check(&self) -> Result<(), ErrorCode> {
        self.fail.borrow().map_or(Ok(()), Err)
    }

    /// The chosen file and where its parts begin.
    fn parse(&self) -> Result<(Head, Vec<u8>), ErrorCode> {
        self.check()?;
        let file = self.chosen.borrow().clone().ok_or(ErrorCode::BackupForeign)?;
        let rest = file.strip_prefix(MAGIC).ok_or(ErrorCode::BackupForeign)?;
        let (&phrase, rest) = rest.split_first().ok_or(ErrorCode::BackupTruncated)?;
        let (recipient, rest) = rest.split_at_checked(32).ok_or(ErrorCode::BackupTruncated)?;
        let (&passphrase, rest) = rest.split_first().ok_or(ErrorCode::BackupTruncated)?;
        let (kdf, rest) = rest.split_at_checked(28).ok_or(ErrorCode::BackupTruncated)?;
        let (check, rest) = rest.split_at_checked(32).ok_or(ErrorCode::BackupTruncated)?;
        let number = |at: usize| {
            kdf.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_be_bytes)
        };
        let mut salt = [0; 16];
        salt.copy_from_slice(&kdf[..16]);
        let (memory_kib, iterations, parallelism) = (number(16), number(20), number(24));
        let kdf = BackupKdf { salt, memory_kib, iterations, parallelism };
        let head = Head {
            phrase: (phrase == 1).then(|| recipient.to_vec()),
            kdf: (passphrase == 1).then_some(kdf),
            check: check.to_vec(),
        };
        Ok((head, rest.to_vec()))
    }
}

struct Head {
    phrase: Option<Vec<u8>>,
    kdf: Option<BackupKdf>,
    check: Vec<u8>,
}

/// A file that is being written.
pub struct MemoryWriter {
    files: MemoryFiles,
    bytes: Vec<u8>,
    parts: u64,
}

/// A file that is being read.
pub struct MemoryReader {
    files: MemoryFiles,
    rest: Vec<u8>,
    parts: u64,
}

impl BackupFiles for MemoryFiles {
    type Writer = MemoryWriter;
    type Reader = MemoryReader;

    async fn create(&self, recipients: Recipients) -> Result<MemoryWriter, ErrorCode> {
        self.check()?;
        if recipients.phrase.is_none() && recipients.passphrase.is_none() {
            return Err(ErrorCode::Internal);
        }
        let mut bytes = MAGIC.to_vec();
        bytes.push(u8::from(recipients.phrase.is_some()));
        bytes.extend(recipients.phrase.unwrap_or([0; 32]));
        bytes.push(u8::from(recipients.passphrase.is_some()));
        match &recipients.passphrase {
            Some(passphrase) => {
                let kdf = &passphrase.kdf;
                bytes.extend(kdf.salt);
                bytes.extend(kdf.memory_kib.to_be_bytes());
                bytes.extend(kdf.iterations.to_be_bytes());
                bytes.extend(kdf.parallelism.to_be_bytes());
                bytes.extend(mac(b"check", passphrase.key.expose()));
            }
            None => bytes.extend([0; 28 + 32]),
        }
        Ok(MemoryWriter { files: self.clone(), bytes, parts: 0 })
    }

    async fn kdf(&self) -> Result<Option<BackupKdf>, ErrorCode> {
        Ok(self.parse()?.0.kdf)
    }

    async fn open(&self, identity: BackupIdentity) -> Result<MemoryReader, ErrorCode> {
        let (head, rest) = self.parse()?;
        let opens = match &identity {
            BackupIdentity::Phrase(secret) => {
                head.phrase.is_some_and(|wanted| wanted == backup_key::recipient(secret))
            }
            BackupIdentity::Passphrase(key) => {
                head.kdf.is_some() && head.check == mac(b"check", key.expose())
            }
        };
        if opens {
            Ok(MemoryReader { files: self.clone(), rest, parts: 0 })
        } else {
            Err(ErrorCode::BackupWrongFactor)
        }
    }
}

impl BackupWriter for MemoryWriter {
    async fn write(&mut self, part: SecretVec) -> Result<(), ErrorCode> {
        self.files.on_part();
        self.files.check()?;
        let plain = part.expose();
        let len = u32::try_from(plain.len()).map_err(|_| ErrorCode::PayloadTooLarge)?;
        if len == 0 || len > 65_536 {
            return Err(ErrorCode::PayloadTooLarge);
        }
        // Scrambled, so that no secret stands in a file as it is.
        let mask = mac(b"mask", &self.parts.to_be_bytes());
        self.bytes.extend(len.to_be_bytes());
        self.bytes.extend(plain.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        self.bytes.extend(part_tag(self.parts, plain));
        self.parts += 1;
        Ok(())
    }

    async fn finish(self) -> Result<u64, ErrorCode> {
        self.files.check()?;
        let made = Rc::clone(&self.files.made);
        let file = self.end();
        let bytes = file.len() as u64;
        made.borrow_mut().push(file);
        Ok(bytes)
    }
}

impl MemoryWriter {
    fn end(mut self) -> Vec<u8> {
        self.bytes.extend(0_u32.to_be_bytes());
        self.bytes.extend(part_tag(self.parts, b""));
        self.bytes
    }
}

impl BackupReader for MemoryReader {
    async fn read(&mut self) -> Result<Option<SecretVec>, ErrorCode> {
        self.files.on_part();
        let (len, rest) = self.rest.split_at_checked(4).ok_or(ErrorCode::BackupTruncated)?;
        let len = len.try_into().map_or(0, u32::from_be_bytes) as usize;
        if len > 65_536 {
            return Err(ErrorCode::BackupDamaged);
        }
        let (part, rest) = rest.split_at_checked(len).ok_or(ErrorCode::BackupTruncated)?;
        let (tag, rest) = rest.split_at_checked(TAG).ok_or(ErrorCode::BackupTruncated)?;
        let mask = mac(b"mask", &self.parts.to_be_bytes());
        let plain: Vec<u8> = part.iter().zip(mask.iter().cycle()).map(|(b, m)| b ^ m).collect();
        if tag != part_tag(self.parts, &plain) {
            return Err(ErrorCode::BackupDamaged);
        }
        if plain.is_empty() {
            return if rest.is_empty() { Ok(None) } else { Err(ErrorCode::BackupDamaged) };
        }
        self.rest = rest.to_vec();
        self.parts += 1;
        Ok(Some(SecretVec::new(plain)))
    }
}

fn part_tag(number: u64, plain: &[u8]) -> [u8; TAG] {
    mac(&number.to_be_bytes(), plain)
}

fn mac(label: &[u8], data: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    // One block is always within the limit.
    let _infallible = hkdf::derive_into(label, &[data], b"test-backup", &mut out);
    out
}
