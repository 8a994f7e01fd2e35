//! From a message to its reply: limits, admission, the method's policy, one reply per request.

use std::pin::pin;
use std::rc::Rc;

use futures_channel::oneshot;
use futures_util::future::{Either, join_all, select};
use kms_crypto::CryptoProvider;
use kms_protocol::{
    Call, Digests, Empty, ErrorCode, Incoming, Interaction, KeySpec, ManageKeysParams,
    MeasureParams, Measurement, Method, Needs, ProtectionMap, Request, RequestId, Response, Value,
    VaultStatus, WireError, reply_error, reply_ok,
};

use crate::enclave::Inner;
use crate::session::{Admission, Caller};
use crate::sheet::Subject;
use crate::{Clock, Error, Ports, SessionId, Store, guard};

/// Deadlines up to here get a timer of their own; later ones are swept every second.
const PRECISE_MS: u32 = 5000;

impl<P: Ports> Inner<P> {
    pub(crate) async fn handle(
        self: &Rc<Self>,
        session: SessionId,
        message: Value,
    ) -> Option<Value> {
        let caller = self.sessions.borrow().caller(session)?;
        if let Err(code) = guard::check(&message) {
            // Refused messages count against the rate as well.
            let charged = self.charge(session).map_err(|error| WireError::from(&error));
            let error = charged.err().unwrap_or(code.into());
            return Some(reply_error(guard::id_of(&message), error));
        }
        match Incoming::decode(message) {
            Incoming::Single(call) => {
                caller.group.enter(1);
                Some(self.reply(&caller, call).await)
            }
            Incoming::Batch(calls) => {
                caller.group.enter(calls.len());
                let replies = calls.into_iter().map(|call| self.reply(&caller, call));
                Some(Value::List(join_all(replies).await))
            }
            Incoming::Cancel(id) => {
                // A flood of cancellations is as bad as one of requests.
                if self.charge(session).is_ok() {
                    self.sessions.borrow_mut().cancel(session, &id);
                }
                None
            }
        }
    }

    async fn reply(self: &Rc<Self>, caller: &Caller, call: Result<Call, ErrorCode>) -> Value {
        let _leave = LeaveOnDrop { inner: self, caller };
        let charged = self.charge(caller.session);
        let call = match call {
            Ok(call) => call,
            Err(code) => {
                let error = charged.err().map_or(code.into(), |error| WireError::from(&error));
                return reply_error(None, error);
            }
        };
        let outcome = match (charged, call.request) {
            (Err(error), _) => Err(error),
            (_, Err(code)) => Err(Error::Code(code)),
            (Ok(()), Ok(request)) => {
                self.attempt(caller, &call.id, call.deadline_ms, request).await
            }
        };
        match outcome {
            Ok(response) => reply_ok(call.id, response),
            Err(error) => reply_error(Some(call.id), WireError::from(&error)),
        }
    }

