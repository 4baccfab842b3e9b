//! A bot's command: what a level decides, in the words that players use. It sees the view that its seat sees, and nothing else.

use super::super::board::Side;
use super::super::plays;
use super::super::rules::side_of;
use super::super::table::{Phase, Step, Table};
use super::super::wire::{Command, Moving, View};
use super::cube::Cube;
use super::level::{self, Level, Situation};
use super::net::Nets;
use super::stakes::Stakes;
use crate::id::Seat;

/// What the bot in `seat` does; nothing when it is not asked. A level that there is not plays as a beginner.
pub fn command(view: &View, seat: Seat, level: &str, luck: &mut dyn FnMut(u32) -> u32) -> Option<Command> {
    let (table, side) = (&view.table, side_of(seat)?);
    if table.to_decide() != Some(side) {
        return None;
    }
    let level: Level = level.parse().unwrap_or(Level::Beginner);
    let at = situation(table, side);
    if let Some((_, kind)) = table.resigning {
        let on_roll = if table.phase == Phase::Moving { table.turn.other() } else { table.turn };
        let accepts = level::accepts_resignation(level, &at, kind as u8, on_roll, luck);
        return Some(if accepts { Command::AcceptResign } else { Command::DeclineResign });
    }
    match table.phase {
        // Only asked in casual games, and after a roll: whoever made a slip of the mouse may have it back.
        Phase::Rolling | Phase::Moving if table.undo_asked == Some(side.other()) => Some(Command::AcceptUndo),
        Phase::Doubled => Some(if level::takes(level, &at, luck) { Command::AcceptDouble } else { Command::DeclineDouble }),
        Phase::Rolling if table.may_double(side).is_ok() && level::doubles(level, &at, luck) => Some(Command::OfferDouble),
        Phase::Rolling => Some(Command::RollDice),
        Phase::Moving => Some(turn(table, level, &at, luck)),
        Phase::Waiting | Phase::Over => None,
    }
}

fn turn(table: &Table, level: Level, at: &Situation, luck: &mut dyn FnMut(u32) -> u32) -> Command {
    let play = match table.dice.filter(|_| table.made.is_empty()) {
        Some(dice) => level::choose_play(level, at, dice, luck),
        // Somebody else began this turn: finished as the networks like it.
        None => {
            let worth = |play: &plays::Play| Nets::shipped().evaluate(&play.result, at.side.other()).equity();
            plays::rest(&table.board, at.side, &table.left()).into_iter().min_by(|a, b| worth(a).total_cmp(&worth(b)))
        }
    };
    match play {
        Some(play) if !play.moves.is_empty() => Command::Move(Moving::all(play.moves.iter().map(|step| Step::of(at.side, *step)))),
        _ => Command::EndTurn,
    }
}

/// The table as `side` sees it.
pub fn situation(table: &Table, side: Side) -> Situation {
    Situation {
        board: table.board,
        side,
        cube: Cube { value: u32::from(table.cube), mine: table.cube_owner.map(|owner| owner == side) },
        stakes: stakes(table, side),
    }
}

/// What `side` plays for.
pub fn stakes(table: &Table, side: Side) -> Stakes {
    if !table.is_match() {
        return Stakes::Money { jacoby: table.jacoby };
    }
    let away = |side: Side| u32::from(table.match_length.saturating_sub(table.score[side.index()]).max(1));
    Stakes::Match { away: [away(side), away(side.other())] }
}
