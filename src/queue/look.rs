//! What every node does about once a second, and at once when somebody comes: whoever is here keeps their place, pairs are made, rooms are
//! opened, and players are told.
//!
//! All nodes do all of it. What they find is in the store, and whatever two of them do at once is settled there.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::{RawValue, to_raw_value};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use super::policy::{Candidate, pairs};
use super::standing::{Place, found};
use super::{LEASE, MATCH_KEPT, Matchmaker, RESTART_LEASE};
use crate::id::{PlayerId, entropy};
use crate::log::LogError;
use crate::log::queue::{Match, Paired, Policy, Waiting};
use crate::room::fact::Player;
use crate::room::outlet::ConnId;
use crate::time::Timestamp;

/// How often a node looks when nobody comes.
const EVERY: Duration = Duration::from_secs(1);
/// Whoever counts for less than this is said to be here again.
const RENEW: Duration = Duration::from_secs(7);
/// How far the clocks of two nodes may differ before they correct each other all the time.
const MARGIN: Duration = Duration::from_secs(2);
/// Another node's match is left to it for so long: two that open one room only cost each other time.
const OTHERS_FIRST: Duration = Duration::from_secs(2);
/// How long after it was opened a player's new connections are told of a room.
const TOLD_FOR: Duration = Duration::from_secs(30);
/// How often one who waits is told how they stand, when nothing changes.
const REPEAT: Duration = Duration::from_secs(5);
/// How often old matches are deleted.
const CLEAN: Duration = Duration::from_secs(60);
/// Most players who are paired in one transaction: it holds up all others.
const PAIRED_AT_ONCE: usize = 200;

/// What a node remembers from one look to the next.
#[derive(Default)]
pub struct Seen {
    /// Which connections know of which match.
    told: HashMap<Uuid, HashSet<ConnId>>,
    /// What those who wait were told last, and when.
    places: HashMap<PlayerId, (u32, u32, Instant)>,
    /// The queue as it was, in short.
    hash: u64,
    cleaned: Option<Instant>,
    usual: HashMap<String, (Option<i64>, Instant)>,
}

