//! Nodes on one store, and players who write down what they are told.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use parlor::games::{Assets, catalogue};
use parlor::id::{PlayerId, RoomCode};
use parlor::log::{EventLog, Tables};
use parlor::queue::ears::Ear;
use parlor::queue::{Matchmaker, Settings, Strength};
use parlor::room::Rooms;
use parlor::room::fact::Player;
use parlor::room::outlet::ConnId;
use parlor::room::settings::RoomSettings;
use parlor::time::Clock;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

pub const SETTINGS: Settings = Settings { grace: Duration::from_secs(5), bot_after: None };

/// One node's part of the queue, running.
pub struct Node {
    pub queue: Arc<Matchmaker>,
    pub rooms: Arc<Rooms>,
    pub task: JoinHandle<()>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Ratings as a test gives them; 1500 for others.
#[derive(Default)]
pub struct Ratings(pub Mutex<HashMap<PlayerId, f64>>);

#[async_trait::async_trait]
impl Strength for Ratings {
    async fn rating(&self, player: PlayerId, _game: &str) -> f64 {
        self.0.lock().get(&player).copied().unwrap_or(1500.0)
    }
}

impl Node {
    pub async fn start(store: &Arc<dyn Tables>, settings: Settings) -> Self {
        Self::with(store, settings, Arc::default()).await
    }

    pub async fn with(store: &Arc<dyn Tables>, settings: Settings, ratings: Arc<Ratings>) -> Self {
        let rooms_settings = Arc::new(RoomSettings::default());
        let games = catalogue(Assets::default(), &rooms_settings);
        let log = Arc::clone(store) as Arc<dyn EventLog>;
        let rooms = Arc::new(Rooms::new(log, Clock::system(), rooms_settings, games));
        let queue = Matchmaker::new(Arc::clone(store) as _, Arc::clone(&rooms), Clock::system(), ratings, settings);
        queue.recover().await.unwrap();
        let task = tokio::spawn(Arc::clone(&queue).run());
        Self { queue, rooms, task }
    }
}

pub fn somebody(name: &str) -> Player {
    Player { id: PlayerId::random(), nickname: name.to_owned(), guest: true, bot: None }
}

/// A connection that writes down what it is told.
#[derive(Default)]
pub struct Notebook {
    told: Mutex<Vec<(&'static str, Value)>>,
    more: Notify,
}

impl Ear for Notebook {
    fn tell(&self, event: &'static str, payload: &RawValue) {
        self.told.lock().push((event, serde_json::from_str(payload.get()).unwrap()));
        self.more.notify_waiters();
    }

    fn is_in(&self, _room: RoomCode) -> bool {
        false
    }
}

impl Notebook {
    /// A connection of `player` on `node`.
    pub fn open(node: &Node, player: PlayerId) -> (Arc<Self>, ConnId) {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let (notebook, conn) = (Arc::new(Self::default()), ConnId(NEXT.fetch_add(1, Ordering::Relaxed)));
        node.queue.hello(player, conn, Arc::clone(&notebook) as _);
        (notebook, conn)
    }

    pub fn all(&self, event: &str) -> Vec<Value> {
        self.told.lock().iter().filter(|(name, _)| *name == event).map(|(_, payload)| payload.clone()).collect()
    }

    /// The first of these events, as soon as it is there.
    pub async fn hears(&self, event: &str) -> Value {
        let waiting = async {
            loop {
                let more = self.more.notified();
                tokio::pin!(more);
                more.as_mut().enable();
                if let Some(first) = self.all(event).into_iter().next() {
                    return first;
                }
                more.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), waiting).await.unwrap_or_else(|_| panic!("{event} was not told"))
    }
}
