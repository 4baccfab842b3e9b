//! What a command comes to, with nothing done yet; and everything that would be accepted.

use super::Backgammon;
use super::board::{BAR, OFF, Side};
use super::options::GameType;
use super::plays::{self, Move};
use super::refusal::Refusal;
use super::rules::side_of;
use super::table::{Kind, Phase, Step, Table};
use super::wire::{Command, Moving};
use crate::id::Seat;

/// The cube of a single game has no higher number.
pub const HIGHEST_CUBE: u16 = 64;

/// What an accepted command comes to.
pub(super) enum Action {
    Roll,
    /// Moves with their dice; then the turn ends, if so.
    Make(Vec<(Move, u8)>, bool),
    End,
    /// Said a second time.
    Nothing,
    Unmake,
    Reopen,
    AskUndo,
    TakeBack,
    DeclineUndo,
    Double,
    AcceptDouble,
    DeclineDouble,
    Resign(Kind),
    AcceptResign(Kind),
    DeclineResign(Kind),
    Claim,
}

impl Table {
    /// Whether `side` may double by the cube, whoever's turn it is.
    ///
    /// # Errors
    /// What stands against it.
    pub fn may_double(&self, side: Side) -> Result<(), Refusal> {
        let limit = if self.is_match() {
            // A cube that wins the match as it is would only help the other side.
            self.match_length.saturating_sub(self.score[side.index()])
        } else {
            HIGHEST_CUBE
        };
        if !self.with_cube {
            Err(Refusal::NoCube)
        } else if self.crawford {
            Err(Refusal::Crawford)
        } else if self.cube_owner == Some(side.other()) {
            Err(Refusal::NotYourCube)
        } else if self.cube >= limit {
            Err(Refusal::CubeLimit)
        } else {
            Ok(())
        }
    }
}

impl Backgammon {
    /// What the command comes to, with nothing done yet.
    pub(super) fn judge(&self, side: Side, command: &Command) -> Result<Action, Refusal> {
        let table = &self.table;
        match table.phase {
            Phase::Waiting => return Err(Refusal::NotBegun),
            Phase::Over => return Err(Refusal::Over),
            Phase::Rolling | Phase::Moving | Phase::Doubled => {}
        }
        if *command == Command::ClaimWin {
            return if table.absent[side.other().index()] { Ok(Action::Claim) } else { Err(Refusal::NotAbsent) };
        }
        match (table.resigning, command) {
            (None, Command::AcceptResign | Command::DeclineResign) => return Err(Refusal::NoResignation),
            (None, _) => {}
            (Some((by, _)), _) if by == side => return Err(Refusal::ResignationPending),
            (Some((_, kind)), Command::AcceptResign) => return Ok(Action::AcceptResign(kind)),
            (Some((_, kind)), Command::DeclineResign) => return Ok(Action::DeclineResign(kind)),
            (Some(_), _) => return Err(Refusal::AnswerResignation),
        }
        match command {
            Command::Resign { kind } if table.resign_declined[side.index()].is_some_and(|declined| declined >= *kind) => {
                Err(Refusal::ResignDeclined)
            }
            Command::Resign { kind } => Ok(Action::Resign(*kind)),
            Command::AcceptUndo | Command::DeclineUndo => match table.undo_asked {
                None => Err(Refusal::NoUndoAsked),
                Some(by) if by == side => Err(Refusal::NotYourTurn),
                Some(_) if *command == Command::AcceptUndo => Ok(Action::TakeBack),
                Some(_) => Ok(Action::DeclineUndo),
            },
            Command::Undo => self.judge_undo(side),
            Command::EndTurn if self.just_ended(side) => Ok(Action::Nothing),
            Command::AcceptDouble | Command::DeclineDouble => match table.phase {
                Phase::Doubled if table.turn == side => Err(Refusal::NotYourTurn),
                Phase::Doubled if *command == Command::AcceptDouble => Ok(Action::AcceptDouble),
                Phase::Doubled => Ok(Action::DeclineDouble),
                _ => Err(Refusal::NoDouble),
            },
            _ if table.phase == Phase::Doubled && table.turn == side => Err(Refusal::DoublePending),
            _ if table.phase == Phase::Doubled => Err(Refusal::AnswerDouble),
            _ if table.turn != side => Err(Refusal::NotYourTurn),
            Command::RollDice if table.phase == Phase::Moving => Err(Refusal::Rolled),
            Command::RollDice => Ok(Action::Roll),
            Command::OfferDouble if table.phase == Phase::Moving => Err(Refusal::TooLateToDouble),
            Command::OfferDouble => table.may_double(side).map(|()| Action::Double),
            _ if table.phase == Phase::Rolling => Err(Refusal::NotRolled),
            Command::Move(Moving::One(step)) => self.judge_step(side, *step),
            Command::Move(Moving::All { moves }) => self.judge_turn(side, moves),
            Command::EndTurn if plays::steps(&table.board, side, &table.left()).is_empty() => Ok(Action::End),
            // All others were answered above.
            _ => Err(Refusal::MovesLeft),
        }
    }

