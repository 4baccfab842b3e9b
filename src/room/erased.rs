//! A room without its game's type: what the actor holds, and what the catalogue makes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::chance::Seed;
use crate::game::{Game, Pace, Viewer};
use crate::id::{PlayerId, RoomCode, Seat, Seq};
use crate::log::{CommandKey, Head, Row, Snapshot, Status};
use crate::refusal::Refusal;
use crate::room::decide::{Asker, Done, Env, Failed};
use crate::room::fact::{Fact, Player};
use crate::room::outbox::Outbox;
use crate::room::settings::RoomSettings;
use crate::room::state::{BadLog, Link, Room, parse};
use crate::room::summary::{Seated, Summary};
use crate::room::told::{Told, raw, tell};
use crate::time::Timestamp;

/// A decision to come from a bot: sees its seat's view only, and runs away from the room's task.
pub type BotJob = Box<dyn FnOnce() -> Option<(String, Box<RawValue>)> + Send>;

/// What a rematch carries over.
#[derive(Clone, Debug)]
pub struct RematchSpec {
    pub options: Box<RawValue>,
    pub seats: u8,
    pub players: Vec<(Seat, Player)>,
}

/// How one draw of a finished game stands against the revealed seed.
#[derive(Clone, Debug, Serialize)]
pub struct Checked {
    pub seq: Seq,
    pub number: u32,
    pub sides: u32,
    /// What the log claims.
    pub claimed: u32,
    /// What the seed gives.
    pub computed: u32,
}

/// A [`Room`] of any game.
pub trait AnyRoom: Send + Sync {
    fn seq(&self) -> Seq;
    fn version(&self) -> Seq;
    fn status(&self) -> Status;
    fn seat_of(&self, player: PlayerId) -> Option<Seat>;
    fn viewer(&self, player: Option<PlayerId>) -> Viewer;
    fn role(&self, seat: Option<Seat>) -> &'static str;
    fn follow(&mut self, row: &Row) -> Result<(), BadLog>;
    /// The same room once more.
    fn copy(&self) -> Box<dyn AnyRoom>;
    fn known(&self, key: &CommandKey) -> Option<Seq>;
    fn forgot_commands(&self) -> bool;
    fn join(&mut self, player: Player, client_seed: Option<String>, now: Timestamp, out: &mut Outbox) -> Result<Seat, Failed>;
    fn watch(&self) -> Result<(), Refusal>;
    fn interrupted(
        &mut self,
        elsewhere: &dyn Fn(PlayerId) -> bool,
        alone: bool,
        booted_at: Timestamp,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<(), Failed>;
    fn reconcile(&mut self, online: &dyn Fn(PlayerId) -> bool, now: Timestamp, out: &mut Outbox) -> Result<(), Failed>;
    fn due(&mut self, now: Timestamp, out: &mut Outbox) -> Result<(), Failed>;
    fn request(&mut self, asker: &Asker, event: &str, payload: &RawValue, now: Timestamp, out: &mut Outbox)
    -> Result<Done, Failed>;
    fn rematch_ready(&mut self, code: RoomCode, now: Timestamp, out: &mut Outbox);
    fn rematch_spec(&self) -> RematchSpec;
    fn stamp(&mut self, key: CommandKey, out: &mut Outbox);
    fn state(&self, viewer: Viewer) -> Box<RawValue>;
    fn summary(&self) -> Summary;
    /// What the store keeps beside the log; `summary` is what the room shows now.
    fn head(&self, summary: &Summary) -> Head;
    fn wake_at(&self) -> Option<Timestamp>;
    fn snapshot(&self) -> Option<Snapshot>;
    fn bot_job(&self) -> Option<(Seat, BotJob)>;
    fn bot_player(&self, seat: Seat) -> Option<Player>;
    fn anybody_here(&self) -> bool;
    /// How often time moves it on, while a ticking game is being played.
    fn ticks(&self) -> Option<Ticks>;
    /// Whether this node keeps its time.
    fn keep_time(&mut self, keeps: bool);
    /// Simulates up to `now`; `true` when something has to be logged before it goes on.
    fn advance(&mut self, now: Timestamp) -> bool;
    /// What is sent between events, once for all or by seat and last for those who watch.
    fn frame(&self) -> Option<Frame>;
    /// What the bots do now, each at the pace of its level; `beat` counts what [`Ticks::hz`] says.
    fn bots_at(&self, beat: u64) -> Vec<(Seat, String, Box<RawValue>)>;
}

/// The pace of a running game.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticks {
    pub hz: u16,
    pub frames_per_s: u16,
}

