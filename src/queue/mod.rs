//! Matchmaking: two strangers for one room.
//!
//! Who waits and who was paired stands in the store (`log::queue`), so that a restart loses nobody and any node can go on where another
//! stopped. Two are paired in one transaction, which takes both out of the queue and writes down their match; the room is opened after
//! that, by a command named after the match: once, whoever does it.
//!
//! - [`policy`]: who plays whom. Pure.
//! - [`standing`]: what a player is told.
//! - [`ears`]: where a player can be told something.
//! - here: what players can do. `look`: what every node does once a second.

pub mod ears;
mod look;
pub mod policy;
pub mod standing;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::id::PlayerId;
use crate::log::queue::{Enqueue, Enqueued, Queue};
use crate::log::ratings::Ratings;
use crate::refusal::{Code, Refusal};
use crate::room::Rooms;
use crate::room::actor::store_failed;
use crate::room::fact::Player;
use crate::room::outlet::ConnId;
use crate::time::{Clock, Timestamp};

use ears::{Ear, Ears};
use standing::{Place, Standing, found};

/// How long somebody counts who has a connection, from when they were last seen here. Five looks may be late.
const LEASE: Duration = Duration::from_secs(10);
/// How long somebody counts who asked over plain HTTP: as long as in rooms.
const REQUEST_LEASE: Duration = Duration::from_secs(30);
/// How long those who waited may take to come back after a restart.
const RESTART_LEASE: Duration = Duration::from_secs(30);
/// Who asks again so soon after their room was opened is answered with that.
const SAME_WISH: Duration = Duration::from_secs(10);
/// How long a match is kept: to be told on request, and for the usual wait.
const MATCH_KEPT: Duration = Duration::from_secs(600);
/// Longest time between two looks of somebody who waits over HTTP.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// How strong players are.
#[async_trait]
pub trait Strength: Send + Sync + 'static {
    async fn rating(&self, player: PlayerId, game: &str) -> f64;
}

/// As strong as the book of games says; whom it does not know is a beginner.
pub struct Rated(pub Arc<dyn Ratings>);

#[async_trait]
impl Strength for Rated {
    async fn rating(&self, player: PlayerId, game: &str) -> f64 {
        match self.0.standing(player, game).await {
            Ok(standing) => standing.rating,
            Err(error) => {
                // The queue is in the same store, and will say so itself if need be.
                tracing::debug!(%error, "the store does not say how strong a player is");
                crate::rating::Standing::default().rating
            }
        }
    }
}

/// What may be set.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How long somebody keeps their place after their last connection closed.
    pub grace: Duration,
    /// After so long a bot takes the other seat, in games that have bots.
    pub bot_after: Option<Duration>,
}

/// The queue, as this node sees it.
pub struct Matchmaker {
    store: Arc<dyn Queue>,
    rooms: Arc<Rooms>,
    clock: Clock,
    strength: Arc<dyn Strength>,
    settings: Settings,
    ears: Ears,
    /// Who waits, connected here or not, as of the last look: so that most who disconnect cost no question to the store.
    waiting: Mutex<HashSet<PlayerId>>,
    /// Something is to be done before the next look is due.
    wake: Notify,
    /// Counts how often the queue changed, for those who wait over HTTP.
    changed: watch::Sender<u64>,
    draining: AtomicBool,
}

impl Matchmaker {
    pub fn new(
        store: Arc<dyn Queue>,
        rooms: Arc<Rooms>,
        clock: Clock,
        strength: Arc<dyn Strength>,
        settings: Settings,
    ) -> Arc<Self> {
        Arc::new(Self {
            store,
            rooms,
            clock,
            strength,
            settings,
            ears: Ears::default(),
            waiting: Mutex::default(),
            wake: Notify::new(),
            changed: watch::Sender::new(0),
            draining: AtomicBool::new(false),
        })
    }

    /// Lets a player wait for an opponent. Waiting already, they keep their place; waiting for another game, they give that up; and who
    /// was paired a moment ago and did not leave since stands as they do.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` for a game that does not exist or is not for two, `FORBIDDEN` for who is in a running game, `BUSY` when too
    /// many wait, `UNAVAILABLE`.
    pub async fn join(&self, who: &Player, game: &str) -> Result<Standing, Refusal> {
        self.playable(game)?;
        let rating = self.strength.rating(who.id, game).await;
        let now = self.clock.now();
        let wish = Enqueue {
            player_id: who.id,
            game: game.to_owned(),
            nickname: who.nickname.clone(),
            guest: who.guest,
            // Saturates; ratings are four figures.
            rating: rating.round() as i64,
            now,
            expires_at: now + REQUEST_LEASE,
            opening_since: now - MATCH_KEPT,
            opened_since: now - SAME_WISH,
        };
        match self.store.enqueue(wish).await.map_err(|error| store_failed(&error))? {
            Enqueued::Waiting | Enqueued::Paired => {}
            Enqueued::Playing(room) => {
                let refusal = Refusal::new(Code::Forbidden, "you are in a running game; finish it or leave it first");
                return Err(refusal.with(serde_json::json!({ "room_code": room })));
            }
            Enqueued::Full => return Err(crate::room::directory::busy()),
        }
        self.waiting.lock().insert(who.id);
        let standing = self.standing(who.id).await;
        self.wake.notify_one();
        standing
    }

