//! The rules: what is recorded when a request is accepted.

use std::time::Duration;

use super::Backgammon;
use super::board::Side;
use super::clock::Timer;
use super::judge::Action;
use super::plays::Dice;
use super::refusal::Refusal;
use super::table::{Ending, Event, GameResult, Kind, Phase, Table, What};
use super::wire::Command;
use crate::game::{Draft, Input};
use crate::id::Seat;
use crate::time::Timestamp;

/// Decides what a request comes to.
///
/// # Errors
/// When the rules do not allow it; nothing was recorded then.
pub(super) fn decide(draft: &mut Draft<'_, Backgammon>, input: Input<Command>) -> Result<(), Refusal> {
    match input {
        Input::Start if draft.table.phase != Phase::Waiting => return Err(Refusal::AlreadyBegun),
        Input::Start => open_game(draft),
        Input::Play { seat, command } => {
            let side = side_of(seat).ok_or(Refusal::NoSuchSeat)?;
            if draft.table.clock.as_ref().is_some_and(|clock| draft.table.running() && clock.deadline() <= draft.now()) {
                return Err(Refusal::TimeIsUp); // What is due is due: the room wakes the game, and the time is lost.
            }
            let action = draft.judge(side, &command)?;
            act(draft, side, action);
        }
        Input::Absent(seat) | Input::Returned(seat) => {
            let absent = matches!(input, Input::Absent(_));
            if let Some(side) = side_of(seat)
                && draft.table.running()
                && draft.table.absent[side.index()] != absent
            {
                let what = if absent { What::Absent { side } } else { What::Returned { side } };
                record(draft, what, |table| table.absent[side.index()] = absent);
            }
        }
        Input::Wake => {
            if let Some(clock) = &draft.table.clock
                && draft.table.running()
                && clock.deadline() <= draft.now()
            {
                let winner = clock.running.other();
                end_match(draft, winner, Ending::Timeout);
            }
        }
    }
    Ok(())
}

/// The side that a seat plays: the host is white.
pub fn side_of(seat: Seat) -> Option<Side> {
    match seat.0 {
        0 => Some(Side::White),
        1 => Some(Side::Black),
        _ => None,
    }
}

/// The seat that plays a side.
pub fn seat_of(side: Side) -> Seat {
    match side {
        Side::White => Seat::HOST,
        Side::Black => Seat(1),
    }
}

fn act(draft: &mut Draft<'_, Backgammon>, side: Side, action: Action) {
    match action {
        Action::Nothing => {}
        Action::Roll => {
            let dice = roll(draft);
            record(draft, What::Rolled { side, dice }, |table| {
                table.dice = Some(dice);
                table.phase = Phase::Moving;
            });
        }
        Action::Make(steps, whole) => {
            for (step, die) in steps {
                let mut table = draft.table.clone();
                let moved = table.make(step, die);
                record(draft, What::Moved { side, moved }, |draft_table| *draft_table = table);
            }
            if draft.table.board.winner() == Some(side) {
                let kind = Kind::of(&draft.table.board, side);
                end_game(draft, side, kind, Ending::BorneOff);
            } else if whole {
                end_turn(draft, side);
            }
        }
        Action::End => end_turn(draft, side),
        Action::Unmake => {
            let mut table = draft.table.clone();
            if let Some(moved) = table.unmake() {
                record(draft, What::Undone { side, moved }, |draft_table| *draft_table = table);
            }
        }
        Action::Reopen => take_back(draft, What::Reopened { side }),
        Action::TakeBack => take_back(draft, What::TakenBack { side: side.other() }),
        Action::AskUndo => record(draft, What::UndoAsked { side }, |table| table.undo_asked = Some(side)),
        Action::DeclineUndo => record(draft, What::UndoDeclined { side }, |_| {}),
        Action::Double => {
            let cube = draft.table.cube.saturating_mul(2);
            record(draft, What::Doubled { side, cube }, |table| table.phase = Phase::Doubled);
        }
        Action::AcceptDouble => {
            let cube = draft.table.cube.saturating_mul(2);
            record(draft, What::DoubleAccepted { side, cube }, |table| {
                (table.cube, table.cube_owner) = (cube, Some(side));
                table.phase = Phase::Rolling;
            });
        }
        Action::DeclineDouble => {
            record(draft, What::DoubleDeclined { side }, |_| {});
            end_game(draft, side.other(), Kind::Single, Ending::DoubleDeclined);
        }
        Action::Resign(kind) => record(draft, What::ResignOffered { side, kind }, |table| table.resigning = Some((side, kind))),
        Action::AcceptResign(kind) => {
            record(draft, What::ResignAccepted { side, kind }, |_| {});
            end_game(draft, side, kind, Ending::Resigned);
        }
        Action::DeclineResign(kind) => record(draft, What::ResignDeclined { side, kind }, |table| {
            table.resigning = None;
            table.resign_declined[side.other().index()] = Some(kind);
        }),
        Action::Claim => end_match(draft, side, Ending::Claimed),
    }
}

