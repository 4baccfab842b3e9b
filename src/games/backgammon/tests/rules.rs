//! What the rules accept and refuse, as data; and games to their end.

use std::time::Duration;

use serde_json::json;

use super::at;
use crate::chance::{Chance, Seed};
use crate::game::command::decode;
use crate::game::{Draft, Game, Input};
use crate::games::backgammon::board::{Board, Checkers, Side};
use crate::games::backgammon::ids::position_id;
use crate::games::backgammon::options::{GameType, Options, TimeControl};
use crate::games::backgammon::table::{Ending, Kind, Phase};
use crate::games::backgammon::{Backgammon, Command, Event, Refusal, Table, seat_of};
use crate::id::Seat;
use crate::refusal::Refused;
use crate::time::Timestamp;

const NOW: Timestamp = Timestamp(1_790_000_000_000);

/// A game in the middle, and what is asked of it.
struct Given {
    state: Backgammon,
    events: Vec<Event>,
    now: Timestamp,
}

impl Given {
    fn table(options: &Options, change: impl FnOnce(&mut Table)) -> Self {
        let mut state = Backgammon::open(&Backgammon::setup(options, 2, &()).unwrap());
        state.table.begin_game(Side::White, (3, 1));
        change(&mut state.table);
        Self { state, events: vec![], now: NOW }
    }

    fn start(options: &Options) -> Self {
        let state = Backgammon::open(&Backgammon::setup(options, 2, &()).unwrap());
        let mut given = Self { state, events: vec![], now: NOW };
        given.decide(Input::Start).unwrap();
        given
    }

    fn decide(&mut self, input: Input<Command>) -> Result<(), Refusal> {
        let mut chance = Chance::new(Seed([7; 32]), [], u32::try_from(self.events.len()).unwrap() * 50);
        let mut draft = Draft::new(&mut self.state, &mut self.events, &mut chance, self.now, &());
        Backgammon::decide(&mut draft, input)
    }

    fn ask(&mut self, side: Side, event: &str, payload: &serde_json::Value) -> Result<(), Refusal> {
        let raw = serde_json::value::to_raw_value(payload).unwrap();
        let command = decode::<Command>(event, &raw).unwrap();
        let (before, events) = (self.state.clone(), self.events.len());
        let result = self.decide(Input::Play { seat: seat_of(side), command });
        if result.is_err() {
            assert_eq!((&self.state, self.events.len()), (&before, events), "a refusal changes nothing");
        }
        result
    }

    fn does(&mut self, side: Side, event: &str) {
        self.ask(side, event, &json!({})).unwrap_or_else(|refusal| panic!("{event}: {refusal}"));
    }

    fn moves(&mut self, side: Side, steps: &[(u8, u8)]) {
        for &(from, to) in steps {
            self.ask(side, "move", &json!({ "from_point": from, "to_point": to })).unwrap();
        }
    }
}

use Side::{Black, White};

fn casual() -> Options {
    Options::default()
}

fn rolling(table: &mut Table) {
    (table.phase, table.dice) = (Phase::Rolling, None);
}

