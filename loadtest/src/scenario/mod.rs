//! What clients do: enter a room, play, and at the end compare what they know.

mod backgammon;
mod churn;
mod codex;
mod connect;
mod draft;
mod pong;
mod tabletop;
mod talk;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::Instant;

use crate::args::Scenario;
use crate::check::{Broken, Sequence};
use crate::client::{Client, Entered, Heard, Rules};
use crate::pace::Pace;
use crate::tally::Span;
use crate::world::{Round, Table, Ticket, Window, World};

/// Longest wait for the last answers once nobody sends any more.
const SETTLE_MAX: Duration = Duration::from_secs(30);
/// How long who was refused for want of room waits in a closed loop.
const PATIENCE: Duration = Duration::from_millis(100);
/// Commands that one client may have in flight in an open loop.
const IN_FLIGHT_MAX: usize = 10_000;

/// A command as it is sent.
#[derive(Clone, Debug)]
pub struct Command {
    pub event: &'static str,
    pub payload: String,
}

/// How commands follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Each for themselves: a pace per client, as many in flight as are due.
    Talk,
    /// By turns: a pace per room, one in flight.
    Turns,
}

/// A player of one round.
pub trait Bot: Send {
    /// What is told to who enters.
    fn entered(&mut self, _seat: Option<u32>, _state: &[u8]) {}
    /// An event.
    fn heard(&mut self, _name: &str, _payload: &[u8], _client: &Client) -> Result<()> {
        Ok(())
    }
    /// Whether there is something to do now.
    fn ready(&self) -> bool;
    /// Does it. `due` is the moment it was due, in microseconds, to be written into messages.
    fn act(&mut self, due: u64) -> Command;
}

/// A game as the tester knows it.
#[derive(Clone, Copy)]
pub struct Game {
    pub rules: Rules,
    pub style: Style,
    /// Clients of a room that send.
    pub senders: u32,
    /// What the host sends when all are there.
    pub start: Option<&'static str>,
    /// Commands per second and client when there is no rate; None for a closed loop.
    pub own_rate: Option<f64>,
    pub bot: fn(seed: u64, client: u32) -> Box<dyn Bot>,
}

fn game(scenario: Scenario) -> Game {
    match scenario {
        Scenario::Bigroom => Game { senders: 2, ..talk::CHAT },
        Scenario::Idle => Game { senders: 0, ..talk::CHAT },
        Scenario::Draft => draft::DRAFT,
        Scenario::Pong => pong::PONG,
        Scenario::Backgammon => backgammon::BACKGAMMON,
        Scenario::Codex => codex::CODEX,
        Scenario::Tabletop => tabletop::TABLETOP,
        _ => talk::CHAT,
    }
}

/// One client of `table` from connecting to the end. `seat` is its place in the room, `number` among all.
pub async fn client(world: Arc<World>, table: Arc<Table>, seat: u32, number: usize) {
    let mut ticket = Ticket::new([&world.ready, &world.done]);
    let result = match table.work.scenario {
        Scenario::Connect => connect::run(&world, &table, &mut ticket, number).await,
        _ => Seat::new(&world, &table, seat, number).run(&mut ticket).await,
    };
    if let Err(error) = result {
        world.tally.lost(&error);
    }
}

/// One client's place.
struct Seat<'a> {
    world: &'a Arc<World>,
    table: &'a Arc<Table>,
    game: Game,
    seat: u32,
    number: usize,
}

impl<'a> Seat<'a> {
    fn new(world: &'a Arc<World>, table: &'a Arc<Table>, seat: u32, number: usize) -> Self {
        Self { world, table, game: game(table.work.scenario), seat, number }
    }

    fn is_host(&self) -> bool {
        self.seat == 0
    }

    async fn run(&self, ticket: &mut Ticket<'_>) -> Result<()> {
        let rooms = f64::from(self.table.work.rooms);
        tokio::time::sleep(self.world.ramp.mul_f64(f64::from(self.table.number) / rooms)).await;
        let mut client = {
            let _door = self.world.doors.acquire().await?;
            Client::connect(self.world, self.game.rules, self.table.work.transport, self.number).await?
        };
        let mut bot = (self.game.bot)(self.world.seed ^ (self.number as u64) << 20, self.seat);
        let mut round = self.enter(&mut client, bot.as_mut(), 0).await?;
        round.entered.arrive();
        ticket.pass();
        let world = Arc::clone(self.world);
        let window = client.hear_while(world.window(), drop).await?;
        let mut pace = self.pace(window);
        loop {
            let over = self.round(&mut client, bot.as_mut(), &round, pace.as_mut(), window).await?;
            if !over || Instant::now() >= window.end {
                break;
            }
            if self.is_host() {
                self.world.tally.count(|counts| counts.games += 1);
            }
            bot = (self.game.bot)(self.world.seed ^ (self.number as u64) << 20 ^ u64::from(round.number + 1), self.seat);
            // So that nothing of the old room is heard in the new one.
            client.ask("leave_room", "{}", drop).await?;
            client.round = None;
            let next = self.enter(&mut client, bot.as_mut(), round.number + 1);
            match tokio::time::timeout_at(window.end, next).await {
                Ok(next) => round = next?,
                Err(_) => break,
            }
            round.entered.arrive();
        }
        self.settle(&mut client, ticket).await
    }