impl Matchmaker {
    /// After a start: whoever waited in the last run has the time to come back.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn recover(&self) -> Result<(), LogError> {
        let now = self.clock.now();
        self.store.revive_queue(now, now + RESTART_LEASE).await
    }

    /// Looks, for as long as the server runs.
    pub async fn run(self: Arc<Self>) {
        let mut seen = Seen::default();
        loop {
            if let Err(error) = self.look(&mut seen).await {
                tracing::debug!(%error, "the queue cannot be looked after");
            }
            let _ = timeout(EVERY, self.wake.notified()).await;
        }
    }

    /// One look.
    ///
    /// # Errors
    /// When the store does not answer: the next look goes on.
    pub async fn look(&self, seen: &mut Seen) -> Result<(), LogError> {
        let now = self.clock.now();
        let mut waiting = self.store.queued().await?;
        if waiting.iter().any(|one| one.expires_at < now) || seen.cleaned.is_none_or(|at| at.elapsed() > CLEAN) {
            seen.cleaned = Some(Instant::now());
            self.store.forget_queue(now, now - MATCH_KEPT).await?;
            waiting.retain(|one| one.expires_at >= now);
        }
        self.attend(&mut waiting, now).await?;
        let mut ours = HashSet::new();
        let games: BTreeSet<&str> = waiting.iter().map(|one| one.game.as_str()).collect();
        let mut paired = HashSet::new();
        for game in games {
            let candidates = waiting.iter().filter(|one| one.game == game && !one.away && one.expires_at > now);
            // Asked without a transaction first: mostly there is nobody to pair.
            if !self.policy(now)(candidates.cloned().collect()).is_empty() {
                for made in self.store.pair(game, now, self.policy(now)).await? {
                    paired.extend(made.players.iter().map(|paired| paired.player_id));
                    ours.insert(made.id);
                }
            }
        }
        if ours.len() * 2 >= PAIRED_AT_ONCE {
            // There may be more.
            self.wake.notify_one();
        }
        waiting.retain(|one| !paired.contains(&one.player_id));
        let matches = self.open_rooms(&ours, now).await?;
        self.tell_matches(seen, &matches);
        self.tell_places(seen, &waiting, now).await?;
        self.note_changes(seen, &waiting, &matches);
        Ok(())
    }

    /// Whoever is connected here keeps their place.
    async fn attend(&self, waiting: &mut [Waiting], now: Timestamp) -> Result<(), LogError> {
        let here: Vec<PlayerId> = waiting.iter().map(|one| one.player_id).filter(|player| self.ears.has(*player)).collect();
        // Somebody who came or left since the queue was read is put right by the next look; until then they cost a question.
        *self.waiting.lock() = waiting.iter().map(|one| one.player_id).collect();
        // Who asked over HTTP before counts for longer than a connection does: when that is lost, it should be noticed.
        let usual = now + RENEW..=now + LEASE + MARGIN;
        let late = |one: &Waiting| (one.away || !usual.contains(&one.expires_at)) && self.ears.has(one.player_id);
        if waiting.iter().any(late) {
            self.store.attend_queue(&here, now + LEASE, false).await?;
            for one in waiting.iter_mut().filter(|one| here.contains(&one.player_id)) {
                (one.away, one.expires_at) = (false, now + LEASE);
            }
        }
        Ok(())
    }

    /// Pairs those who wait for one game.
    fn policy(&self, now: Timestamp) -> Policy {
        let bots: HashMap<&'static str, &'static str> = match self.settings.bot_after {
            None => HashMap::new(),
            Some(_) => {
                let games = self.rooms.catalogue().iter().map(|game| game.card().name);
                games.filter_map(|game| Some((game, self.bot_for(game)?))).collect()
            }
        };
        let bot_after = self.settings.bot_after;
        Box::new(move |waiting| {
            let candidates: Vec<Candidate> =
                waiting.iter().map(|one| Candidate { rating: one.rating, waited: now.since(one.joined_at) }).collect();
            let made = pairs(&candidates);
            let taken: HashSet<usize> = made.iter().flat_map(|(one, other)| [*one, *other]).collect();
            let mut matches: Vec<Match> = made
                .into_iter()
                .map(|(one, other)| {
                    let [coin, ..] = entropy::<1>();
                    // Who is the host is luck, not a matter of who came first.
                    let (host, guest) = if coin % 2 == 0 { (one, other) } else { (other, one) };
                    a_match(&waiting[host], [&waiting[host], &waiting[guest]].map(|one| human(one, now)), now)
                })
                .collect();
            for (at, one) in waiting.iter().enumerate().filter(|(at, _)| !taken.contains(at)) {
                if let Some(level) = bots.get(one.game.as_str())
                    && bot_after.is_some_and(|after| candidates[at].waited >= after)
                {
                    matches.push(a_match(one, [human(one, now), bot(level)], now));
                }
            }
            matches.truncate(PAIRED_AT_ONCE / 2);
            matches
        })
    }

    /// Opens what has no room yet; what was opened lately, now included.
    async fn open_rooms(&self, ours: &HashSet<Uuid>, now: Timestamp) -> Result<Vec<Match>, LogError> {
        let mut matches = self.store.matches(now - TOLD_FOR).await?;
        for made in matches.iter_mut().filter(|made| made.room.is_none()) {
            if !ours.contains(&made.id) && made.made_at > now - OTHERS_FIRST {
                continue;
            }
            let players = made.players.iter().map(|one| Player {
                id: one.player_id,
                nickname: one.nickname.clone(),
                guest: one.guest,
                bot: one.bot.clone(),
            });
            match self.rooms.open_for(&made.game, players.collect(), format!("match-{}", made.id)).await {
                Ok(code) => {
                    self.store.match_opened(made.id, code, self.clock.now()).await?;
                    made.room = Some(code);
                    if ours.contains(&made.id) {
                        note_wait(made);
                    }
                }
                // Tried again with the next look, here or elsewhere.
                Err(refusal) => tracing::warn!(%refusal, game = made.game, "the room of a match could not be opened"),
            }
        }
        Ok(matches)
    }

    fn tell_matches(&self, seen: &mut Seen, matches: &[Match]) {
        seen.told.retain(|id, _| matches.iter().any(|made| made.id == *id));
        for made in matches {
            for paired in made.players.iter().filter(|paired| !paired.done && paired.bot.is_none()) {
                let Some(found) = found(made, paired.player_id, self.rooms.catalogue()) else { continue };
                let told = seen.told.entry(made.id).or_default();
                let mut payload = None;
                for (conn, ear) in self.ears.of(paired.player_id) {
                    if told.insert(conn) && !ear.is_in(found.room_code) {
                        let payload = payload.get_or_insert_with(|| raw(&found));
                        ear.tell("match_found", payload);
                    }
                }
            }
        }
    }

    async fn tell_places(&self, seen: &mut Seen, waiting: &[Waiting], now: Timestamp) -> Result<(), LogError> {
        seen.places.retain(|player, _| waiting.iter().any(|one| one.player_id == *player));
        seen.usual.retain(|_, (_, at)| at.elapsed() < REPEAT);
        let mut all: HashMap<&str, u32> = HashMap::new();
        waiting.iter().for_each(|one| *all.entry(one.game.as_str()).or_default() += 1);
        let mut before: HashMap<&str, u32> = HashMap::new();
        for one in waiting {
            let position = before.entry(one.game.as_str()).or_default();
            *position += 1;
            let (position, among) = (*position, all.get(one.game.as_str()).copied().unwrap_or_default());
            let told = seen.places.get(&one.player_id);
            let fresh = told.is_some_and(|(p, n, at)| (*p, *n) == (position, among) && at.elapsed() < REPEAT);
            if fresh || !self.ears.has(one.player_id) {
                continue;
            }
            let usual = match seen.usual.get(&one.game) {
                Some((usual, _)) => *usual,
                None => {
                    let usual = self.store.usual_wait(&one.game, now - MATCH_KEPT).await?;
                    seen.usual.insert(one.game.clone(), (usual, Instant::now()));
                    usual
                }
            };
            let place: Place = self.place(one.game.clone(), (position, among), one.joined_at, usual);
            let payload = raw(&place);
            for (_, ear) in self.ears.of(one.player_id) {
                ear.tell("queue_update", &payload);
            }
            seen.places.insert(one.player_id, (position, among, Instant::now()));
        }
        let games = self.rooms.catalogue().iter().map(|game| game.card()).filter(|card| super::for_two(card));
        for card in games {
            let waits = all.get(card.name).copied().unwrap_or_default();
            metrics::gauge!("parlor_queue_waiting", "game" => card.name).set(f64::from(waits));
        }
        Ok(())
    }

    /// Wakes those who wait over HTTP when there may be news for them.
    fn note_changes(&self, seen: &mut Seen, waiting: &[Waiting], matches: &[Match]) {
        let mut hasher = DefaultHasher::new();
        waiting.iter().for_each(|one| one.ticket.hash(&mut hasher));
        matches.iter().for_each(|made| (made.id, made.room).hash(&mut hasher));
        let hash = hasher.finish();
        if std::mem::replace(&mut seen.hash, hash) != hash {
            self.changed.send_modify(|count| *count += 1);
        }
    }
}

