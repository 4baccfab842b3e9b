//! What every game must keep, checked by playing it at random.
//!
//! The rooms, the log, resume, replay and redaction are the same for all games because all games keep the same [`Law`]s. A game is
//! held to them with one line in its tests:
//!
//! ```ignore
//! conform::<MyGame>(50).unwrap();
//! ```
//!
//! or, with options and assets of one's own, by [`check`]ing a [`Trial`]. Everything follows from the trial's seed, so a breach that
//! was found once is found again. Nothing here is used by a running server.

mod playout;
mod probes;
mod secrets;
#[cfg(test)]
mod tests;
mod ticking;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Game;
use crate::chance::{Chance, Seed};
use playout::{Players, Playout};

/// What a game promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// Default options open a room with every number of seats that the game names, and the start is accepted.
    Opens,
    /// What `legal` lists is accepted.
    LegalIsAccepted,
    /// What `legal` does not list is refused.
    IllegalIsRefused,
    /// A refusal records nothing, draws nothing and leaves the state equal.
    RefusalLeavesNothing,
    /// The logged events, applied to the state as it opened, give the live state, after every step.
    ReplayIsLive,
    /// The same seeds and the same requests give the same log.
    SameSeedSameLog,
    /// `evolve`, and every question to the state it leaves, takes any events in any order without a panic.
    EvolveIsTotal,
    /// Nothing else panics either.
    NoPanic,
    /// Setup, commands, events and state read back from JSON as what they were, commands by their event's name.
    RoundTrips,
    /// Views and notices are JSON objects, and a notice has a name.
    SpeaksInObjects,
    /// Whoever is to act can act, and while the game runs there is somebody to act or a time to wait for.
    SomebodyCanGoOn,
    /// A game at its end stays there: nothing is legal, nobody is to act, the outcome stands.
    EndIsEnd,
    /// A game of random legal moves ends within the trial's bound.
    Ends,
    /// `draws` claims exactly the draws that were made, in order.
    DrawsAreClaimed,
    /// Without `SECRETS` all viewers get the same bytes.
    OpenGamesAreOneForAll,
    /// With `SECRETS`, one player's secrets change no byte of what another viewer is told.
    SecretsStay,
    /// In a ticking game `advance(a)` and then `advance(b)` is `advance(b)`, and `advance` never goes back.
    TimeIsTime,
    /// A bot to act chooses a legal command, the same for the same view and luck, and one not to act chooses nothing illegal.
    BotsPlayByTheRules,
}

/// A promise that a game broke, and how.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{game} breaks {law:?} (seats {seats}, seed {seed}, step {step}): {how}")]
pub struct Breach {
    pub game: &'static str,
    pub law: Law,
    pub seats: u8,
    pub seed: u64,
    /// How many requests had been decided.
    pub step: usize,
    pub how: String,
}

/// One game to be played and watched.
pub struct Trial<'a, G: Game> {
    pub options: &'a G::Options,
    pub assets: &'a G::Assets,
    pub seats: u8,
    /// All luck of the trial comes from here: the game's, the players' and the choice of what is tried.
    pub seed: u64,
    /// After how many requests the game must be over; `None` for games that go on as long as their players like.
    pub bound: Option<usize>,
}

/// After how many requests [`conform`] expects a game to be over.
pub const BOUND: usize = 5_000;
/// How many requests an unbounded trial goes on for.
const UNBOUNDED: usize = 400;

/// What was tried, so that a test can tell that it was not nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Requests decided.
    pub steps: usize,
    /// Commands that were not legal and were refused.
    pub refused: usize,
    /// Draws claimed and checked.
    pub draws: usize,
    /// States in which another player's secrets were swapped.
    pub swaps: usize,
    /// Games that ended.
    pub ended: usize,
}

impl Report {
    fn add(&mut self, other: Report) {
        self.steps += other.steps;
        self.refused += other.refused;
        self.draws += other.draws;
        self.swaps += other.swaps;
        self.ended += other.ended;
    }
}