    /// The pace of this client in scenarios in which each sends for themselves; that of the room is made by the host.
    fn pace(&self, window: Window) -> Option<Pace> {
        let work = &self.table.work;
        let senders = self.game.senders.min(work.players);
        let own = self.game.own_rate.map(|rate| rate * f64::from(senders) * f64::from(work.rooms));
        let rate = work.rate.or(own);
        let mut luck = fastrand::Rng::with_seed(self.world.seed.wrapping_mul(31).wrapping_add(self.number as u64));
        let pace = |shares: f64| match rate {
            Some(rate) => Pace::open(window.start, rate / shares, luck.f64()),
            None => Pace::closed(window.start),
        };
        match self.game.style {
            Style::Talk if self.seat < senders => Some({ pace }(f64::from(work.rooms) * f64::from(senders))),
            Style::Talk => None,
            Style::Turns => {
                let mut room = self.table.pace.lock();
                room.get_or_insert_with(|| { pace }(f64::from(work.rooms)));
                None
            }
        }
    }

    /// Creates or joins the room of a round.
    async fn enter(&self, client: &mut Client, bot: &mut dyn Bot, number: u32) -> Result<Arc<Round>> {
        let (event, payload, known) = if self.is_host() {
            ("create_room", self.create(), None)
        } else {
            let round = client.hear_while(self.table.room(number), drop).await?;
            let payload = if self.seat < self.seats() {
                format!("{{\"room_code\":\"{}\"}}", round.code)
            } else {
                format!("{{\"room_code\":\"{}\",\"as\":\"spectator\"}}", round.code)
            };
            ("join_room", payload, Some(round))
        };
        let begun = Instant::now();
        client.send_quietly(event, &payload).await?;
        loop {
            match client.hear().await? {
                Heard::Answer { ok: true, .. } if client.unanswered() == 0 => break,
                Heard::Answer { ok: false, payload, .. } if client.unanswered() == 0 => {
                    anyhow::bail!("{event} was refused: {}", String::from_utf8_lossy(&payload))
                }
                heard => match heard.event() {
                    Some(("connection_established", payload)) => {
                        let entered: Established<'_> = serde_json::from_slice(payload).context("connection_established")?;
                        let round = known.clone().unwrap_or_else(|| self.table.announce(number, entered.entered.room_code.clone()));
                        client.seqs = Sequence::after(entered.entered.seq);
                        client.round = Some(round);
                        bot.entered(entered.entered.seat, entered.current_state.get().as_bytes());
                    }
                    Some((name, payload)) => bot.heard(name, payload, client)?,
                    None => {}
                },
            }
        }
        self.world.tally.took(Span::Enter, begun.elapsed());
        client.round.clone().context("entered without a word about it")
    }

    fn seats(&self) -> u32 {
        match self.table.work.scenario {
            Scenario::Codex => 8,
            Scenario::Tabletop => 21,
            _ => 2,
        }
    }

    fn create(&self) -> String {
        let seats = self.table.work.players.min(self.seats());
        match self.table.work.scenario {
            Scenario::Codex | Scenario::Tabletop => format!("{{\"seats\":{seats}}}"),
            _ => "{}".to_owned(),
        }
    }

