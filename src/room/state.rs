//! The state of a room: what its log folds to.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::chance::{Chance, Seed};
use crate::game::{Game, Heard, Participant, Roster, Seats, Viewer};
use crate::id::{PlayerId, RoomCode, Seat, Seq};
use crate::log::{CommandKey, Row, Status};
use crate::room::fact::{Fact, Player};
use crate::time::Timestamp;

/// How many applied commands a room remembers without asking the store. A player retries what was not answered, and that is recent.
const COMMANDS_REMEMBERED: usize = 512;

/// Whether a player is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    Here,
    Grace {
        ends_at: Timestamp,
    },
    /// Did not come back in time, or left a running game.
    Absent,
}

/// Who holds a seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupant {
    pub player: Player,
    pub link: Link,
    pub client_seed: Option<String>,
}

impl Occupant {
    pub fn is_bot(&self) -> bool {
        self.player.bot.is_some()
    }
}

impl Roster for Vec<Option<Occupant>> {
    fn participants(&self) -> Vec<Participant> {
        let occupied = self.iter().zip(0..).filter_map(|(place, n)| place.as_ref().map(|occupant| (Seat(n), occupant)));
        let participant = |(seat, o): (Seat, &Occupant)| Participant {
            seat,
            player_id: o.player.id,
            nickname: o.player.nickname.clone(),
            here: o.is_bot() || o.link != Link::Absent,
        };
        occupied.map(participant).collect()
    }
}

/// How the last round ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    pub at: Timestamp,
    pub reason: String,
    pub winners: Vec<Seat>,
    pub results: serde_json::Value,
}

/// A room's state. Everything in it comes from the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Room<G: Game> {
    pub code: RoomCode,
    pub seq: Seq,
    /// The seq of the last event that changed the game: what `expected_version` is held against, so that chatter makes no move stale.
    pub version: Seq,
    pub status: Status,
    pub options: G::Options,
    pub setup: G::Setup,
    pub seats: Vec<Option<Occupant>>,
    pub game: G,
    pub seed: Seed,
    /// Draws made in this round.
    pub drawn: u32,
    pub opened_at: Timestamp,
    /// Since when it is in the lobby.
    pub lobby_since: Timestamp,
    /// The time of the last event.
    pub last_at: Timestamp,
    pub ending: Option<Ending>,
    pub reset_asked: Vec<Seat>,
    pub rematch_asked: Vec<Seat>,
    pub next_room: Option<RoomCode>,
    pub commands: Commands,
}

/// The rows do not begin with the opening of a room of this game.
#[derive(Debug, thiserror::Error)]
pub enum BadLog {
    #[error("event {seq} cannot be read: {source}")]
    Unreadable { seq: Seq, source: serde_json::Error },
    #[error("event {found} stands where {expected} should")]
    Gap { expected: Seq, found: Seq },
    #[error("the log does not begin with the room's opening")]
    NoOpening,
    /// The seed shown at the end is not the one that the round was committed to.
    #[error("event {seq} shows another seed than the round began with")]
    OtherSeed { seq: Seq },
    /// An ending that the moves do not lead to.
    #[error("event {seq} claims an ending that the moves do not lead to")]
    OtherEnding { seq: Seq },
}

impl<G: Game> Room<G> {
    /// The room as its opening leaves it.
    pub fn from_opening(fact: &Fact<G>, at: Timestamp) -> Option<Self> {
        let Fact::Opened { code, seats, options, setup, seed, .. } = fact else { return None };
        Some(Self {
            code: *code,
            seq: Seq(1),
            version: Seq(1),
            status: Status::Waiting,
            options: options.clone(),
            setup: setup.clone(),
            seats: vec![None; usize::from(*seats)],
            game: G::open(setup),
            seed: *seed,
            drawn: 0,
            opened_at: at,
            lobby_since: at,
            last_at: at,
            ending: None,
            reset_asked: vec![],
            rematch_asked: vec![],
            next_room: None,
            commands: Commands::default(),
        })
    }

    /// Folds a log from its first event.
    ///
    /// # Errors
    /// When a row is missing or is not this game's.
    pub fn fold(rows: &[Row]) -> Result<Self, BadLog> {
        let first = rows.first().ok_or(BadLog::NoOpening)?;
        let mut room = Self::from_opening(&parse(first)?, first.at).ok_or(BadLog::NoOpening)?;
        rows[1..].iter().try_for_each(|row| room.follow(row).map(|_| ()))?;
        Ok(room)
    }

