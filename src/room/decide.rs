//! What a room does when it is asked: from a request to facts, or to a refusal that changes nothing.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::chance::Seed;
use crate::game::command::{self, NotACommand};
use crate::game::{Draft, Game, Input, Pace, STALL, Seats, Viewer};
use crate::id::{PlayerId, RoomCode, Seat, Seq};
use crate::log::{CommandKey, Presence, Row, Status};
use crate::refusal::{Code, Refusal};
use crate::room::fact::{Fact, Leaving, Player};
use crate::room::settings::RoomSettings;
use crate::room::state::{Link, Occupant, Room};
use crate::room::told::{Told, raw, same_for_all, tell};
use crate::time::Timestamp;

/// The longest chat message, in characters.
pub const CHAT_MAX: usize = 500;
/// The longest contribution to the luck of a round, in characters.
pub const CLIENT_SEED_MAX: usize = 64;

/// What time brings in one step at most: goals and the like in a second of catching up.
const CATCH_UP_MAX: usize = 64;

/// What a decision may use: time and luck as values, and the game's tables.
pub struct Env<G: Game> {
    pub now: Timestamp,
    pub settings: Arc<RoomSettings>,
    pub assets: Arc<G::Assets>,
    /// A secret for the next round, in case one begins.
    pub fresh_seed: fn() -> Seed,
    /// Whether this node keeps the time of a ticking game: it alone logs what time brings.
    pub keeps_time: bool,
}

/// What a step comes to: rows to append, and what is told once they are.
#[derive(Default)]
pub struct Outbox {
    pub rows: Vec<Row>,
    pub updates: Vec<Update>,
    pub presence: Vec<Presence>,
    /// Seats, players or status changed: lists show something else now, and everybody is told who is here.
    pub people_changed: bool,
    /// Where everybody goes on.
    pub next_room: Option<RoomCode>,
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

/// What a client asks of the room itself; the rest is for the game.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomCommand {
    StartGame(Box<RawValue>),
    ResetGame,
    Rematch,
    LeaveRoom,
    ChatMessage { message: String },
    ClientSeed { client_seed: String },
    AddBot { seat: Option<Seat>, level: Option<String> },
    RemoveBot { seat: Seat },
}

/// Whether `event` is answered from what is known and never logged.
pub fn is_aside(event: &str) -> bool {
    matches!(event, "ping" | "typing" | "request_sync" | "reconnect_sync" | "request_presence")
}

/// Whether rooms of every game know `event`.
pub fn knows(event: &str) -> bool {
    is_aside(event) || !matches!(command::decode::<RoomCommand>(event, RawValue::NULL), Err(NotACommand::Unknown))
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Asker {
    pub player: Player,
}

/// How a request was met.
#[derive(Debug, PartialEq, Eq)]
pub enum Done {
    Applied,
    /// Noted; others must agree.
    Pending {
        waiting_for: Vec<PlayerId>,
    },
    /// Everybody wants another game: open its room, then say so with [`Room::rematch_ready`].
    RematchDue,
}

/// The rules recorded events and then refused: the state can no longer be trusted and has to be read from the log again.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("a refusal came after events were recorded")]
    Torn,
}

impl<G: Game> Room<G> {
    /// A room from the fact that opens it.
    ///
    /// # Panics
    /// When `opening` is another fact: a mistake of the caller.
    pub fn open(opening: Fact<G>, now: Timestamp, out: &mut Outbox) -> Self {
        let room = Self::from_opening(&opening, now).expect("the first fact of a room is its opening");
        out.people_changed = true;
        room.write(&opening, now, out);
        room
    }

    /// Records a fact: the state evolves, the row is written, what is told of it is encoded.
    pub fn record(&mut self, fact: Fact<G>, now: Timestamp, out: &mut Outbox) {
        let before = self.present_player(&fact);
        self.evolve(&fact, now);
        self.note_people(&fact, before, out);
        self.write(&fact, now, out);
    }

