//! What is tried on every state of a playout, without disturbing it.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use super::playout::{FullTable, Players, Playout, Step};
use super::secrets::secrets_stay;
use super::{Broken, Law, Luck, Trial, panic_text};
use crate::chance::Chance;
use crate::game::{Draft, Game, Input, Seats, Viewer, command};
use crate::id::Seat;

/// How many commands are remembered and tried in every state: enough for the moves of a small game, and a sample of a large one's.
const KNOWN: usize = 200;
/// How many events each fuzzed history has, and how many of them there are per trial.
const FUZZED: (usize, usize) = (60, 12);

/// `create_room {}` alone must work.
pub(super) fn options_have_defaults<G: Game>() -> Result<(), Broken> {
    match serde_json::from_str::<G::Options>("{}") {
        Ok(options) if options == G::Options::default() => Ok(()),
        other => Err((Law::Opens, 0, format!("options read from {{}} are {other:?}, not the default"))),
    }
}

/// Tries everything on the state after `last`.
pub(super) fn watch<G: Game>(playout: &mut Playout<'_, G>, last: &Step<G>) -> Result<(), Broken> {
    if last.events.is_empty() && playout.log.is_empty() {
        round_trip(playout, "setup", &playout.setup)?;
    }
    round_trip(playout, "state", &playout.state)?;
    going_on(playout)?;
    commands(playout)?;
    comings_and_goings(playout)?;
    telling(playout, last)?;
    secrets_stay(playout, last)
}

fn round_trip<G: Game, T: Serialize + DeserializeOwned + PartialEq + Debug>(
    playout: &Playout<'_, G>,
    what: &str,
    value: &T,
) -> Result<(), Broken> {
    let text = serde_json::to_string(value).map_err(|error| playout.broken(Law::RoundTrips, format!("{what}: {error}")))?;
    match serde_json::from_str::<T>(&text) {
        Ok(read) if read == *value => Ok(()),
        other => Err(playout.broken(Law::RoundTrips, format!("the {what} {text} reads back as {other:?}"))),
    }
}

/// Somebody can go on, or the game is at its end and stays there.
///
/// Not everybody with a legal move is "to act": a player may be free to resign or to speak at any time without being waited for.
fn going_on<G: Game>(playout: &Playout<'_, G>) -> Result<(), Broken> {
    let to_act = playout.state.to_act();
    for seat in to_act.iter() {
        if seat.0 >= playout.trial.seats || playout.state.legal(seat).is_empty() {
            return Err(playout.broken(Law::SomebodyCanGoOn, format!("{seat:?} is to act and has no legal command")));
        }
    }
    if playout.state.outcome().is_none() {
        return Ok(());
    }
    if to_act != Seats::NONE || playout.state.wake_at().is_some() {
        return Err(playout.broken(Law::EndIsEnd, "the game is over, but waits for somebody or for a time"));
    }
    match playout.seats().find(|&seat| !playout.state.legal(seat).is_empty()) {
        Some(seat) => Err(playout.broken(Law::EndIsEnd, format!("the game is over, but {seat:?} has legal commands"))),
        None => Ok(()),
    }
}

/// Legal ⇔ accepted, for every command that was legal at some time for somebody, from every seat and one beyond.
fn commands<G: Game>(playout: &mut Playout<'_, G>) -> Result<(), Broken> {
    for seat in playout.seats() {
        for command in playout.state.legal(seat) {
            learn(playout, command)?;
        }
    }
    for seat in playout.seats().chain([Seat(playout.trial.seats)]) {
        let legal = playout.state.legal(seat);
        let unknown = legal.iter().filter(|command| !playout.known.contains(command)).cloned();
        for command in unknown.chain(playout.known.iter().cloned()).collect::<Vec<_>>() {
            let listed = legal.contains(&command);
            let tried = attempt(playout, Input::Play { seat, command: command.clone() })?;
            match (tried, listed) {
                (Err(refusal), true) => {
                    let how = format!("{command:?} of {seat:?} is legal, and refused: {refusal}");
                    return Err(playout.broken(Law::LegalIsAccepted, how));
                }
                (Ok(_), false) => {
                    return Err(
                        playout.broken(Law::IllegalIsRefused, format!("{command:?} of {seat:?} is not legal, and accepted"))
                    );
                }
                (Err(_), false) => playout.report.refused += 1,
                (Ok(_), true) => {}
            }
        }
    }
    Ok(())
}