    /// Applies the next row of the log.
    ///
    /// # Errors
    /// When the row is not the next one, or is not this game's.
    pub fn follow(&mut self, row: &Row) -> Result<Fact<G>, BadLog> {
        if row.seq != self.seq.next() {
            return Err(BadLog::Gap { expected: self.seq.next(), found: row.seq });
        }
        let fact = parse(row)?;
        self.evolve(&fact, row.at);
        if let Some(key) = &row.command {
            self.commands.remember(key, row.seq);
        }
        Ok(fact)
    }

    /// Applies a fact. Total: whatever the log says happened, happened.
    pub fn evolve(&mut self, fact: &Fact<G>, at: Timestamp) {
        self.seq = self.seq.next();
        self.last_at = at;
        match fact {
            Fact::Opened { .. } => {}
            Fact::Said { player, seat, message } if !self.status.is_over() => {
                let (player_id, nickname) = (player.id, player.nickname.as_str());
                self.game.heard(Heard { seq: self.seq, at, player_id, nickname, seat: *seat, message });
            }
            Fact::Said { .. } => {}
            Fact::Joined { seat, player, client_seed } => {
                let occupant = Occupant { player: player.clone(), link: Link::Here, client_seed: client_seed.clone() };
                self.place(*seat, Some(occupant));
            }
            Fact::Left { seat, promoted, .. } if self.status.is_lobby() => {
                let next = promoted.and_then(|from| self.seats.get_mut(from.index()).and_then(Option::take));
                self.place(*seat, next);
            }
            Fact::Left { seat, .. } | Fact::Lost { seat, .. } => self.link(*seat, Link::Absent),
            Fact::Disconnected { seat, grace_ends_at, .. } => self.link(*seat, Link::Grace { ends_at: *grace_ends_at }),
            Fact::Reconnected { seat, .. } => self.link(*seat, Link::Here),
            Fact::SeedAdded { seat, client_seed } => {
                if let Some(occupant) = self.seats.get_mut(seat.index()).and_then(Option::as_mut) {
                    occupant.client_seed = Some(client_seed.clone());
                }
            }
            Fact::Started { options, setup } => {
                self.options = options.clone();
                self.setup = setup.clone();
                self.game = G::open(setup);
                self.status = Status::InProgress;
                self.version = self.seq;
            }
            Fact::Played(event) => {
                self.drawn += u32::try_from(self.game.draws(event).len()).unwrap_or(0);
                self.game.evolve(event);
                self.version = self.seq;
            }
            Fact::Ended { reason, winners, results, .. } => {
                self.status = Status::Completed;
                self.version = self.seq;
                self.ending = Some(Ending { at, reason: reason.clone(), winners: winners.clone(), results: results.clone() });
            }
            Fact::Abandoned { reason, .. } => {
                self.status = Status::Abandoned;
                self.version = self.seq;
                self.ending = Some(Ending { at, reason: reason.clone(), winners: vec![], results: serde_json::Value::Null });
            }
            Fact::ResetAsked { seat, .. } => self.reset_asked.push(*seat),
            Fact::Reset { seed } => {
                self.game = G::open(&self.setup);
                self.seed = *seed;
                self.drawn = 0;
                self.status = Status::Waiting;
                self.lobby_since = at;
                self.version = self.seq;
                self.ending = None;
                self.reset_asked.clear();
                self.rematch_asked.clear();
                self.next_room = None;
                for occupant in self.seats.iter_mut().flatten() {
                    occupant.client_seed = None;
                }
                self.refresh_lobby();
            }
            Fact::RematchAsked { seat, .. } => self.rematch_asked.push(*seat),
            Fact::RematchReady { code } => self.next_room = Some(*code),
        }
    }

    fn place(&mut self, seat: Seat, occupant: Option<Occupant>) {
        if let Some(place) = self.seats.get_mut(seat.index()) {
            *place = occupant;
        }
        self.refresh_lobby();
    }

    fn link(&mut self, seat: Seat, link: Link) {
        if let Some(occupant) = self.seats.get_mut(seat.index()).and_then(Option::as_mut) {
            occupant.link = link;
        }
    }

    fn refresh_lobby(&mut self) {
        if self.status.is_lobby() {
            let enough = self.occupied().count() >= usize::from(*G::SEATS.start());
            self.status = if enough { Status::Ready } else { Status::Waiting };
        }
    }

