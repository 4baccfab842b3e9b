//! What a room does when it is asked: from a request to facts, or to a refusal that changes nothing.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::chance::Seed;
use crate::game::command::{self, NotACommand};
use crate::game::{Draft, Game, Input, Seats};
use crate::id::{PlayerId, Seat};
use crate::log::Status;
use crate::refusal::{Code, Refusal};
use crate::room::fact::{Fact, Leaving, Player};
use crate::room::outbox::Outbox;
use crate::room::settings::RoomSettings;
use crate::room::state::Room;
use crate::room::told::raw;
use crate::time::Timestamp;

/// The longest chat message, in characters.
pub const CHAT_MAX: usize = 500;
/// The longest contribution to the luck of a round, in characters.
pub const CLIENT_SEED_MAX: usize = 64;

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

    /// Asks the rules, and ends the round when they say that it is over.
    pub(super) fn play(&mut self, input: Input<G::Command>, env: &Env<G>, out: &mut Outbox) -> Result<(), Failed> {
        self.decide(env, out, |draft| G::decide(draft, input))
    }

    pub(super) fn decide(
        &mut self,
        env: &Env<G>,
        out: &mut Outbox,
        ask: impl FnOnce(&mut Draft<'_, G>) -> Result<(), G::Refusal>,
    ) -> Result<(), Failed> {
        let mut events = Vec::new();
        let mut chance = self.chance();
        let before = cfg!(debug_assertions).then(|| self.clone());
        let mut draft =
            Draft::new(&mut self.game, &mut events, &mut chance, env.now, &env.assets).with_roster(&self.seats).after(self.seq);
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
                    // What is refused starts nothing: it is tried on a copy first. Once per game.
                    let mut trial = self.clone();
                    let mut unused = Outbox::default();
                    trial.start(Seat::HOST, &raw("{}".into()), env, &mut unused)?;
                    trial.play(Input::Play { seat, command: command.clone() }, env, &mut unused)?;
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
            let message = check_chat(message)?;
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

    /// The bot whose move it is.
    pub fn bot_to_act(&self) -> Option<(Seat, &str)> {
        if self.status != Status::InProgress {
            return None;
        }
        let to_act: Seats = self.game.to_act();
        self.occupied().filter(|(seat, _)| to_act.contains(*seat)).find_map(|(seat, o)| Some((seat, o.player.bot.as_deref()?)))
    }
}

fn check_chat(mut message: String) -> Result<String, Refusal> {
    // Control characters would let a message look like something else; line breaks and tabs are text.
    message.retain(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    let trimmed = message.trim();
    match trimmed.chars().count() {
        0 => Err(Refusal::invalid("a message has at least 1 character")),
        1..=CHAT_MAX if trimmed.len() == message.len() => Ok(message),
        1..=CHAT_MAX => Ok(trimmed.to_owned()),
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