/// Remembers a command, after reading it back by its event's name as a socket would send it.
fn learn<G: Game>(playout: &mut Playout<'_, G>, command: G::Command) -> Result<(), Broken> {
    if playout.known.contains(&command) {
        return Ok(());
    }
    let broken = |how: String| playout.broken(Law::RoundTrips, format!("{command:?} {how}"));
    let (event, payload) = match serde_json::to_value(&command) {
        Ok(Value::String(event)) => (event, Value::Object(serde_json::Map::new())),
        Ok(Value::Object(map)) if map.len() == 1 => map.into_iter().next().unwrap_or_default(),
        other => return Err(broken(format!("is not written as an event with a payload: {other:?}"))),
    };
    if event.is_empty() || !event.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
        return Err(broken(format!("has an event name that is not snake_case: {event:?}")));
    }
    let raw: Box<RawValue> = serde_json::from_str(&payload.to_string()).map_err(|error| broken(error.to_string()))?;
    let read = command::decode::<G::Command>(&event, &raw);
    if read.as_ref() != Ok(&command) {
        return Err(broken(format!("reads back from {event} {payload} as {read:?}")));
    }
    if playout.known.len() < KNOWN {
        playout.known.push(command);
    } else {
        let at = playout.probe_luck.below(KNOWN);
        playout.known[at] = command;
    }
    Ok(())
}

/// Absence, return, and a wake that comes too early or twice: accepted or refused, never half done; and an end stays as it is.
fn comings_and_goings<G: Game>(playout: &Playout<'_, G>) -> Result<(), Broken> {
    let inputs = playout.seats().flat_map(|seat| [Input::Absent(seat), Input::Returned(seat)]).chain([Input::Wake]);
    let end = playout.state.outcome();
    for input in inputs {
        let asked = format!("{input:?}");
        let Ok(after) = attempt(playout, input)? else { continue };
        if end.is_some() && after.outcome() != end {
            return Err(playout.broken(Law::EndIsEnd, format!("{asked} after the end makes {end:?} into {:?}", after.outcome())));
        }
    }
    Ok(())
}

/// Decides on a copy; what it came to.
fn attempt<G: Game>(playout: &Playout<'_, G>, input: Input<G::Command>) -> Result<Result<G, G::Refusal>, Broken> {
    let asked = format!("{input:?}");
    let (mut state, mut events, mut chance): (G, Vec<G::Event>, Chance) = (playout.state.clone(), vec![], playout.chance.clone());
    let table = FullTable(playout.trial.seats);
    let mut draft = Draft::new(&mut state, &mut events, &mut chance, playout.now, playout.trial.assets)
        .with_roster(&table)
        .after(playout.logged());
    let Err(refusal) = G::decide(&mut draft, input) else { return Ok(Ok(state)) };
    if !events.is_empty() || state != playout.state || chance.drawn() != playout.chance.drawn() {
        return Err(playout.broken(Law::RefusalLeavesNothing, format!("{asked} is refused ({refusal}) but left {events:?}")));
    }
    Ok(Err(refusal))
}

/// What a viewer is told of an event: its name and payload.
pub(super) fn told<G: Game>(event: &G::Event, viewer: Viewer) -> Result<Option<(&'static str, String)>, String> {
    let Some(notice) = G::notice(event, viewer) else { return Ok(None) };
    let payload = object(&notice).map_err(|how| format!("the notice of {event:?} {how}"))?;
    let name: &'static str = notice.into();
    if name.is_empty() { Err(format!("the notice of {event:?} has no name")) } else { Ok(Some((name, payload))) }
}

