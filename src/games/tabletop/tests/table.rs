//! Who leads, who fights, and what lies on the table.

use serde_json::{Value, json};

use super::support::{SPECTATOR, Table, seat};
use crate::game::{Game, Input, Viewer};
use crate::id::Seat;
use crate::refusal::Code;

#[test]
fn the_table_is_handed_over_shared_and_claimed() {
    let mut table = Table::of(3);
    assert_eq!(table.refused(1, "dm_hand_over", json!({ "to": 1 })).1, "Only DM can hand over the table");
    table.ok(0, "co_dm", json!({ "seat": 1, "on": true }));
    table.ok(1, "dm_narration", json!({ "narration": "The co-DM speaks" }));
    assert_eq!(table.refused(1, "end_session", json!({})).1, "only the DM in person can end the session");
    assert_eq!(table.refused(1, "dm_claim", json!({})).1, "the DM is here");
    table.decide(Input::Absent(Seat(0))).unwrap();
    assert_eq!(table.told(SPECTATOR).0, "table_away");
    assert_eq!(table.refused(2, "dm_claim", json!({})).0, Code::ValidationError);
    table.ok(1, "dm_claim", json!({}));
    let (name, told) = table.told(seat(2));
    assert_eq!((name, &told["dm"], &told["co_dms"]), ("dm_changed", &json!(1), &json!([0])));
    assert_eq!(table.state.role_now(Seat(1)), "dm");
    table.decide(Input::Returned(Seat(0))).unwrap();
    table.ok(1, "dm_hand_over", json!({ "to": 0 }));
    assert_eq!(table.view(seat(0))["my_role"], "dm");
    assert_eq!(table.refused(1, "dm_narration", json!({ "narration": "x" })).1, "Only DM can send narration");
}

#[test]
fn a_late_joiner_gets_the_whole_table_and_plays_at_once() {
    let mut table = Table::of(2);
    table.say(Some(1), "before");
    table.ok(0, "map_set", json!({ "width": 10, "height": 10 }));
    table.ok(0, "token_add", json!({ "name": "Goblin", "x": 3, "y": 3 }));
    assert_eq!(table.refused(7, "player_action", json!({ "action_type": "x" })).0, Code::Forbidden);
    table.newcomer(7);
    let (name, told) = table.told(seat(0));
    assert_eq!((name, &told["player"]["seat"], &told["player"]["player_role"]), ("table_joined", &json!(7), &json!("player")));
    let view = table.view(seat(7));
    assert_eq!((&view["chat"][0]["message"], &view["tokens"][0]["name"]), (&json!("before"), &json!("Goblin")));
    table.ok(7, "dice_roll", json!({ "formula": "1d20" }));
}

#[test]
fn the_end_of_a_session_is_an_end() {
    let mut table = Table::of(2);
    table.say(Some(1), "hello");
    table.ok(1, "dice_roll", json!({ "formula": "1d20" }));
    table.ok(0, "end_session", json!({ "reason": "It is late" }));
    let outcome = table.state.outcome().unwrap();
    assert_eq!((outcome.reason.as_str(), outcome.winners.len()), ("It is late", 0));
    assert_eq!((&outcome.results["messages"], &outcome.results["rolls"]), (&json!(1), &json!(1)));
    assert_eq!(table.refused(0, "dm_narration", json!({ "narration": "x" })).0, Code::RoomUnavailable);
    assert!(table.state.legal(Seat(0)).is_empty());
    table.decide(Input::Absent(Seat(0))).unwrap();
    assert_eq!(table.state.outcome().unwrap(), outcome);
}

/// Everything that a viewer was told or may look at must not hold the name.
fn never_told(table: &Table, name: &str) {
    for viewer in [seat(1), seat(2), SPECTATOR] {
        assert!(!table.bytes(viewer).contains(name), "{viewer:?} was told of {name}");
    }
}