    /// Runs one request until it ends, its caller aborts it, or its deadline passes.
    async fn attempt(
        self: &Rc<Self>,
        caller: &Caller,
        id: &RequestId,
        deadline_ms: u32,
        request: Request,
    ) -> Result<Response, Error> {
        // Before admission: locking ends every admitted request, so this one must not be among them.
        self.lock_if_due().await;
        let policy = request.method().policy();
        // What always asks the person ends with the sheet, also when the vault is locked.
        let unlocked = policy.needs == Needs::Unlocked && policy.interaction != Interaction::Sheet;
        let now_ms = self.ports.clock().monotonic_ms();
        let admission = Admission { id, unlocked, deadline_ms, now_ms };
        let (serial, aborted) = self.sessions.borrow_mut().admit(caller.session, &admission)?;
        let _settle = SettleOnDrop { inner: self, caller, id, serial };
        let work = pin!(self.route(caller, request));
        let stop = pin!(self.stopped(aborted, deadline_ms));
        match select(work, stop).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right((code, _)) => Err(Error::Code(code)),
        }
    }

    async fn stopped(&self, aborted: oneshot::Receiver<ErrorCode>, deadline_ms: u32) -> ErrorCode {
        let aborted = async { aborted.await.unwrap_or(ErrorCode::Aborted) };
        if deadline_ms > PRECISE_MS {
            return aborted.await;
        }
        let deadline = pin!(self.ports.clock().sleep(deadline_ms));
        match select(pin!(aborted), deadline).await {
            Either::Left((code, _)) => code,
            Either::Right(((), _)) => ErrorCode::DeadlineExceeded,
        }
    }

    #[allow(clippy::too_many_lines)] // a table: one arm for each method
    async fn route(self: &Rc<Self>, caller: &Caller, request: Request) -> Result<Response, Error> {
        self.admits(request.method().policy().needs)?;
        Ok(match request {
            Request::Ping(Empty {}) => Response::Ping(Empty {}),
            Request::Measurement(params) => Response::Measurement(self.measurement(params)),
            Request::Notice(params) => Response::Notice(self.hear(params).await?),
            Request::Status(Empty {}) => Response::Status(self.status().await?),
            Request::Setup(Empty {}) => {
                Response::Setup(self.ask_person(caller, Method::Setup).await?)
            }
            Request::Unlock(Empty {}) if self.unlocked().is_ok() => {
                Response::Unlock(self.status().await?)
            }
            Request::Unlock(Empty {}) => {
                Response::Unlock(self.ask_person(caller, Method::Unlock).await?)
            }
            Request::Manage(Empty {}) => {
                Response::Manage(self.ask_person(caller, Method::Manage).await?)
            }
            Request::ManageKeys(params) => {
                Response::ManageKeys(self.manage_keys(caller, params).await?)
            }
            Request::Backup(Empty {}) => {
                Response::Backup(self.ask_person(caller, Method::Backup).await?)
            }
            Request::Restore(Empty {}) => {
                Response::Restore(self.ask_person(caller, Method::Restore).await?)
            }
            Request::Reset(Empty {}) => {
                Response::Reset(self.ask_person(caller, Method::Reset).await?)
            }
            Request::Lock(Empty {}) => {
                self.lock(kms_protocol::LockReason::Requested, Some(caller)).await;
                Response::Lock(Empty {})
            }
            Request::Dismiss(Empty {}) => {
                self.dismiss(caller.session);
                Response::Dismiss(Empty {})
            }
            Request::CreateKey(params) => {
                Response::CreateKey(self.create_key(caller, params).await?)
            }
            Request::ListKeys(params) => Response::ListKeys(self.list_keys(caller, params).await?),
            Request::DescribeKey(params) => {
                Response::DescribeKey(self.describe_key(caller, &params.key_id).await?)
            }
            Request::PublicKey(params) => {
                Response::PublicKey(self.public_key(caller, &params).await?)
            }
            Request::UpdateKey(params) => {
                Response::UpdateKey(self.update_key(caller, params).await?)
            }
            Request::RotateKey(params) => {
                Response::RotateKey(self.rotate_key(caller, params.key_id).await?)
            }
            Request::SetMinVersions(params) => {
                Response::SetMinVersions(self.set_min_versions(caller, params).await?)
            }
            Request::TrimKey(params) => Response::TrimKey(self.trim_key(caller, params).await?),
            Request::EnableKey(params) => {
                Response::EnableKey(self.set_enabled(caller, (params.key_id, true)).await?)
            }
            Request::DisableKey(params) => {
                Response::DisableKey(self.set_enabled(caller, (params.key_id, false)).await?)
            }
            Request::ScheduleDeletion(params) => {
                Response::ScheduleDeletion(self.schedule_deletion(caller, params).await?)
            }
            Request::CancelDeletion(params) => {
                Response::CancelDeletion(self.cancel_deletion(caller, params.key_id).await?)
            }
            Request::Sign(params) => Response::Sign(self.sign(caller, params).await?),
            Request::SignJwt(params) => Response::SignJwt(self.sign_jwt(caller, params).await?),
            Request::VerifyJwt(params) => {
                Response::VerifyJwt(self.verify_jwt(caller, params).await?)
            }
            Request::Verify(params) => Response::Verify(self.verify(caller, params).await?),
            Request::Encrypt(params) => Response::Encrypt(self.encrypt(caller, params).await?),
            Request::Decrypt(params) => Response::Decrypt(self.decrypt(caller, params).await?),
            Request::Rewrap(params) => Response::Rewrap(self.rewrap(caller, params).await?),
            Request::EncryptStream(params) => {
                Response::EncryptStream(self.encrypt_stream(caller, params).await?)
            }
            Request::DecryptStream(params) => {
                Response::DecryptStream(self.decrypt_stream(caller, params).await?)
            }
            Request::WriteStream(params) => {
                Response::WriteStream(self.write_stream(caller, params).await?)
            }
            Request::CloseStream(params) => {
                self.close_stream(caller, &params.stream_id)?;
                Response::CloseStream(Empty {})
            }
            Request::Mac(params) => Response::Mac(self.mac(caller, params).await?),
            Request::VerifyMac(params) => {
                Response::VerifyMac(self.verify_mac(caller, params).await?)
            }
            Request::GenerateDataKey(params) => {
                Response::GenerateDataKey(self.generate_data_key(caller, params).await?)
            }
            Request::DecryptDataKey(params) => {
                Response::DecryptDataKey(self.decrypt_data_key(caller, params).await?)
            }
            Request::AgreeKey(params) => Response::AgreeKey(self.agree_key(caller, params).await?),
            Request::DeriveKey(params) => {
                Response::DeriveKey(self.derive_key(caller, params).await?)
            }
            Request::WrapKey(params) => Response::WrapKey(self.wrap_key(caller, params).await?),
            Request::UnwrapKey(params) => {
                Response::UnwrapKey(self.unwrap_key(caller, params).await?)
            }
            Request::ExportKey(params) => {
                Response::ExportKey(self.export_key(caller, params).await?)
            }
            Request::ImportKey(params) => {
                Response::ImportKey(self.import_key(caller, params).await?)
            }
            Request::Seal(params) => Response::Seal(self.seal_to_key(caller, params).await?),
            Request::Open(params) => Response::Open(self.open_sealed(caller, params).await?),
            Request::Random(params) => Response::Random(self.random(&params)?),
            Request::EncryptWebPush(params) => {
                Response::EncryptWebPush(self.encrypt_web_push(params).await?)
            }
            Request::CreateLease(params) => {
                Response::CreateLease(self.create_lease(caller, params).await?)
            }
            Request::IssueToken(params) => {
                Response::IssueToken(self.issue_token(caller, params).await?)
            }
            Request::ListLeases(Empty {}) => Response::ListLeases(self.list_leases(caller).await?),
            Request::ExtendLease(params) => {
                Response::ExtendLease(self.extend_lease(caller, params).await?)
            }
            Request::RevokeLease(params) => {
                self.revoke_lease(caller, params.lease_id).await?;
                Response::RevokeLease(Empty {})
            }
            Request::ApproveChallenge(params) => {
                Response::ApproveChallenge(self.approve_challenge(caller, params).await?)
            }
            Request::RejectChallenge(params) => {
                Response::RejectChallenge(self.reject_challenge(caller, params).await?)
            }
            Request::RevokeAuthorization(params) => {
                Response::RevokeAuthorization(self.revoke_authorization(caller, params).await?)
            }
            Request::RotateApprover(params) => {
                Response::RotateApprover(self.rotate_approver(caller, params).await?)
            }
            Request::SeenLog(params) => {
                Response::SeenLog(self.seen_log(caller, &params.key_id).await?)
            }
            Request::ListAudit(params) => {
                Response::ListAudit(self.heeding(self.list_audit(caller, params)).await?)
            }
            Request::VerifyAudit(Empty {}) => {
                Response::VerifyAudit(self.heeding(self.verify_audit()).await?)
            }
            Request::SignCheckpoint(Empty {}) => {
                Response::SignCheckpoint(self.heeding(self.sign_checkpoint()).await?)
            }
            Request::ProveInclusion(params) => {
                Response::ProveInclusion(self.heeding(self.prove_inclusion(params)).await?)
            }
            Request::ProveConsistency(params) => {
                Response::ProveConsistency(self.heeding(self.prove_consistency(params)).await?)
            }
        })
    }

    fn measurement(&self, params: MeasureParams) -> Measurement {
        Measurement {
            nonce: params.nonce,
            release: self.config.release.clone(),
            digests: Digests {
                worker: self.config.worker_digest.clone(),
                wasm: self.config.wasm_digest.clone(),
            },
        }
    }

    /// Asks the person; afterwards the caller learns the state of the vault and nothing else.
    async fn ask_person(
        self: &Rc<Self>,
        caller: &Caller,
        method: Method,
    ) -> Result<VaultStatus, Error> {
        self.ask(caller, method).await?;
        self.status().await
    }

    /// Shows the person the keys; which one first only if it is one of the caller's.
    async fn manage_keys(
        self: &Rc<Self>,
        caller: &Caller,
        params: ManageKeysParams,
    ) -> Result<VaultStatus, Error> {
        let subject = match params.key_id {
            Some(key_id) => Subject::Key(self.describe_key(caller, &key_id).await?.key_id),
            None => Subject::Keys,
        };
        self.ask_about(caller, Method::ManageKeys, subject).await?;
        self.status().await
    }

    async fn status(&self) -> Result<VaultStatus, Error> {
        // What has to be waited for comes first: the rest is of one moment.
        let storage = self.ports.store().health().await;
        let state = self.phase.borrow().public_state()?;
        Ok(VaultStatus {
            state,
            enrolments: self.enrolments(),
            protection: protection(self.ports.crypto()),
            auto_lock: self.auto_lock(),
            storage,
            backup: self.backup_health(),
            audit: self.audit_health(),
            release: self.config.release.clone(),
        })
    }

    fn charge(&self, session: SessionId) -> Result<(), Error> {
        let now = self.ports.clock().monotonic_ms();
        self.sessions.borrow_mut().charge(session, now)
    }
}