pub(super) fn object<T: Serialize>(value: &T) -> Result<String, String> {
    match serde_json::to_string(value) {
        Ok(text) if text.starts_with('{') => Ok(text),
        other => Err(format!("is no JSON object: {other:?}")),
    }
}

/// Views and notices are objects, and one for all in a game without secrets.
fn telling<G: Game>(playout: &Playout<'_, G>, last: &Step<G>) -> Result<(), Broken> {
    let viewers = playout.viewers();
    let objects = |how: String| playout.broken(Law::SpeaksInObjects, how);
    let all_same = |what: &dyn Fn(Viewer) -> Result<String, Broken>, of: &str| {
        let first = what(viewers[0])?;
        for &viewer in &viewers[1..] {
            let other = what(viewer)?;
            if !G::SECRETS && other != first {
                let how = format!("the {of} for {:?} is {first}, for {viewer:?} {other}", viewers[0]);
                return Err(playout.broken(Law::OpenGamesAreOneForAll, how));
            }
        }
        Ok(())
    };
    let view = |viewer| object(&playout.state.view(viewer)).map_err(|how| objects(format!("the view {how}")));
    all_same(&view, "view")?;
    for event in &last.events {
        let notice = |viewer| told::<G>(event, viewer).map(|told| format!("{told:?}")).map_err(objects);
        all_same(&notice, "notice")?;
    }
    Ok(())
}

/// Applies events of several games in any order, and asks the state everything, for panics.
pub(super) fn evolve_is_total<G: Game>(trial: &Trial<'_, G>, logs: &[&Vec<String>]) -> Result<(), Broken> {
    let broken = |how: String| (Law::EvolveIsTotal, 0, how);
    let mut events: Vec<G::Event> =
        logs.iter().flat_map(|log| log.iter()).filter_map(|line| serde_json::from_str(line).ok()).collect();
    // Of a game with another seed, and of one with another number of seats, if there is one.
    for (seed, seats) in [(!trial.seed, trial.seats), (trial.seed, *G::SEATS.end())] {
        let other = Trial::<G> { options: trial.options, assets: trial.assets, seats, seed, bound: None };
        if let Ok(mut playout) = Playout::open(&other, Players::Random { absences: true }, 3) {
            // Where that game breaks off does not matter here.
            let _ = playout.play(|_, step| {
                events.extend(step.events.iter().cloned());
                Ok(())
            });
        }
    }
    let setup = G::setup(trial.options, trial.seats, trial.assets).map_err(|refusal| (Law::Opens, 0, refusal.to_string()))?;
    let mut luck = Luck::new(trial.seed, "fuzz");
    for _ in 0..FUZZED.1 {
        let mut history = vec![];
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let mut state = G::open(&setup);
            for _ in 0..FUZZED.0 {
                let Some(event) = luck.pick(&events) else { break };
                history.push(event);
                state.draws(event);
                state.evolve(event);
                question(&state, event, trial.seats);
            }
        }));
        if let Err(panic) = outcome {
            return Err(broken(format!("{} after {history:?}", panic_text(panic.as_ref()))));
        }
    }
    Ok(())
}

fn question<G: Game>(state: &G, event: &G::Event, seats: u8) {
    let viewers = (0..seats).map(|seat| Viewer::Seat(Seat(seat))).chain([Viewer::Spectator, Viewer::Omniscient]);
    for viewer in viewers {
        let _ = (object(&state.view(viewer)), told::<G>(event, viewer));
    }
    for seat in (0..seats).map(Seat) {
        let _ = (state.legal(seat), state.with_other_secrets(seat));
    }
    let _ = (state.legal(Seat(seats)), state.outcome(), state.to_act(), state.wake_at());
}
