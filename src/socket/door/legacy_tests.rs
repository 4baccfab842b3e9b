//! Tests of the door for clients of 2.x.

use bytes::BytesMut;
use proptest::prelude::*;

use super::legacy::{CONNECTS, LegacyWire, REFUSALS, connect, refusal};

const LIMIT: usize = 1000;

#[test]
fn the_query_of_a_namespace_becomes_its_auth() {
    for (packet, expected) in [
        ("0/draft?token=a.b-c_d", Some(r#"0/draft,{"?":"token=a.b-c_d"}"#)),
        ("0/draft?token=x&last_seq=3,", Some(r#"0/draft,{"?":"token=x&last_seq=3"}"#)),
        ("0/draft?a=\"\\é\u{1}", Some("0/draft,{\"?\":\"a=\\\"\\\\é\\u0001\"}")),
        ("0/draft?a?b", Some(r#"0/draft,{"?":"a?b"}"#)),
        ("0/draft?", Some("0/draft,")),
        ("0/?token=x", Some(r#"0/,{"?":"token=x"}"#)),
        (r#"0/draft?token=x,{"token":"y"}"#, Some(r#"0/draft,{"token":"y"}"#)),
        ("0/draft", None),
        ("0/draft,", None),
        (r#"0/draft,{"a":"?"}"#, None),
        ("0", None),
        (r#"0{"a":"/?"}"#, None),
        (r#"2/draft?x,["ev"]"#, None),
        ("1/draft?x", None),
        ("", None),
        ("é?", None),
    ] {
        assert_eq!(connect(packet).as_deref(), expected, "{packet:?}");
    }
}

#[test]
fn refusals_are_strings_as_node_sends_them() {
    for (packet, expected) in [
        (r#"4/draft,{"message":"AUTH_REQUIRED: \"no\" é"}"#, Some(r#"4/draft,"AUTH_REQUIRED: \"no\" é""#)),
        (r#"4{"message":"no"}"#, Some(r#"4"no""#)),
        (r#"4/draft,"no""#, None),
        ("4/draft", None),
        (r#"2/draft,["message",{"message":"no"}]"#, None),
        ("", None),
    ] {
        assert_eq!(refusal(packet).as_deref(), expected, "{packet:?}");
    }
}

#[test]
fn payloads_are_changed_packet_by_packet() {
    let one = |payload: &[u8]| CONNECTS.payload(payload, LIMIT).map(|bodies| bodies.concat());
    for (payload, expected) in [
        ("14:40/draft?a=b&c1:2", Some(r#"22:40/draft,{"?":"a=b&c"}1:2"#)),
        // A length counts units of UTF-16: 𝄞 makes two, é one.
        ("8:40/d?a=𝄞", None),
        ("8:42[\"𝄞\"]13:40/d?a=𝄞é&bc3:42é", Some("8:42[\"𝄞\"]21:40/d,{\"?\":\"a=𝄞é&bc\"}3:42é")),
        ("8:40/draft8:40/codex", None),
        ("20:42[\"40/draft?a=b\",1]", None),
        ("99:40/draft?a=b", None),
        ("x:40/draft?a=b", None),
        (":40/draft?a=b", None),
        ("40/draft?a=b", None),
        ("12:40/draft?a=b7", None),
        ("99999999999999999999:40/draft?a=b", None),
        ("", None),
    ] {
        let got = one(payload.as_bytes()).map(|body| String::from_utf8(body).expect("text"));
        assert_eq!(got.as_deref(), expected, "{payload:?}");
    }
    assert_eq!(
        one(b"\x00\x01\x03\xff40/draft?a=bc\x01\x03\xff\x0440\x00\x01\xff2").as_deref(),
        Some(&b"\x00\x02\x01\xff40/draft,{\"?\":\"a=bc\"}\x01\x03\xff\x0440\x00\x01\xff2"[..]),
    );
    for payload in
        [&b"\x00\x01\x04\xff40/d?"[..], b"\x00\x0b\xff40/d?", b"\x0040/d?", b"\x01\x05\xff40/d?", b"\x02\x05\xff40/d?", b"\xff40/?"]
    {
        assert_eq!(one(payload), None, "{payload:?}");
    }
    let answer = REFUSALS.payload("2:4024:44/draft,{\"message\":\"é\"}".as_bytes(), usize::MAX).expect("a refusal");
    assert_eq!(String::from_utf8(answer.concat()).expect("text"), "2:4012:44/draft,\"é\"");
}

#[test]
fn a_payload_that_grows_beyond_the_limit_is_divided_between_packets() {
    let payload = format!("9:40/draft?990:42[\"{}\"]", "x".repeat(984));
    assert_eq!(payload.len(), 11 + 994);
    let payload = payload.replace("9:40/draft?", "10:40/draft?a");
    let bodies = CONNECTS.payload(payload.as_bytes(), LIMIT).expect("a query");
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0], br#"18:40/draft,{"?":"a"}"#);
}

/// A frame, masked if it is a client's.
fn frame(first: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let bit = if mask.is_some() { 0x80 } else { 0 };
    let mut frame = match payload.len() {
        len @ 0..=125 => vec![first, bit | len as u8],
        len => vec![first, bit | 126, (len >> 8) as u8, len as u8],
    };
    frame.extend(mask.into_iter().flatten());
    let mask = mask.unwrap_or_default();
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

fn sent(first: u8, payload: &str) -> Vec<u8> {
    frame(first, payload.as_bytes(), Some([0x11, 0xa2, 0x33, 0xc4]))
}

fn made(payload: &str) -> Vec<u8> {
    frame(0x81, payload.as_bytes(), Some([0; 4]))
}

fn client(wire: &mut LegacyWire, bytes: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::new();
    wire.client_sent(bytes, &mut out);
    out.to_vec()
}

const QUERY: &str = "40/draft?token=x";
const AUTH: &str = r#"40/draft,{"?":"token=x"}"#;

#[test]
fn only_a_connect_with_a_query_is_changed_on_a_websocket_whenever_it_comes() {
    let mut wire = LegacyWire::new(LIMIT);
    for _ in 0..2 {
        for bytes in [
            sent(0x81, "2probe"),
            sent(0x81, "5"),
            sent(0x81, "42/draft,[\"40/?\"]"),
            sent(0x89, "x"),
            sent(0x82, QUERY),
            sent(0x81, "4"),
            sent(0x81, ""),
        ] {
            assert_eq!(client(&mut wire, &bytes), bytes);
        }
        assert_eq!(client(&mut wire, &sent(0x81, QUERY)), made(AUTH));
        assert_eq!(client(&mut wire, &sent(0x81, "40/draft")), made("40/draft"));
    }
    let mut out = BytesMut::new();
    let event = frame(0x81, &[b'4'; 300], None);
    let refused = frame(0x81, br#"44/draft,{"message":"no"}"#, None);
    wire.server_sent(&[event.clone(), refused].concat(), &mut out);
    assert_eq!(out, [event, frame(0x81, br#"44/draft,"no""#, None)].concat());
}

#[test]
fn an_event_passes_while_it_arrives() {
    let mut wire = LegacyWire::new(LIMIT);
    let event = sent(0x81, &format!("42[\"{}\"]", "x".repeat(60_000)));
    let (first, rest) = event.split_at(20);
    assert_eq!(client(&mut wire, first), first);
    assert_eq!(client(&mut wire, rest), rest);
}

#[test]
fn a_connect_in_fragments_is_changed() {
    let ping = sent(0x89, "between");
    for cut in 0..QUERY.len() {
        let mut wire = LegacyWire::new(LIMIT);
        let read =
            client(&mut wire, &[sent(0x01, &QUERY[..cut]), ping.clone(), sent(0x00, ""), sent(0x80, &QUERY[cut..])].concat());
        assert_eq!(read, [ping.clone(), made(AUTH)].concat(), "cut at {cut}");
    }
    let mut wire = LegacyWire::new(LIMIT);
    let read = client(&mut wire, &[sent(0x01, "4"), sent(0x80, "2[1]"), sent(0x81, QUERY)].concat());
    assert_eq!(read, [made("42[1]"), made(AUTH)].concat(), "an event that began as a CONNECT might");
}

#[test]
fn what_breaks_the_rules_is_left_to_the_server() {
    let long = format!("40/draft?{}", "x".repeat(LIMIT));
    let begun = sent(0x01, "40/draft?");
    let rest = sent(0x80, &"x".repeat(LIMIT));
    let kept = frame(0x01, b"40/draft?", Some([0; 4]));
    for (name, bytes, expected) in [
        ("too large", sent(0x81, &long), sent(0x81, &long)),
        ("too large in fragments", [&begun[..], &rest].concat(), [&kept[..], &rest].concat()),
        ("a message within another", [&begun[..], &sent(0x81, QUERY)].concat(), [&kept[..], &sent(0x81, QUERY)].concat()),
        ("not masked", frame(0x81, QUERY.as_bytes(), None), frame(0x81, QUERY.as_bytes(), None)),
        ("compressed", sent(0xc1, QUERY), sent(0xc1, QUERY)),
        ("a control frame in fragments", sent(0x09, ""), sent(0x09, "")),
        ("not UTF-8", sent(0x82, "\u{1}"), sent(0x82, "\u{1}")),
    ] {
        assert_eq!(client(&mut LegacyWire::new(LIMIT), &bytes), expected, "{name}");
    }
}

proptest! {
    /// However the frames are divided among reads, the server reads the same.
    #[test]
    fn reads_may_end_anywhere(cuts in prop::collection::vec(1..40usize, 1..30)) {
        let bytes = [
            sent(0x81, "2probe"), sent(0x01, &QUERY[..5]), sent(0x8a, ""), sent(0x80, &QUERY[5..]), sent(0x81, "42[1]"),
            sent(0x81, QUERY), sent(0x02, "b"), sent(0x80, "40/?"), sent(0x88, ""),
        ].concat();
        let whole = client(&mut LegacyWire::new(LIMIT), &bytes);
        let (mut wire, mut out, mut rest) = (LegacyWire::new(LIMIT), vec![], &bytes[..]);
        for cut in cuts.iter().cycle() {
            if rest.is_empty() { break; }
            let (now, later) = rest.split_at((*cut).min(rest.len()));
            out.extend(client(&mut wire, now));
            rest = later;
        }
        prop_assert_eq!(out, whole);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80), text in "[0-9]{0,2}:?4[04]/d\\?.{0,20}") {
        let mut wire = LegacyWire::new(20);
        let mut out = BytesMut::new();
        wire.client_sent(&bytes, &mut out);
        wire.server_sent(&bytes, &mut out);
        wire.client_ended(&mut out);
        for payload in [[text.as_bytes(), &bytes].concat(), [&bytes, text.as_bytes()].concat()] {
            let _ = CONNECTS.payload(&payload, 20);
            let _ = REFUSALS.payload(&payload, 20);
        }
        let _ = (connect(&text), refusal(&text));
    }
}