/// Ends a call of a message however its work ends: the others may wait for that.
struct LeaveOnDrop<'a, P: Ports> {
    inner: &'a Inner<P>,
    caller: &'a Caller,
}

impl<P: Ports> Drop for LeaveOnDrop<'_, P> {
    fn drop(&mut self) {
        self.caller.group.leave();
        self.inner.ask_together(self.caller);
    }
}

/// Who protects new keys here.
fn protection(crypto: &impl CryptoProvider) -> ProtectionMap {
    let of = |spec: KeySpec| crypto.protection(spec.into());
    ProtectionMap {
        ed25519: of(KeySpec::Ed25519),
        ec_p256: of(KeySpec::EcP256),
        x25519: of(KeySpec::X25519),
        ec_p256_agreement: of(KeySpec::EcP256Agreement),
        aes_256: of(KeySpec::Aes256),
        hmac_sha256: of(KeySpec::HmacSha256),
        hpke_x25519: of(KeySpec::HpkeX25519),
        hpke_x_wing: of(KeySpec::HpkeXWing),
    }
}

/// Forgets the request however its work ends, also when it is dropped in the middle.
struct SettleOnDrop<'a, P: Ports> {
    inner: &'a Inner<P>,
    caller: &'a Caller,
    id: &'a RequestId,
    serial: u64,
}

impl<P: Ports> Drop for SettleOnDrop<'_, P> {
    fn drop(&mut self) {
        self.inner.sessions.borrow_mut().settle(self.caller.session, self.id, self.serial);
    }
}
