//! One game played from its opening, step by step, as a room would play it.

use std::time::Duration;

use super::{Broken, Law, Luck, Report, Trial, UNBOUNDED};
use crate::chance::Chance;
use crate::game::{Draft, Game, Input, Participant, Roster, Viewer};
use crate::id::{PlayerId, Seat, Seq};
use crate::time::Timestamp;

/// Who plays.
#[derive(Clone, Copy, Debug)]
pub(super) enum Players {
    /// Random legal moves; with absences, players also leave and come back at any moment.
    Random { absences: bool },
    /// Bots of one level in every seat.
    Bots(&'static str),
}

/// The clock of trials starts here, for no reason but that it is not zero.
const EPOCH: Timestamp = Timestamp(1_700_000_000_000);
/// The client seeds of trials.
const CLIENT_SEEDS: [&str; 2] = ["host", "guest"];

/// For how many looks nobody may do anything in a ticking game before it counts as stuck.
const IDLE_MAX: usize = 1_000;

/// Every seat is taken.
pub(super) struct FullTable(pub u8);

impl Roster for FullTable {
    fn participants(&self) -> Vec<Participant> {
        let participant = |n: u8| Participant {
            seat: Seat(n),
            player_id: PlayerId(uuid::Uuid::from_u128(u128::from(n) + 1)),
            nickname: format!("Player {n}"),
            here: true,
        };
        (0..self.0).map(participant).collect()
    }
}

pub(super) struct Playout<'a, G: Game> {
    pub trial: &'a Trial<'a, G>,
    pub setup: G::Setup,
    pub state: G,
    /// The state folded from the log alone.
    pub replayed: G,
    /// All events as they are logged.
    pub log: Vec<String>,
    /// Commands that were legal at some time, for somebody.
    pub known: Vec<G::Command>,
    pub chance: Chance,
    pub now: Timestamp,
    pub luck: Luck,
    /// What probes decide with, so that they disturb nothing.
    pub probe_luck: Luck,
    pub report: Report,
    players: Players,
}

/// What a request came to: the state before it, and the events.
pub(super) struct Step<G: Game> {
    pub before: G,
    pub events: Vec<G::Event>,
}

impl<'a, G: Game> Playout<'a, G> {
    /// `kind` tells apart the playouts of one trial.
    pub fn open(trial: &'a Trial<'a, G>, players: Players, kind: u8) -> Result<Self, Broken> {
        let setup = G::setup(trial.options, trial.seats, trial.assets)
            .map_err(|refusal| (Law::Opens, 0, format!("setup refuses the options: {refusal}")))?;
        let state = G::open(&setup);
        Ok(Self {
            trial,
            replayed: state.clone(),
            state,
            setup,
            log: vec![],
            known: vec![],
            chance: Chance::new(super::seed_of(trial.seed), CLIENT_SEEDS, 0),
            now: EPOCH,
            luck: Luck::new(trial.seed, &format!("players {kind}")),
            probe_luck: Luck::new(trial.seed, &format!("probes {kind}")),
            report: Report::default(),
            players,
        })
    }

    pub fn seats(&self) -> impl Iterator<Item = Seat> + use<G> {
        (0..self.trial.seats).map(Seat)
    }

    /// Everybody who may look.
    pub fn viewers(&self) -> Vec<Viewer> {
        self.seats().map(Viewer::Seat).chain([Viewer::Spectator, Viewer::Omniscient]).collect()
    }

    pub fn broken(&self, law: Law, how: impl Into<String>) -> Broken {
        (law, self.report.steps, how.into())
    }

    /// Starts the game and plays it to its end or bound; `watch` sees every step, and the opening as a step without events.
    pub fn play(&mut self, mut watch: impl FnMut(&mut Self, &Step<G>) -> Result<(), Broken>) -> Result<(), Broken> {
        let opening = Step { before: self.state.clone(), events: vec![] };
        watch(self, &opening)?;
        let start =
            self.decide(Input::Start)?.map_err(|refusal| self.broken(Law::Opens, format!("the start is refused: {refusal}")))?;
        watch(self, &start)?;

        let limit = self.trial.bound.unwrap_or(UNBOUNDED);
        while self.state.outcome().is_none() {
            if self.report.steps > limit {
                return match self.trial.bound {
                    Some(bound) => {
                        Err(self.broken(Law::Ends, format!("still going on after {bound} requests by {:?}", self.players)))
                    }
                    None => Ok(()),
                };
            }
            let Some(input) = self.next_input()? else {
                return Err(
                    self.broken(Law::SomebodyCanGoOn, "nobody is to act, nothing is legal, and there is no time to wait for")
                );
            };
            let (chosen, woken) = (matches!(input, Input::Play { .. }), matches!(input, Input::Wake));
            let asked = format!("{input:?}");
            let (before, waited_for) = (self.now, self.state.wake_at());
            match self.decide(input)? {
                Ok(step) => {
                    if woken && step.events.is_empty() && waited_for.is_some() && self.state.wake_at() == waited_for {
                        return Err(
                            self.broken(Law::SomebodyCanGoOn, format!("woken at {before} as asked, it asks for the same again"))
                        );
                    }
                    watch(self, &step)?;
                }
                Err(refusal) if chosen => {
                    return Err(self.broken(Law::LegalIsAccepted, format!("{asked} is legal, and refused: {refusal}")));
                }
                Err(_) => {}
            }
        }
        self.report.ended += 1;
        Ok(())
    }

    /// What comes next; time passes.
    fn next_input(&mut self) -> Result<Option<Input<G::Command>>, Broken> {
        if self.ticks() {
            return self.next_input_in_time();
        }
        self.now = self.now + Duration::from_millis(self.luck.below(2_000) as u64);
        let due = self.state.wake_at();
        if due.is_some_and(|due| due <= self.now) {
            return Ok(Some(Input::Wake));
        }
        if let Some(input) = self.chosen()? {
            return Ok(Some(input));
        }
        Ok(due.map(|due| {
            self.now = due;
            Input::Wake
        }))
    }