#[test]
fn hidden_tokens_leave_no_trace_with_players() {
    let mut table = Table::of(3);
    table.ok(0, "map_set", json!({ "width": 20, "height": 20 }));
    let hidden = table.ok(0, "token_add", json!({ "name": "Lurker", "x": 17, "y": 18, "hidden": true, "notes": "mean" }));
    let before = table.bytes(seat(1));
    table.ok(0, "token_move", json!({ "token_id": hidden, "x": 16, "y": 19 }));
    table.ok(0, "token_update", json!({ "token_id": hidden, "color": "#ff0000" }));
    let fight = table.ok(
        0,
        "combatant_add",
        json!({ "name": "Lurker", "token_id": hidden, "hidden": true, "initiative": 30, "hp_max": 9 }),
    );
    table.ok(0, "effect_add", json!({ "combatant_id": fight, "name": "Invisible" }));
    table.ok(0, "hp_change", json!({ "combatant_id": fight, "by": -2 }));
    assert_eq!(table.bytes(seat(1)), before, "nothing of it was told");
    never_told(&table, "Lurker");
    let unknown = table.refused(1, "token_move", json!({ "token_id": 4242, "x": 1, "y": 1 }));
    assert_eq!(table.refused(1, "token_move", json!({ "token_id": hidden, "x": 1, "y": 1 })), unknown);
    let unknown = table.refused(1, "hp_change", json!({ "combatant_id": 4242, "by": 1 }));
    assert_eq!(table.refused(1, "hp_change", json!({ "combatant_id": fight, "by": 1 })), unknown);

    table.ok(0, "token_update", json!({ "token_id": hidden, "hidden": false }));
    let (name, told) = table.told(seat(1));
    assert_eq!((name, &told["token"]["x"], &told["token"]["notes"]), ("token_added", &json!(16), &Value::Null));
    assert_eq!(told["token"]["combatant_id"], Value::Null, "its combatant is hidden still");
    assert_eq!(table.told(seat(0)).0, "token_updated");
    table.ok(0, "combatant_update", json!({ "combatant_id": fight, "hidden": false }));
    let (name, told) = table.told(SPECTATOR);
    assert_eq!((name, &told["combatant"]["token_id"], &told["combatant"]["hp"]), ("combatant_added", &json!(hidden), &Value::Null));
    assert_eq!(told["combatant"]["state"], "hurt");
}

#[test]
fn what_lies_under_fog_is_not_told() {
    let picture = "6f2c0000-0000-4000-8000-00000000abcd";
    let mut table = Table::of(3);
    table.ok(0, "map_set", json!({ "width": 5, "height": 5 }));
    table.ok(0, "fog_set", json!({ "enabled": true }));
    table.ok(0, "map_set", json!({ "width": 20, "height": 10, "background": picture }));
    let orc = table.ok(0, "token_add", json!({ "name": "Orc", "x": 12, "y": 5, "size": 2 }));
    let ava = table.ok(0, "token_add", json!({ "name": "Ava", "x": 1, "y": 1, "owner": 1 }));
    never_told(&table, "Orc");
    never_told(&table, picture);
    assert_eq!(table.view(seat(2))["tokens"][0]["name"], "Ava", "the party knows where it is");

    table.ok(0, "fog_set", json!({ "areas": [{ "x": 0, "y": 0, "w": 13, "h": 10, "revealed": true }] }));
    let (_, told) = table.told(seat(1));
    assert_eq!((&told["appeared"][0]["name"], &told["background"]), (&json!("Orc"), &Value::Null));
    table.ok(0, "token_move", json!({ "token_id": orc, "x": 4, "y": 4, "path": [[8, 8]] }));
    let (name, told) = table.told(seat(1));
    assert_eq!((name, &told["x"], &told["path"], &told["distance"]), ("token_moved", &json!(4), &Value::Null, &Value::Null));
    assert_eq!(table.told(seat(0)).1["distance"], 40);
    table.ok(0, "token_move", json!({ "token_id": orc, "x": 15, "y": 5 }));
    assert_eq!(table.told(seat(1)).0, "token_removed");
    assert_eq!(table.told(seat(0)).0, "token_moved");
    table.ok(0, "token_move", json!({ "token_id": orc, "x": 17, "y": 7 }));
    assert_eq!(table.told(SPECTATOR).0, "hidden");
    assert_eq!(table.refused(1, "token_move", json!({ "token_id": orc, "x": 1, "y": 1 })).1, "there is no such token");
    table.ok(0, "token_move", json!({ "token_id": orc, "x": 12, "y": 2 }));
    assert_eq!(table.told(SPECTATOR).0, "token_added", "one of its cells is bare");
    table.ok(0, "fog_set", json!({ "areas": [{ "x": 10, "y": 0, "w": 5, "h": 5, "revealed": false }] }));
    assert_eq!(table.told(seat(2)).1["gone"], json!([orc]));
    table.ok(1, "token_move", json!({ "token_id": ava, "x": 11, "y": 1 }));
    assert_eq!(table.told(seat(2)).0, "token_moved");
    never_told(&table, picture);
    table.ok(0, "fog_set", json!({ "enabled": false }));
    assert_eq!(table.told(seat(1)).1["background"], picture);
}