/// Records `what` with the table that `change` makes, and the clock of whoever is to decide then.
fn record(draft: &mut Draft<'_, Backgammon>, what: What, change: impl FnOnce(&mut Table)) {
    let now = draft.now();
    let mut table = draft.table.clone();
    if !matches!(what, What::Absent { .. } | What::Returned { .. }) {
        table.undo_asked = None; // Whatever else happens is the answer.
    }
    change(&mut table);
    table.clock = running_clock(table.clock.take(), table.to_decide(), now);
    draft.record(Event { what, table });
}

fn running_clock(clock: Option<Timer>, to_decide: Option<Side>, now: Timestamp) -> Option<Timer> {
    let clock = clock?;
    // At the end it stands: what was used up is taken off.
    Some(match to_decide {
        Some(side) => clock.switched(side, now),
        None => clock.switched(clock.running.other(), now),
    })
}

fn end_turn(draft: &mut Draft<'_, Backgammon>, side: Side) {
    let (dice, moves) = (draft.table.dice.unwrap_or_default(), draft.table.made.clone());
    record(draft, What::TurnEnded { side, dice, moves }, Table::pass_turn);
}

/// The last turn goes on where it had ended, but time does not come back.
fn take_back(draft: &mut Draft<'_, Backgammon>, what: What) {
    let Some(last) = draft.last.clone() else { return };
    record(draft, what, |table| {
        let (clock, absent, resign_declined) = (table.clock.take(), table.absent, table.resign_declined);
        *table = Table { clock, absent, resign_declined, undo_asked: None, ..*last };
    });
}

/// Two dice, by two draws.
fn roll(draft: &mut Draft<'_, Backgammon>) -> Dice {
    let mut die = || u8::try_from(draft.draw(6)).unwrap_or(0) + 1;
    (die(), die())
}

/// A new game of the match begins.
fn open_game(draft: &mut Draft<'_, Backgammon>) {
    let (time, now) = (draft.setup.time, draft.now());
    let clock = |first| time.map(|(bank, delay): (Duration, Duration)| Timer::new(bank, delay, first, now));
    if let Some(board) = draft.setup.position() {
        record(draft, What::Placed { side: Side::White }, |table| {
            table.clock = clock(Side::White);
            table.begin_position(Side::White, board);
        });
        return;
    }
    let mut throws = vec![roll(draft)];
    while let Some(&(white, black)) = throws.last()
        && white == black
    {
        let again = roll(draft);
        throws.push(again);
    }
    let dice = throws.last().copied().unwrap_or_default();
    let first = if dice.0 > dice.1 { Side::White } else { Side::Black };
    record(draft, What::Opened { throws }, |table| {
        if table.clock.is_none() {
            table.clock = clock(first);
        }
        table.begin_game(first, dice);
    });
}

/// A game is won; the match goes on, if it is not won too.
fn end_game(draft: &mut Draft<'_, Backgammon>, winner: Side, kind: Kind, ended_by: Ending) {
    let table = &draft.table;
    // Jacoby's rule: without a double, a game is a game.
    let plain = table.jacoby && table.cube == 1;
    let points = table.cube.saturating_mul(if plain { 1 } else { kind as u16 });
    let mut score = table.score;
    score[winner.index()] = score[winner.index()].saturating_add(points);
    let over = !table.is_match() || score[winner.index()] >= table.match_length;
    finish(draft, winner, kind, ended_by, points, score, over);
    if !over {
        open_game(draft);
    }
}

/// The whole match is won: the other side did not play on.
fn end_match(draft: &mut Draft<'_, Backgammon>, winner: Side, ended_by: Ending) {
    let table = &draft.table;
    let mut score = table.score;
    let won = &mut score[winner.index()];
    let points = if table.is_match() { table.match_length.saturating_sub(*won) } else { table.cube };
    *won = won.saturating_add(points);
    finish(draft, winner, Kind::Single, ended_by, points, score, true);
}

fn finish(draft: &mut Draft<'_, Backgammon>, winner: Side, kind: Kind, ended_by: Ending, points: u16, score: [u16; 2], over: bool) {
    let (game_number, cube) = (draft.table.game_number, draft.table.cube);
    let result = GameResult { game_number, winner, kind, ended_by, cube, points, score };
    record(draft, What::GameEnded { result: result.clone() }, |table| {
        table.score = score;
        table.result = Some(result);
        table.resigning = None;
        table.phase = if over { Phase::Over } else { Phase::Rolling };
    });
}
