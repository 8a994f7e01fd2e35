//! Structured-clone values into [`Value`] and back.
//!
//! Everything a page sends passes here first. The walk takes plain objects, arrays and
//! `Uint8Array`s only, looks at own enumerable properties only, and counts depth, members,
//! values and bytes before it copies anything.

use js_sys::{Array, JsString, Uint8Array};
use kms_protocol::limits::{
    MAX_DEPTH, MAX_ID, MAX_ITEMS, MAX_KEYS, MAX_MESSAGE, MAX_TOKEN, VALUE_COST,
};
use kms_protocol::{ErrorCode, Name, RequestId, Value};
use wasm_bindgen::{JsCast, JsValue};

use crate::js::{self, Dict, Kind};

/// Byte results at least this long are transferred instead of copied.
const TRANSFER_FROM: usize = 16 * 1024;

/// Longest property name; every name of the protocol is shorter.
const MAX_NAME: u32 = 64;

/// Reads one message of at most `available` bytes; also tells how many it has.
pub(crate) fn from_js(message: &JsValue, available: usize) -> Result<(Value, usize), ErrorCode> {
    let budget = available.min(MAX_MESSAGE);
    let mut walk = Walk { budget };
    let value = walk.value(message, 0)?;
    Ok((value, budget - walk.budget))
}

/// Reads only the id of a request that could not be read as a whole.
pub(crate) fn request_id(message: &JsValue) -> Option<RequestId> {
    if !message.is_object() || js::kind(message) != Kind::Plain {
        return None;
    }
    let id = message.unchecked_ref::<Dict>().at("id");
    let text = id.dyn_ref::<JsString>().filter(|text| text.length() as usize <= MAX_ID)?;
    RequestId::new(String::from(text)).ok()
}

struct Walk {
    budget: usize,
}

impl Walk {
    fn spend(&mut self, bytes: usize) -> Result<(), ErrorCode> {
        self.budget = self.budget.checked_sub(bytes).ok_or(ErrorCode::PayloadTooLarge)?;
        Ok(())
    }

    fn value(&mut self, value: &JsValue, depth: usize) -> Result<Value, ErrorCode> {
        self.spend(VALUE_COST)?;
        if value.is_string() {
            return self.text(value.unchecked_ref()).map(Value::Text);
        }
        if value.is_object() {
            return self.object(value, depth);
        }
        if let Some(number) = value.as_f64() {
            return number.is_finite().then_some(Value::Number(number)).ok_or(INVALID);
        }
        match value.as_bool() {
            Some(flag) => Ok(Value::Bool(flag)),
            None if value.is_null() || value.is_undefined() => Ok(Value::Null),
            None => Err(INVALID),
        }
    }

    fn text(&mut self, text: &JsString) -> Result<String, ErrorCode> {
        if text.length() as usize > MAX_TOKEN {
            return Err(ErrorCode::PayloadTooLarge);
        }
        let read = String::from(text);
        // A lone surrogate is read as U+FFFD, which is not what was sent.
        if read.contains('\u{FFFD}') && JsValue::from_str(&read) != ***text {
            return Err(INVALID);
        }
        self.spend(read.len())?;
        Ok(read)
    }

    fn object(&mut self, value: &JsValue, depth: usize) -> Result<Value, ErrorCode> {
        if depth >= MAX_DEPTH {
            return Err(INVALID);
        }
        match js::kind(value) {
            Kind::Plain => self.map(value.unchecked_ref(), depth),
            Kind::Array => self.list(value.unchecked_ref(), depth),
            Kind::Bytes => self.bytes(value.unchecked_ref()).map(Value::Bytes),
            Kind::Buffer | Kind::Other => Err(INVALID),
        }
    }

