//! What others are told must not depend on one player's secrets.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::Value;

use super::playout::{Playout, Step};
use super::probes::{object, told};
use super::{Broken, Law};
use crate::game::{Game, Viewer};

/// How many other values, and how many places of an event, are tried to find its twin.
const TWIN_VALUES: usize = 16;
const TWIN_LEAVES: usize = 32;

/// Swaps each player's secrets, after every single event of a step: nobody else is told anything different.
pub(super) fn secrets_stay<G: Game>(playout: &mut Playout<'_, G>, last: &Step<G>) -> Result<(), Broken> {
    let mut before = last.before.clone();
    if last.events.is_empty() {
        return after(playout, &before.clone(), &before, None);
    }
    for event in &last.events {
        let mut state = before.clone();
        state.evolve(event);
        after(playout, &state, &before, Some(event))?;
        before = state;
    }
    Ok(())
}

/// Swaps secrets in `state`, to which `event` led from `before`.
fn after<G: Game>(playout: &mut Playout<'_, G>, state: &G, before: &G, event: Option<&G::Event>) -> Result<(), Broken> {
    for seat in playout.seats() {
        let Some(other) = state.with_other_secrets(seat) else { continue };
        if !G::SECRETS {
            return Err(playout.broken(Law::SecretsStay, "the game says that it has no secrets, but swaps some"));
        }
        if other == *state {
            continue;
        }
        playout.report.swaps += 1;
        let differs = |what: String| Err(playout.broken(Law::SecretsStay, format!("{what} tells other secrets of {seat:?} apart")));
        if other.to_act() != state.to_act() || other.wake_at() != state.wake_at() || other.outcome() != state.outcome() {
            return differs("who is to act, when, or the outcome".into());
        }
        let twins = event.map_or_else(Vec::new, |event| twins(before, event, state, &other));
        for viewer in playout.viewers().into_iter().filter(|&viewer| viewer != Viewer::Seat(seat) && viewer != Viewer::Omniscient) {
            if object(&state.view(viewer)) != object(&other.view(viewer)) {
                return differs(format!("the view of {viewer:?}"));
            }
            if let Some(event) = event
                && twins.iter().any(|twin| told::<G>(event, viewer) != told::<G>(twin, viewer))
            {
                return differs(format!("the notice of {event:?} for {viewer:?}"));
            }
            if let Viewer::Seat(viewer) = viewer
                && state.legal(viewer) != other.legal(viewer)
            {
                return differs(format!("what is legal for {viewer:?}"));
            }
        }
    }
    Ok(())
}

/// Events that could have led to `other` where `event` led to `state`: itself, and those with other values that do lead there.
///
/// An event may carry a secret itself (a card dealt, a choice made). Such a twin is found by guessing: each value that only `other`
/// has in the place of each value of the event, and all values that differ at once.
fn twins<G: Game>(before: &G, event: &G::Event, state: &G, other: &G) -> Vec<G::Event> {
    let mut twins = vec![event.clone()];
    let (Ok(logged), Ok(one), Ok(two)) = (serde_json::to_value(event), serde_json::to_value(state), serde_json::to_value(other))
    else {
        return twins;
    };
    let mut pairs = vec![];
    differing(&one, &two, &mut pairs);
    pairs.truncate(TWIN_VALUES);
    let mut guesses = vec![];
    for (_, value) in &pairs {
        for leaf in 0..leaf_count(&logged).min(TWIN_LEAVES) {
            let mut guess = logged.clone();
            replace_leaf(&mut guess, &mut { leaf }, value);
            guesses.push(guess);
        }
    }
    let mut all_at_once = logged;
    replace_all(&mut all_at_once, &pairs);
    guesses.push(all_at_once);
    for guess in guesses {
        let Ok(twin) = serde_json::from_value::<G::Event>(guess) else { continue };
        // Most guesses are nonsense that no log holds, so that one which panics is just a wrong guess.
        let leads_there = catch_unwind(AssertUnwindSafe(|| {
            let mut after = before.clone();
            after.evolve(&twin);
            after == *other
        }));
        if leads_there.unwrap_or(false) {
            twins.push(twin);
        }
    }
    twins
}

/// The values in `one` that are others in `two`, with those.
fn differing(one: &Value, two: &Value, found: &mut Vec<(Value, Value)>) {
    match (one, two) {
        _ if one == two => {}
        (Value::Object(a), Value::Object(b)) => {
            b.iter().for_each(|(key, b)| differing(a.get(key).unwrap_or(&Value::Null), b, found))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a.iter().zip(b).for_each(|(a, b)| differing(a, b, found)),
        _ => found.push((one.clone(), two.clone())),
    }
}

/// Puts the second of a pair wherever the first is.
fn replace_all(value: &mut Value, pairs: &[(Value, Value)]) {
    if let Some((_, other)) = pairs.iter().find(|(one, _)| one == value) {
        *value = other.clone();
        return;
    }
    match value {
        Value::Object(map) => map.values_mut().for_each(|value| replace_all(value, pairs)),
        Value::Array(list) => list.iter_mut().for_each(|value| replace_all(value, pairs)),
        _ => {}
    }
}

fn leaf_count(value: &Value) -> usize {
    match value {
        Value::Object(map) => map.values().map(leaf_count).sum(),
        Value::Array(list) => list.iter().map(leaf_count).sum(),
        _ => 1,
    }
}

/// Puts `with` in the place of the value number `leaf`.
fn replace_leaf(value: &mut Value, leaf: &mut usize, with: &Value) -> bool {
    match value {
        Value::Object(map) => map.values_mut().any(|value| replace_leaf(value, leaf, with)),
        Value::Array(list) => list.iter_mut().any(|value| replace_leaf(value, leaf, with)),
        place if *leaf == 0 => {
            *place = with.clone();
            true
        }
        _ => {
            *leaf -= 1;
            false
        }
    }
}
