//! The question `analyze`: about a position by its ID, about a room's position now or after any event, or about every turn of a room's game.
//!
//! While a rated game runs, nobody may ask about it: what a spectator learns, a player learns. In casual games anybody may at any time, and
//! of a game that is over as well. A position ID belongs to no game, so it is answered to everybody but those who sit in a rated game at
//! that moment and ask from there.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::Backgammon;
use super::super::board::{Board, Side};
use super::super::ids;
use super::super::options::GameType;
use super::super::plays::{Dice, Move};
use super::super::table::{Event, Phase, Step, Table, What};
use super::analysis::{self, Mark, PlayShown, Question, Report, TURNS_MAX, Turn};
use super::bot::{situation, stakes};
use super::cube::Cube;
use super::stakes::Stakes;
use crate::game::Past;
use crate::id::Seq;
use crate::refusal::{Code, Refusal};

/// What is asked. Unknown fields, such as those that name the room, are others' business.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    /// In GNU Backgammon's format; the player on roll is white.
    position_id: Option<String>,
    /// The cube and the score, in GNU Backgammon's format; a money game with the cube in the middle without it.
    match_id: Option<String>,
    dice: Option<Vec<u8>>,
    /// Every turn of the room's game instead of one position.
    #[serde(default)]
    moves: bool,
}

#[derive(Serialize)]
struct PositionOut {
    position_id: String,
    /// Who is asked about.
    player: Side,
    dice: Option<Dice>,
    #[serde(flatten)]
    report: ReportOut,
}

#[derive(Serialize)]
struct ReportOut {
    #[serde(flatten)]
    report: Report,
    best_moves: Vec<PlayOut>,
}

#[derive(Serialize)]
struct PlayOut {
    /// As the event `move` takes them.
    moves: Vec<Step>,
    #[serde(flatten)]
    shown: PlayShown,
    /// Where it leads, as the other player on roll sees it.
    position_id: String,
}

#[derive(Serialize)]
struct GameOut {
    turns: Vec<TurnOut>,
    /// White's and black's.
    summary: [SummaryOut; 2],
    /// Whether there were more turns than one answer judges.
    truncated: bool,
}

#[derive(Serialize)]
struct TurnOut {
    /// The event that ended the turn.
    seq: Seq,
    game_number: u16,
    player: Side,
    dice: Dice,
    moves: Vec<Step>,
    notation: String,
    /// The position before it, for the one who was on roll.
    position_id: String,
    loss: f32,
    mark: Mark,
    forced: bool,
    best: PlayOut,
}

#[derive(Default, Serialize)]
struct SummaryOut {
    player: Option<Side>,
    turns: usize,
    /// Turns in which there was something to decide.
    decisions: usize,
    /// Points given away in all, and per decision.
    loss: f32,
    loss_per_decision: f32,
    doubtful: usize,
    errors: usize,
    blunders: usize,
}

/// Answers `analyze`.
///
/// # Errors
/// `VALIDATION_ERROR` for what is no position, `FORBIDDEN` for a rated game that runs, `NOT_READY` where there is nothing to analyse.
pub fn analyze(payload: &RawValue, room: Option<Past<'_, Backgammon>>) -> Result<serde_json::Value, Refusal> {
    let asked: Asked = serde_json::from_str(payload.get()).map_err(|error| {
        let text = error.to_string();
        Refusal::invalid(format!("analyze: {}", text.split(" at line ").next().unwrap_or_default()))
    })?;
    let serious = room.is_some_and(|room| !room.over && room.state.setup.game_type == GameType::Rated);
    // Who plays it does not get around that by naming the position.
    if serious && (asked.position_id.is_none() || room.is_some_and(|room| room.seat.is_some())) {
        return Err(Refusal::new(Code::Forbidden, "a rated game is analysed when it is over"));
    }
    if let Some(id) = &asked.position_id {
        return answer(&position(&named(id, &asked)?)?);
    }
    let room = room.ok_or_else(|| Refusal::invalid("analyze: name a room or a position_id"))?;
    if asked.moves {
        return answer(&game(room.events));
    }
    answer(&position(&of_table(&room.state.table, asked.dice.as_deref())?)?)
}

fn answer(shown: &impl Serialize) -> Result<serde_json::Value, Refusal> {
    serde_json::to_value(shown).map_err(|_| Refusal::new(Code::InternalError, "the analysis could not be written"))
}

fn position(question: &Question) -> Result<PositionOut, Refusal> {
    if question.board.winner().is_some() {
        return Err(Refusal::new(Code::NotReady, "this game is over"));
    }
    let mut report = analysis::report(question);
    let plays = std::mem::take(&mut report.plays);
    let best_moves = plays.into_iter().map(|shown| play(question.side, shown)).collect();
    Ok(PositionOut {
        position_id: ids::position_id(&question.board, question.side),
        player: question.side,
        dice: question.dice,
        report: ReportOut { report, best_moves },
    })
}

fn play(side: Side, shown: PlayShown) -> PlayOut {
    let moves = shown.moves.iter().map(|step| Step::of(side, *step)).collect();
    let position_id = ids::position_id(&shown.result, side.other());
    PlayOut { moves, shown, position_id }
}