fn a_match(of: &Waiting, players: [Paired; 2], now: Timestamp) -> Match {
    Match { id: Uuid::from_bytes(entropy()), game: of.game.clone(), made_at: now, room: None, players: players.into() }
}

fn human(one: &Waiting, now: Timestamp) -> Paired {
    let waited = i64::try_from(now.since(one.joined_at).as_millis()).unwrap_or(i64::MAX);
    Paired { player_id: one.player_id, nickname: one.nickname.clone(), guest: one.guest, bot: None, waited, done: false }
}

/// As the host of a room would seat one.
fn bot(level: &str) -> Paired {
    let nickname = format!("Bot ({level})");
    Paired { player_id: PlayerId::random(), nickname, guest: false, bot: Some(level.to_owned()), waited: 0, done: true }
}

fn note_wait(made: &Match) {
    for one in made.players.iter().filter(|one| one.bot.is_none()) {
        let waited = Duration::from_millis(u64::try_from(one.waited).unwrap_or_default());
        metrics::histogram!("parlor_queue_wait_seconds", "game" => made.game.clone()).record(waited.as_secs_f64());
    }
}

fn raw(payload: &impl serde::Serialize) -> Box<RawValue> {
    // Numbers and texts: this cannot fail.
    to_raw_value(payload).unwrap_or_else(|_| crate::room::directory::no_options())
}