#[test]
fn requests_that_are_out_of_order_are_refused_by_name_and_change_nothing() {
    type Change = fn(&mut Table);
    let step = |from: u8, to: u8| json!({ "from_point": from, "to_point": to });
    let none = json!({});
    let moving: Change = |_| {};
    let to_roll: Change = rolling;
    let doubled: Change = |table| (table.phase, table.dice) = (Phase::Doubled, None);
    let over: Change = |table| table.phase = Phase::Over;
    let waiting: Change = |table| table.phase = Phase::Waiting;
    let resigning: Change = |table| table.resigning = Some((White, Kind::Single));
    let barred: Change = |table| {
        // Black's blot on white's 6 was hit by nobody yet; white's checker waits.
        let mut white: Checkers = *table.board.of(White);
        white[24] -= 1;
        white[25] += 1;
        table.board = Board::new(white, *table.board.of(Black)).unwrap();
    };
    let one_made: Change = |table| {
        table.make(crate::games::backgammon::plays::Move { from: 8, to: 5 }, 3);
    };
    let black_cube: Change = |table| {
        rolling(table);
        (table.cube, table.cube_owner) = (2, Some(Black));
    };
    let high_cube: Change = |table| {
        rolling(table);
        (table.cube, table.cube_owner) = (64, Some(White));
    };
    let crawford: Change = |table| {
        rolling(table);
        table.crawford = true;
    };
    let no_cube: Change = |table| {
        rolling(table);
        table.with_cube = false;
    };
    let cases: Vec<(&str, Change, Side, &str, serde_json::Value, Refusal)> = vec![
        ("before the start", waiting, White, "roll_dice", none.clone(), Refusal::NotBegun),
        ("after the end", over, White, "roll_dice", none.clone(), Refusal::Over),
        ("after the end", over, Black, "resign", none.clone(), Refusal::Over),
        ("the other's turn", moving, Black, "move", step(24, 21), Refusal::NotYourTurn),
        ("the other's turn", moving, Black, "end_turn", none.clone(), Refusal::NotYourTurn),
        ("the other's turn", to_roll, Black, "roll_dice", none.clone(), Refusal::NotYourTurn),
        ("the other's turn", to_roll, Black, "offer_double", none.clone(), Refusal::NotYourTurn),
        ("rolled twice", moving, White, "roll_dice", none.clone(), Refusal::Rolled),
        ("moved before rolling", to_roll, White, "move", step(8, 5), Refusal::NotRolled),
        ("ended before rolling", to_roll, White, "end_turn", none.clone(), Refusal::NotRolled),
        ("no such point", moving, White, "move", step(26, 23), Refusal::NoSuchPoint(26)),
        ("no such point", moving, White, "move", step(8, 255), Refusal::NoSuchPoint(255)),
        ("an empty point", moving, White, "move", step(9, 6), Refusal::NoChecker(9)),
        ("the other's checker", moving, White, "move", step(1, 0), Refusal::NoChecker(1)),
        ("from off", moving, White, "move", step(0, 25), Refusal::NoChecker(0)),
        ("no such die", moving, White, "move", step(8, 6), Refusal::Illegal { from: 8, to: 6 }),
        ("two dice in one", moving, White, "move", step(8, 4), Refusal::Illegal { from: 8, to: 4 }),
        ("backwards", moving, White, "move", step(8, 11), Refusal::Illegal { from: 8, to: 11 }),
        ("on the spot", moving, White, "move", step(8, 8), Refusal::Illegal { from: 8, to: 8 }),
        ("onto a made point", moving, White, "move", step(13, 12), Refusal::Illegal { from: 13, to: 12 }),
        ("off too early", moving, White, "move", step(6, 0), Refusal::Illegal { from: 6, to: 0 }),
        ("past a checker on the bar", barred, White, "move", step(8, 5), Refusal::BarFirst),
        ("the die is used", one_made, White, "move", step(6, 3), Refusal::Illegal { from: 6, to: 3 }),
        ("half a turn", moving, White, "move", json!({ "moves": [step(8, 5)] }), Refusal::IllegalTurn),
        ("no turn at all", moving, White, "move", json!({ "moves": [] }), Refusal::IllegalTurn),
        ("the same twice", moving, White, "move", json!({ "moves": [step(8, 5), step(8, 5)] }), Refusal::IllegalTurn),
        (
            "three of two dice",
            moving,
            White,
            "move",
            json!({ "moves": [step(8, 5), step(6, 5), step(5, 4)] }),
            Refusal::IllegalTurn,
        ),
        ("ended too early", moving, White, "end_turn", none.clone(), Refusal::MovesLeft),
        ("ended too early", one_made, White, "end_turn", none.clone(), Refusal::MovesLeft),
        ("nothing made", moving, White, "undo", none.clone(), Refusal::NothingToUndo),
        ("no turn before", to_roll, Black, "undo", none.clone(), Refusal::NothingToUndo),
        ("nobody asked", moving, White, "accept_undo", none.clone(), Refusal::NoUndoAsked),
        ("nobody asked", moving, Black, "decline_undo", none.clone(), Refusal::NoUndoAsked),
        ("doubled after rolling", moving, White, "offer_double", none.clone(), Refusal::TooLateToDouble),
        ("the other's cube", black_cube, White, "offer_double", none.clone(), Refusal::NotYourCube),
        ("the highest cube", high_cube, White, "offer_double", none.clone(), Refusal::CubeLimit),
        ("the Crawford game", crawford, White, "offer_double", none.clone(), Refusal::Crawford),
        ("without a cube", no_cube, White, "offer_double", none.clone(), Refusal::NoCube),
        ("no double", to_roll, Black, "accept_double", none.clone(), Refusal::NoDouble),
        ("no double", moving, White, "decline_double", none.clone(), Refusal::NoDouble),
        ("one's own double", doubled, White, "accept_double", none.clone(), Refusal::NotYourTurn),
        ("one's own double", doubled, White, "decline_double", none.clone(), Refusal::NotYourTurn),
        ("rolled on an open double", doubled, White, "roll_dice", none.clone(), Refusal::DoublePending),
        ("doubled twice", doubled, White, "offer_double", none.clone(), Refusal::DoublePending),
        ("rolled instead of answering", doubled, Black, "roll_dice", none.clone(), Refusal::AnswerDouble),
        ("no resignation", moving, Black, "accept_resign", none.clone(), Refusal::NoResignation),
        ("one's own resignation", resigning, White, "accept_resign", none.clone(), Refusal::ResignationPending),
        ("moved on while resigning", resigning, White, "move", step(8, 5), Refusal::ResignationPending),
        ("rolled instead of answering", resigning, Black, "roll_dice", none.clone(), Refusal::AnswerResignation),
        ("nobody is away", moving, Black, "claim_win", none.clone(), Refusal::NotAbsent),
    ];
    for (what, change, side, event, payload, expected) in cases {
        let mut given = Given::table(&casual(), change);
        let refused = given.ask(side, event, &payload);
        assert_eq!(refused, Err(expected), "{what}: {event} {payload}");
        assert!(!expected.to_string().is_empty() && !expected.code().as_str().is_empty());
    }
}