    /// What comes next in a ticking game: it may be that nobody does anything for a while.
    fn next_input_in_time(&mut self) -> Result<Option<Input<G::Command>>, Broken> {
        for _ in 0..IDLE_MAX {
            if self.pass_time()? {
                return Ok(Some(Input::Wake));
            }
            if let Some(input) = self.chosen()? {
                return Ok(Some(input));
            }
            if self.state.simulated().is_none() {
                break;
            }
        }
        Ok(self.state.wake_at().map(|due| {
            self.now = self.now.max(due);
            Input::Wake
        }))
    }

    fn chosen(&mut self) -> Result<Option<Input<G::Command>>, Broken> {
        let chosen = match self.players {
            Players::Bots(level) => self.bot_choice(level)?,
            Players::Random { absences } => {
                if absences && self.luck.once_in(12) {
                    let seat = Seat(u8::try_from(self.luck.below(usize::from(self.trial.seats))).unwrap_or(0));
                    return Ok(Some(if self.luck.once_in(2) { Input::Absent(seat) } else { Input::Returned(seat) }));
                }
                let choices: Vec<_> =
                    self.seats().flat_map(|seat| self.state.legal(seat).into_iter().map(move |c| (seat, c))).collect();
                self.luck.pick(&choices).cloned()
            }
        };
        Ok(chosen.map(|(seat, command)| Input::Play { seat, command }))
    }

    /// What a bot does; every seat is asked, those to act must answer.
    fn bot_choice(&mut self, level: &str) -> Result<Option<(Seat, G::Command)>, Broken> {
        let to_act = self.state.to_act();
        let mut choices = vec![];
        for seat in self.seats() {
            let view = self.state.view(Viewer::Seat(seat));
            let thrown: u64 = self.luck.below(1 << 30) as u64;
            let ask = || {
                let mut luck = Luck::new(thrown, "bot");
                G::bot(&view, seat, level, &mut |sides| u32::try_from(luck.below(sides as usize)).unwrap_or(0))
            };
            let choice = ask();
            let breach = |how: String| Err(self.broken(Law::BotsPlayByTheRules, format!("the {level} bot in {seat:?} {how}")));
            if choice != ask() {
                return breach("chooses differently for the same view and luck".into());
            }
            match choice {
                Some(command) if !self.state.legal(seat).contains(&command) => {
                    return breach(format!("chooses {command:?}, which is not legal"));
                }
                Some(command) => choices.push((seat, command)),
                None if to_act.contains(seat) => return breach("is to act and chooses nothing".into()),
                None => {}
            }
        }
        Ok(self.luck.pick(&choices).cloned())
    }

    /// The number of the last event.
    pub fn logged(&self) -> Seq {
        Seq(u32::try_from(self.log.len()).unwrap_or(u32::MAX))
    }

    /// Decides a request on the live state, and holds the log, the replay and the claimed draws against it.
    pub fn decide(&mut self, input: Input<G::Command>) -> Result<Result<Step<G>, G::Refusal>, Broken> {
        let last = self.logged();
        self.report.steps += 1;
        let asked = format!("{input:?}");
        let (before, drawn_before) = (self.state.clone(), self.chance.drawn());
        let mut events = vec![];
        let table = FullTable(self.trial.seats);
        let mut draft =
            Draft::new(&mut self.state, &mut events, &mut self.chance, self.now, self.trial.assets).with_roster(&table).after(last);
        if let Err(refusal) = G::decide(&mut draft, input) {
            if !events.is_empty() || self.state != before || self.chance.drawn() != drawn_before {
                return Err(self.broken(Law::RefusalLeavesNothing, format!("{asked} is refused ({refusal}) but left {events:?}")));
            }
            return Ok(Err(refusal));
        }
        if self.ticks() {
            self.state.advance(self.now);
        }
        self.keep(&asked, &events, drawn_before)?;
        Ok(Ok(Step { before, events }))
    }

    fn keep(&mut self, asked: &str, events: &[G::Event], drawn_before: u32) -> Result<(), Broken> {
        let mut claims = vec![];
        for event in events {
            claims.extend(self.replayed.draws(event));
            let logged =
                serde_json::to_string(event).map_err(|error| self.broken(Law::RoundTrips, format!("{event:?}: {error}")))?;
            let read: G::Event = serde_json::from_str(&logged)
                .map_err(|error| self.broken(Law::RoundTrips, format!("event {logged} does not read back: {error}")))?;
            if read != *event {
                return Err(self.broken(Law::RoundTrips, format!("{event:?} reads back as {read:?}")));
            }
            self.replayed.evolve(&read);
            self.log.push(logged);
        }
        let mut replayed = self.replayed.clone();
        if self.ticks() {
            replayed.advance(self.now);
        }
        if replayed != self.state {
            let how = format!("after {asked} the log gives {replayed:?}, but live it is {:?}", self.state);
            return Err(self.broken(Law::ReplayIsLive, how));
        }
        let mut checked = Chance::new(super::seed_of(self.trial.seed), CLIENT_SEEDS, drawn_before);
        let made: Vec<_> = claims.iter().map(|claim| checked.draw(claim.sides)).collect();
        if made != claims || checked.drawn() != self.chance.drawn() {
            let count = self.chance.drawn() - drawn_before;
            let how = format!("{asked} made {count} draws; its events claim {claims:?}, the seed gives {made:?}");
            return Err(self.broken(Law::DrawsAreClaimed, how));
        }
        self.report.draws += claims.len();
        Ok(())
    }
}