    /// Takes a player out; whether they waited. A match that they were told of is settled by that, too.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn leave(&self, player: PlayerId) -> Result<bool, Refusal> {
        self.waiting.lock().remove(&player);
        let left = self.store.dequeue(player).await.map_err(|error| store_failed(&error))?;
        if left {
            self.wake.notify_one();
        }
        Ok(left)
    }

    /// How a player stands.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn standing(&self, player: PlayerId) -> Result<Standing, Refusal> {
        let failed = |error| store_failed(&error);
        let now = self.clock.now();
        if let Some(waiting) = self.store.queued_one(player).await.map_err(failed)? {
            let (position, all) = self.store.place(&waiting.game, waiting.ticket).await.map_err(failed)?;
            let usual = self.store.usual_wait(&waiting.game, now - MATCH_KEPT).await.map_err(failed)?;
            return Ok(Standing::Waiting(self.place(waiting.game, (position, all), waiting.joined_at, usual)));
        }
        // Whoever is paired is in no queue any more, so it is looked for after that.
        let Some(made) = self.store.match_of(player, now - MATCH_KEPT).await.map_err(failed)? else { return Ok(Standing::Idle) };
        Ok(match found(&made, player, self.rooms.catalogue()) {
            Some(found) => Standing::Matched(found),
            // Their room is being opened.
            None if made.room.is_none() => Standing::Waiting(self.place(made.game, (1, 2), made.made_at, Some(0))),
            None => Standing::Idle,
        })
    }

    /// How a player stands, as soon as they wait no longer, or after `wait`. Asking keeps their place.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn wait(&self, player: PlayerId, wait: Duration) -> Result<Standing, Refusal> {
        let until = Instant::now() + wait;
        let mut changed = self.changed.subscribe();
        loop {
            let standing = self.standing(player).await?;
            if !standing.is_waiting() {
                return Ok(standing);
            }
            self.keep(player).await?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.draining.load(Ordering::SeqCst) {
                return Ok(standing);
            }
            let _ = tokio::time::timeout(left.min(LOOK_AGAIN), changed.changed()).await;
        }
    }

    /// Somebody who asks is here.
    async fn keep(&self, player: PlayerId) -> Result<(), Refusal> {
        let failed = |error| store_failed(&error);
        let now = self.clock.now();
        let Some(waiting) = self.store.queued_one(player).await.map_err(failed)? else { return Ok(()) };
        if waiting.away || waiting.expires_at < now + REQUEST_LEASE / 2 {
            self.store.attend_queue(&[player], now + REQUEST_LEASE, true).await.map_err(failed)?;
            if waiting.away {
                self.wake.notify_one();
            }
        }
        Ok(())
    }

    /// A player has one more connection.
    pub fn hello(&self, player: PlayerId, conn: ConnId, ear: Arc<dyn Ear>) {
        self.ears.add(player, conn, ear);
        if self.waiting.lock().contains(&player) {
            // They may have been away.
            self.wake.notify_one();
        }
    }

    /// A connection of a player is closed. After the last one they keep their place for a moment.
    pub fn goodbye(self: &Arc<Self>, player: PlayerId, conn: ConnId) {
        let last = self.ears.remove(player, conn);
        if !last || !self.waiting.lock().contains(&player) || self.draining.load(Ordering::SeqCst) {
            return;
        }
        let queue = Arc::clone(self);
        tokio::spawn(async move {
            let until = queue.clock.now() + queue.settings.grace;
            if let Err(error) = queue.store.absent_from_queue(player, until).await {
                // Their time runs out all the same, a few seconds later.
                tracing::debug!(%error, "the store does not take it that somebody who waited is gone");
            }
        });
    }

    /// From now on nobody who disconnects is gone: they come to the next process.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
        self.changed.send_modify(|count| *count += 1);
    }

    /// The game that is meant when none is named: pong if there is one, else the first for two.
    pub fn usual_game(&self) -> Option<&'static str> {
        let mut games = self.rooms.catalogue().iter().map(|game| game.card()).filter(|card| for_two(card));
        let first = games.next().map(|card| card.name);
        if first == Some("pong") { first } else { games.find(|card| card.name == "pong").map(|card| card.name).or(first) }
    }

    /// # Errors
    /// `VALIDATION_ERROR` for a game that does not exist or is not for two.
    pub fn playable(&self, game: &str) -> Result<(), Refusal> {
        let games = self.rooms.catalogue();
        if games.find(game).is_some_and(|game| for_two(game.card())) {
            return Ok(());
        }
        let names: Vec<_> = games.iter().map(|game| game.card()).filter(|card| for_two(card)).map(|card| card.name).collect();
        Err(Refusal::invalid(match games.find(game) {
            Some(game) => format!("{} is not a game for two; one can wait for {}", game.card().title, names.join(", ")),
            None => format!("there is no such game; one can wait for {}", names.join(", ")),
        }))
    }

    fn place(&self, game: String, (position, waiting): (u32, u32), since: Timestamp, usual: Option<i64>) -> Place {
        let waited = self.clock.now().since(since).as_millis();
        let waited_ms = u64::try_from(waited).unwrap_or(u64::MAX);
        let most = self.settings.bot_after.filter(|_| self.bot_for(&game).is_some()).map(millis);
        let usual = usual.and_then(|usual| u64::try_from(usual).ok());
        // With a bot at the end of the wait it is never longer than that.
        let whole = match (usual, most) {
            (Some(usual), Some(most)) => Some(usual.min(most)),
            (usual, most) => usual.or(most),
        };
        let expected_wait_ms = whole.map(|whole| whole.saturating_sub(waited_ms).max(1_000));
        Place { game, position, waiting, waited_ms, expected_wait_ms }
    }

    /// The level of the bot that plays with somebody who has waited long enough: the one in the middle.
    fn bot_for(&self, game: &str) -> Option<&'static str> {
        let bots = self.rooms.catalogue().find(game)?.card().bots;
        bots.get(bots.len() / 2).copied()
    }
}

/// Whether a game is for exactly two.
pub fn for_two(card: &crate::games::Card) -> bool {
    card.seats.min == 2 && card.seats.max == 2
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
