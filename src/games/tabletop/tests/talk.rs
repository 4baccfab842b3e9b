//! What is said and rolled, and who gets to know it.

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::support::{SPECTATOR, Table, seat};
use crate::game::{Game, Viewer};
use crate::games::tabletop::Tabletop;
use crate::refusal::Code;

#[test]
fn only_the_dm_narrates_changes_turns_and_updates_combat() {
    let mut table = Table::of(3);
    let cases = [
        ("dm_narration", json!({ "narration": "A dark cave" }), "Only DM can send narration"),
        ("turn_change", json!({ "turn": { "current_character_name": "Ava" } }), "Only DM can change turns"),
        ("combat_update", json!({ "combat": { "active": true } }), "Only DM can update combat"),
    ];
    for (event, payload, message) in cases {
        assert_eq!(table.refused(1, event, payload.clone()), (Code::Forbidden, message.into()));
        table.ok(0, event, payload);
        assert_eq!(table.told(SPECTATOR).0, event, "everybody is told under the same name");
    }
}

#[test]
fn a_roll_has_every_die_and_the_keys_that_clients_know() {
    let mut table = Table::of(2);
    table.ok(1, "dice_roll", json!({ "formula": "4d6dl1 + 5", "label": "Strength" }));
    let (name, roll) = table.told(SPECTATOR);
    assert_eq!(name, "dice_roll");
    let rolls: Vec<i64> = roll["rolls"].as_array().unwrap().iter().map(|n| n.as_i64().unwrap()).collect();
    assert_eq!(rolls.len(), 3, "{roll}");
    assert_eq!(roll["modifier"], 5);
    assert_eq!(roll["result"].as_i64().unwrap(), rolls.iter().sum::<i64>() + 5);
    assert_eq!(roll["dice"][0]["dice"].as_array().unwrap().len(), 4, "also the one that was dropped");
    assert_eq!((&roll["verified"], &roll["mode"], &roll["label"]), (&json!(true), &json!("public"), &json!("Strength")));
    assert_eq!(roll["player"]["username"], "Player 1");
    let (_, event) = table.log.last().unwrap();
    assert_eq!(table.state.draws(event).len(), 4);
}

#[test]
fn a_clients_own_result_is_taken_and_marked() {
    let mut table = Table::of(2);
    table.ok(1, "dice_roll", json!({ "formula": "1d20+5", "result": 18, "rolls": [13], "modifier": 5 }));
    let (_, roll) = table.told(seat(0));
    assert_eq!((&roll["verified"], &roll["result"], &roll["rolls"]), (&json!(false), &json!(18), &json!([13])));
    assert_eq!((&roll["dice"], &roll["text"]), (&json!([]), &Value::Null));
}

#[test]
fn each_mode_of_a_roll_is_seen_by_those_it_is_for_and_nobody_else() {
    // Seats 0 DM, 1 co-DM, 2 rolls, 3 another; `r` the result, `b` blind, `-` hidden.
    for (mode, expected) in [("public", "rrrrr"), ("gm", "rrr--"), ("blind", "rrb--"), ("self", "--r--")] {
        let mut table = Table::of(4);
        table.ok(0, "co_dm", json!({ "seat": 1, "on": true }));
        table.ok(2, "dice_roll", json!({ "formula": "1d1000+7000", "mode": mode }));
        let (_, roll) = table.told(Viewer::Omniscient);
        let result = roll["result"].to_string();
        for (viewer, expected) in [seat(0), seat(1), seat(2), seat(3), SPECTATOR].into_iter().zip(expected.chars()) {
            let (name, told) = table.told(viewer);
            let seen = match name {
                "hidden" => '-',
                _ if told["result"].is_null() => 'b',
                _ => 'r',
            };
            assert_eq!(seen, expected, "{mode} for {viewer:?}");
            assert_eq!(table.bytes(viewer).contains(&result), expected == 'r', "{mode} for {viewer:?}");
            let in_state = table.view(viewer)["rolls"].as_array().unwrap().len();
            assert_eq!(in_state, usize::from(expected != '-'), "{mode} for {viewer:?}");
        }
    }
}

#[test]
fn a_whisper_is_for_two_and_for_the_dm_only_where_it_says_so() {
    for dm_reads in [false, true] {
        let mut table = Table::with(4, json!({ "dm_reads_whispers": dm_reads }));
        let seq = table.ok(1, "whisper", json!({ "to": 2, "message": "the elf lies" }));
        for (viewer, sees) in [(seat(0), dm_reads), (seat(1), true), (seat(2), true), (seat(3), false), (SPECTATOR, false)] {
            assert_eq!(table.bytes(viewer).contains("the elf lies"), sees, "{viewer:?}");
        }
        assert!(!table.bytes(Viewer::Omniscient).contains("the elf lies"), "not after the session either");
        assert_eq!(table.refused(3, "react", json!({ "to": seq, "emoji": "👀" })).1, "there is no such message");
        table.ok(2, "react", json!({ "to": seq, "emoji": "👀" }));
        assert_eq!(table.told(seat(3)).0, "hidden");
        assert_eq!(table.told(seat(1)).0, "reaction");
        assert_eq!(table.view(seat(1))["whispers"][0]["reactions"], json!({ "👀": [2] }));
    }
}

