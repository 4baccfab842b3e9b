//! What is checked while measuring: that nothing is missing, doubled, out of order, different for two, or told to whom it is secret.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use parking_lot::Mutex;
use serde_json::Value;

/// Examples that are kept for the report.
const EXAMPLES_MAX: usize = 10;
/// Missing numbers that one client remembers, to tell a late event from a doubled one.
const MISSING_MAX: u64 = 1_000;

/// A promise of the server that was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Broken {
    /// A number is missing.
    Gap,
    /// An event came twice.
    Duplicate,
    /// An event came after a later one.
    Order,
    /// Two clients were told different things under the same number.
    Different,
    /// At the end two clients have different states under the same number.
    State,
    /// Somebody was told what is secret.
    Secret,
    /// A legal command was refused.
    Refused,
    /// A command was never answered.
    Unanswered,
}

/// All violations of a run.
#[derive(Default)]
pub struct Checks {
    found: Mutex<Found>,
}

/// What was found.
#[derive(Clone, Default, serde::Serialize)]
pub struct Found {
    pub counts: BTreeMap<Broken, u64>,
    pub examples: Vec<String>,
}

impl Found {
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }
}

impl Checks {
    /// Counts one, and keeps the first few in words.
    pub fn broken(&self, what: Broken, example: impl FnOnce() -> String) {
        let mut found = self.found.lock();
        *found.counts.entry(what).or_default() += 1;
        if found.examples.len() < EXAMPLES_MAX {
            found.examples.push(example());
        }
    }

    pub fn found(&self) -> Found {
        self.found.lock().clone()
    }
}

/// The numbers that one client has heard of one room.
#[derive(Debug, Default)]
pub struct Sequence {
    last: u64,
    missing: BTreeSet<u64>,
}

impl Sequence {
    /// Of a client that knows everything up to `last`.
    pub fn after(last: u64) -> Self {
        Self { last, missing: BTreeSet::new() }
    }

    /// The last number heard.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// # Errors
    /// What is wrong with hearing `seq` now.
    pub fn hear(&mut self, seq: u64) -> Result<(), Broken> {
        if seq == self.last + 1 {
            self.last = seq;
            Ok(())
        } else if seq > self.last {
            self.missing.extend((self.last + 1..seq).take(MISSING_MAX as usize));
            self.last = seq;
            Err(Broken::Gap)
        } else if self.missing.remove(&seq) {
            Err(Broken::Order)
        } else {
            Err(Broken::Duplicate)
        }
    }
}

/// What the clients of one room were told, to be the same for all.
#[derive(Default)]
pub struct RoomLog {
    /// Of each event the hash of its bytes, from number 1 on; 0 while nobody has heard it.
    events: Mutex<Vec<u64>>,
    /// Of each number at which somebody asked for the state, that state.
    states: Mutex<HashMap<u64, Value>>,
}

impl RoomLog {
    /// Whether everybody so far was told these bytes under this number.
    pub fn agrees(&self, seq: u64, bytes: &[u8]) -> bool {
        let hash = hash(bytes);
        let mut events = self.events.lock();
        let at = seq as usize;
        if events.len() <= at {
            events.resize(at + 1, 0);
        }
        if events[at] == 0 {
            events[at] = hash;
        }
        events[at] == hash
    }

    /// Compares with the state that others have at this number, apart from the keys that are each one's own.
    ///
    /// # Errors
    /// The keys that differ.
    pub fn state_agrees(&self, seq: u64, state: Value, own: &[&str]) -> Result<(), String> {
        let state = public(state, own);
        let mut states = self.states.lock();
        let known = states.entry(seq).or_insert_with(|| state.clone());
        if *known == state { Ok(()) } else { Err(differences(known, &state)) }
    }
}

