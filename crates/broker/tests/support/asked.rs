//! What agents ask in tests.

use kms_token::Digest;
use serde_json::{Value, json};

/// What an agent asks to read contact 42.
pub fn read_42() -> Value {
    json!({
        "act": "crm.contact.read",
        "con": { "id": "42" },
        "leg": leg(),
        "req": { "method": "GET", "path": "/v1/proxy/crm/contacts/42" },
    })
}

/// What an agent asks to change contact 42.
pub fn write_42(body: &str) -> Value {
    let body = Digest::of(body.as_bytes()).to_string();
    json!({
        "act": "crm.contact.write",
        "con": { "id": "42" },
        "leg": leg(),
        "req": { "method": "PUT", "path": "/v1/proxy/crm/contacts/42", "body": body },
    })
}

/// What an agent asks to pay invoice 7 elsewhere.
pub fn pay_7() -> Value {
    json!({
        "act": "billing.invoice.pay",
        "con": { "invoice": "7" },
        "leg": leg(),
        "req": { "method": "POST", "path": "/invoices/7/pay" },
    })
}

pub fn leg() -> Value {
    json!({
        "accountable_party": { "id": "carol", "type": "human" },
        "basis": "contract",
        "jurisdiction": "DE",
    })
}