    fn map(&mut self, object: &Dict, depth: usize) -> Result<Value, ErrorCode> {
        let keys = js::own_keys(object);
        let count = keys.length();
        if count as usize > MAX_KEYS {
            return Err(INVALID);
        }
        let mut members = Vec::with_capacity(count as usize);
        for index in 0..count {
            let key = keys.get(index);
            let name = self.name(key.unchecked_ref())?;
            members.push((name, self.value(&object.at_name(&key), depth + 1)?));
        }
        Ok(Value::Map(members))
    }

    fn name(&mut self, key: &JsString) -> Result<Name, ErrorCode> {
        if let Some(name) = known_name(key) {
            self.spend(name.len())?;
            return Ok(Name::Borrowed(name));
        }
        if key.length() > MAX_NAME {
            return Err(INVALID);
        }
        let name = String::from(key);
        self.spend(name.len())?;
        Ok(Name::Owned(name))
    }

    fn list(&mut self, array: &Array, depth: usize) -> Result<Value, ErrorCode> {
        let length = array.length();
        // A hole, or a property that is no index, makes the two counts differ.
        if length as usize > MAX_ITEMS || js::own_keys(array).length() != length {
            return Err(INVALID);
        }
        let items = (0..length).map(|index| self.value(&array.get(index), depth + 1));
        items.collect::<Result<_, _>>().map(Value::List)
    }

    fn bytes(&mut self, view: &Uint8Array) -> Result<Vec<u8>, ErrorCode> {
        self.spend(view.length() as usize)?;
        copy(view)
    }
}

/// The names that nearly every request has. Comparing handles is several times cheaper than
/// copying a string into wasm.
const COMMON: [&str; 5] = ["id", "method", "params", "keyId", "data"];

thread_local! {
    static COMMON_KEYS: [JsString; 5] = COMMON.map(JsString::from);
}

fn known_name(key: &JsString) -> Option<&'static str> {
    COMMON_KEYS.with(|keys| keys.iter().position(|known| known == key)).map(|at| COMMON[at])
}

const INVALID: ErrorCode = ErrorCode::InvalidRequest;

/// Copies a byte array of a page once, by the length it has now. Shared, resizable and
/// foreign buffers are refused: their contents or length could change under us.
pub(crate) fn copy(view: &Uint8Array) -> Result<Vec<u8>, ErrorCode> {
    let buffer = view.buffer();
    let resizable = buffer.unchecked_ref::<Dict>().at("resizable");
    if js::kind(&buffer) != Kind::Buffer || resizable.is_truthy() {
        return Err(INVALID);
    }
    let length = view.length() as usize;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length).map_err(|_| ErrorCode::OutOfMemory)?;
    bytes.resize(length, 0);
    view.copy_to(&mut bytes);
    Ok(bytes)
}

/// Writes a reply or an event; the second result is its transfer list.
pub(crate) fn to_js(value: &Value) -> (JsValue, Array) {
    let transfer = Array::new();
    let value = write(value, &transfer);
    (value, transfer)
}

fn write(value: &Value, transfer: &Array) -> JsValue {
    match value {
        Value::Null => JsValue::NULL,
        Value::Bool(flag) => JsValue::from_bool(*flag),
        Value::Number(number) => JsValue::from_f64(*number),
        Value::Text(text) => JsValue::from_str(text),
        Value::Bytes(bytes) => write_bytes(bytes, transfer),
        Value::List(items) => write_list(items, transfer),
        Value::Map(members) => write_map(members, transfer),
    }
}

fn write_bytes(bytes: &[u8], transfer: &Array) -> JsValue {
    let view = Uint8Array::new_from_slice(bytes);
    if bytes.len() >= TRANSFER_FROM {
        transfer.push(&view.buffer());
    }
    view.into()
}

fn write_list(items: &[Value], transfer: &Array) -> JsValue {
    let array = Array::new();
    for item in items {
        array.push(&write(item, transfer));
    }
    array.into()
}

fn write_map(members: &[(Name, Value)], transfer: &Array) -> JsValue {
    let object = Dict::new();
    for (name, value) in members {
        object.put(name, &write(value, transfer));
    }
    object.into()
}