#[test]
fn moves_are_measured_and_limited() {
    for (diagonals, distance) in [("one", 20), ("alternate", 30)] {
        let mut table = Table::with(2, json!({ "enforce_speed": true, "diagonals": diagonals }));
        table.ok(0, "map_set", json!({ "width": 10, "height": 10 }));
        let ava = table.ok(0, "token_add", json!({ "name": "Ava", "x": 0, "y": 0, "owner": 1, "speed": 35 }));
        let move_to = |x: u16, y: u16| json!({ "token_id": ava, "x": x, "y": y });
        table.ok(1, "token_move", move_to(4, 4));
        assert_eq!(table.told(seat(0)).1["distance"], distance);
        assert_eq!(table.refused(1, "token_move", move_to(10, 4)), (Code::IllegalMove, "that is outside of the map".into()));
        table.ok(0, "combatant_add", json!({ "name": "Ava", "owner": 1, "token_id": ava, "initiative": 3 }));
        table.ok(0, "combat_update", json!({ "combat": { "active": true } }));
        table.ok(1, "token_move", move_to(4, 9));
        assert_eq!(table.told(seat(0)).1["moved"], 25);
        let (code, message) = table.refused(1, "token_move", move_to(4, 6));
        assert_eq!((code, message.contains("10 further")), (Code::IllegalMove, true), "{message}");
        table.ok(0, "token_move", move_to(4, 4));
        table.ok(0, "turn_change", json!({ "turn": "next" }));
        assert_eq!(table.view(seat(1))["tokens"][0]["moved"], 0);
        table.ok(1, "token_move", move_to(9, 4));
    }
}

#[test]
fn turns_go_round_by_round_and_effects_end_by_them() {
    let mut table = Table::of(2);
    let ava = table.ok(0, "combatant_add", json!({ "name": "Ava", "owner": 1, "initiative": 15, "hp_max": 20 }));
    let orc = table.ok(0, "combatant_add", json!({ "name": "Orc", "initiative": 10, "hp_max": 40 }));
    table.ok(0, "combat_update", json!({ "combat": { "active": true } }));
    assert_eq!(table.view(seat(1))["turn"]["current_character_name"], "Ava");
    table.ok(1, "effect_add", json!({ "combatant_id": orc, "name": "Bane", "rounds": 2, "by": ava, "concentration": true }));
    assert_eq!(table.refused(1, "effect_add", json!({ "combatant_id": orc, "name": "Curse" })).0, Code::Forbidden);
    table.ok(1, "end_turn", json!({}));
    assert_eq!(table.refused(1, "end_turn", json!({})).0, Code::NotYourTurn);
    table.ok(0, "turn_change", json!({ "turn": "next" }));
    let (_, told) = table.told(seat(1));
    assert_eq!((&told["turn"]["round"], &told["effects"][0]["rounds_left"]), (&json!(2), &json!(1)));
    table.ok(0, "turn_change", json!({ "turn": "next" }));
    table.ok(0, "turn_change", json!({ "turn": "next" }));
    let (_, told) = table.told(SPECTATOR);
    assert_eq!((&told["effects"][0]["name"], &told["effects"][0]["rounds_left"]), (&json!("Bane"), &json!(0)));
    assert_eq!(table.view(seat(1))["combat"]["combatants"][1]["effects"], json!([]));
    table.ok(0, "turn_change", json!({ "turn": "previous" }));
    assert_eq!(
        (table.view(seat(0))["turn"]["round"].clone(), table.view(seat(0))["turn"]["combatant_id"].clone()),
        (json!(2), json!(orc))
    );
    table.ok(0, "combatant_remove", json!({ "combatant_id": orc }));
    assert_eq!(table.view(seat(0))["turn"]["combatant_id"], ava, "it is the next one's");
}