    fn judge_step(&self, side: Side, step: Step) -> Result<Action, Refusal> {
        let (own, left) = (step.own(side), self.table.left());
        if let Some(die) = die_for(&self.table.board, side, &left, own) {
            return Ok(Action::Make(vec![(own, die)], false));
        }
        let Step { from_point: from, to_point: to } = step;
        Err(match own {
            Move { from: point, .. } if point > BAR => Refusal::NoSuchPoint(from),
            Move { to: point, .. } if point > BAR => Refusal::NoSuchPoint(to),
            Move { from: OFF, .. } => Refusal::NoChecker(from),
            Move { from: point, .. } if self.table.board.on(side, point) == 0 => Refusal::NoChecker(from),
            Move { from: point, .. } if point != BAR && self.table.board.bar(side) > 0 => Refusal::BarFirst,
            _ => Refusal::Illegal { from, to },
        })
    }

    fn judge_turn(&self, side: Side, moves: &[Step]) -> Result<Action, Refusal> {
        let left = self.table.left();
        let routes = plays::routes(&self.table.board, side, &left);
        if routes.iter().all(|play| play.moves.is_empty()) {
            return Err(Refusal::NothingToMove);
        }
        let asked: Vec<Move> = moves.iter().map(|step| step.own(side)).collect();
        let asked = plays::sorted(&asked);
        let play = routes.iter().find(|play| plays::sorted(&play.moves) == asked).ok_or(Refusal::IllegalTurn)?;
        let (mut board, mut left, mut steps) = (self.table.board, left, vec![]);
        for step in play.moves.iter() {
            let die = die_for(&board, side, &left, *step).ok_or(Refusal::IllegalTurn)?;
            left.retain({
                let mut once = true;
                move |&other| other != die || !std::mem::take(&mut once)
            });
            board.step(side, step.from, step.to);
            steps.push((*step, die));
        }
        Ok(Action::Make(steps, true))
    }

    fn judge_undo(&self, side: Side) -> Result<Action, Refusal> {
        let table = &self.table;
        if table.turn == side {
            let moved = table.phase == Phase::Moving && !table.made.is_empty();
            return if moved { Ok(Action::Unmake) } else { Err(Refusal::NothingToUndo) };
        }
        if self.just_ended(side) {
            return Ok(Action::Reopen);
        }
        let rolled_after = table.phase == Phase::Moving && self.last.as_ref().is_some_and(|last| last.turn == side);
        if !rolled_after {
            Err(Refusal::NothingToUndo)
        } else if self.setup.game_type != GameType::Casual {
            Err(Refusal::NotCasual)
        } else if table.undo_asked.is_some() {
            Err(Refusal::AlreadyAsked)
        } else {
            Ok(Action::AskUndo)
        }
    }

    /// Whether `side` has just ended its turn, and the other side has not rolled.
    fn just_ended(&self, side: Side) -> bool {
        self.table.phase == Phase::Rolling && self.table.turn != side && self.last.as_ref().is_some_and(|last| last.turn == side)
    }

    /// Everything that would be accepted.
    pub(super) fn legal_commands(&self, seat: Seat) -> Vec<Command> {
        let Some(side) = side_of(seat) else { return vec![] };
        let mut legal = vec![];
        let table = &self.table;
        if table.phase == Phase::Moving && table.turn == side && table.resigning.is_none() {
            let left = table.left();
            let routes = plays::routes(&table.board, side, &left);
            let whole = routes.iter().filter(|play| !play.moves.is_empty());
            legal.extend(whole.map(|play| Command::Move(Moving::all(play.moves.iter().map(|step| Step::of(side, *step))))));
            for (step, _) in plays::steps(&table.board, side, &left) {
                let command = Command::Move(Moving::One(Step::of(side, step)));
                if !legal.contains(&command) {
                    legal.push(command);
                }
            }
        }
        let others = [
            Command::RollDice,
            Command::EndTurn,
            Command::Undo,
            Command::AcceptUndo,
            Command::DeclineUndo,
            Command::OfferDouble,
            Command::AcceptDouble,
            Command::DeclineDouble,
            Command::Resign { kind: Kind::Single },
            Command::Resign { kind: Kind::Gammon },
            Command::Resign { kind: Kind::Backgammon },
            Command::AcceptResign,
            Command::DeclineResign,
            Command::ClaimWin,
        ];
        legal.extend(others.into_iter().filter(|command| self.judge(side, command).is_ok()));
        legal
    }
}

/// The die that a move takes: the one of exactly its length where that is allowed, else the larger.
fn die_for(board: &super::board::Board, side: Side, left: &[u8], step: Move) -> Option<u8> {
    let fits = plays::steps(board, side, left).into_iter().filter(|(known, _)| *known == step).map(|(_, die)| die);
    fits.min_by_key(|die| if step.from.checked_sub(step.to) == Some(*die) { 0 } else { 7 - die })
}