#[test]
fn who_has_no_seat_cannot_play() {
    let mut given = Given::table(&casual(), |_| {});
    assert_eq!(given.decide(Input::Play { seat: Seat(2), command: Command::RollDice }), Err(Refusal::NoSuchSeat));
    assert!(given.state.legal(Seat(2)).is_empty());
}

#[test]
fn payloads_that_are_no_move_are_refused_before_the_rules_see_them() {
    for payload in [
        json!({}),
        json!({ "from_point": 8 }),
        json!({ "from_point": -1, "to_point": 3 }),
        json!({ "from_point": "8", "to_point": 5 }),
        json!({ "from_point": 8.5, "to_point": 5 }),
        json!({ "from_point": 8, "to_point": 5, "moves": [] }),
        json!({ "moves": [{ "from_point": 8 }] }),
        json!({ "moves": "8/5" }),
        json!({ "moves": vec![json!({ "from_point": 8, "to_point": 5 }); 5] }),
    ] {
        let raw = serde_json::value::to_raw_value(&payload).unwrap();
        assert!(decode::<Command>("move", &raw).is_err(), "{payload}");
    }
    for payload in [json!({ "kind": "triple" }), json!({ "kind": 1 })] {
        let raw = serde_json::value::to_raw_value(&payload).unwrap();
        assert!(decode::<Command>("resign", &raw).is_err(), "{payload}");
    }
}

const OPENING: &str = "4HPwATDgc/ABMA";

fn from_position(id: &str, options: Options) -> Options {
    Options { position_id: Some(id.to_owned()), ..options }
}

#[test]
fn a_game_from_a_position_begins_with_white_on_roll_and_no_throw() {
    let board = Board::new(at("6:2 5:1"), at("3:2")).unwrap();
    let given = Given::start(&from_position(&position_id(&board, White), Options { time_control: TimeControl::Blitz, ..casual() }));
    let table = &given.state.table;
    assert_eq!((table.board, table.phase, table.turn, table.dice), (board, Phase::Rolling, White, None));
    assert_eq!(table.clock.as_ref().map(|clock| clock.running), Some(White));
    assert!(given.state.draws(&given.events[0]).is_empty(), "nothing was thrown");
}

