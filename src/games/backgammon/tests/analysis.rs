//! The question `analyze`, and how plays are written.

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::luck;
use crate::chance::Chance;
use crate::game::{Draft, Game, Input, Past};
use crate::games::backgammon::ai::analysis::notation;
use crate::games::backgammon::ai::consult::analyze;
use crate::games::backgammon::board::{Board, Side};
use crate::games::backgammon::options::GameType;
use crate::games::backgammon::plays::Move;
use crate::games::backgammon::{Backgammon, Event, Options, Setup};
use crate::id::{Seat, Seq};
use crate::refusal::{Code, Refusal};
use crate::time::Timestamp;

fn ask(payload: Value, room: Option<Past<'_, Backgammon>>) -> Result<Value, Refusal> {
    analyze(&RawValue::from_string(payload.to_string()).unwrap(), room)
}

/// A whole game of two bots.
fn played(game_type: GameType, until: usize) -> (Backgammon, Vec<(Seq, Event)>) {
    let setup = Setup::new(&Options { game_type, ..Options::default() }).unwrap();
    let (mut state, mut events) = (Backgammon::open(&setup), vec![]);
    let mut chance = Chance::new(crate::chance::Seed([7; 32]), [], 0);
    let mut luck = luck(2);
    let mut next = Some(Input::Start);
    while let Some(input) = next.filter(|_| events.len() < until) {
        Backgammon::decide(&mut Draft::new(&mut state, &mut events, &mut chance, Timestamp(0), &()), input).unwrap();
        next = [Seat::HOST, Seat(1)].into_iter().find_map(|seat| {
            let view = state.view(crate::game::Viewer::Seat(seat));
            let level = if seat == Seat::HOST { "skilled" } else { "beginner" };
            // Beginners double at random; here a game is to be played to its end.
            let command = Backgammon::bot(&view, seat, level, &mut luck)?;
            use crate::games::backgammon::Command as C;
            let command = if command == C::OfferDouble { C::RollDice } else { command };
            Some(Input::Play { seat, command })
        });
    }
    let events = (1u32..).map(Seq).zip(events).collect();
    (state, events)
}

#[test]
fn a_position_named_by_its_id_is_analysed() {
    let report = ask(json!({ "position_id": "4HPwATDgc/ABMA", "dice": [3, 1] }), None).unwrap();
    let best = &report["best_moves"][0];
    assert_eq!(best["notation"], "8/5 6/5");
    assert_eq!(best["moves"], json!([{ "from_point": 8, "to_point": 5 }, { "from_point": 6, "to_point": 5 }]));
    assert_eq!((&best["loss"], &report["play_count"]), (&json!(0.0), &json!(16)));
    assert_eq!(best["position_id"].as_str().unwrap().len(), 14);
    let losses: Vec<f64> = report["best_moves"].as_array().unwrap().iter().map(|play| play["loss"].as_f64().unwrap()).collect();
    assert!(losses.len() == 10 && losses.iter().all(|loss| *loss >= 0.0), "{losses:?}");
    let before = ask(json!({ "position_id": "4HPwATDgc/ABMA" }), None).unwrap();
    assert_eq!(before["cube"]["should_double"], json!(false));
    assert_eq!(before["cube"]["should_take"], json!(true));
    assert!(before.get("plays").is_none());
}