/// Two dice, if any are named.
fn dice_of(dice: Option<&[u8]>) -> Result<Option<Dice>, Refusal> {
    match dice {
        None | Some([]) => Ok(None),
        Some(&[a, b]) if (1..=6).contains(&a) && (1..=6).contains(&b) => Ok(Some((a, b))),
        Some(_) => Err(Refusal::invalid("analyze: dice are two numbers from 1 to 6")),
    }
}

/// The position that IDs name.
fn named(id: &str, asked: &Asked) -> Result<Question, Refusal> {
    let wrong = |error: ids::BadId| Refusal::invalid(format!("analyze: {error}"));
    let mut side = Side::White;
    let (mut cube, mut stakes) = (Cube { value: 1, mine: None }, Stakes::Money { jacoby: false });
    let mut dice = dice_of(asked.dice.as_deref())?;
    if let Some(id) = &asked.match_id {
        let state = ids::match_state(id).map_err(wrong)?;
        side = state.on_roll;
        dice = dice.or(state.dice);
        cube = Cube { value: u32::from(state.cube), mine: state.cube_owner.map(|owner| owner == side) };
        let away = |side: Side| u32::from(state.length.saturating_sub(state.score[side.index()]).max(1));
        stakes = match state.length {
            0 => Stakes::Money { jacoby: state.jacoby },
            _ => Stakes::Match { away: [away(side), away(side.other())] },
        };
    }
    let board = ids::position(id, side).map_err(wrong)?;
    Ok(Question { board, side, dice, cube, stakes })
}

/// A room's position: before the roll, or at the beginning of the turn with its dice.
fn of_table(table: &Table, dice: Option<&[u8]>) -> Result<Question, Refusal> {
    if table.phase == Phase::Waiting || !table.running() {
        return Err(Refusal::new(Code::NotReady, "no game is being played at this point"));
    }
    let at = situation(table, table.turn);
    let dice = dice_of(dice)?.or(table.dice.filter(|_| table.phase == Phase::Moving));
    Ok(Question { board: table.start, side: at.side, dice, cube: at.cube, stakes: at.stakes })
}

/// Every turn of a log, judged.
fn game(events: &[(Seq, Event)]) -> GameOut {
    let played = turns(events);
    let truncated = played.len() > TURNS_MAX;
    let mut summary = Side::BOTH.map(|side| SummaryOut { player: Some(side), ..SummaryOut::default() });
    let turns: Vec<TurnOut> = played.iter().take(TURNS_MAX).filter_map(judged).collect();
    for turn in &turns {
        let SummaryOut { turns, decisions, loss, doubtful, errors, blunders, .. } = &mut summary[turn.player.index()];
        *turns += 1;
        *decisions += usize::from(!turn.forced);
        *loss += turn.loss;
        *doubtful += usize::from(turn.mark == Mark::Doubtful);
        *errors += usize::from(turn.mark == Mark::Error);
        *blunders += usize::from(turn.mark == Mark::Blunder);
    }
    for side in &mut summary {
        // Each loss is a whole number of thousandths.
        side.loss = (side.loss * 1_000.0).round() / 1_000.0;
        side.loss_per_decision = side.loss / side.decisions.max(1) as f32;
    }
    GameOut { turns, summary, truncated }
}

/// A turn as the log tells it.
struct Played {
    seq: Seq,
    before: Table,
    dice: Dice,
    moves: Vec<Step>,
    result: Board,
}

/// The turns that stood: one that was reopened or taken back counts as it was played in the end.
fn turns(events: &[(Seq, Event)]) -> Vec<Played> {
    let mut turns: Vec<Played> = vec![];
    let mut before: Option<&Table> = None;
    for (seq, event) in events {
        match &event.what {
            What::TurnEnded { side, dice, moves } => {
                if let Some(before) = before.filter(|before| before.turn == *side) {
                    turns.push(Played {
                        seq: *seq,
                        before: before.clone(),
                        dice: *dice,
                        moves: moves.iter().map(|made| made.step).collect(),
                        result: event.table.board,
                    });
                }
            }
            What::Reopened { side } | What::TakenBack { side } if turns.last().is_some_and(|last| last.before.turn == *side) => {
                turns.pop();
            }
            _ => {}
        }
        if event.table.phase == Phase::Moving {
            before = Some(&event.table);
        }
    }
    turns
}

fn judged(played: &Played) -> Option<TurnOut> {
    let Played { seq, before, dice, moves, result } = played;
    let side = before.turn;
    let at = situation(before, side);
    let question = Question { board: before.start, side, dice: Some(*dice), cube: at.cube, stakes: stakes(before, side) };
    let verdict = analysis::judge(&Turn { question, result: *result })?;
    let own: Vec<Move> = moves.iter().map(|step| step.own(side)).collect();
    Some(TurnOut {
        seq: *seq,
        game_number: before.game_number,
        player: side,
        dice: *dice,
        moves: moves.clone(),
        notation: analysis::notation(&before.start, side, &own),
        position_id: ids::position_id(&before.start, side),
        loss: verdict.loss,
        mark: verdict.mark,
        forced: verdict.forced,
        best: play(side, verdict.best),
    })
}
