//! What a decision leaves behind: rows for the log, and what is told of them, encoded once per audience.

use crate::game::{Game, Viewer};
use crate::id::{PlayerId, RoomCode, Seat, Seq};
use crate::log::{CommandKey, Presence, Row};
use crate::room::fact::{Fact, Player};
use crate::room::state::{Link, Room};
use crate::room::summary::Summary;
use crate::room::told::{Told, same_for_all, tell};
use crate::time::Timestamp;

/// What a step comes to: rows to append, and what is told once they are.
#[derive(Default)]
pub struct Outbox {
    pub rows: Vec<Row>,
    pub updates: Vec<Update>,
    pub presence: Vec<Presence>,
    /// Who took a seat or came back to one.
    pub came: Vec<PlayerId>,
    /// Seats, players or status changed: lists show something else now, and everybody is told who is here.
    pub people_changed: bool,
    /// What the room shows once this is committed, when that was asked for already.
    pub summary: Option<Summary>,
    /// Where everybody goes on.
    pub next_room: Option<RoomCode>,
}

fn here(player: &Player) -> Presence {
    Presence::Here { player: player.id, nickname: player.nickname.clone(), guest: player.guest }
}

/// One fact, encoded once per audience.
pub struct Update {
    pub seq: Seq,
    pub told: Encoded,
}

pub enum Encoded {
    ForAll(Told),
    /// By seat, and last for those who watch.
    PerSeat(Vec<Told>, Told),
}

impl Encoded {
    /// What the one in `seat` is told; asked only when it matters.
    pub fn for_viewer(&self, seat: impl FnOnce() -> Option<Seat>) -> &Told {
        match self {
            Encoded::ForAll(told) => told,
            Encoded::PerSeat(seats, watching) => seat().and_then(|seat| seats.get(seat.index())).unwrap_or(watching),
        }
    }
}

impl<G: Game> Room<G> {
    /// Records a fact: the state evolves, the row is written, what is told of it is encoded.
    pub fn record(&mut self, fact: Fact<G>, now: Timestamp, out: &mut Outbox) {
        let before = self.present_player(&fact);
        self.evolve(&fact, now);
        self.note_people(&fact, before, out);
        self.write(&fact, now, out);
    }

    /// Writes the row of a fact that the state has taken in, and encodes what is told of it.
    pub(super) fn write(&self, fact: &Fact<G>, now: Timestamp, out: &mut Outbox) {
        let told = if same_for_all(fact) {
            Encoded::ForAll(tell(fact, self.seq, now, Viewer::Spectator))
        } else {
            let seats = self.seats.iter().zip(0..).map(|(_, n)| tell(fact, self.seq, now, Viewer::Seat(Seat(n))));
            Encoded::PerSeat(seats.collect(), tell(fact, self.seq, now, Viewer::Spectator))
        };
        let body = serde_json::to_string(fact).unwrap_or_else(|error| {
            // Facts are plain data; a game whose event cannot be written fails its property suite.
            tracing::error!(%error, "a fact could not be written");
            String::from("null")
        });
        out.rows.push(Row { seq: self.seq, at: now, body, command: None });
        out.updates.push(Update { seq: self.seq, told });
    }

    pub(super) fn present_player(&self, fact: &Fact<G>) -> Option<(PlayerId, bool)> {
        let seat = match fact {
            Fact::Joined { seat, .. }
            | Fact::Left { seat, .. }
            | Fact::Disconnected { seat, .. }
            | Fact::Reconnected { seat, .. }
            | Fact::Lost { seat, .. } => *seat,
            _ => return None,
        };
        self.occupant(seat).filter(|o| !o.is_bot()).map(|o| (o.player.id, o.link != Link::Absent))
    }

    /// Keeps the store's list of who is present: from coming in until leaving, or until the grace is over.
    pub(super) fn note_people(&mut self, fact: &Fact<G>, before: Option<(PlayerId, bool)>, out: &mut Outbox) {
        match fact {
            Fact::Joined { player, .. } if player.bot.is_none() => out.presence.push(here(player)),
            Fact::Reconnected { seat, player } if before != Some((*player, true)) => {
                out.presence.extend(self.occupant(*seat).map(|occupant| here(&occupant.player)));
            }
            Fact::Left { player, .. } if player.bot.is_none() => out.presence.push(Presence::Gone(player.id)),
            Fact::Lost { player, .. } => out.presence.push(Presence::Gone(*player)),
            // Once it is over nobody's place has to be kept through a restart.
            Fact::Disconnected { player, .. } if self.status.is_over() => out.presence.push(Presence::Gone(*player)),
            Fact::Abandoned { .. } => out.presence.extend(self.humans().map(|(_, o)| Presence::Gone(o.player.id))),
            _ => {}
        }
        match fact {
            Fact::Joined { player, .. } => out.came.push(player.id),
            Fact::Reconnected { player, .. } => out.came.push(*player),
            _ => {}
        }
        let about_people = before.is_some()
            || matches!(
                fact,
                Fact::Joined { .. }
                    | Fact::Opened { .. }
                    | Fact::Started { .. }
                    | Fact::Ended { .. }
                    | Fact::Abandoned { .. }
                    | Fact::Reset { .. }
            );
        out.people_changed |= about_people;
    }

    /// Marks the newest row as the end of a command, so that its retry is known.
    pub fn stamp(&mut self, key: CommandKey, out: &mut Outbox) {
        if let Some(row) = out.rows.last_mut() {
            self.commands.remember(&key, row.seq);
            row.command = Some(key);
        }
    }
}