    /// Plays one round; whether it came to its end before the time did.
    async fn round(
        &self,
        client: &mut Client,
        bot: &mut dyn Bot,
        round: &Arc<Round>,
        mut own: Option<&mut Pace>,
        window: Window,
    ) -> Result<bool> {
        if self.is_host() {
            // What became due while the room was made is nobody's to send.
            self.table.pace.lock().iter_mut().for_each(|pace| pace.skip(Instant::now()));
        }
        if self.is_host() && self.game.start.is_some() {
            let mut heard = Vec::new();
            let all = tokio::time::timeout_at(window.end, round.entered.all());
            if client.hear_while(all, |event| heard.push(event)).await?.is_err() {
                return Ok(false);
            }
            if let Some(start) = self.game.start {
                client.ask(start, "{}", |event| heard.push(event)).await?;
            }
            for heard in heard {
                if let Some((name, payload)) = heard.event() {
                    bot.heard(name, payload, client)?;
                }
            }
        }
        let mut churn =
            (self.table.work.scenario == Scenario::Churn).then(|| churn::Churn::new(self.world.seed, self.number, window));
        let mut retry: Option<(Command, Instant)> = None;
        let mut last: Option<Command> = None;
        loop {
            let now = Instant::now();
            if now >= window.end {
                return Ok(false);
            }
            if let Some(churn) = churn.as_mut().filter(|churn| churn.due() <= now) {
                churn.drop_and_resume(client, bot, &mut last).await?;
                continue;
            }
            if let Some(pace) = own.as_deref_mut().filter(|_| !bot.ready()) {
                pace.skip(now);
            }
            let room = client.unanswered() < self.in_flight(own.as_deref());
            let wanted = room && (retry.is_some() || bot.ready());
            let mut wake = churn.as_ref().map_or(window.end, |churn| churn.due().min(window.end));
            if wanted && let Some(due) = self.due(own.as_deref(), now) {
                let due = due.max(retry.as_ref().map_or(due, |(_, from)| *from));
                if due <= now {
                    if self.game.style == Style::Talk && self.table.work.rate.is_some() {
                        self.world.tally.took(Span::Tester, now - due);
                    }
                    let counted = self.go(own.as_deref_mut(), now);
                    let command = match retry.take() {
                        Some((command, _)) => command,
                        None => bot.act(self.world.micros(counted)),
                    };
                    client.send(command.event, &command.payload, counted).await?;
                    last = Some(command);
                    continue;
                }
                wake = wake.min(due);
            }
            let Some(heard) = client.hear_until(wake).await? else { continue };
            match &heard {
                Heard::Answer { ok: false, code: Some(code), .. }
                    if matches!(code.as_str(), "BUSY" | "RATE_LIMITED" | "UNAVAILABLE") =>
                {
                    if self.game.style == Style::Turns
                        && let Some(command) = last.take()
                    {
                        retry = Some((command, Instant::now() + PATIENCE));
                    } else if own.as_deref().is_some_and(|pace| !pace.is_open()) {
                        tokio::time::sleep(PATIENCE).await;
                    }
                }
                heard => {
                    if let Some((name, payload)) = heard.event() {
                        bot.heard(name, payload, client)?;
                        if name == "game_ended" {
                            return Ok(true);
                        }
                    }
                }
            }
        }
    }

    fn in_flight(&self, own: Option<&Pace>) -> usize {
        match (self.game.style, own) {
            (Style::Talk, Some(pace)) if pace.is_open() => IN_FLIGHT_MAX,
            (Style::Talk, _) => self.table.work.in_flight as usize,
            (Style::Turns, _) => 1,
        }
    }

    fn due(&self, own: Option<&Pace>, now: Instant) -> Option<Instant> {
        match self.game.style {
            Style::Talk => own.map(|pace| pace.due(now)),
            Style::Turns => self.table.pace.lock().as_ref().map(|pace| pace.due(now)),
        }
    }

    fn go(&self, own: Option<&mut Pace>, now: Instant) -> Instant {
        match self.game.style {
            Style::Talk => own.map_or(now, |pace| pace.go(now)),
            Style::Turns => self.table.pace.lock().as_mut().map_or(now, |pace| pace.go(now)),
        }
    }

    /// Waits for the last answers, of all, and compares.
    async fn settle(&self, client: &mut Client, ticket: &mut Ticket<'_>) -> Result<()> {
        let deadline = Instant::now() + SETTLE_MAX;
        while client.unanswered() > 0 {
            if client.hear_until(deadline).await?.is_none() {
                let missing = client.unanswered();
                client.broken(Broken::Unanswered, || {
                    format!("{missing} commands without an answer after {} s", SETTLE_MAX.as_secs())
                });
                break;
            }
        }
        ticket.pass();
        let world = Arc::clone(self.world);
        client.hear_while(world.done.all(), drop).await?;
        client.compare().await
    }
}

/// `connection_established`, as far as it is of use.
#[derive(serde::Deserialize)]
struct Established<'a> {
    #[serde(flatten)]
    entered: Entered,
    #[serde(borrow)]
    current_state: &'a serde_json::value::RawValue,
}
