use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::BytesMut;
use proptest::prelude::*;
use serde_json::{Value, json};
use socketioxide::socket::Sid;

use super::polling::{self, Look, Sessions};
use super::wire::Wire;
use super::{BINARY, Malformed, from_text, to_text};

const LIMIT: usize = 100_000;

/// Packs with a library that has nothing to do with the code under test.
fn pack(value: &Value) -> Vec<u8> {
    rmp_serde::to_vec(value).expect("JSON can be packed")
}

fn unpack(packet: &[u8]) -> Value {
    rmp_serde::from_slice(packet).expect("what we wrote can be read")
}

/// An event whose only argument is the MessagePack in `value`.
fn event_of(value: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x83];
    packet.extend(b"\xa4type\x02\xa3nsp\xa1/\xa4data\x91");
    packet.extend(value);
    packet
}

#[test]
fn packets_of_clients_become_the_text_of_the_common_parser() {
    for (packet, text) in [
        (json!({"type": 0, "nsp": "/"}), "0"),
        (json!({"type": 0, "nsp": "/draft", "data": {"token": "t"}}), r#"0/draft,{"token":"t"}"#),
        (json!({"type": 0, "nsp": "/draft", "data": null}), "0/draft,"),
        (json!({"type": 1, "nsp": "/draft"}), "1/draft,"),
        (json!({"type": 1, "nsp": "/", "data": null, "id": null}), "1"),
        (json!({"type": 2, "nsp": "/", "data": ["ev"]}), r#"2["ev"]"#),
        (json!({"type": 2, "nsp": "/", "data": ["ev", 1], "id": 0}), r#"20["ev",1]"#),
        (
            json!({"type": 2, "nsp": "/draft", "data": ["ev", {"a": [1, -2, 0.5]}], "id": 12}),
            r#"2/draft,12["ev",{"a":[1,-2,0.5]}]"#,
        ),
        (json!({"type": 3, "nsp": "/draft", "data": [], "id": 7}), "3/draft,7[]"),
        (json!({"type": 2, "nsp": "/", "options": {"compress": true}, "data": ["é\"\\\n\u{1}"]}), "2[\"é\\\"\\\\\\n\\u0001\"]"),
    ] {
        assert_eq!(to_text(&pack(&packet), LIMIT).as_deref(), Ok(text), "{packet}");
    }
}

#[test]
fn what_npms_decoder_refuses_is_refused() {
    for packet in [
        json!([]),
        json!(null),
        json!({}),
        json!({"type": 2, "data": ["ev"]}),
        json!({"nsp": "/", "data": ["ev"]}),
        json!({"type": "2", "nsp": "/", "data": ["ev"]}),
        json!({"type": 2.5, "nsp": "/", "data": ["ev"]}),
        json!({"type": -1, "nsp": "/", "data": ["ev"]}),
        json!({"type": 5, "nsp": "/", "data": ["ev"]}),
        json!({"type": 2, "nsp": 1, "data": ["ev"]}),
        json!({"type": 2, "nsp": "/"}),
        json!({"type": 2, "nsp": "/", "data": {"0": "ev"}}),
        json!({"type": 2, "nsp": "/", "data": ["ev"], "id": "1"}),
        json!({"type": 2, "nsp": "/", "data": ["ev"], "id": 1.5}),
        json!({"type": 0, "nsp": "/", "data": ["ev"]}),
        json!({"type": 0, "nsp": "/", "data": "ev"}),
        json!({"type": 1, "nsp": "/", "data": []}),
        // What only servers send, and what text cannot carry.
        json!({"type": 4, "nsp": "/", "data": {"message": "no"}}),
        json!({"type": 3, "nsp": "/", "data": []}),
        json!({"type": 2, "nsp": "/", "data": ["ev"], "id": -1}),
        json!({"type": 2, "nsp": "/", "data": ["ev"], "id": u64::MAX}),
        json!({"type": 0, "nsp": "draft"}),
        json!({"type": 0, "nsp": ""}),
        json!({"type": 2, "nsp": "/a,1[\"x\"]", "data": ["ev"]}),
        json!({"type": 0, "nsp": "/a\u{1e}42"}),
    ] {
        assert_eq!(to_text(&pack(&packet), LIMIT), Err(Malformed::Packet), "{packet}");
    }
    let packet = pack(&json!({"type": 2, "nsp": "/", "data": ["ev"]}));
    assert_eq!(to_text(&[&packet[..], &[0xc0]].concat(), LIMIT), Err(Malformed::Trailing));
    for end in 0..packet.len() {
        assert!(to_text(&packet[..end], LIMIT).is_err(), "cut at {end}");
    }
}

#[test]
fn what_json_cannot_say_is_said_as_a_default_client_would() {
    let cases: &[(&[u8], &str)] = &[
        (&[0xc4, 2, 1, 2], BINARY),
        (&[0xc5, 0, 1, 1], BINARY),
        (&[0xc6, 0, 0, 0, 1, 1], BINARY),
        (&[0xc7, 3, 5, 1, 2, 3], BINARY),
        (&[0xd6, 0xff, 0, 0, 0, 0], BINARY),
        (&[0xd8, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], BINARY),
        (&[0xd7, 0, 0, 0, 0x01, 0x8b, 0xcf, 0xe5, 0x68, 0x7b], "\"2023-11-14T22:13:20.123Z\""),
        (&[0xd7, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "null"),
        (&[0xd4, 0, 0], "null"),
        (&[0x82, 0xa1, b'a', 0xd4, 0, 0, 0xa1, b'b', 1], r#"{"b":1}"#),
        (&[0x82, 0xa1, b'a', 1, 0xa1, b'b', 0xd4, 0, 0], r#"{"a":1}"#),
        (&[0x81, 0xa1, b'a', 0xd4, 0, 0], "{}"),
        (&[0x82, 1, 2, 0xff, 3], r#"{"1":2,"-1":3}"#),
        (&[0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0], "null"),
        (&[0xca, 0x7f, 0x80, 0, 0], "null"),
        (&[0xca, 0x3f, 0, 0, 0], "0.5"),
        (&[0xcb, 0x40, 0, 0, 0, 0, 0, 0, 0], "2"),
        (&[0xcb, 0x80, 0, 0, 0, 0, 0, 0, 0], "0"),
        (&[0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "18446744073709551615"),
        (&[0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], "-9223372036854775808"),
        (&[0xd0, 0x80], "-128"),
        (&[0xd1, 0x80, 0], "-32768"),
        (&[0xd2, 0x80, 0, 0, 0], "-2147483648"),
        (&[0xa2, 0xc3, 0x28], "\"\u{fffd}(\""),
    ];
    for (value, json) in cases {
        assert_eq!(to_text(&event_of(value), LIMIT), Ok(format!("2[{json}]")), "{value:x?}");
    }
    for value in [&[0xc1][..], &[0x81, 0xc0, 1], &[0x81, 0xcb, 0, 0, 0, 0, 0, 0, 0, 0, 1], &[0x81, 0x90, 1]] {
        assert!(to_text(&event_of(value), LIMIT).is_err(), "{value:x?}");
    }
}

#[test]
fn bombs_are_refused() {
    let nested = |depth: usize| event_of(&[vec![0x91; depth], vec![0xc0]].concat());
    assert!(to_text(&nested(126), LIMIT).is_ok());
    assert_eq!(to_text(&nested(127), LIMIT), Err(Malformed::TooDeep));
    assert_eq!(to_text(&nested(1_000_000), usize::MAX), Err(Malformed::TooDeep));
    for claim in [0xdd, 0xdf, 0xdb, 0xc6, 0xc9] {
        assert!(to_text(&event_of(&[claim, 0xff, 0xff, 0xff, 0xff]), LIMIT).is_err(), "{claim:x}");
    }
    let many = [&[0xdc, 0xff, 0xff][..], &[0xc0; 0xffff]].concat();
    assert_eq!(to_text(&event_of(&many), LIMIT), Err(Malformed::TooLarge));
    assert!(to_text(&event_of(&many), 5 * LIMIT).is_ok());
}

/// The rules of `socket.io-msgpack-parser`'s `checkPacket`, for what a client gets.
fn npm_accepts(packet: &Value) -> bool {
    let data = packet.get("data");
    packet["nsp"].is_string()
        && packet.get("id").is_none_or(Value::is_u64)
        && match packet["type"].as_u64() {
            Some(0) => data.is_none_or(Value::is_object),
            Some(1) => data.is_none(),
            Some(4) => data.is_some_and(|data| data.is_string() || data.is_object()),
            Some(2 | 3) => data.is_some_and(Value::is_array),
            _ => false,
        }
}

#[test]
fn packets_of_the_server_become_what_the_client_accepts() {
    for (text, packet) in [
        (r#"0{"sid":"a"}"#, json!({"type": 0, "nsp": "/", "data": {"sid": "a"}})),
        (r#"0/draft,{"sid":"a"}"#, json!({"type": 0, "nsp": "/draft", "data": {"sid": "a"}})),
        ("1", json!({"type": 1, "nsp": "/"})),
        ("1/draft,", json!({"type": 1, "nsp": "/draft"})),
        ("1/draft", json!({"type": 1, "nsp": "/draft"})),
        (
            r#"2["ev",{"a":1.5,"b":[null,true,-7]}]"#,
            json!({"type": 2, "nsp": "/", "data": ["ev", {"a": 1.5, "b": [null, true, -7]}]}),
        ),
        (r#"2/draft,12["ev"]"#, json!({"type": 2, "nsp": "/draft", "data": ["ev"], "id": 12})),
        ("3/draft,0[]", json!({"type": 3, "nsp": "/draft", "data": [], "id": 0})),
        (r#"4/draft,{"message":"no"}"#, json!({"type": 4, "nsp": "/draft", "data": {"message": "no"}})),
    ] {
        let made = unpack(&from_text(text).expect(text));
        assert_eq!(made, packet, "{text}");
        assert!(npm_accepts(&made), "{text}");
    }
    for text in [
        "",
        "é",
        "7",
        r#"51-["ev",{"_placeholder":true,"num":0}]"#,
        "61-1[]",
        "2",
        "2{}",
        "3[]",
        "1[]",
        "0[]",
        "4",
        "2[",
        "2[1]x",
        "01{}",
    ] {
        assert_eq!(from_text(text), Err(Malformed::Packet), "{text}");
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // Floats that hold whole numbers are written as such, so they come back as another kind of number.
        // And serde_json reads long fractions only to within the last bit.
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 64.0 + 1.0 / 128.0)),
        any::<String>().prop_map(Value::from),
        "[a-z]{30,300}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..20).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn packets_survive_both_ways(args in prop::collection::vec(json_value(), 0..20), id in prop::option::of(0..=i64::MAX), nsp in "/[a-zé]{0,40}") {
        let mut packet = json!({ "type": 2, "nsp": nsp, "data": args });
        if let Some(id) = id {
            packet["id"] = id.into();
        }
        let text = to_text(&pack(&packet), usize::MAX).expect("a packet");
        let json = &text[text.find('[').expect("arguments")..];
        prop_assert_eq!(&serde_json::from_str::<Value>(json).expect("JSON"), &packet["data"]);
        let back = from_text(&text).expect("text");
        prop_assert_eq!(unpack(&back), packet);
        prop_assert_eq!(to_text(&back, usize::MAX), Ok(text));
    }

    #[test]
    fn no_bytes_make_it_panic_or_exceed_its_limits(bytes in prop::collection::vec(any::<u8>(), 0..200), value in prop::collection::vec(any::<u8>(), 0..200)) {
        for packet in [&bytes, &event_of(&value)] {
            if let Ok(text) = to_text(packet, 1000) {
                prop_assert!(text.len() < 1200);
                if let Some(start) = text.find('[') {
                    prop_assert!(serde_json::from_str::<Value>(&text[start..]).is_ok(), "{}", text);
                }
                prop_assert!(from_text(&text).is_ok() || text.starts_with('0'), "{}", text);
            }
        }
        let _ = from_text(&String::from_utf8_lossy(&bytes));
        let _ = polling::from_text(&bytes);
        let _ = polling::to_text(&bytes, 50);
        let _ = polling::look(&bytes);
    }

    #[test]
    fn no_frames_make_the_wire_panic(chunks in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..40)), 0..20), known in any::<bool>()) {
        let mut wire = if known { known_wire(100) } else { Wire::new(100) };
        let mut out = BytesMut::new();
        for (client, chunk) in chunks {
            if client { wire.client_sent(&chunk, &mut out) } else { wire.server_sent(&chunk, &mut out) }
        }
        wire.client_ended(&mut out);
    }

    /// However the frames are divided among reads, the server reads the same.
    #[test]
    fn reads_may_end_anywhere(cuts in prop::collection::vec(1..40usize, 1..30)) {
        let sent = [
            frame(0x81, b"2probe"), frame(0x89, b"hi"), frame(0x81, b"5"), frame(0x02, &ping()[..9]), frame(0x8a, b""),
            frame(0x00, &ping()[9..11]), frame(0x80, &ping()[11..]), frame(0x81, b"3"), frame(0x82, &ping()), frame(0x88, b""),
        ].concat();
        let mut whole = BytesMut::new();
        Wire::new(LIMIT).client_sent(&sent, &mut whole);
        let (mut wire, mut out, mut rest) = (Wire::new(LIMIT), BytesMut::new(), &sent[..]);
        for cut in cuts.iter().cycle() {
            if rest.is_empty() { break; }
            let (now, later) = rest.split_at((*cut).min(rest.len()));
            wire.client_sent(now, &mut out);
            rest = later;
        }
        prop_assert_eq!(out, whole);
    }
}

fn ping() -> Vec<u8> {
    pack(&json!({"type": 2, "nsp": "/", "data": ["ping"], "id": 1}))
}

const PING_TEXT: &str = r#"421["ping"]"#;

/// A client's frame, masked.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x11, 0xa2, 0x33, 0xc4];
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..=125 => frame.push(0x80 | len as u8),
        len @ 126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend((len as u16).to_be_bytes());
        }
        len => {
            frame.push(0x80 | 127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// A frame as the wire makes it for the server, with a mask that changes nothing.
fn made(first: u8, payload: &[u8]) -> Vec<u8> {
    assert!(payload.len() < 126);
    [&[first, 0x80 | payload.len() as u8, 0, 0, 0, 0], payload].concat()
}

fn server_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    assert!(payload.len() < 126);
    [&[first, payload.len() as u8], payload].concat()
}

/// A connection of a client that has sent msgpack by polling.
fn known_wire(limit: usize) -> Wire {
    let mut wire = Wire::new(limit);
    wire.uses_msgpack();
    wire
}

fn client(wire: &mut Wire, bytes: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::new();
    wire.client_sent(bytes, &mut out);
    out.to_vec()
}

fn server(wire: &mut Wire, bytes: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::new();
    wire.server_sent(bytes, &mut out);
    out.to_vec()
}

#[test]
fn a_default_client_passes_untouched_and_soon_unseen() {
    let mut wire = Wire::new(LIMIT);
    for bytes in [frame(0x81, b"2probe"), frame(0x81, b"5"), frame(0x81, b"3"), frame(0x8a, b"x")] {
        assert_eq!(client(&mut wire, &bytes), bytes);
        assert!(!wire.is_transparent());
    }
    assert!(wire.is_upgraded());
    let first = frame(0x81, &[b'4'; 300]);
    // The first byte of its payload is enough.
    assert_eq!(client(&mut wire, &first[..9]), first[..9]);
    assert!(wire.is_transparent());
    let binary = frame(0x82, &ping());
    assert_eq!(client(&mut wire, &binary), binary);
    let text = server_frame(0x81, PING_TEXT.as_bytes());
    assert_eq!(server(&mut wire, &text), text);
}

#[test]
fn a_packet_in_fragments_shows_its_parser_too() {
    let mut wire = Wire::new(LIMIT);
    for bytes in [frame(0x01, b""), frame(0x89, b"4"), frame(0x00, b"")] {
        assert_eq!(client(&mut wire, &bytes), bytes);
        assert!(!wire.is_transparent());
    }
    let rest = frame(0x80, b"42[1]");
    assert_eq!(client(&mut wire, &rest), rest);
    assert!(wire.is_transparent());
}

#[test]
fn a_server_that_speaks_first_shows_that_the_client_connected_by_text() {
    let mut wire = Wire::new(LIMIT);
    let open = server_frame(0x81, b"0{}");
    assert_eq!(server(&mut wire, &open), open);
    assert!(!wire.is_transparent());
    let event = server_frame(0x81, b"42[1]");
    assert_eq!(server(&mut wire, &event[..3]), b"");
    assert_eq!(server(&mut wire, &event[3..]), event);
    assert!(wire.is_transparent());
}

#[test]
fn a_msgpack_client_is_translated_both_ways() {
    for mut wire in [Wire::new(LIMIT), known_wire(LIMIT)] {
        assert_eq!(client(&mut wire, &frame(0x82, &ping())), made(0x81, PING_TEXT.as_bytes()));
        let answer = server(&mut wire, &[server_frame(0x81, PING_TEXT.as_bytes()), server_frame(0x81, b"2")].concat());
        let packet = from_text(&PING_TEXT[1..]).expect("text");
        assert_eq!(answer, [server_frame(0x82, &packet), server_frame(0x81, b"2")].concat());
        for bytes in [frame(0x81, b"3"), frame(0x89, b""), frame(0x01, b"4"), frame(0x80, b"2[1]"), frame(0x88, &[3, 232])] {
            assert_eq!(client(&mut wire, &bytes), bytes, "{bytes:x?}");
        }
        let close = server_frame(0x88, &[3, 232]);
        assert_eq!(server(&mut wire, &close), close);
        assert!(!wire.is_transparent());
    }
}

#[test]
fn messages_of_every_length_are_translated() {
    for length in [1, 100, 125, 126, 127, 1000, 65_520, 65_535, 65_536, 90_000] {
        let mut wire = Wire::new(LIMIT);
        let packet = pack(&json!({"type": 2, "nsp": "/", "data": ["x".repeat(length)]}));
        let text = format!("42[\"{}\"]", "x".repeat(length));
        let read = client(&mut wire, &frame(0x82, &packet));
        assert!(read.ends_with(text.as_bytes()), "{length}");
        let head = read.len() - text.len();
        assert_eq!(read[1] & 0x80, 0x80, "masked");
        assert_eq!(read[head - 4..head], [0; 4], "with nothing");
        let mut answer = vec![0x81, 127];
        answer.extend((text.len() as u64).to_be_bytes());
        answer.extend(text.as_bytes());
        let got = server(&mut wire, &answer);
        assert!(got.ends_with(&from_text(&text[1..]).expect("text")), "{length}");
    }
}

#[test]
fn what_is_not_msgpack_is_left_to_the_server() {
    let wrong = [0xc1, 1, 2];
    let mut fresh = Wire::new(LIMIT);
    assert_eq!(client(&mut fresh, &frame(0x82, &wrong)), made(0x82, &wrong));
    assert!(fresh.is_transparent(), "perhaps an attachment");
    let mut known = known_wire(LIMIT);
    assert_eq!(client(&mut known, &[frame(0x02, &wrong[..1]), frame(0x80, &wrong[1..])].concat()), made(0x82, &wrong));
    assert_eq!(client(&mut known, &frame(0x82, &ping())), made(0x81, PING_TEXT.as_bytes()));
}

#[test]
fn what_breaks_the_rules_of_websockets_is_left_to_the_server() {
    let mut unmasked = frame(0x82, &ping());
    unmasked[1] &= 0x7f;
    let mut huge = vec![0x82, 0xff];
    huge.extend([0xff; 8 + 4 + 20]);
    for (name, bytes) in [
        ("not masked", unmasked),
        ("beyond every limit", huge),
        ("too large", frame(0x82, &[0; 65])),
        ("compressed", frame(0xc2, &ping())),
        ("a reserved opcode", frame(0x83, &ping())),
        ("a control frame in fragments", frame(0x09, b"")),
        ("a large control frame", frame(0x89, &[0; 200])),
        ("a continuation of nothing", frame(0x80, b"")),
    ] {
        for mut wire in [Wire::new(64), known_wire(64)] {
            assert_eq!(client(&mut wire, &bytes), bytes, "{name}");
            let after = frame(0x82, &ping());
            assert_eq!(client(&mut wire, &after), after, "{name}: nothing is translated any more");
        }
    }
    // Fragments within the limit whose sum is not.
    let mut wire = known_wire(64);
    let last = frame(0x80, &[0; 30]);
    assert_eq!(client(&mut wire, &[frame(0x02, &[0; 40]), last.clone()].concat()), [made(0x02, &[0; 40]), last].concat());
    // A message within another.
    let mut wire = known_wire(64);
    let second = frame(0x82, &[0; 30]);
    assert_eq!(client(&mut wire, &[frame(0x02, &[0; 40]), second.clone()].concat()), [made(0x02, &[0; 40]), second].concat());
}

#[test]
fn a_connection_cut_within_a_frame_passes_what_there_was() {
    let mut wire = known_wire(LIMIT);
    let cut = &frame(0x82, &ping())[..10];
    assert_eq!(client(&mut wire, cut), b"");
    let mut out = BytesMut::new();
    wire.client_ended(&mut out);
    assert_eq!(out, cut);
}

fn coded(packet: &Value) -> String {
    format!("b{}", STANDARD.encode(pack(packet)))
}

#[test]
fn the_first_socketio_packet_of_a_payload_shows_its_parser() {
    for (payload, expected) in [
        ("", Look::Nothing),
        ("3", Look::Nothing),
        ("3\u{1e}", Look::Nothing),
        ("40", Look::Common),
        ("3\u{1e}40\u{1e}bAAAA", Look::Common),
        ("bAAAA", Look::Binary),
        ("3\u{1e}b", Look::Binary),
    ] {
        assert_eq!(polling::look(payload.as_bytes()), expected, "{payload:?}");
    }
}

#[test]
fn payloads_are_translated_record_by_record() {
    let first = json!({"type": 0, "nsp": "/draft"});
    let second = json!({"type": 2, "nsp": "/draft", "data": ["ev"]});
    let payload = format!("3\u{1e}{}\u{1e}{}\u{1e}bAAAA\u{1e}1", coded(&first), coded(&second));
    let bodies = polling::to_text(payload.as_bytes(), LIMIT).expect("msgpack");
    assert_eq!(bodies, [b"3\x1e40/draft,\x1e42/draft,[\"ev\"]\x1ebAAAA\x1e1"]);
    for payload in ["b", "bAAAA", "b!", "bAAA", "3\u{1e}bgICA"] {
        assert_eq!(polling::to_text(payload.as_bytes(), LIMIT), None, "{payload:?}");
    }
    let answer = polling::from_text("0{}\u{1e}2\u{1e}42/draft,[\"ev\"]\u{1e}6\u{1e}4no".as_bytes());
    let packet = from_text(r#"2/draft,["ev"]"#).expect("text");
    assert_eq!(answer, format!("0{{}}\u{1e}2\u{1e}b{}\u{1e}6\u{1e}4no", STANDARD.encode(packet)).into_bytes());
}

#[test]
fn payloads_that_grow_beyond_the_limit_are_divided_between_packets() {
    let event = json!({"type": 2, "nsp": "/", "data": ["ev", vec![Value::Null; 100]]});
    let payload = vec![coded(&event); 10].join("\u{1e}");
    let bodies = polling::to_text(payload.as_bytes(), 1200).expect("msgpack");
    assert!(bodies.len() > 3 && bodies.iter().all(|body| body.len() <= 1200));
    let records = bodies.join(&0x1e);
    assert_eq!(records.split(|byte| *byte == 0x1e).count(), 10);
    assert_eq!(polling::to_text(payload.as_bytes(), 300), None, "one packet alone is too large");
}

#[test]
fn sessions_are_forgotten_by_age_and_by_name() {
    let sessions = Sessions::new(Duration::from_secs(30));
    let (kept, ended) = (Sid::new(), Sid::new());
    let mut now = Instant::now();
    sessions.insert(kept, now);
    sessions.insert(ended, now);
    sessions.remove(ended);
    assert!(sessions.contains(kept, now) && !sessions.contains(ended, now));
    for _ in 0..1000 {
        (0..10).for_each(|_| sessions.insert(Sid::new(), now));
        now += Duration::from_secs(1);
        assert!(sessions.contains(kept, now));
    }
    assert!(sessions.len() <= 2 * (30 * 10 + 1) + 64, "{}", sessions.len());
}