#[test]
fn concentration_is_lost_by_a_new_spell_and_at_no_hit_points() {
    let mut table = Table::of(2);
    let ava = table.ok(0, "combatant_add", json!({ "name": "Ava", "owner": 1, "hp_max": 30 }));
    let orc = table.ok(0, "combatant_add", json!({ "name": "Orc", "hp_max": 40 }));
    let spell = |name: &str| json!({ "combatant_id": orc, "name": name, "by": ava, "concentration": true });
    table.ok(1, "effect_add", spell("Bane"));
    table.ok(1, "effect_add", spell("Hold"));
    assert_eq!(table.told(seat(0)).1["ended"][0]["name"], "Bane");
    table.ok(0, "hp_change", json!({ "combatant_id": ava, "by": -24 }));
    let (_, told) = table.told(seat(1));
    assert_eq!((&told["concentration_dc"], &told["hp"], &told["state"]), (&json!(12), &json!(6), &json!("bloodied")));
    table.ok(1, "hp_change", json!({ "combatant_id": ava, "by": -99 }));
    let (_, told) = table.told(SPECTATOR);
    assert_eq!((&told["hp"], &told["state"], &told["ended"][0]["name"]), (&json!(0), &json!("down"), &json!("Hold")));
    table.ok(1, "hp_change", json!({ "combatant_id": ava, "by": 99 }));
    assert_eq!(table.told(seat(0)).1["hp"], 30);
    table.ok(0, "hp_change", json!({ "combatant_id": orc, "by": -25 }));
    let (_, told) = table.told(seat(1));
    assert_eq!((&told["hp"], &told["by"], &told["state"]), (&Value::Null, &Value::Null, &json!("bloodied")));
}

#[test]
fn a_hidden_ones_turn_looks_like_the_turn_before() {
    let mut table = Table::of(2);
    table.ok(0, "combatant_add", json!({ "name": "Ava", "owner": 1, "initiative": 15 }));
    table.ok(0, "combatant_add", json!({ "name": "Lurker", "initiative": 10, "hidden": true }));
    table.ok(0, "combat_update", json!({ "combat": { "active": true } }));
    table.ok(0, "turn_change", json!({ "turn": "next" }));
    assert_eq!((table.told(seat(0)).0, table.told(seat(1)).0), ("turn_change", "hidden"));
    assert_eq!(table.view(seat(1))["turn"]["current_character_name"], "Ava");
    assert_eq!(table.view(seat(0))["turn"]["current_character_name"], "Lurker");
    table.ok(0, "turn_change", json!({ "turn": "next" }));
    assert_eq!(table.told(seat(1)).1["turn"]["round"], 2);
    never_told(&table, "Lurker");
}

#[test]
fn initiative_is_rolled_by_the_server_for_ones_own() {
    let mut table = Table::of(3);
    table.ok(1, "sheet_update", json!({ "name": "Ava" }));
    table.ok(1, "roll_initiative", json!({}));
    let (_, told) = table.told(SPECTATOR);
    assert_eq!((&told["combatant"]["name"], &told["combatant"]["owner"]), (&json!("Ava"), &json!(1)));
    assert_eq!(told["result"], told["combatant"]["initiative"]);
    let id = told["combatant"]["combatant_id"].clone();
    table.ok(1, "roll_initiative", json!({ "formula": "2d20kh1 + 3" }));
    assert_eq!(table.told(SPECTATOR).1["combatant"]["combatant_id"], id, "still the same one");
    assert_eq!(table.refused(2, "roll_initiative", json!({ "combatant_id": id })).0, Code::Forbidden);
}

#[test]
fn sheets_are_changed_by_their_owner_and_the_dm() {
    let mut table = Table::with(3, json!({ "private_sheets": true }));
    let change = json!({ "name": "Ava", "stats": { "str": 12, "dex": 9 }, "inventory": { "rope": 2 }, "notes": "a secret past" });
    table.ok(1, "sheet_update", change);
    assert_eq!(table.told(seat(2)).1, {
        let mut told = table.told(seat(1)).1;
        for key in ["stats", "inventory", "notes"] {
            told.as_object_mut().unwrap().remove(key);
        }
        told
    });
    table.ok(0, "sheet_update", json!({ "seat": 1, "stats": { "dex": null }, "inventory": { "rope": 0, "torch": 3 } }));
    assert_eq!(table.told(seat(2)).0, "hidden");
    assert_eq!(table.refused(2, "sheet_update", json!({ "seat": 1, "name": "Bob" })).0, Code::Forbidden);
    let sheet = table.view(seat(1))["sheets"][0].clone();
    assert_eq!((&sheet["stats"], &sheet["inventory"]), (&json!({ "str": 12 }), &json!({ "torch": 3 })));
    assert_eq!(table.view(seat(2))["sheets"][0]["stats"], Value::Null);
    assert!(!table.bytes(Viewer::Omniscient).contains("a secret past"));
    table.ok(0, "settings_update", json!({ "private_sheets": false }));
    assert_eq!(table.told(seat(2)).1["sheets"][0]["notes"], "a secret past");
    assert_eq!(table.view(seat(2))["players"][1]["character_name"], "Ava");
}
