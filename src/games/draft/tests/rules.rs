use serde_json::json;

use super::*;
use crate::chance::{Chance, Seed};
use crate::game::{Draft, Input, Seats, Viewer, command};
use crate::games::draft::{Command, Refusal};
use crate::refusal::{Code, Refused};
use crate::time::Timestamp;

fn play(seat: Seat, command: Command) -> Input<Command> {
    Input::Play { seat, command }
}

fn draw(seat: Seat) -> Input<Command> {
    play(seat, Command::DrawCharacter)
}

fn place(seat: Seat, character_id: u32, role: &str) -> Input<Command> {
    play(seat, Command::PlaceCharacter { character_id, role_name: role.into() })
}

fn decide(given: &[Event], when: Input<Command>, assets: &Catalogue) -> Result<Vec<Event>, Refusal> {
    let mut game = small_after(given);
    let (mut events, mut chance) = (vec![], Chance::new(Seed([1; 32]), [], 0));
    let mut draft = Draft::new(&mut game, &mut events, &mut chance, Timestamp(0), assets);
    DraftGame::decide(&mut draft, when)?;
    Ok(events)
}

/// After the events `given`, the request `when` comes to `then`.
fn check(given: &[Event], when: Input<Command>, then: Result<&[Event], Refusal>) {
    let asked = format!("{when:?}");
    assert_eq!(decide(given, when, &small()), then.map(<[Event]>::to_vec), "{asked} after {given:?}");
}

#[test]
fn the_host_begins_then_both_draw_and_place_by_turns() {
    let game = whole_game();
    check(&[], Input::Start, Ok(&[Event::Began]));
    check(&game[..2], place(HOST, 11, "Brain"), Ok(&game[2..3]));
    check(&game[..2], place(HOST, 11, "Brawn"), Ok(&[placed(HOST, 11, "Brawn")]));
    check(&game[..4], place(GUEST, 21, "Brain"), Ok(&game[4..5]));
    // One character is left, so that chance has no choice.
    check(&game[..7], draw(GUEST), Ok(&game[7..8]));
    check(&game[..8], place(GUEST, 22, "Brawn"), Ok(&game[8..]));
}

#[test]
fn only_the_placement_that_fills_the_last_role_says_so_and_the_state_agrees() {
    let game = whole_game();
    for (at, event) in game.iter().enumerate() {
        if let Event::Placed { is_complete, .. } = event {
            assert_eq!(*is_complete, at == game.len() - 1);
            assert_eq!(small_after(&game[..=at]).view(Viewer::Spectator).is_complete, *is_complete);
        }
    }
}

#[test]
fn what_the_rules_forbid_is_refused_by_name() {
    let game = whole_game();
    check(&[], draw(HOST), Err(Refusal::NotBegun));
    check(&[], place(HOST, 11, "Brain"), Err(Refusal::NotBegun));
    check(&game[..1], Input::Start, Err(Refusal::AlreadyBegun));
    check(&game[..1], draw(GUEST), Err(Refusal::NotYourTurn));
    check(&game[..1], draw(Seat(2)), Err(Refusal::NoSuchSeat));
    check(&game[..1], place(HOST, 11, "Brain"), Err(Refusal::HandEmpty));
    check(&game[..2], draw(HOST), Err(Refusal::HandFull));
    check(&game[..2], draw(GUEST), Err(Refusal::NotYourTurn));
    check(&game[..2], place(GUEST, 11, "Brain"), Err(Refusal::NotYourTurn));
    check(&game[..2], place(HOST, 12, "Brain"), Err(Refusal::NotInHand(12)));
    check(&game[..2], place(HOST, 999, "Brain"), Err(Refusal::NotInHand(999)));
    check(&game[..2], place(HOST, 11, "brain"), Err(Refusal::UnknownRole));
    check(&game[..2], place(HOST, 11, ""), Err(Refusal::UnknownRole));
    check(&game[..3], place(HOST, 11, "Brawn"), Err(Refusal::NotYourTurn));
    check(&game[..6], place(HOST, 12, "Brain"), Err(Refusal::RoleTaken));
    check(&game[..6], place(HOST, 11, "Brawn"), Err(Refusal::NotInHand(11)));
    check(&game, draw(HOST), Err(Refusal::Over));
    check(&game, place(GUEST, 22, "Brawn"), Err(Refusal::Over));
}