#[test]
fn what_is_remembered_does_not_depend_on_what_one_does_not_see() {
    let mut table = Table::of(4);
    table.ok(1, "dice_roll", json!({ "formula": "1d4", "label": "the first" }));
    table.ok(1, "whisper", json!({ "to": 2, "message": "the first whisper" }));
    for _ in 0..60 {
        table.ok(0, "dice_roll", json!({ "formula": "1d6", "mode": "self" }));
        table.ok(1, "whisper", json!({ "to": 3, "message": "another" }));
    }
    let view = table.view(seat(2));
    assert_eq!(view["rolls"][0]["label"], "the first");
    assert_eq!(view["whispers"][0]["message"], "the first whisper");
}

#[test]
fn chat_is_a_part_of_the_state_and_is_reacted_to_and_read() {
    let mut table = Table::of(3);
    table.say(None, "a spectator speaks");
    let seq = table.say(Some(1), "hello");
    for n in 0..60 {
        table.say(Some(2), &format!("line {n}"));
    }
    let view = table.view(seat(0));
    let chat = view["chat"].as_array().unwrap();
    assert_eq!((chat.len(), &chat[49]["message"]), (50, &json!("line 59")));
    assert_eq!(table.refused(0, "react", json!({ "to": seq, "emoji": "🎉" })).1, "there is no such message");
    let last = table.seq.0;
    table.ok(0, "react", json!({ "to": last, "emoji": "🎉" }));
    table.ok(1, "react", json!({ "to": last, "emoji": "🎉" }));
    table.ok(0, "react", json!({ "to": last, "emoji": "🎉", "on": false }));
    assert_eq!(table.view(SPECTATOR)["chat"][49]["reactions"], json!({ "🎉": [1] }));

    table.ok(1, "mark_read", json!({ "seq": last }));
    assert_eq!(table.told(seat(0)), ("read_receipt", json!({ "player_id": table.people.0[1].player_id, "seat": 1, "read": last })));
    let seq = table.seq;
    table.ok(1, "mark_read", json!({ "seq": 3 }));
    assert_eq!(table.seq, seq, "what was read before is no news");
    assert_eq!(table.refused(1, "mark_read", json!({ "seq": 9999 })).0, Code::ValidationError);
}

#[test]
fn images_go_to_all_or_to_some() {
    let id = "6f2c0000-0000-4000-8000-00000000abcd";
    let mut table = Table::of(4);
    table.ok(1, "share_image", json!({ "image_id": id, "caption": "A map" }));
    assert_eq!(table.told(SPECTATOR).1["image_id"], id);
    let mut table = Table::of(4);
    table.ok(0, "share_image", json!({ "image_id": id, "to": [2] }));
    for (viewer, sees) in [(seat(0), true), (seat(1), false), (seat(2), true), (SPECTATOR, false), (Viewer::Omniscient, false)] {
        assert_eq!(table.bytes(viewer).contains(id), sees, "{viewer:?}");
    }
}

#[test]
fn secret_votes_are_secret_until_the_poll_is_closed() {
    let mut table = Table::of(3);
    let ask = json!({ "question": "Which way?", "options": ["Left", "Right"], "secret": true });
    let poll = table.ok(1, "poll_create", ask);
    table.ok(2, "poll_vote", json!({ "poll_id": poll, "choices": [1] }));
    assert_eq!(table.told(seat(2)).1["choices"], json!([1]));
    for viewer in [seat(0), seat(1), SPECTATOR] {
        let (_, told) = table.told(viewer);
        assert_eq!((&told["choices"], &told["counts"], &told["voted"]), (&Value::Null, &Value::Null, &json!([2])), "{viewer:?}");
        let shown = &table.view(viewer)["polls"][0];
        assert_eq!((&shown["votes"], &shown["counts"]), (&Value::Null, &Value::Null));
    }
    assert_eq!(table.refused(2, "poll_close", json!({ "poll_id": poll })).0, Code::Forbidden);
    table.ok(1, "poll_close", json!({ "poll_id": poll }));
    assert_eq!(table.told(SPECTATOR).1["poll"]["counts"], json!([0, 1]));
    assert_eq!(table.refused(2, "poll_vote", json!({ "poll_id": poll, "choices": [0] })).0, Code::IllegalMove);
}