/// What goes out between events, encoded once per audience.
#[derive(Debug, Serialize, Deserialize)]
pub enum Frame {
    ForAll(Box<RawValue>),
    PerSeat(Vec<Box<RawValue>>, Box<RawValue>),
}

impl Frame {
    pub fn for_viewer(&self, seat: impl FnOnce() -> Option<Seat>) -> &RawValue {
        match self {
            Frame::ForAll(frame) => frame,
            Frame::PerSeat(seats, watching) => seat().and_then(|seat| seats.get(seat.index())).unwrap_or(watching),
        }
    }
}

/// A room with what its game needs around it.
pub struct Hosted<G: Game> {
    pub room: Room<G>,
    pub assets: Arc<G::Assets>,
    pub settings: Arc<RoomSettings>,
    /// Whether this node keeps the time of a ticking game.
    pub keeps_time: bool,
}

#[derive(Serialize)]
struct StateShown<V> {
    #[serde(flatten)]
    game: V,
    version: Seq,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    results: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl<G: Game> Hosted<G> {
    fn env(&self, now: Timestamp) -> Env<G> {
        Env {
            now,
            settings: Arc::clone(&self.settings),
            assets: Arc::clone(&self.assets),
            fresh_seed: Seed::random,
            keeps_time: self.keeps_time,
        }
    }
}

impl<G: Game> AnyRoom for Hosted<G> {
    fn seq(&self) -> Seq {
        self.room.seq
    }

    fn version(&self) -> Seq {
        self.room.version
    }

    fn status(&self) -> Status {
        self.room.status
    }

    fn seat_of(&self, player: PlayerId) -> Option<Seat> {
        self.room.seat_of(player)
    }

    fn viewer(&self, player: Option<PlayerId>) -> Viewer {
        self.room.viewer(player)
    }

    fn role(&self, seat: Option<Seat>) -> &'static str {
        seat.map_or("spectator", |seat| self.room.game.role_now(seat))
    }

    fn copy(&self) -> Box<dyn AnyRoom> {
        let Self { room, assets, settings, keeps_time } = self;
        Box::new(Self { room: room.clone(), assets: Arc::clone(assets), settings: Arc::clone(settings), keeps_time: *keeps_time })
    }

    fn follow(&mut self, row: &Row) -> Result<(), BadLog> {
        self.room.follow(row).map(|_| ())
    }

    fn known(&self, key: &CommandKey) -> Option<Seq> {
        self.room.commands.find(key)
    }

    fn forgot_commands(&self) -> bool {
        self.room.commands.forgot()
    }

    fn join(&mut self, player: Player, client_seed: Option<String>, now: Timestamp, out: &mut Outbox) -> Result<Seat, Failed> {
        let seat = self.room.join(player, client_seed, now, out)?;
        let env = self.env(now);
        // The seat is taken already: a game that does not want it has to be read again without it.
        self.room.came_late(seat, &env, out).map_err(|_| Failed::Torn)?;
        Ok(seat)
    }

    fn watch(&self) -> Result<(), Refusal> {
        self.room.watch()
    }