/// Holds a game to all laws, with its default options and shipped assets: `runs` trials for each number of seats.
///
/// # Errors
/// The first breach found.
pub fn conform<G: Game>(runs: u64) -> Result<Report, Breach> {
    conform_within::<G>(runs, Some(BOUND))
}

/// [`conform`] with another bound on the length of a game, or none.
///
/// # Errors
/// The first breach found.
pub fn conform_within<G: Game>(runs: u64, bound: Option<usize>) -> Result<Report, Breach> {
    let (options, assets) = (G::Options::default(), G::Assets::default());
    let mut report = Report::default();
    for seats in G::SEATS {
        for seed in 0..runs {
            report.add(check::<G>(&Trial { options: &options, assets: &assets, seats, seed, bound })?);
        }
    }
    if G::SECRETS && runs > 0 && report.swaps == 0 {
        let how = "with_other_secrets never gave another state, so nothing shows that secrets stay".to_owned();
        return Err(Breach { game: G::NAME, law: Law::SecretsStay, seats: *G::SEATS.end(), seed: 0, step: 0, how });
    }
    Ok(report)
}

/// Plays one trial: a game of random legal moves, tried and watched at every step; the same again; one with absences; and one of
/// bots per level.
///
/// # Errors
/// The first breach found.
pub fn check<G: Game>(trial: &Trial<'_, G>) -> Result<Report, Breach> {
    let place = |(law, step, how)| Breach { game: G::NAME, law, seats: trial.seats, seed: trial.seed, step, how };
    match catch_unwind(AssertUnwindSafe(|| all(trial))) {
        Ok(result) => result.map_err(place),
        Err(panic) => Err(place((Law::NoPanic, 0, panic_text(panic.as_ref())))),
    }
}

/// A breach as the inside of a trial tells it: the law, the step, and how.
type Broken = (Law, usize, String);

fn all<G: Game>(trial: &Trial<'_, G>) -> Result<Report, Broken> {
    probes::options_have_defaults::<G>()?;
    let mut report = Report::default();

    let mut watched = Playout::open(trial, Players::Random { absences: false }, 0)?;
    watched.play(|playout, last| probes::watch(playout, last))?;
    report.add(watched.report);

    let mut again = Playout::open(trial, Players::Random { absences: false }, 0)?;
    again.play(|_, _| Ok(()))?;
    if again.log != watched.log {
        let at = again.log.iter().zip(&watched.log).take_while(|(a, b)| a == b).count();
        let how = format!("event {at} is {:?} and then {:?}", watched.log.get(at), again.log.get(at));
        return Err((Law::SameSeedSameLog, at, how));
    }

    let mut with_absences = Playout::open(trial, Players::Random { absences: true }, 1)?;
    with_absences.play(|playout, last| probes::watch(playout, last))?;
    report.add(with_absences.report);

    for level in G::BOTS {
        let mut bots = Playout::open(trial, Players::Bots(level), 2)?;
        bots.play(|_, _| Ok(()))?;
        report.add(bots.report);
    }

    probes::evolve_is_total(trial, &[&watched.log, &with_absences.log])?;
    Ok(report)
}

/// The luck of players and probes: a stream of its own per purpose, so that watching does not change what is played.
struct Luck(Chance);

impl Luck {
    fn new(seed: u64, purpose: &str) -> Self {
        Self(Chance::new(seed_of(seed), [purpose], 0))
    }

    /// Uniform in `0..sides`; 0 when that is empty.
    fn below(&mut self, sides: usize) -> usize {
        self.0.draw(u32::try_from(sides).unwrap_or(u32::MAX)).value as usize
    }

    /// Once in `times`.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }
}

fn seed_of(seed: u64) -> Seed {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    Seed(bytes)
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    format!("it panicked: {text}")
}
