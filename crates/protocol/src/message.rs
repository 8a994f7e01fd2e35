//! Requests, batches, cancellations, replies and events.

use crate::limits::{MAX_BATCH_PAGES, MAX_DEADLINE_MS, MAX_ITEMS};
use crate::{
    ErrorCode, Fields, FromValue, IntoValue, Method, Name, PolicyRule, Request, RequestId,
    Response, Value,
};

/// One call of a method.
#[derive(Debug, PartialEq)]
pub struct Call {
    /// Chosen by the caller.
    pub id: RequestId,
    /// Milliseconds until the caller no longer wants the answer.
    pub deadline_ms: u32,
    /// What is asked, or which class of error the caller made.
    pub request: Result<Request, ErrorCode>,
}

/// A message from the page.
#[derive(Debug, PartialEq)]
pub enum Incoming {
    /// One request.
    Single(Result<Call, ErrorCode>),
    /// Several; the replies come in one message, in the same order.
    Batch(Vec<Result<Call, ErrorCode>>),
    /// The caller no longer wants the answer to this request.
    Cancel(RequestId),
}

impl Incoming {
    /// Decodes a message. `Err` inside means: not even an id could be read.
    #[must_use]
    pub fn decode(message: Value) -> Self {
        match message {
            Value::List(items) if items.is_empty() || items.len() > MAX_ITEMS => {
                Incoming::Single(Err(ErrorCode::InvalidRequest))
            }
            Value::List(items) => Incoming::Batch(Self::decode_batch(items)),
            Value::Map(members) if is_cancel(&members) => Self::decode_cancel(members),
            single => Incoming::Single(Call::decode(single)),
        }
    }

    fn decode_batch(items: Vec<Value>) -> Vec<Result<Call, ErrorCode>> {
        let mut pages = 0;
        let one = |item| {
            let mut call = Call::decode(item)?;
            if matches!(call.request, Ok(Request::ListKeys(_) | Request::ListAudit(_))) {
                pages += 1;
                if pages > MAX_BATCH_PAGES {
                    call.request = Err(ErrorCode::PayloadTooLarge);
                }
            }
            Ok(call)
        };
        items.into_iter().map(one).collect()
    }

    fn decode_cancel(members: Vec<(Name, Value)>) -> Self {
        let id = members.into_iter().next().map(|(_, id)| RequestId::from_value(id));
        match id {
            Some(Ok(id)) => Incoming::Cancel(id),
            _ => Incoming::Single(Err(ErrorCode::InvalidRequest)),
        }
    }
}

fn is_cancel(members: &[(Name, Value)]) -> bool {
    matches!(members, [(name, _)] if name == "cancel")
}

impl Call {
    fn decode(value: Value) -> Result<Self, ErrorCode> {
        let mut fields = Fields::new(value).map_err(|_| ErrorCode::InvalidRequest)?;
        let id: RequestId = fields.take("id").map_err(|_| ErrorCode::InvalidRequest)?;
        let (deadline_ms, request) = match Self::decode_rest(fields) {
            Ok((deadline_ms, request)) => (deadline_ms, Ok(request)),
            Err(code) => (crate::limits::DEFAULT_DEADLINE_MS, Err(code)),
        };
        Ok(Self { id, deadline_ms, request })
    }

    fn decode_rest(mut fields: Fields) -> Result<(u32, Request), ErrorCode> {
        let malformed = |_| ErrorCode::InvalidRequest;
        let name: String = fields.take("method").map_err(malformed)?;
        let deadline: Option<u32> = fields.take("deadlineMs").map_err(malformed)?;
        let params: Option<Params> = fields.take("params").map_err(malformed)?;
        fields.finish().map_err(malformed)?;
        let method = Method::parse(&name)?;
        let deadline_ms = deadline.unwrap_or(method.policy().default_deadline_ms());
        if !(1..=MAX_DEADLINE_MS).contains(&deadline_ms) {
            return Err(ErrorCode::InvalidRequest);
        }
        let params = params.map_or(Value::Map(Vec::new()), |params| params.0);
        Ok((deadline_ms, Request::decode(method, params)?))
    }
}

/// Parameters before the method is known.
struct Params(Value);

impl FromValue for Params {
    fn from_value(value: Value) -> Result<Self, ErrorCode> {
        Ok(Self(value))
    }
}

/// What a failed request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireError {
    /// The code.
    pub code: ErrorCode,
    /// How long to wait before the next try, where that is known.
    pub retry_after_ms: Option<u32>,
    /// Which rule refused, if a policy did.
    pub rule: Option<PolicyRule>,
}

impl From<ErrorCode> for WireError {
    fn from(code: ErrorCode) -> Self {
        Self { code, retry_after_ms: None, rule: None }
    }
}

impl IntoValue for WireError {
    fn into_value(self) -> Value {
        let info = self.code.info();
        Value::object([
            ("code", Value::Text(info.name.into())),
            ("message", Value::Text(info.message.into())),
            ("retry", Value::Text(info.retry.as_str().into())),
            ("retryAfterMs", self.retry_after_ms.into_value()),
            ("rule", self.rule.into_value()),
        ])
    }
}

/// A reply with a result.
#[must_use]
pub fn reply_ok(id: RequestId, response: Response) -> Value {
    Value::object([("id", id.into_value()), ("result", response.into_value())])
}

/// A reply with an error; `id` is absent when none could be read.
#[must_use]
pub fn reply_error(id: Option<RequestId>, error: WireError) -> Value {
    let members = vec![
        (Name::Borrowed("id"), id.into_value()),
        (Name::Borrowed("error"), error.into_value()),
    ];
    Value::Map(members)
}

/// An event.
#[must_use]
pub fn event(name: &'static str, data: impl IntoValue) -> Value {
    Value::object([("event", Value::Text(name.into())), ("data", data.into_value())])
}