#[test]
fn options_out_of_their_range_are_refused() {
    let cases = [
        (Options { match_length: 0, ..casual() }, Refusal::MatchLength),
        (Options { match_length: 26, ..casual() }, Refusal::MatchLength),
        (Options { time_control: TimeControl::Rapid, bank_s: Some(0), ..casual() }, Refusal::Time),
        (Options { time_control: TimeControl::Blitz, delay_s: Some(601), ..casual() }, Refusal::Time),
        (Options { bank_s: Some(60), ..casual() }, Refusal::TimeWithoutControl),
        (from_position("4HPwATDgc/ABM", casual()), Refusal::BadPosition),
        (from_position("//////////////", casual()), Refusal::BadPosition),
        (from_position("\u{1f3b2}4HPwATDgc/", casual()), Refusal::BadPosition),
        (from_position(&position_id(&Board::new(at(""), at("6:2")).unwrap(), White), casual()), Refusal::BadPosition),
        (from_position(OPENING, Options { match_length: 3, ..casual() }), Refusal::PositionInMatch),
        (from_position(OPENING, Options { game_type: GameType::Rated, ..casual() }), Refusal::PositionInMatch),
    ];
    for (options, expected) in cases {
        assert_eq!(Backgammon::setup(&options, 2, &()), Err(expected), "{options:?}");
    }
}

#[test]
fn a_turn_is_made_step_by_step_undone_and_ended() {
    let mut given = Given::table(&casual(), |_| {});
    let start = given.state.table.board;
    given.moves(White, &[(8, 5), (6, 5)]);
    assert_eq!(given.ask(White, "move", &json!({ "from_point": 5, "to_point": 4 })), Err(Refusal::Illegal { from: 5, to: 4 }));
    given.does(White, "undo");
    given.does(White, "undo");
    assert_eq!(given.state.table.board, start);
    given.moves(White, &[(6, 5), (8, 5)]);
    given.does(White, "end_turn");
    assert_eq!((given.state.table.turn, given.state.table.phase), (Black, Phase::Rolling));
    // Said again it changes nothing; and as long as black has not rolled, it is undone without asking.
    let events = given.events.len();
    given.does(White, "end_turn");
    assert_eq!(given.events.len(), events);
    given.does(White, "undo");
    assert_eq!((given.state.table.turn, given.state.table.made.len()), (White, 2));
    given.does(White, "end_turn");
    given.does(Black, "roll_dice");
    assert_eq!(given.ask(White, "end_turn", &json!({})), Err(Refusal::NotYourTurn));
}

#[test]
fn a_whole_turn_in_any_order_ends_it() {
    for moves in [[(8, 5), (6, 5)], [(6, 5), (8, 5)]] {
        let mut given = Given::table(&casual(), |_| {});
        let moves: Vec<_> = moves.iter().map(|(from, to)| json!({ "from_point": from, "to_point": to })).collect();
        given.ask(White, "move", &json!({ "moves": moves, "game_version": 3 })).unwrap();
        assert_eq!((given.state.table.turn, given.state.table.board.on(White, 5)), (Black, 2));
    }
}

#[test]
fn a_whole_turn_is_taken_back_only_in_casual_games_and_only_if_the_other_side_agrees() {
    let played = |options: &Options| {
        let mut given = Given::table(options, |_| {});
        given.moves(White, &[(8, 5), (6, 5)]);
        given.does(White, "end_turn");
        given.does(Black, "roll_dice");
        given
    };
    let mut given = played(&Options { game_type: GameType::Rated, ..casual() });
    assert_eq!(given.ask(White, "undo", &json!({})), Err(Refusal::NotCasual));

    let mut given = played(&casual());
    given.does(White, "undo");
    assert_eq!(given.ask(White, "undo", &json!({})), Err(Refusal::AlreadyAsked));
    assert_eq!(given.ask(White, "accept_undo", &json!({})), Err(Refusal::NotYourTurn));
    given.does(Black, "decline_undo");
    assert_eq!(given.state.table.turn, Black);
    given.does(White, "undo");
    given.does(Black, "accept_undo");
    assert_eq!((given.state.table.turn, given.state.table.dice, given.state.table.made.len()), (White, Some((3, 1)), 2));
    given.does(White, "undo");
    given.does(White, "undo");
    assert_eq!(given.state.table.board, Board::opening());

    // Going on is an answer, too.
    let mut given = played(&casual());
    given.does(White, "undo");
    let step = given.state.legal(seat_of(Black)).into_iter().find(|command| matches!(command, Command::Move(_))).unwrap();
    given.decide(Input::Play { seat: seat_of(Black), command: step }).unwrap();
    assert_eq!(given.ask(Black, "accept_undo", &json!({})), Err(Refusal::NoUndoAsked));
}

