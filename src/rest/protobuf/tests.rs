//! Every kind's objects go through protobuf and come back.

use serde_json::{Value, json};

use crate::apiserver::schema::node::{Additional, Node, Type};
use crate::apiserver::{ApiServer, Config, Kind};

use super::{frame, node_of, read, speaks, write};

/// An object that has every field of its struct.
fn full(node: &Node) -> Value {
    match (node.ty, &node.additional) {
        (Type::Object, Additional::Of(inner)) => json!({ "k": full(inner), "l": full(inner) }),
        (Type::Object, _) => {
            let fields = node.properties.iter();
            let fields =
                fields.filter(|(_, node)| node.go.number.first().is_some_and(|it| *it > 0));
            fields.map(|(name, node)| (name.clone(), full(node))).collect()
        }
        (Type::Array, _) => json!([full(node.item()), full(node.item())]),
        (Type::String, _) if node.go.name == "[]uint8" => "AAEC".into(),
        (Type::String, _) => "text".into(),
        (Type::Boolean, _) => true.into(),
        (Type::Number, _) => (-7).into(),
        (Type::Any, _) => json!({ "f:x": [1, "y"] }),
        (Type::Scalar, _) => match node.go.name.as_str() {
            "v1.MicroTime" => "2026-11-27T10:20:30.123456Z".into(),
            "v1.Time" => "1969-12-31T23:59:59Z".into(),
            "intstr.IntOrString" => "50%".into(),
            _ => "100m".into(),
        },
    }
}

fn kinds() -> Vec<std::sync::Arc<Kind>> {
    let mut kinds = ApiServer::new(Config::default()).kinds();
    kinds.retain(|kind| speaks(kind));
    kinds
}

#[test]
fn every_field_of_every_kind_comes_back() {
    assert!(kinds().len() > 50);
    for kind in kinds() {
        let node = node_of(&kind.api_version(), &kind.kind).expect("in the table");
        let mut object = full(&node);
        object["apiVersion"] = kind.api_version().into();
        object["kind"] = kind.kind.clone().into();
        assert_eq!(read(&write(&kind, &object), None).as_ref(), Ok(&object), "{}", kind.kind);
    }
}

#[test]
fn what_go_sends_is_read() {
    // A ConfigMap as client-go writes it, from a report of a user's.
    let body =
        b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09ConfigMap\x12\x10\x0a\x0e\x0a\x02pb\x12\0\x1a\0\"\0\
                 *\x002\x008\0\x1a\0\"\0";
    let found = read(body, None).expect("a message");
    assert_eq!(found["metadata"]["name"], "pb");
    assert_eq!((&found["kind"], &found["apiVersion"]), (&json!("ConfigMap"), &json!("v1")));
    let body = b"k8s\0\x0a\x13\x0a\x02v1\x12\x0dDeleteOptions\x12\0\x1a\0\"\0";
    let options = json!({ "apiVersion": "v1", "kind": "DeleteOptions" });
    assert_eq!(read(body, None), Ok(options));
}

#[test]
fn what_is_no_message_is_refused_with_a_reason() {
    for broken in [
        &b"{}"[..],
        b"k8s\0\x0a\xff",
        b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09ConfigMap\x12\x03\x0a\x7fx",
        b"k8s\0\x0a\x08\x0a\x02v1\x12\x02No",
        b"k8s\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    ] {
        assert!(read(broken, None).is_err(), "{broken:?}");
    }
}

#[test]
fn a_list_holds_its_items_and_a_frame_its_length() {
    let kinds = kinds();
    let kind = kinds.iter().find(|kind| kind.kind == "ConfigMap").expect("a kind");
    let list = json!({ "apiVersion": "v1", "kind": "ConfigMapList",
        "metadata": { "resourceVersion": "7" },
        "items": [{ "metadata": { "name": "a" } }, { "metadata": { "name": "b" } }] });
    let bytes = write(kind, &list);
    let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    assert!(
        holds(b"ConfigMapList") && holds(b"\x12\x05\x0a\x03\x0a\x01a\x12\x05\x0a\x03\x0a\x01b")
    );
    let frame = frame(kind, "ADDED", &list["items"][0]);
    assert_eq!(frame.len() - 4, usize::from(frame[3]));
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(0..=255_u8, 0..60)) {
        let mut body = b"k8s\0\x0a\x09\x0a\x02v1\x12\x03Pod\x12".to_vec();
        body.push(bytes.len() as u8);
        body.extend(&bytes);
        let _ = read(&body, None);
    }
}
