//! Messages for Web Push, as a page asks for them.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use kms_crypto::KeyKind;
use kms_crypto::software::SoftwareKey;
use kms_protocol::Value;
use kms_testkit::Tab;
use kms_testkit::invariants::entries;
use kms_testkit::tab::bytes;

/// The point of a receiver.
fn p256dh() -> Vec<u8> {
    let fill = |out: &mut [u8]| {
        out.fill(7);
        Ok(())
    };
    let key = SoftwareKey::generate(KeyKind::EcP256Agreement, fill).unwrap();
    key.public_key().unwrap().unwrap().raw().to_vec()
}

fn message(p256dh: &[u8], auth: &[u8], (payload, padded): (usize, f64)) -> Value {
    let more = if padded > 0.0 { Value::Number(padded) } else { Value::Null };
    Value::object([
        ("p256dh", Value::Bytes(p256dh.to_vec())),
        ("auth", Value::Bytes(auth.to_vec())),
        ("payload", Value::Bytes(vec![1; payload])),
        ("paddedLength", more),
    ])
}

fn encrypted(tab: &Tab, params: Value) -> Result<usize, String> {
    let sent = tab.call("webpush.encrypt", params)?;
    Ok(bytes(&sent, "body").len())
}

#[test]
fn a_message_is_encrypted_in_any_state_and_leaves_no_trace() {
    for tab in [Tab::default(), Tab::ready(), Tab::ready().restarted()] {
        let send = |sizes| encrypted(&tab, message(&p256dh(), &[3; 16], sizes));
        assert_eq!(send((5, 0.0)), Ok(86 + 5 + 17));
        assert_eq!(send((5, 100.0)), Ok(86 + 100 + 17));
        assert_eq!(send((100, 5.0)), Ok(86 + 100 + 17));
        assert_eq!(send((3993, 0.0)), Ok(4096));
        assert_eq!(send((0, 3993.0)), Ok(4096));
    }
    let tab = Tab::ready();
    let before = entries(&tab).len();
    assert!(encrypted(&tab, message(&p256dh(), &[3; 16], (5, 0.0))).is_ok());
    assert_eq!(entries(&tab).len(), before);
}

#[test]
fn what_is_no_subscription_or_too_long_is_refused() {
    let tab = Tab::default();
    let point = p256dh();
    let mut off_the_curve = point.clone();
    off_the_curve[64] ^= 1;
    let mut compressed = point[..33].to_vec();
    compressed[0] = 2 + (point[64] & 1);
    let hybrid = [&[6 + (point[64] & 1)], &point[1..]].concat();
    let infinity = vec![0];
    for bad in [
        vec![],
        infinity,
        off_the_curve,
        compressed,
        hybrid,
        point[..64].to_vec(),
        [&point[..], &[0]].concat(),
    ] {
        let refused = encrypted(&tab, message(&bad, &[3; 16], (5, 0.0)));
        assert_eq!(refused, Err("invalid_key".into()), "{bad:?}");
    }
    for len in [0, 15, 17, 32] {
        let refused = encrypted(&tab, message(&point, &vec![3; len], (5, 0.0)));
        assert_eq!(refused, Err("invalid_params".into()), "{len}");
    }
    for sizes in [(3994, 0.0), (0, 3994.0), (5, f64::from(u32::MAX))] {
        let refused = encrypted(&tab, message(&point, &[3; 16], sizes));
        assert_eq!(refused, Err("payload_too_large".into()), "{sizes:?}");
    }
}