#[test]
fn whoever_stays_away_forfeits_a_running_draft_only() {
    let game = whole_game();
    for seat in [HOST, GUEST] {
        check(&[], Input::Absent(seat), Ok(&[]));
        for at in 1..game.len() {
            check(&game[..at], Input::Absent(seat), Ok(&[Event::Forfeited { seat }]));
        }
        check(&game, Input::Absent(seat), Ok(&[]));
        check(&[Event::Began, Event::Forfeited { seat }], Input::Absent(GUEST), Ok(&[]));
        check(&[Event::Began, Event::Forfeited { seat }], draw(HOST), Err(Refusal::Over));
    }
    check(&game[..2], Input::Absent(Seat(9)), Ok(&[]));
    check(&game[..2], Input::Returned(HOST), Ok(&[]));
    check(&game[..2], Input::Wake, Ok(&[]));
}

#[test]
fn refusals_carry_the_codes_of_the_protocol() {
    for (refusal, code) in [
        (Refusal::NotYourTurn, Code::NotYourTurn),
        (Refusal::RoleTaken, Code::IllegalMove),
        (Refusal::NotInHand(1), Code::IllegalMove),
        (Refusal::UnknownRole, Code::IllegalMove),
        (Refusal::HandFull, Code::IllegalMove),
        (Refusal::HandEmpty, Code::IllegalMove),
        (Refusal::NotBegun, Code::NotReady),
        (Refusal::Over, Code::RoomUnavailable),
        (Refusal::NoSuchSeat, Code::NotInGame),
        (Refusal::NoSeries, Code::ValidationError),
        (Refusal::CatalogueChanged, Code::Unavailable),
    ] {
        assert_eq!(refusal.code(), code, "{refusal:?}");
    }
}