    /// Writes the row of a fact that the state has taken in, and encodes what is told of it.
    fn write(&self, fact: &Fact<G>, now: Timestamp, out: &mut Outbox) {
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

    fn present_player(&self, fact: &Fact<G>) -> Option<(PlayerId, bool)> {
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
    fn note_people(&mut self, fact: &Fact<G>, before: Option<(PlayerId, bool)>, out: &mut Outbox) {
        match fact {
            Fact::Joined { player, .. } if player.bot.is_none() => out.presence.push(Presence::Here(player.id)),
            Fact::Reconnected { player, .. } if before != Some((*player, true)) => {
                out.presence.push(Presence::Here(*player));
            }
            Fact::Left { player, .. } if player.bot.is_none() => out.presence.push(Presence::Gone(player.id)),
            Fact::Lost { player, .. } => out.presence.push(Presence::Gone(*player)),
            // Once it is over nobody's place has to be kept through a restart.
            Fact::Disconnected { player, .. } if self.status.is_over() => out.presence.push(Presence::Gone(*player)),
            Fact::Abandoned { .. } => out.presence.extend(self.humans().map(|(_, o)| Presence::Gone(o.player.id))),
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

    /// Takes a seat for `player`.
    ///
    /// # Errors
    /// `ROOM_FULL` or `ROOM_UNAVAILABLE`.
    pub fn join(&mut self, player: Player, client_seed: Option<String>, now: Timestamp, out: &mut Outbox) -> Result<Seat, Refusal> {
        if self.status.is_over() {
            return Err(self.unavailable());
        }
        let Some(seat) = self.free_seat() else {
            return Err(Refusal::new(
                Code::RoomFull,
                if G::SPECTATORS { "this room is full; you may watch instead" } else { "this room is full" },
            )
            .with(serde_json::json!({ "can_spectate": G::SPECTATORS })));
        };
        if !self.status.is_lobby() {
            return Err(self.unavailable());
        }
        if let Some(seed) = &client_seed {
            check_client_seed(seed)?;
        }
        self.record(Fact::Joined { seat, player, client_seed }, now, out);
        Ok(seat)
    }

    /// Whether somebody without a seat may come in to watch.
    ///
    /// # Errors
    /// `ROOM_UNAVAILABLE` when it was abandoned, `FORBIDDEN` when this game has no spectators.
    pub fn watch(&self) -> Result<(), Refusal> {
        if self.status == Status::Abandoned {
            return Err(self.unavailable());
        }
        if !G::SPECTATORS {
            return Err(Refusal::new(Code::Forbidden, "this game cannot be watched"));
        }
        Ok(())
    }

    pub fn unavailable(&self) -> Refusal {
        let message = match self.status {
            Status::Completed => "this game is over",
            Status::Abandoned => "this room has expired or was abandoned",
            _ => "this game has already started",
        };
        Refusal::new(Code::RoomUnavailable, message).with(serde_json::json!({
            "status": self.status,
            "can_spectate": G::SPECTATORS && self.status == Status::InProgress,
        }))
    }

    /// Notes who is here and who is not: `online(player)` says whether any connection of theirs is open.
    pub fn reconcile(&mut self, online: impl Fn(PlayerId) -> bool, env: &Env<G>, out: &mut Outbox) -> Result<(), Failed> {
        let changes: Vec<(Seat, PlayerId, Link, bool)> = self
            .humans()
            .map(|(seat, o)| (seat, o.player.id, o.link, online(o.player.id)))
            .filter(|(_, _, link, online)| (*link == Link::Here) != *online)
            .collect();
        if !changes.is_empty() {
            self.keep_up(env, out)?;
        }
        for (seat, player, link, online) in changes {
            let lobby = self.status.is_lobby();
            let grace = if lobby { env.settings.lobby_grace } else { env.settings.grace_of::<G>() };
            match (link, online) {
                (Link::Here, false) => {
                    let grace_ends_at = env.now + grace;
                    self.record(Fact::Disconnected { seat, player, grace_ends_at }, env.now, out);
                    self.linked(seat, false, env, out)?;
                }
                (Link::Grace { .. } | Link::Absent, true) => {
                    self.record(Fact::Reconnected { seat, player }, env.now, out);
                    self.linked(seat, true, env, out)?;
                    if link == Link::Absent && self.status == Status::InProgress {
                        self.play(Input::Returned(seat), env, out)?;
                    }
                }
                _ => {}
            }
        }
        self.due(env, out)
    }

    /// After a restart: nobody forfeits for it. Grace begins again for those who were here, and is stretched for those in it. Who is
    /// connected to another node noticed nothing.
    ///
    /// # Errors
    /// [`Failed::Torn`] only.
    pub fn interrupted(
        &mut self,
        elsewhere: impl Fn(PlayerId) -> bool,
        booted_at: Timestamp,
        env: &Env<G>,
        out: &mut Outbox,
    ) -> Result<(), Failed> {
        if self.last_at >= booted_at || self.status.is_over() {
            return Ok(());
        }
        let grace = env.settings.restart_grace.max(env.settings.grace_of::<G>());
        let again = booted_at.max(env.now) + grace;
        let seats: Vec<_> = self
            .humans()
            .filter(|(_, o)| match o.link {
                Link::Here => !elsewhere(o.player.id),
                Link::Grace { ends_at } => ends_at < again,
                Link::Absent => false,
            })
            .map(|(seat, o)| (seat, o.player.id))
            .collect();
        for (seat, player) in seats {
            self.record(Fact::Disconnected { seat, player, grace_ends_at: again }, env.now, out);
            self.linked(seat, false, env, out)?;
        }
        Ok(())
    }

    /// Simulates a ticking game up to now, and logs what time brings on the way. Afterwards nothing is due, unless another node has to
    /// log it.
    ///
    /// # Errors
    /// [`Failed::Torn`] only.
    pub fn keep_up(&mut self, env: &Env<G>, out: &mut Outbox) -> Result<(), Failed> {
        if G::PACE == Pace::Turns {
            return Ok(());
        }
        for _ in 0..CATCH_UP_MAX {
            if self.status != Status::InProgress {
                return Ok(());
            }
            self.advance(env.now);
            if !env.keeps_time || !self.is_due(env.now) {
                return Ok(());
            }
            let before = self.seq;
            self.play(Input::Wake, env, out)?;
            if self.seq == before {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Simulates a ticking game up to `now`; what has to be logged on the way stops it.
    pub fn advance(&mut self, now: Timestamp) {
        if self.status == Status::InProgress && !self.is_stalled(now) {
            self.game.advance(now);
        }
    }

    fn is_stalled(&self, now: Timestamp) -> bool {
        self.game.simulated().is_some_and(|at| now.since(at) > STALL)
    }

    /// Whether the game wants to be woken now.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.status == Status::InProgress && (self.is_stalled(now) || self.game.wake_at().is_some_and(|at| at <= now))
    }

    /// Tells a running game that a player's connection dropped, or is there again.
    fn linked(&mut self, seat: Seat, here: bool, env: &Env<G>, out: &mut Outbox) -> Result<(), Failed> {
        if self.status != Status::InProgress {
            return Ok(());
        }
        self.decide(env, out, |draft| {
            G::linked(draft, seat, here);
            Ok(())
        })
    }

    /// Does what is due by now.
    ///
    /// # Errors
    /// [`Failed::Torn`] only.
    pub fn due(&mut self, env: &Env<G>, out: &mut Outbox) -> Result<(), Failed> {
        let over = |o: &Occupant| matches!(o.link, Link::Grace { ends_at } if ends_at <= env.now);
        let lost: Vec<_> = self.humans().filter(|(_, o)| over(o)).map(|(seat, o)| (seat, o.player.clone())).collect();
        match self.status {
            Status::Waiting | Status::Ready => {
                if self.lobby_since + env.settings.lobby_expiry <= env.now {
                    self.record(Fact::Abandoned { reason: "The room expired".into() }, env.now, out);
                    return Ok(());
                }
                for (seat, player) in lost.into_iter().filter(|(seat, _)| *seat != Seat::HOST) {
                    self.record(Fact::Left { seat, player, cause: Leaving::Absent, promoted: None }, env.now, out);
                }
            }
            Status::InProgress => {
                self.keep_up(env, out)?;
                if !lost.is_empty() && self.status == Status::InProgress {
                    if self.anybody_here() {
                        for (seat, player) in lost {
                            if self.status == Status::InProgress {
                                self.lose(seat, player.id, env, out)?;
                            }
                        }
                    } else if self.humans().all(|(_, o)| o.link == Link::Absent || over(o)) {
                        self.record(Fact::Abandoned { reason: "Everybody left".into() }, env.now, out);
                    }
                }
                if self.status == Status::InProgress && self.game.wake_at().is_some_and(|at| at <= env.now) {
                    self.play(Input::Wake, env, out)?;
                }
            }
            Status::Completed | Status::Abandoned => {}
        }
        Ok(())
    }

    fn lose(&mut self, seat: Seat, player: PlayerId, env: &Env<G>, out: &mut Outbox) -> Result<(), Failed> {
        self.record(Fact::Lost { seat, player }, env.now, out);
        self.play(Input::Absent(seat), env, out)
    }

    /// Asks the rules, and ends the round when they say that it is over.
    fn play(&mut self, input: Input<G::Command>, env: &Env<G>, out: &mut Outbox) -> Result<(), Failed> {
        self.decide(env, out, |draft| G::decide(draft, input))
    }

    fn decide(
        &mut self,
        env: &Env<G>,
        out: &mut Outbox,
        ask: impl FnOnce(&mut Draft<'_, G>) -> Result<(), G::Refusal>,
    ) -> Result<(), Failed> {
        let mut events = Vec::new();
        let mut chance = self.chance();
        let before = cfg!(debug_assertions).then(|| self.clone());
        let mut draft = Draft::new(&mut self.game, &mut events, &mut chance, env.now, &env.assets);
        if let Err(refused) = ask(&mut draft) {
            return Err(if events.is_empty() { Refusal::from(refused).into() } else { Failed::Torn });
        }
        for event in events {
            // The draft has evolved the game already.
            self.seq = self.seq.next();
            self.version = self.seq;
            self.last_at = env.now;
            self.write(&Fact::Played(event), env.now, out);
        }
        self.drawn = chance.drawn();
        if let Some(mut replayed) = before {
            let first = replayed.seq;
            out.rows.iter().filter(|row| row.seq > first).for_each(|row| drop(replayed.follow(row)));
            debug_assert!(replayed == *self, "replaying the log leads to the state that was decided on");
        }
        if let Some(outcome) = self.game.outcome().filter(|_| self.status == Status::InProgress) {
            let ended = Fact::Ended { reason: outcome.reason, winners: outcome.winners, results: outcome.results, seed: self.seed };
            self.record(ended, env.now, out);
        }
        Ok(())
    }

    /// Decides a request of `asker`.
    ///
    /// # Errors
    /// A refusal, which changed nothing.
    pub fn request(
        &mut self,
        asker: &Asker,
        event: &str,
        payload: &RawValue,
        env: &Env<G>,
        out: &mut Outbox,
    ) -> Result<Done, Failed> {
        let seat = self.seat_of(asker.player.id);
        match command::decode::<RoomCommand>(event, payload) {
            Ok(command) => self.room_command(asker, seat, command, env, out),
            Err(NotACommand::Malformed(message)) => Err(Refusal::invalid(format!("{event}: {message}")).into()),
            Err(NotACommand::Unknown) => {
                let command = command::decode::<G::Command>(event, payload).map_err(|error| match error {
                    NotACommand::Unknown => Refusal::new(Code::UnknownEvent, format!("there is no event `{}`", shortened(event))),
                    NotACommand::Malformed(message) => Refusal::invalid(format!("{event}: {message}")),
                })?;
                let seat = seat.ok_or_else(|| Refusal::new(Code::Forbidden, "spectators cannot play"))?;
                if self.status == Status::Ready && G::starts(&command) {
                    self.start(Seat::HOST, &raw("{}".into()), env, out)?;
                }
                self.playable()?;
                self.keep_up(env, out)?;
                self.playable()?;
                self.play(Input::Play { seat, command }, env, out)?;
                Ok(Done::Applied)
            }
        }
    }

    fn playable(&self) -> Result<(), Refusal> {
        match self.status {
            Status::InProgress => Ok(()),
            Status::Waiting | Status::Ready => Err(Refusal::new(Code::NotReady, "the game has not started")),
            Status::Completed | Status::Abandoned => Err(self.unavailable()),
        }
    }

    fn room_command(
        &mut self,
        asker: &Asker,
        seat: Option<Seat>,
        command: RoomCommand,
        env: &Env<G>,
        out: &mut Outbox,
    ) -> Result<Done, Failed> {
        if let RoomCommand::ChatMessage { message } = command {
            let message = check_chat(&message)?;
            // Who sits here speaks under the name of the seat, whatever a token or another tab says.
            let seated = seat.and_then(|seat| self.occupant(seat)).map(|o| o.player.clone());
            let player = seated.unwrap_or_else(|| asker.player.clone());
            self.record(Fact::Said { player, seat, message }, env.now, out);
            return Ok(Done::Applied);
        }
        let seat = seat.ok_or_else(|| Refusal::new(Code::Forbidden, "spectators can only watch and chat"))?;
        match command {
            RoomCommand::StartGame(payload) => self.start(seat, &payload, env, out),
            RoomCommand::ResetGame => self.reset(seat, asker.player.id, env, out),
            RoomCommand::Rematch => self.rematch(seat, asker.player.id, env, out),
            RoomCommand::LeaveRoom => self.leave(seat, asker.player.clone(), Leaving::Left, env, out),
            RoomCommand::ClientSeed { client_seed } => {
                self.in_lobby()?;
                check_client_seed(&client_seed)?;
                self.record(Fact::SeedAdded { seat, client_seed }, env.now, out);
                Ok(Done::Applied)
            }
            RoomCommand::AddBot { seat: at, level } => self.add_bot(seat, at, level, env, out),
            RoomCommand::RemoveBot { seat: at } => {
                self.host_in_lobby(seat)?;
                let bot = self.occupant(at).filter(|o| o.is_bot()).map(|o| o.player.clone());
                let bot = bot.ok_or_else(|| Refusal::invalid("there is no bot in that seat"))?;
                self.record(Fact::Left { seat: at, player: bot, cause: Leaving::Removed, promoted: None }, env.now, out);
                Ok(Done::Applied)
            }
            RoomCommand::ChatMessage { .. } => Ok(Done::Applied),
        }
    }

    fn in_lobby(&self) -> Result<(), Refusal> {
        if self.status.is_lobby() { Ok(()) } else { Err(self.unavailable()) }
    }

    fn host_in_lobby(&self, seat: Seat) -> Result<(), Refusal> {
        if seat != Seat::HOST {
            return Err(Refusal::new(Code::NotHost, "only the host can do this"));
        }
        self.in_lobby()
    }

    fn start(&mut self, seat: Seat, payload: &RawValue, env: &Env<G>, out: &mut Outbox) -> Result<Done, Failed> {
        self.host_in_lobby(seat)?;
        let missing = usize::from(*G::SEATS.start()).saturating_sub(self.occupied().count());
        if missing > 0 {
            return Err(Refusal::new(Code::NotReady, "not all needed seats are taken")
                .with(serde_json::json!({ "missing_players": missing }))
                .into());
        }
        if let Some((_, away)) = self.humans().find(|(_, o)| o.link != Link::Here) {
            return Err(Refusal::new(Code::NotReady, format!("{} is not connected", away.player.nickname)).into());
        }
        let options = merged::<G>(&self.options, payload)?;
        let seats = u8::try_from(self.seats.len()).unwrap_or(u8::MAX);
        let setup = G::setup(&options, seats, &env.assets).map_err(Refusal::from)?;
        let start: StartPayload = serde_json::from_str(payload.get()).unwrap_or_default();
        if let Some(client_seed) = start.client_seed {
            check_client_seed(&client_seed)?;
            self.record(Fact::SeedAdded { seat, client_seed }, env.now, out);
        }
        self.record(Fact::Started { options, setup }, env.now, out);
        // A game that refuses its own start has recorded nothing itself, but the room has.
        self.play(Input::Start, env, out).map_err(|_| Failed::Torn)?;
        Ok(Done::Applied)
    }

    fn reset(&mut self, seat: Seat, player: PlayerId, env: &Env<G>, out: &mut Outbox) -> Result<Done, Failed> {
        match self.status {
            Status::Abandoned => return Err(self.unavailable().into()),
            Status::InProgress => {
                if !self.reset_asked.contains(&seat) {
                    self.record(Fact::ResetAsked { seat, player }, env.now, out);
                }
                // Who is gone for good cannot be waited for.
                let asked = &self.reset_asked;
                let waiting = self.humans().filter(|(seat, o)| !asked.contains(seat) && o.link != Link::Absent);
                let waiting_for: Vec<_> = waiting.map(|(_, o)| o.player.id).collect();
                if !waiting_for.is_empty() {
                    return Ok(Done::Pending { waiting_for });
                }
            }
            _ if seat != Seat::HOST => return Err(Refusal::new(Code::NotHost, "only the host can do this").into()),
            _ => {}
        }
        self.record(Fact::Reset { seed: (env.fresh_seed)() }, env.now, out);
        // A lobby with the seat of somebody who is gone for good could never start again.
        let absent = |o: &Occupant| !o.is_bot() && o.link == Link::Absent;
        loop {
            let gone = self.occupied().find(|(_, o)| absent(o)).map(|(seat, o)| (seat, o.player.clone()));
            let Some((seat, player)) = gone else { break };
            let here = self.humans().find(|(other, o)| *other != seat && !absent(o)).map(|(other, _)| other);
            let promoted = here.filter(|_| seat == Seat::HOST);
            self.record(Fact::Left { seat, player, cause: Leaving::Absent, promoted }, env.now, out);
        }
        Ok(Done::Applied)
    }

    fn rematch(&mut self, seat: Seat, player: PlayerId, env: &Env<G>, out: &mut Outbox) -> Result<Done, Failed> {
        if self.status != Status::Completed {
            return Err(Refusal::new(Code::RoomUnavailable, "a rematch can be asked for when the game is over").into());
        }
        if self.next_room.is_some() {
            return Ok(Done::Applied);
        }
        if !self.rematch_asked.contains(&seat) {
            self.record(Fact::RematchAsked { seat, player }, env.now, out);
        }
        let waiting_for = self.not_among(&self.rematch_asked.clone());
        Ok(if waiting_for.is_empty() { Done::RematchDue } else { Done::Pending { waiting_for } })
    }

    /// Says where the rematch is.
    pub fn rematch_ready(&mut self, code: RoomCode, now: Timestamp, out: &mut Outbox) {
        self.record(Fact::RematchReady { code }, now, out);
        out.next_room = Some(code);
    }

    fn not_among(&self, seats: &[Seat]) -> Vec<PlayerId> {
        self.humans().filter(|(seat, _)| !seats.contains(seat)).map(|(_, o)| o.player.id).collect()
    }

    fn leave(&mut self, seat: Seat, player: Player, cause: Leaving, env: &Env<G>, out: &mut Outbox) -> Result<Done, Failed> {
        let in_lobby = self.status.is_lobby();
        // A lobby needs a host: the next person moves into the host's seat.
        let promoted =
            (in_lobby && seat == Seat::HOST).then(|| self.humans().map(|(seat, _)| seat).find(|other| *other != seat)).flatten();
        self.record(Fact::Left { seat, player, cause, promoted }, env.now, out);
        if in_lobby && self.humans().next().is_none() {
            self.record(Fact::Abandoned { reason: "Everybody left".into() }, env.now, out);
        } else if self.status == Status::InProgress {
            if self.humans().all(|(_, o)| o.link == Link::Absent) {
                self.record(Fact::Abandoned { reason: "Everybody left".into() }, env.now, out);
            } else {
                self.play(Input::Absent(seat), env, out)?;
            }
        }
        Ok(Done::Applied)
    }

    fn add_bot(
        &mut self,
        asker: Seat,
        at: Option<Seat>,
        level: Option<String>,
        env: &Env<G>,
        out: &mut Outbox,
    ) -> Result<Done, Failed> {
        self.host_in_lobby(asker)?;
        let Some(weakest) = G::BOTS.first() else {
            return Err(Refusal::invalid("this game has no bots").into());
        };
        let level = level.unwrap_or_else(|| (*weakest).to_owned());
        if !G::BOTS.contains(&level.as_str()) {
            return Err(Refusal::invalid(format!("a bot's level is one of {}", G::BOTS.join(", "))).into());
        }
        let seat = match at {
            None => self.free_seat(),
            Some(seat) if seat.index() >= self.seats.len() => {
                return Err(Refusal::invalid("there is no such seat").into());
            }
            Some(seat) => Some(seat).filter(|seat| self.occupant(*seat).is_none()),
        };
        let seat = seat.ok_or_else(|| Refusal::new(Code::RoomFull, "that seat is taken"))?;
        let player = Player { id: PlayerId::random(), nickname: format!("Bot ({level})"), guest: false, bot: Some(level) };
        self.record(Fact::Joined { seat, player, client_seed: None }, env.now, out);
        Ok(Done::Applied)
    }

    /// The bot whose move it is.
    pub fn bot_to_act(&self) -> Option<(Seat, &str)> {
        if self.status != Status::InProgress {
            return None;
        }
        let to_act: Seats = self.game.to_act();
        self.occupied().filter(|(seat, _)| to_act.contains(*seat)).find_map(|(seat, o)| Some((seat, o.player.bot.as_deref()?)))
    }

    /// Marks the newest row as the end of a command, so that its retry is known.
    pub fn stamp(&mut self, key: CommandKey, out: &mut Outbox) {
        if let Some(row) = out.rows.last_mut() {
            self.commands.remember(&key, row.seq);
            row.command = Some(key);
        }
    }
}

#[derive(Default, Deserialize)]
struct StartPayload {
    #[serde(default)]
    client_seed: Option<String>,
}

/// The room's options with those of `start_game` laid over them.
fn merged<G: Game>(options: &G::Options, payload: &RawValue) -> Result<G::Options, Refusal> {
    overlay(options, payload).map_err(|error| {
        let text = error.to_string();
        let end = text.rfind(" at line ").unwrap_or(text.len());
        Refusal::invalid(format!("options: {}", &text[..end]))
    })
}

fn overlay<O: Serialize + serde::de::DeserializeOwned>(options: &O, payload: &RawValue) -> Result<O, serde_json::Error> {
    let mut all = serde_json::to_value(options)?;
    let given: serde_json::Map<String, serde_json::Value> = serde_json::from_str(payload.get())?;
    if let serde_json::Value::Object(all) = &mut all {
        all.extend(given.into_iter().filter(|(_, value)| !value.is_null()));
    }
    serde_json::from_value(all)
}

fn check_chat(message: &str) -> Result<String, Refusal> {
    // Control characters would let a message look like something else; line breaks and tabs are text.
    let message: String = message.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let message = message.trim();
    match message.chars().count() {
        0 => Err(Refusal::invalid("a message has at least 1 character")),
        1..=CHAT_MAX => Ok(message.to_owned()),
        _ => Err(Refusal::invalid("a message has at most 500 characters")),
    }
}

/// # Errors
/// `VALIDATION_ERROR` when it is not 1 to 64 visible ASCII characters without `|`, which joins the seeds of the seats.
pub fn check_client_seed(seed: &str) -> Result<(), Refusal> {
    let plain = seed.chars().all(|c| c.is_ascii_graphic() && c != '|');
    if plain && (1..=CLIENT_SEED_MAX).contains(&seed.len()) {
        Ok(())
    } else {
        Err(Refusal::invalid("a client_seed is 1 to 64 visible ASCII characters without |"))
    }
}

/// For messages that quote a client: no more than a line of it.
fn shortened(text: &str) -> String {
    text.chars().take(64).filter(|c| !c.is_control()).collect()
}
