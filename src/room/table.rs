//! The table before and after the game: taking a seat, starting, starting over, leaving.

use crate::game::{Game, Input};
use crate::id::{PlayerId, RoomCode, Seat};
use crate::log::Status;
use crate::refusal::{Code, Refusal};
use crate::room::decide::{Done, Env, Failed, check_client_seed};
use crate::room::fact::{Fact, Leaving, Player};
use crate::room::outbox::Outbox;
use crate::room::state::{Link, Occupant, Room};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

impl<G: Game> Room<G> {
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
        if !self.takes_players() {
            return Err(self.unavailable());
        }
        if let Some(seed) = &client_seed {
            check_client_seed(seed)?;
        }
        // What is added to the luck is settled when the game starts.
        let client_seed = client_seed.filter(|_| self.status.is_lobby());
        self.record(Fact::Joined { seat, player, client_seed }, now, out);
        Ok(seat)
    }

    /// Whether somebody may take a free seat, if there is one.
    pub fn takes_players(&self) -> bool {
        self.status.is_lobby() || G::OPEN_SEATS && self.status == Status::InProgress
    }

    /// Tells the game of one who has just taken a seat while it runs.
    ///
    /// # Errors
    /// The game's refusal, or [`Failed::Torn`].
    pub fn came_late(&mut self, seat: Seat, env: &Env<G>, out: &mut Outbox) -> Result<(), Failed> {
        if self.status == Status::InProgress { self.play(Input::Returned(seat), env, out) } else { Ok(()) }
    }

    /// Whether somebody without a seat may come in to watch.
    ///
    /// # Errors
    /// `ROOM_UNAVAILABLE` when it was abandoned, `FORBIDDEN` when this game has no spectators.
    pub fn watch(&self) -> Result<(), Refusal> {
        if self.status == Status::Abandoned {
            return Err(self.unavailable());
        }
        if !self.game.watchable() {
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

    pub(super) fn in_lobby(&self) -> Result<(), Refusal> {
        if self.status.is_lobby() { Ok(()) } else { Err(self.unavailable()) }
    }

    pub(super) fn host_in_lobby(&self, seat: Seat) -> Result<(), Refusal> {
        if seat != Seat::HOST {
            return Err(Refusal::new(Code::NotHost, "only the host can do this"));
        }
        self.in_lobby()
    }

    pub(super) fn start(&mut self, seat: Seat, payload: &RawValue, env: &Env<G>, out: &mut Outbox) -> Result<Done, Failed> {
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

    pub(super) fn reset(&mut self, seat: Seat, player: PlayerId, env: &Env<G>, out: &mut Outbox) -> Result<Done, Failed> {
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

    pub(super) fn rematch(&mut self, seat: Seat, player: PlayerId, env: &Env<G>, out: &mut Outbox) -> Result<Done, Failed> {
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

    pub(super) fn not_among(&self, seats: &[Seat]) -> Vec<PlayerId> {
        self.humans().filter(|(seat, _)| !seats.contains(seat)).map(|(_, o)| o.player.id).collect()
    }

    pub(super) fn leave(
        &mut self,
        seat: Seat,
        player: Player,
        cause: Leaving,
        env: &Env<G>,
        out: &mut Outbox,
    ) -> Result<Done, Failed> {
        let in_lobby = self.status.is_lobby();
        // A lobby needs a host: the next person moves into the host's seat.
        let promoted =
            (in_lobby && seat == Seat::HOST).then(|| self.humans().map(|(seat, _)| seat).find(|other| *other != seat)).flatten();
        self.record(Fact::Left { seat, player, cause, promoted }, env.now, out);
        if in_lobby && self.humans().next().is_none() {
            self.abandon("Everybody left", env, out);
        } else if self.status == Status::InProgress {
            if self.humans().all(|(_, o)| o.link == Link::Absent) {
                self.abandon("Everybody left", env, out);
            } else {
                self.play(Input::Absent(seat), env, out)?;
            }
        }
        Ok(Done::Applied)
    }

    pub(super) fn add_bot(
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