#[test]
fn the_cube_changes_hands_and_a_declined_double_ends_the_game() {
    let mut given = Given::table(&casual(), rolling);
    given.does(White, "offer_double");
    assert_eq!(given.state.to_act().iter().collect::<Vec<_>>(), [Seat(1)]);
    given.does(Black, "accept_double");
    assert_eq!((given.state.table.cube, given.state.table.cube_owner, given.state.table.turn), (2, Some(Black), White));
    assert_eq!(given.ask(White, "offer_double", &json!({})), Err(Refusal::NotYourCube));
    given.state.table.turn = Black;
    given.does(Black, "offer_double");
    given.does(White, "decline_double");
    let outcome = given.state.outcome().unwrap();
    assert_eq!(outcome.winners, [Seat(1)]);
    assert_eq!(outcome.results["points"], 2, "the cube's value before the double: {}", outcome.results);
    assert_eq!(outcome.results["ended_by"], "double_declined");
}

#[test]
fn what_a_game_is_worth() {
    // What white wins with its last checker from the ace point: cube, options, black's checkers, points and kind.
    let cases: &[(&str, u16, bool, &str, u16, Kind)] = &[
        ("single", 1, false, "6:14", 1, Kind::Single),
        ("gammon", 1, false, "6:15", 2, Kind::Gammon),
        ("backgammon in white's home", 1, false, "6:14 19:1", 3, Kind::Backgammon),
        ("backgammon on the bar", 2, false, "6:14 25:1", 6, Kind::Backgammon),
        ("just outside of white's home", 2, false, "6:14 18:1", 4, Kind::Gammon),
        ("no gammons without a double", 1, true, "6:15", 1, Kind::Gammon),
        ("gammons after a double", 2, true, "6:15", 4, Kind::Gammon),
    ];
    for &(what, cube, jacoby, black, points, kind) in cases {
        let mut given = Given::table(&Options { jacoby, ..casual() }, |table| {
            table.board = Board::new(at("1:1"), at(black)).unwrap();
            (table.start, table.cube) = (table.board, cube);
            table.dice = Some((3, 1));
        });
        given.moves(White, &[(1, 0)]);
        let result = given.state.results.last().unwrap();
        assert_eq!((result.points, result.kind, result.winner, result.ended_by), (points, kind, White, Ending::BorneOff), "{what}");
        assert!(given.state.outcome().is_some(), "{what}");
    }
}

#[test]
fn a_resignation_needs_consent_and_is_not_offered_twice_in_a_turn() {
    let mut given = Given::table(&casual(), |_| {});
    given.ask(Black, "resign", &json!({ "kind": "gammon" })).unwrap();
    given.does(White, "decline_resign");
    assert_eq!(given.ask(Black, "resign", &json!({})), Err(Refusal::ResignDeclined));
    assert_eq!(given.ask(Black, "resign", &json!({ "kind": "gammon" })), Err(Refusal::ResignDeclined));
    given.ask(Black, "resign", &json!({ "kind": "backgammon" })).unwrap();
    given.does(White, "accept_resign");
    let outcome = given.state.outcome().unwrap();
    assert_eq!((&outcome.results["points"], &outcome.results["kind"]), (&json!(3), &json!("backgammon")));
    assert_eq!((&outcome.results["ended_by"], &outcome.results["winner"]), (&json!("resigned"), &json!("white")));
}

#[test]
fn a_match_goes_on_until_it_is_won_and_the_cube_rests_in_its_crawford_game() {
    let mut given = Given::start(&Options { match_length: 3, ..casual() });
    let resign = |given: &mut Given, loser: Side, kind: &str| {
        given.ask(loser, "resign", &json!({ "kind": kind })).unwrap();
        given.does(loser.other(), "accept_resign");
    };
    resign(&mut given, Black, "gammon");
    assert_eq!((given.state.table.score, given.state.table.crawford, given.state.table.game_number), ([2, 0], true, 2));
    resign(&mut given, White, "single");
    assert_eq!((given.state.table.score, given.state.table.crawford), ([2, 1], false), "the game after it");
    // The leader's cube is dead; the other side may double.
    rolling(&mut given.state.table);
    given.state.table.turn = White;
    assert_eq!(given.ask(White, "offer_double", &json!({})), Err(Refusal::CubeLimit));
    given.state.table.turn = Black;
    given.does(Black, "offer_double");
    given.does(White, "accept_double");
    resign(&mut given, White, "single");
    let outcome = given.state.outcome().unwrap();
    assert_eq!((outcome.winners, &outcome.results["score"]), (vec![Seat(1)], &json!([2, 3])));
    assert_eq!(outcome.results["games"].as_array().unwrap().len(), 3);
}