fn differences(a: &Value, b: &Value) -> String {
    let (Value::Object(a), Value::Object(b)) = (a, b) else { return "all".to_owned() };
    let keys: BTreeSet<_> = a.keys().chain(b.keys()).filter(|key| a.get(*key) != b.get(*key)).collect();
    keys.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn public(mut state: Value, own: &[&str]) -> Value {
    for key in own {
        let (within, key) = key.split_once('.').map_or((None, *key), |(within, key)| (Some(within), key));
        let fields = match within {
            Some(within) => state.get_mut(within),
            None => Some(&mut state),
        };
        if let Some(Value::Object(fields)) = fields {
            fields.remove(key);
        }
    }
    state
}

/// Quick, and good enough to tell two texts apart; never 0.
fn hash(bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = bytes.len() as u64;
    let chunks = bytes.chunks_exact(8);
    let rest = chunks.remainder();
    for chunk in chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        hash = (hash.rotate_left(23) ^ u64::from_le_bytes(word)).wrapping_mul(FACTOR);
    }
    for &byte in rest {
        hash = (hash.rotate_left(23) ^ u64::from(byte)).wrapping_mul(FACTOR);
    }
    hash | 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn wrong(log: &[u64]) -> Vec<Broken> {
        let mut sequence = Sequence::default();
        log.iter().filter_map(|&seq| sequence.hear(seq).err()).collect()
    }

    #[test]
    fn logs_with_a_fault_are_caught() {
        for (log, expected) in [
            (&[1, 2, 3][..], vec![]),
            (&[1, 2, 4, 5], vec![Broken::Gap]),
            (&[1, 2, 2, 3], vec![Broken::Duplicate]),
            (&[1, 3, 2, 4], vec![Broken::Gap, Broken::Order]),
            (&[1, 3, 2, 2], vec![Broken::Gap, Broken::Order, Broken::Duplicate]),
            (&[2], vec![Broken::Gap]),
            (&[1, 5_000_000, 5_000_001], vec![Broken::Gap]),
        ] {
            assert_eq!(wrong(log), expected, "{log:?}");
        }
    }

    #[test]
    fn who_comes_back_goes_on_after_the_last_number() {
        let mut sequence = Sequence::after(41);
        assert_eq!(sequence.hear(42), Ok(()));
        assert_eq!(sequence.hear(41), Err(Broken::Duplicate));
        assert_eq!(sequence.last(), 42);
    }

    #[test]
    fn two_clients_must_be_told_the_same() {
        let log = RoomLog::default();
        assert!(log.agrees(3, b"the same words, long enough"));
        assert!(log.agrees(3, b"the same words, long enough"));
        assert!(!log.agrees(3, b"the same words, long enougH"));
        assert!(!log.agrees(3, b"Xhe same words, long enough"));
        assert!(log.agrees(4, b"the same words, long enougH"));
    }

    #[test]
    fn states_are_compared_without_what_is_ones_own() {
        let log = RoomLog::default();
        assert_eq!(log.state_agrees(7, json!({ "trust": 50, "my_choice": "a" }), &["my_choice"]), Ok(()));
        assert_eq!(log.state_agrees(7, json!({ "my_choice": null, "trust": 50 }), &["my_choice"]), Ok(()));
        assert_eq!(log.state_agrees(7, json!({ "trust": 49 }), &["my_choice"]), Err("trust".to_owned()));
        assert_eq!(log.state_agrees(8, json!({ "trust": 49 }), &["my_choice"]), Ok(()));
        assert_eq!(log.state_agrees(9, json!({ "left": { "y": 1, "score": 2 }, "y": 5 }), &["left.y", "right.y"]), Ok(()));
        assert_eq!(log.state_agrees(9, json!({ "left": { "y": 9, "score": 2 }, "y": 5 }), &["left.y", "right.y"]), Ok(()));
        assert!(log.state_agrees(9, json!({ "left": { "y": 1, "score": 3 }, "y": 5 }), &["left.y", "right.y"]).is_err());
    }

    #[test]
    fn violations_are_counted_and_the_first_kept_in_words() {
        let checks = Checks::default();
        for at in 0..50 {
            checks.broken(Broken::Gap, || format!("gap {at}"));
        }
        checks.broken(Broken::Secret, || "told".to_owned());
        let found = checks.found();
        assert_eq!((found.total(), found.examples.len()), (51, EXAMPLES_MAX));
        assert_eq!(found.counts[&Broken::Gap], 50);
    }
}