    fn interrupted(
        &mut self,
        elsewhere: &dyn Fn(PlayerId) -> bool,
        alone: bool,
        booted_at: Timestamp,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<(), Failed> {
        let env = self.env(now);
        self.room.interrupted(elsewhere, alone, booted_at, &env, out)
    }

    fn reconcile(&mut self, online: &dyn Fn(PlayerId) -> bool, now: Timestamp, out: &mut Outbox) -> Result<(), Failed> {
        let env = self.env(now);
        self.room.reconcile(online, &env, out)
    }

    fn due(&mut self, now: Timestamp, out: &mut Outbox) -> Result<(), Failed> {
        let env = self.env(now);
        self.room.due(&env, out)
    }

    fn request(
        &mut self,
        asker: &Asker,
        event: &str,
        payload: &RawValue,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<Done, Failed> {
        let env = self.env(now);
        self.room.request(asker, event, payload, &env, out)
    }

    fn rematch_ready(&mut self, code: RoomCode, now: Timestamp, out: &mut Outbox) {
        self.room.rematch_ready(code, now, out);
    }

    fn rematch_spec(&self) -> RematchSpec {
        RematchSpec {
            options: serde_json::value::to_raw_value(&self.room.options).unwrap_or_else(|_| raw("{}".into())),
            seats: u8::try_from(self.room.seats.len()).unwrap_or(u8::MAX),
            players: self.room.occupied().map(|(seat, o)| (seat, o.player.clone())).collect(),
        }
    }

    fn stamp(&mut self, key: CommandKey, out: &mut Outbox) {
        self.room.stamp(key, out);
    }

    fn state(&self, viewer: Viewer) -> Box<RawValue> {
        let ending = self.room.ending.as_ref();
        let shown = StateShown {
            game: self.room.game.view(viewer),
            version: self.room.version,
            status: self.room.status,
            results: ending.map(|ending| ending.results.clone()),
            reason: ending.map(|ending| ending.reason.clone()),
        };
        serde_json::value::to_raw_value(&shown).unwrap_or_else(|error| {
            tracing::error!(%error, game = G::NAME, "a view could not be written");
            raw("{}".into())
        })
    }

    fn summary(&self) -> Summary {
        let room = &self.room;
        let players: Vec<Seated> = room
            .occupied()
            .map(|(seat, o)| Seated {
                player_id: o.player.id,
                nickname: o.player.nickname.clone(),
                player_name: o.player.nickname.clone(),
                seat,
                online: o.is_bot() || o.link == Link::Here,
                is_host: seat == Seat::HOST,
                guest: o.player.guest,
                bot: o.player.bot.clone(),
                player_role: room.game.role_now(seat),
                grace_ends_at: match o.link {
                    Link::Grace { ends_at } => Some(ends_at),
                    _ => None,
                },
            })
            .collect();
        let nickname = |seat| room.occupant(seat).map(|o| o.player.nickname.clone());
        Summary {
            room_code: room.code,
            game: G::NAME,
            status: room.status,
            host_nickname: nickname(Seat::HOST),
            guest_nickname: nickname(Seat(1)),
            player_count: players.len(),
            players: players.into(),
            seats: room.seats.len(),
            can_join: room.takes_players() && room.free_seat().is_some(),
            can_watch: room.game.watchable(),
            seats_needed: *G::SEATS.start(),
            created_at: room.opened_at,
            seed_hash: room.seed.hash().to_string(),
            next_room: room.next_room,
            seq: room.seq,
            version: room.version,
        }
    }

    fn head(&self, summary: &Summary) -> Head {
        let listing = serde_json::to_string(summary).unwrap_or_else(|_| String::from("{}"));
        Head { status: self.room.status, wake_at: self.wake_at(), ended_at: self.room.ended_at(), listing }
    }

    fn wake_at(&self) -> Option<Timestamp> {
        self.room.wake_at(self.settings.lobby_expiry)
    }

    fn snapshot(&self) -> Option<Snapshot> {
        if self.ticks().is_some() {
            // It is ahead of the log, and another node may append what happened before this very tick.
            return None;
        }
        let body = serde_json::to_string(&self.room).ok()?;
        Some(Snapshot { seq: self.room.seq, body })
    }

    fn bot_job(&self) -> Option<(Seat, BotJob)> {
        let (seat, level) = self.room.bot_to_act()?;
        let (view, level) = (self.room.game.view(Viewer::Seat(seat)), level.to_owned());
        let job = move || {
            // A bot's luck is its own: it must not touch the provable draws.
            let mut chance = crate::chance::Chance::new(Seed::random(), [], 0);
            let command = G::bot(&view, seat, &level, &mut |sides| chance.draw(sides).value)?;
            named(&command)
        };
        Some((seat, Box::new(job)))
    }

    fn bot_player(&self, seat: Seat) -> Option<Player> {
        self.room.occupant(seat).filter(|o| o.is_bot()).map(|o| o.player.clone())
    }

    fn anybody_here(&self) -> bool {
        self.room.anybody_here()
    }

    fn ticks(&self) -> Option<Ticks> {
        match G::PACE {
            Pace::Ticks { hz } if self.room.status == Status::InProgress => {
                Some(Ticks { hz: hz.max(1), frames_per_s: self.room.game.frames_per_s() })
            }
            _ => None,
        }
    }

    fn keep_time(&mut self, keeps: bool) {
        self.keeps_time = keeps;
    }

    fn advance(&mut self, now: Timestamp) -> bool {
        self.room.advance(now);
        self.room.is_due(now)
    }

    fn frame(&self) -> Option<Frame> {
        let game = &self.room.game;
        let encoded = |viewer| game.frame(viewer).and_then(|frame| serde_json::value::to_raw_value(&frame).ok());
        let watching = encoded(Viewer::Spectator)?;
        if !G::SECRETS {
            return Some(Frame::ForAll(watching));
        }
        let seats = self.room.seats.iter().zip(0..).filter_map(|(_, n)| encoded(Viewer::Seat(Seat(n)))).collect();
        Some(Frame::PerSeat(seats, watching))
    }

    fn bots_at(&self, beat: u64) -> Vec<(Seat, String, Box<RawValue>)> {
        let Some(Ticks { hz, .. }) = self.ticks() else { return vec![] };
        let game = &self.room.game;
        let act = |(seat, o): (Seat, &crate::room::state::Occupant)| {
            let level = o.player.bot.as_deref()?;
            let every = u64::try_from(G::reaction(level).as_millis()).unwrap_or(u64::MAX).saturating_mul(u64::from(hz)) / 1_000;
            if !beat.is_multiple_of(every.max(1)) {
                return None;
            }
            let mut chance = crate::chance::Chance::new(Seed::random(), [], 0);
            let command = G::bot(&game.view(Viewer::Seat(seat)), seat, level, &mut |sides| chance.draw(sides).value)?;
            let (event, payload) = named(&command)?;
            Some((seat, event, payload))
        };
        self.room.occupied().filter_map(act).collect()
    }
}

/// A command as the wire carries it: its event's name and its payload.
fn named<C: Serialize>(command: &C) -> Option<(String, Box<RawValue>)> {
    match serde_json::to_value(command).ok()? {
        serde_json::Value::String(event) => Some((event, raw("{}".into()))),
        serde_json::Value::Object(tagged) => {
            let (event, payload) = tagged.into_iter().next()?;
            Some((event, serde_json::value::to_raw_value(&payload).ok()?))
        }
        _ => None,
    }
}

/// A row as `viewer` is told of it.
///
/// # Errors
/// When the row is not this game's.
pub fn tell_row<G: Game>(row: &Row, viewer: Viewer) -> Result<Told, BadLog> {
    Ok(tell(&parse::<G>(row)?, row.seq, row.at, viewer))
}

/// Computes every draw of every finished round again.
///
/// # Errors
/// When the log itself does not hold together: a row is missing, moved or unreadable, an ending shows another seed than its round
/// began with, or claims winners or results that the moves do not lead to. What players said or when is not protected by anything.
pub fn verify<G: Game>(rows: &[Row]) -> Result<Vec<Checked>, BadLog> {
    let first = rows.first().ok_or(BadLog::NoOpening)?;
    let mut room = Room::<G>::from_opening(&parse(first)?, first.at).ok_or(BadLog::NoOpening)?;
    let mut checked = Vec::new();
    for row in &rows[1..] {
        let fact = parse::<G>(row)?;
        let shown = match &fact {
            Fact::Ended { seed, .. } => Some(seed),
            Fact::Abandoned { seed, .. } => seed.as_ref(),
            _ => None,
        };
        if shown.is_some_and(|seed| *seed != room.seed) {
            return Err(BadLog::OtherSeed { seq: row.seq });
        }
        if let Fact::Ended { winners, results, reason, .. } = &fact {
            let outcome = room.game.outcome();
            if outcome.is_none_or(|o| o.winners != *winners || o.results != *results || o.reason != *reason) {
                return Err(BadLog::OtherEnding { seq: row.seq });
            }
        }
        if let Fact::Played(event) = fact {
            let mut chance = room.chance();
            for claim in room.game.draws(&event) {
                let number = chance.drawn();
                let computed = chance.draw(claim.sides).value;
                checked.push(Checked { seq: row.seq, number, sides: claim.sides, claimed: claim.value, computed });
            }
        }
        room.follow(row)?;
    }
    Ok(checked)
}