#[test]
fn who_is_away_can_be_waited_for_or_loses() {
    let mut given = Given::table(&Options { match_length: 5, ..casual() }, |table| table.score = [1, 3]);
    given.decide(Input::Absent(Seat(1))).unwrap();
    assert_eq!(given.ask(Black, "claim_win", &json!({})), Err(Refusal::NotAbsent));
    given.decide(Input::Returned(Seat(1))).unwrap();
    assert_eq!(given.ask(White, "claim_win", &json!({})), Err(Refusal::NotAbsent));
    given.decide(Input::Absent(Seat(1))).unwrap();
    given.does(White, "claim_win");
    let outcome = given.state.outcome().unwrap();
    assert_eq!((outcome.winners, &outcome.results["score"]), (vec![Seat(0)], &json!([5, 3])));
    assert_eq!(outcome.results["ended_by"], "claimed");
}

#[test]
fn time_runs_for_who_has_to_decide_and_who_has_none_left_loses() {
    let blitz = Options { time_control: TimeControl::Blitz, bank_s: Some(30), delay_s: Some(10), ..casual() };
    let mut given = Given::start(&blitz);
    let first = given.state.table.turn;
    assert_eq!(given.state.wake_at(), Some(NOW + Duration::from_secs(40)));
    given.now = NOW + Duration::from_secs(25);
    let whole = given.state.legal(seat_of(first)).into_iter().next().unwrap();
    given.decide(Input::Play { seat: seat_of(first), command: whole }).unwrap();
    let clock = given.state.table.clock.clone().unwrap();
    assert_eq!((clock.left_ms[first.index()], clock.left_ms[first.other().index()]), (15_000, 30_000), "the delay is free");
    assert_eq!(clock.running, first.other());
    // Too early, nothing happens; too late, nothing can be done any more, and then it is over.
    given.decide(Input::Wake).unwrap();
    assert_eq!(given.state.outcome(), None);
    given.now = given.state.wake_at().unwrap();
    assert_eq!(given.ask(first.other(), "roll_dice", &json!({})), Err(Refusal::TimeIsUp));
    given.decide(Input::Wake).unwrap();
    let outcome = given.state.outcome().unwrap();
    assert_eq!((outcome.winners, &outcome.results["ended_by"]), (vec![seat_of(first)], &json!("timeout")));
    assert_eq!(given.state.wake_at(), None);
}

#[test]
fn in_long_games_legal_is_accepted_and_nothing_else_and_fifteen_checkers_a_side_are_kept() {
    let mut events = 0;
    for seed in 0..4 {
        let mut luck = super::luck(seed + 1);
        let mut pick = |len: usize| luck(u32::try_from(len).unwrap()) as usize;
        let mut given = Given::start(&Options { match_length: 3, ..casual() });
        let mut known: Vec<Command> = vec![];
        while let Some(seat) = given.state.to_act().iter().next() {
            // A resignation accepted at random would end every game at once.
            let mut legal = given.state.legal(seat);
            legal.retain(|command| !matches!(command, Command::Resign { .. } | Command::DeclineDouble));
            if given.events.len().is_multiple_of(8) {
                check_commands(&given, &known);
            }
            let command = legal.swap_remove(pick(legal.len()));
            if known.len() < 60 && !known.contains(&command) {
                known.push(command.clone());
            }
            given.decide(Input::Play { seat, command }).unwrap();
            assert_eq!(given.state.table.board.check(), Ok(()));
        }
        events += given.events.len();
    }
    assert!(events > 800, "{events}");
}

/// What is listed is accepted, and of the known commands nothing else.
fn check_commands(given: &Given, known: &[Command]) {
    for seat in [Seat(0), Seat(1)] {
        let legal = given.state.legal(seat);
        for command in legal.iter().chain(known) {
            let mut copy = Given { state: given.state.clone(), events: vec![], now: given.now };
            let accepted = copy.decide(Input::Play { seat, command: command.clone() });
            assert_eq!(accepted.is_ok(), legal.contains(command), "{seat:?} {command:?} {accepted:?} {:?}", given.state.table);
        }
    }
}
