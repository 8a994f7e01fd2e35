//! Opening a stream: one use of a key, permitted and logged as every other.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use kms_crypto::{CryptoProvider, SecretBytes};
use kms_protocol::{
    DecryptStream, DecryptStreamParams, EncryptStream, EncryptStreamParams, KeyUsage, Method,
    StreamId,
};

use super::table::{EndOnDrop, Stream};
use crate::enclave::Inner;
use crate::keys::ciphertext::Form;
use crate::keys::encrypt::version_of;
use crate::keys::facts::Facts;
use crate::keys::using::{Operation, Permitted};
use crate::session::Caller;
use crate::time::Moment;
use crate::{Error, Ports, random};

/// A stream that was opened: its name, its version, and what came with it.
type Opened<T> = (StreamId, u32, T);

impl<P: Ports> Inner<P> {
    /// Opens a stream that encrypts with a key of the caller.
    pub(crate) async fn encrypt_stream(
        self: &Rc<Self>,
        caller: &Caller,
        params: EncryptStreamParams,
    ) -> Result<EncryptStream, Error> {
        let EncryptStreamParams { key_id, context, version } = params;
        let context = context.unwrap_or_default();
        let what = (Form::Stream, &context);
        let shown =
            || Facts::default().line("plaintext", "all that follows").context(&context).told();
        let operation = Operation::new(caller, Method::EncryptStream, (key_id, version))?;
        let operation = operation.showing(&shown);
        let opened = self.open_stream(operation, KeyUsage::Encrypt, async |permitted| {
            let fill = |out: &mut [u8; 32]| self.ports.crypto().fill_random(out);
            let key = SecretBytes::try_new_with(fill)?;
            let header = permitted.encrypt(&self.ports, what, key.expose()).await?;
            Ok((key, header))
        });
        let (stream_id, version, header) = opened.await?;
        Ok(EncryptStream { stream_id, header, version })
    }

    /// Opens a stream that decrypts with a key of the caller.
    pub(crate) async fn decrypt_stream(
        self: &Rc<Self>,
        caller: &Caller,
        params: DecryptStreamParams,
    ) -> Result<DecryptStream, Error> {
        let DecryptStreamParams { key_id, header, context } = params;
        let context = context.unwrap_or_default();
        let what = (Form::Stream, &context);
        let version = version_of(Form::Stream, &header);
        let shown = || Facts::default().bytes("header", &header).context(&context).told();
        let operation = Operation::new(caller, Method::DecryptStream, (key_id, version))?;
        let operation = operation.showing(&shown);
        let opened = self.open_stream(operation, KeyUsage::Decrypt, async |permitted| {
            let key = permitted.decrypt(&self.ports, what, &header).await?;
            Ok((SecretBytes::copy_of(key.expose())?, ()))
        });
        let (stream_id, version, ()) = opened.await?;
        Ok(DecryptStream { stream_id, version })
    }

    /// Opens a stream under the key that `work` draws or finds.
    async fn open_stream<T>(
        self: &Rc<Self>,
        operation: Operation<'_>,
        usage: KeyUsage,
        work: impl AsyncFnOnce(&Permitted<'_, P>) -> Result<(SecretBytes<32>, T), Error>,
    ) -> Result<Opened<T>, Error> {
        let vault = self.unlocked()?;
        let caller = operation.caller;
        let stream_id = StreamId::new(random::id(self.ports.crypto())?)?;
        vault.streams.borrow_mut().reserve(caller.session, stream_id.clone())?;
        let ends = EndOnDrop::new(&vault, &stream_id);
        let (stream, more) = self
            .using(operation, async |permitted| {
                let (secret, more) = work(&permitted).await?;
                let key = self.ports.crypto().import_sealing_key(&secret).await?;
                let stream = Stream {
                    key: Rc::new(key),
                    usage,
                    key_id: permitted.key.info.key_id.clone(),
                    version: permitted.version,
                    origin: Rc::clone(&caller.origin),
                    current: RefCell::new(Rc::clone(&permitted.key.current)),
                    chunks: Cell::new(0),
                    used: Cell::new(Moment::now(self.ports.clock())),
                };
                Ok((stream, more))
            })
            .await?;
        let version = stream.version;
        vault.streams.borrow_mut().seat(&stream_id, stream)?;
        ends.not_now();
        Ok((stream_id.clone(), version, more))
    }
}