    /// Seats that somebody holds.
    pub fn occupied(&self) -> impl Iterator<Item = (Seat, &Occupant)> {
        self.seats.iter().zip(0..).filter_map(|(place, n)| place.as_ref().map(|occupant| (Seat(n), occupant)))
    }

    /// Seats that people hold.
    pub fn humans(&self) -> impl Iterator<Item = (Seat, &Occupant)> {
        self.occupied().filter(|(_, occupant)| !occupant.is_bot())
    }

    pub fn occupant(&self, seat: Seat) -> Option<&Occupant> {
        self.seats.get(seat.index())?.as_ref()
    }

    pub fn seat_of(&self, player: PlayerId) -> Option<Seat> {
        self.occupied().find(|(_, occupant)| occupant.player.id == player).map(|(seat, _)| seat)
    }

    pub fn free_seat(&self) -> Option<Seat> {
        self.seats.iter().zip(0..).find(|(place, _)| place.is_none()).map(|(_, n)| Seat(n))
    }

    /// What `player` may see.
    pub fn viewer(&self, player: Option<PlayerId>) -> Viewer {
        if self.status.is_over() {
            return Viewer::Omniscient;
        }
        player.and_then(|player| self.seat_of(player)).map_or(Viewer::Spectator, Viewer::Seat)
    }

    /// The luck of this round from where it stands.
    pub fn chance(&self) -> Chance {
        let seeds = self.occupied().filter_map(|(_, occupant)| occupant.client_seed.as_deref());
        Chance::new(self.seed, seeds, self.drawn)
    }

    /// Seats that are taken, as a set.
    pub fn taken(&self) -> Seats {
        self.occupied().fold(Seats::NONE, |seats, (seat, _)| seats.with(seat))
    }

    /// When the room next wants to be woken.
    pub fn wake_at(&self, lobby_expiry: Duration) -> Option<Timestamp> {
        let graces = || {
            self.humans().filter_map(|(seat, occupant)| match occupant.link {
                Link::Grace { ends_at } => Some((seat, ends_at)),
                _ => None,
            })
        };
        match self.status {
            // The host's seat is kept: whoever shares a link by phone is away from the page for a while.
            Status::Waiting | Status::Ready => {
                let expiry = self.lobby_since + lobby_expiry;
                let seats = graces().filter(|(seat, _)| *seat != Seat::HOST).map(|(_, ends_at)| ends_at);
                seats.chain([expiry]).min()
            }
            Status::InProgress => {
                let graces = graces().map(|(_, ends_at)| ends_at);
                // With nobody there, the last one may still come back: until then nothing is decided.
                let grace = if self.anybody_here() { graces.min() } else { graces.max() };
                grace.into_iter().chain(self.game.wake_at()).min()
            }
            Status::Completed | Status::Abandoned => None,
        }
    }

    /// Whether any person is here now.
    pub fn anybody_here(&self) -> bool {
        self.humans().any(|(_, occupant)| occupant.link == Link::Here)
    }

    pub fn ended_at(&self) -> Option<Timestamp> {
        self.ending.as_ref().map(|ending| ending.at)
    }
}

/// Reads a row's fact.
///
/// # Errors
/// When it is not one of this game's.
pub fn parse<G: Game>(row: &Row) -> Result<Fact<G>, BadLog> {
    serde_json::from_str(&row.body).map_err(|source| BadLog::Unreadable { seq: row.seq, source })
}

/// The commands that were applied lately, by a fingerprint of their key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Commands {
    recent: VecDeque<(u64, Seq)>,
    /// Older ones were forgotten here; the store has them.
    forgot: bool,
}

impl Commands {
    pub fn remember(&mut self, key: &CommandKey, seq: Seq) {
        if self.recent.len() == COMMANDS_REMEMBERED {
            self.recent.pop_front();
            self.forgot = true;
        }
        self.recent.push_back((fingerprint(key), seq));
    }

    /// The event with which the command was applied, as far as this memory goes.
    pub fn find(&self, key: &CommandKey) -> Option<Seq> {
        let wanted = fingerprint(key);
        self.recent.iter().rev().find(|(print, _)| *print == wanted).map(|(_, seq)| *seq)
    }

    /// Whether the store has to be asked about what is not found here.
    pub fn forgot(&self) -> bool {
        self.forgot
    }
}

fn fingerprint(key: &CommandKey) -> u64 {
    let digest = Sha256::new().chain_update(key.player.0.as_bytes()).chain_update(key.id.as_bytes()).finalize();
    let mut print = [0; 8];
    print.copy_from_slice(&digest[..8]);
    u64::from_le_bytes(print)
}