#[test]
fn options_that_make_no_game_are_refused_naming_what_is_wrong() {
    let set_up = |options: serde_json::Value| {
        let options: Options = serde_json::from_value(options).unwrap();
        DraftGame::setup(&options, 2, &small()).map_err(|refusal| {
            assert_eq!(refusal.code(), Code::ValidationError);
            refusal.to_string()
        })
    };
    let fails = |options, message: &str| assert_eq!(set_up(options), Err(message.to_owned()));
    fails(json!({ "template_id": 1 }), "there is no template 1; there are 7");
    fails(json!({ "anime_pool_ids": [1, 3] }), "there is no series 3 for anime_pool_ids; there are 1, 2");
    fails(json!({ "anime_pool_ids": [] }), "anime_pool_ids is empty; leave it out to play with all series");
    let too_few = "the chosen series have 2 characters, but two teams of template \"Duo\" need 4";
    fails(json!({ "anime_pool_ids": [2] }), too_few);
    fails(json!({ "anime_pool_ids": [2, 2, 2] }), too_few);

    let setup = set_up(json!({ "template_id": 7, "anime_pool_ids": [2, 1, 2] })).unwrap();
    assert_eq!((setup.anime_pool_ids, setup.pool), (vec![2, 1], vec![11, 12, 21, 22]));
    assert_eq!(set_up(json!({})), set_up(json!({ "template_id": null, "anime_pool_ids": [1, 2] })));
    for wrong in [json!({ "template_id": "7" }), json!({ "template_id": -7 }), json!({ "anime_pool_ids": 1 }), json!([1, [2], 3])] {
        assert!(serde_json::from_value::<Options>(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn only_the_player_whose_turn_it_is_is_waited_for_and_may_move() {
    let game = whole_game();
    let turns = [None, Some(HOST), Some(HOST), Some(GUEST), Some(GUEST), Some(HOST), Some(HOST), Some(GUEST), Some(GUEST), None];
    for (at, turn) in turns.into_iter().enumerate() {
        let state = small_after(&game[..at]);
        assert_eq!(state.to_act(), turn.map_or(Seats::NONE, Seats::one), "after {at} events");
        let movers: Vec<_> = [HOST, GUEST].into_iter().filter(|&seat| !state.legal(seat).is_empty()).collect();
        assert_eq!(movers, Vec::from_iter(turn), "after {at} events");
    }
}

#[test]
fn a_character_put_into_the_log_by_hand_changes_the_claimed_draw() {
    let state = small_after(&whole_game()[..5]);
    let claim = |id| state.draws(&drawn(HOST, id))[0];
    assert_eq!((claim(12).sides, claim(12).value), (2, 0));
    assert_eq!(claim(22).value, 1);
    assert!(claim(11).value >= 2, "drawn before: no draw can have given it");
}

#[test]
fn a_draw_is_refused_when_the_catalogue_lost_characters_of_the_room() {
    let other = Catalogue::from_json(&SMALL.replace("\"id\": 22", "\"id\": 23")).unwrap();
    assert_eq!(decide(&[Event::Began], draw(HOST), &other), Err(Refusal::CatalogueChanged));
    let other = Catalogue::from_json(&SMALL.replace("Brawn", "Muscle")).unwrap();
    assert_eq!(decide(&[Event::Began], draw(HOST), &other), Err(Refusal::CatalogueChanged));
}

#[test]
fn payloads_of_older_clients_are_read_and_wrong_ones_refused() {
    let read = |event: &str, payload: serde_json::Value| {
        let raw = serde_json::value::to_raw_value(&payload).unwrap();
        command::decode::<Command>(event, &raw)
    };
    assert_eq!(read("draw_character", json!({ "remaining_character_ids": [1, "x"] })), Ok(Command::DrawCharacter));
    let place = Command::PlaceCharacter { character_id: 3, role_name: "Brain".into() };
    assert_eq!(read("place_character", json!({ "character_id": 3, "role_name": "Brain", "command_id": "c" })), Ok(place));
    for wrong in
        [json!({}), json!({ "character_id": "3", "role_name": "Brain" }), json!({ "character_id": -3, "role_name": "Brain" })]
    {
        assert!(read("place_character", wrong.clone()).is_err(), "{wrong}");
    }
    assert_eq!(read("reroll_character", json!({})), Err(command::NotACommand::Unknown));
}

#[test]
fn the_state_has_the_keys_that_clients_rely_on() {
    let view = |events: &[Event]| serde_json::to_value(small_after(events).view(Viewer::Spectator)).unwrap();
    let game = whole_game();
    let cid = json!({ "id": 21, "name": "Cid", "anime_id": 2, "anime": "Kettles", "about": "Both.", "ratings": { "Brain": 55, "Brawn": 56 } });
    let ann = json!({ "id": 11, "name": "Ann", "anime_id": 1, "anime": "Teapots", "about": "Thinks.", "ratings": { "Brain": 90, "Brawn": 10 } });
    let expected = json!({
        "template_id": 7, "template": { "name": "Duo", "roles": ["Brain", "Brawn"] }, "anime_pool_ids": [1, 2],
        "current_turn": "guest", "drawn_character": cid, "host_placements": { "Brain": 11 }, "guest_placements": {},
        "drawn_characters": [ann, cid], "remaining_count": 2, "is_started": true, "is_complete": false, "is_over": false,
    });
    assert_eq!(view(&game[..4]), expected);
    let opened = view(&[]);
    assert_eq!((&opened["current_turn"], &opened["drawn_character"]), (&json!("host"), &json!(null)));
    assert_eq!((&opened["remaining_count"], &opened["is_started"]), (&json!(4), &json!(false)));
    assert_eq!(view(&game)["is_complete"], json!(true));
}