#[test]
fn details_of_an_action_are_kept_as_they_were_written_if_everybody_can_read_them() {
    let mut table = Table::of(2);
    let mut act = |details: &str| {
        let payload = format!(r#"{{"action_type":"x","details":{details}}}"#);
        let done = table.send_raw(0, "player_action", &RawValue::from_string(payload).unwrap());
        done.map(|_| (table.bytes(SPECTATOR), table.view(SPECTATOR)))
    };
    let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    for details in ["-0", "1e308", "123456789012345678901234567890", r#"{"a":1,"a":2}"#, r#""\u0000\ud83d\ude00""#, &nested(64)] {
        let (shown, view) = act(details).unwrap();
        assert!(shown.contains(&format!(r#""details":{details}"#)), "{details}: {shown}");
        assert!(view.is_object(), "{details}");
    }
    for details in ["1e400", "[-1e999]", r#""\ud800""#, r#"{"\udc00":0}"#, &nested(65)] {
        let refusal = act(details).expect_err(details);
        assert!(refusal.message.starts_with("details are JSON of numbers that fit"), "{details}: {refusal}");
    }
}

#[test]
fn bad_input_is_refused_with_its_reason() {
    let long = |n: usize| "x".repeat(n);
    let cases = [
        ("dm_narration", json!({}), "missing field `narration`"),
        ("dm_narration", json!({ "narration": " \u{7} " }), "narration has 1 to 4000 characters"),
        ("dm_narration", json!({ "narration": long(4001) }), "narration has 1 to 4000 characters"),
        ("player_action", json!({ "action_type": long(41) }), "action_type has 1 to 40 characters"),
        ("player_action", json!({ "action_type": "x", "details": long(2000) }), "details are at most 2000 bytes of JSON"),
        ("whisper", json!({ "to": 0, "message": "me" }), "a whisper is for somebody else"),
        ("whisper", json!({ "to": 9, "message": "who" }), "there is no such seat"),
        ("whisper", json!({ "to": -1, "message": "who" }), "invalid value: integer `-1`, expected u8"),
        ("react", json!({ "to": 1, "emoji": "a b" }), "an emoji has no spaces"),
        ("react", json!({ "to": 1, "emoji": "👍" }), "there is no such message"),
        ("dice_roll", json!({ "formula": "1d" }), "character 3: "),
        ("dice_roll", json!({ "formula": "1001d6" }), "character 1: "),
        ("dice_roll", json!({ "formula": long(201) }), ""),
        ("dice_roll", json!({ "formula": "1d6", "mode": "loud" }), "unknown variant `loud`"),
        ("dice_roll", json!({ "formula": "1d6", "result": 1e300 }), "invalid type"),
        ("dice_roll", json!({ "formula": "1d6", "result": 2_000_000_000_000_i64 }), "result is "),
        ("dice_roll", json!({ "formula": "1d6", "result": 1, "rolls": vec![1; 1001] }), "at most 1000 rolls"),
        ("share_image", json!({ "image_id": "../../etc/passwd" }), "UUID parsing failed"),
        ("share_image", json!({ "image_id": "6f2c0000-0000-4000-8000-00000000abcd", "to": [7] }), ""),
        ("poll_create", json!({ "question": "?", "options": ["a"] }), "a poll has 2 to 10 different options"),
        ("poll_create", json!({ "question": "?", "options": ["a", " a "] }), "a poll has 2 to 10 different options"),
        ("poll_vote", json!({ "poll_id": 5, "choices": [0] }), "there is no such poll"),
        ("turn_change", json!({ "turn": "sideways" }), "invalid value: string \"sideways\""),
        ("turn_change", json!({ "turn": {} }), "a turn has a combatant_id or a current_character_name"),
        ("combatant_add", json!({ "name": "x", "hp": -1 }), "hp is 0 to 100000"),
        ("combatant_add", json!({ "name": "x", "owner": 7 }), "there is no such seat"),
        ("combatant_update", json!({ "name": "x" }), "combatant_id is missing"),
        ("hp_change", json!({ "combatant_id": 1, "by": 3 }), "there is no such combatant"),
        ("map_set", json!({ "width": 0, "height": 5 }), "width is 1 to 200"),
        ("map_set", json!({ "width": 5, "height": 5, "background": "no" }), "UUID parsing failed"),
        ("token_move", json!({ "token_id": 5, "x": 1, "y": 1 }), "there is no such token"),
        ("sheet_update", json!({}), "there is nothing to change"),
        ("sheet_update", json!({ "stats": { "str": 1.5 } }), "invalid type: floating point"),
        ("sheet_update", json!({ "stats": { "": 1 } }), "the name of a stat has 1 to 40 characters"),
        ("settings_update", json!({ "title": long(81) }), "title has 0 to 80 characters"),
        ("co_dm", json!({ "seat": 0, "on": true }), "the DM is no co-DM"),
    ];
    let mut table = Table::of(2);
    for (event, payload, reason) in cases {
        let (code, message) = table.refused(0, event, payload.clone());
        assert_eq!(code, Code::ValidationError, "{event} {payload}: {message}");
        assert!(message.contains(reason), "{event} {payload}: {message}");
    }
    assert_eq!(table.refused(0, "fog_set", json!({ "enabled": true })), (Code::IllegalMove, "there is no map".into()));
    assert_eq!(table.refused(7, "end_turn", json!({})).0, Code::Forbidden);
    assert!(Tabletop::setup(&serde_json::from_value(json!({ "title": long(81) })).unwrap(), 21, &()).is_err());
}