#[test]
fn what_is_no_position_is_refused() {
    for bad in [
        json!({}),
        json!({ "position_id": "" }),
        json!({ "position_id": "4HPwATDgc/ABM" }),
        json!({ "position_id": "4HPwATDgc/ABM*" }),
        json!({ "position_id": "//////////////" }),
        json!({ "position_id": 7 }),
        json!({ "position_id": "4HPwATDgc/ABMA", "dice": [0, 1] }),
        json!({ "position_id": "4HPwATDgc/ABMA", "dice": [7, 1] }),
        json!({ "position_id": "4HPwATDgc/ABMA", "dice": [1] }),
        json!({ "position_id": "4HPwATDgc/ABMA", "dice": [1, 2, 3] }),
        json!({ "position_id": "4HPwATDgc/ABMA", "dice": "31" }),
        json!({ "position_id": "4HPwATDgc/ABMA", "match_id": "nonsense" }),
        json!([]),
        json!("4HPwATDgc/ABMA"),
        Value::Null,
    ] {
        assert_eq!(ask(bad.clone(), None).unwrap_err().code, Code::ValidationError, "{bad}");
    }
    let over = ask(json!({ "position_id": "AAAAAAAAAAAAAA", "dice": [1, 2] }), None);
    assert_eq!(over.unwrap_err().code, Code::NotReady, "all checkers are off");
}

#[test]
fn a_finished_game_is_judged_turn_by_turn() {
    let (state, events) = played(GameType::Rated, usize::MAX);
    assert!(state.outcome().is_some());
    let past = Past { events: &events, state: &state, over: true, seat: None };
    let report = ask(json!({ "moves": true }), Some(past)).unwrap();
    let turns = report["turns"].as_array().unwrap();
    let [white, black] = [0, 1].map(|n| &report["summary"][n]);
    assert!(turns.len() > 10, "{}", turns.len());
    assert!(white["loss"].as_f64() < black["loss"].as_f64(), "a beginner gives away more: {white} {black}");
    assert_eq!(white["turns"].as_u64().unwrap() + black["turns"].as_u64().unwrap(), turns.len() as u64);
    for turn in turns {
        let (loss, mark) = (turn["loss"].as_f64().unwrap(), turn["mark"].as_str().unwrap());
        assert!(loss >= 0.0 && (loss < 0.03) == (mark == "good"), "{turn}");
        assert!(turn["forced"] != json!(true) || loss == 0.0, "{turn}");
    }
    assert_eq!(ask(json!({}), Some(past)).unwrap_err().code, Code::NotReady, "there is no position any more");
}

#[test]
fn a_rated_game_is_not_analysed_while_it_runs() {
    let (state, events) = played(GameType::Rated, 20);
    for seat in [None, Some(Seat::HOST)] {
        let past = Past { events: &events, state: &state, over: false, seat };
        for payload in [json!({}), json!({ "moves": true })] {
            assert_eq!(ask(payload, Some(past)).unwrap_err().code, Code::Forbidden);
        }
        let named = ask(json!({ "position_id": "4HPwATDgc/ABMA", "dice": [3, 1] }), Some(past));
        assert_eq!(named.is_ok(), seat.is_none(), "whoever plays may not name positions either");
    }
    let (state, events) = played(GameType::Casual, 20);
    let past = Past { events: &events, state: &state, over: false, seat: Some(Seat(1)) };
    let report = ask(json!({}), Some(past)).unwrap();
    assert!(report["player"] == "white" || report["player"] == "black");
    assert!(ask(json!({ "moves": true }), Some(past)).unwrap()["turns"].as_array().unwrap().len() > 2);
}

#[test]
fn plays_are_written_as_players_write_them() {
    let step = |from, to| Move { from, to };
    let mut white = [0; 26];
    (white[25], white[13], white[6]) = (1, 4, 10);
    let mut black = [0; 26];
    (black[14], black[6]) = (1, 14);
    let board = Board::new(white, black).unwrap();
    for (moves, text) in [
        (vec![], "no play"),
        (vec![step(25, 20)], "bar/20"),
        (vec![step(13, 11), step(13, 11)], "13/11*(1) 13/11"),
        (vec![step(6, 3), step(6, 3), step(13, 10), step(13, 10)], "6/3(2) 13/10(2)"),
        (vec![step(6, 0)], "6/off"),
    ] {
        let text = text.replace("(1)", "");
        assert_eq!(notation(&board, Side::White, &moves), text);
    }
}
