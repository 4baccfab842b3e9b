//! The one place where dependencies are built and handed on.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use http::uri::Authority;

use crate::account::Identity;
use crate::account::desk::{Desk, NOBODY};
use crate::account::token::Tokens;
use crate::backlog::Backlog;
use crate::cluster::{self, Aside, Cluster};
use crate::config::value::{Database, Secret, Synchronous};
use crate::config::{Config, secret};
use crate::games::{Assets, catalogue, codex, draft};
use crate::id::RoomCode;
use crate::log::annotations::Annotations;
use crate::log::nodes::Nodes;
use crate::log::noting::Noting;
use crate::log::postgres::{self, PostgresLog};
use crate::log::ratings::Ratings;
use crate::log::sqlite::{self, SqliteLog};
use crate::log::{EventLog, Tables};
use crate::queue::{self, Matchmaker, Rated};
use crate::refusal::Refusal;
use crate::room::Rooms;
use crate::room::peers::Peers;
use crate::room::settings::RoomSettings;
use crate::time::Clock;
use crate::web::api::images::Gallery;
use crate::web::csrf::Csrf;
use crate::web::limit::AddressLimit;
use crate::web::link::Links;
use crate::web::origin::OriginPolicy;

/// Who steps through a game asks about one position after the other, faster than they can read them at first.
const QUESTION_BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);
const QUESTION_EVERY: Duration = Duration::from_secs(2);

/// Rooms named in one message to other nodes.
const TOLD_AT_ONCE: usize = 1_000;
/// Until then other nodes have noted who sat where: they gather for half a second.
const NOTED: Duration = Duration::from_secs(2);

/// What a running server consists of. Shared by reference by every handler.
pub struct App {
    pub config: Config,
    pub clock: Clock,
    pub rooms: Arc<Rooms>,
    /// Strangers who wait for each other.
    pub queue: Arc<Matchmaker>,
    pub log: Arc<dyn EventLog>,
    /// The other nodes, where there are any.
    pub cluster: Option<Arc<Cluster>>,
    /// The same log, with what it gathers for players.
    pub notes: Arc<Noting>,
    pub tokens: Arc<Tokens>,
    /// What finished games come to.
    pub ratings: Arc<dyn Ratings>,
    /// Accounts, and what ends their tokens.
    pub desk: Desk,
    pub links: Links,
    pub origins: Arc<OriginPolicy>,
    pub csrf: Csrf,
    /// How often one address may create rooms.
    pub room_limit: AddressLimit,
    /// How often one player may send commands over plain HTTP: as a socket may.
    pub command_limit: AddressLimit,
    pub annotations: Arc<dyn Annotations>,
    /// What players show each other.
    pub gallery: Gallery,
    /// How often one player may ask about a game: each question may be a second of work.
    pub question_limit: AddressLimit,
    /// How many commands may be under way at once.
    pub backlog: Arc<Backlog>,
}

impl App {
    /// Builds everything for a server that listens at `listening`.
    ///
    /// # Errors
    /// When the store cannot be opened, the secret cannot be kept, or the catalogue of a game cannot be read.
    pub async fn new(config: Config, listening: SocketAddr) -> anyhow::Result<Arc<Self>> {
        let (store, cluster) = open_store(&config, listening).await?;
        let notes = Arc::new(Noting::new(Arc::clone(&store) as _, Arc::clone(&store) as _));
        let log: Arc<dyn EventLog> = Arc::clone(&notes) as _;
        let secret = token_secret(&config)?;
        if secret.is_short() {
            tracing::warn!("the secret that signs tokens is short; 32 characters or more are better");
        }
        let clock = Clock::system();
        let settings = Arc::new(room_settings(&config));
        let games = catalogue(assets(&config)?, &settings);
        let rooms = Arc::new(Rooms::new(Arc::clone(&log), clock.clone(), settings, games));
        if let Some(cluster) = &cluster {
            rooms.join(Arc::clone(cluster) as Arc<dyn Peers>);
        }
        let ratings = Arc::clone(&store) as Arc<dyn Ratings>;
        let settings = queue::Settings { grace: config.queue_grace, bot_after: config.queue_bot_after };
        let (tables, same_rooms) = (Arc::clone(&store) as _, Arc::clone(&rooms));
        let queue = Matchmaker::new(tables, same_rooms, clock.clone(), Arc::new(Rated(Arc::clone(&ratings))), settings);
        let origins = OriginPolicy::new(&config);
        let previous = config.previous_secrets.0.iter().map(Secret::expose);
        let tokens = Arc::new(Tokens::rotated(secret.expose(), previous, config.token_lifetime));
        let annotations: Arc<dyn Annotations> = Arc::clone(&store) as _;
        let gallery = Gallery::new(Arc::clone(&store) as _, &config);
        let desk = Desk::open(store, Arc::clone(&tokens), clock.clone(), &config).await?;
        if let Some(cluster) = &cluster {
            let cluster = Arc::clone(cluster);
            desk.tell_others(Box::new(move |revoked| cluster.proclaim(revoked)));
        }
        Ok(Arc::new(Self {
            tokens,
            desk,
            csrf: Csrf::new(secret.expose()),
            links: Links::new(config.public_url.clone(), origins.clone(), listening),
            origins: Arc::new(origins),
            room_limit: AddressLimit::new(config.room_rate_burst, config.room_rate_every, config.rate_limits),
            command_limit: AddressLimit::new(config.socket_rate_burst, config.socket_rate_every(), config.rate_limits),
            annotations,
            gallery,
            question_limit: AddressLimit::new(QUESTION_BURST, QUESTION_EVERY, config.rate_limits),
            backlog: Backlog::new(usize::try_from(config.max_pending.get()).unwrap_or(usize::MAX)),
            rooms,
            queue,
            cluster,
            log,
            notes,
            ratings,
            clock,
            config,
        }))
    }
}

impl App {
    /// Deletes a player for good, and has their rooms read again, without their name.
    ///
    /// # Errors
    /// As [`Desk::delete`].
    pub async fn delete_player(&self, who: &Identity, password: Option<&str>, address: IpAddr) -> Result<(), Refusal> {
        // Where they sat a moment ago has to be known.
        self.notes.flush().await;
        let rooms: Vec<_> = self.desk.delete(who, password, address).await?.into_iter().map(|room| room.code).collect();
        reread(&self.rooms, self.cluster.as_deref(), &rooms);
        if let Some(cluster) = self.cluster.clone() {
            // Other nodes may not have noted yet where the player sat a moment ago. They have when this is done once more.
            let (rooms, store, clock, player) =
                (Arc::clone(&self.rooms), Arc::clone(&self.desk.store), self.clock.clone(), who.player_id);
            tokio::spawn(async move {
                tokio::time::sleep(NOTED).await;
                match store.delete_player(player, clock.now(), NOBODY).await {
                    Ok(late) => reread(&rooms, Some(&cluster), &late.into_iter().map(|room| room.code).collect::<Vec<_>>()),
                    Err(error) => tracing::warn!(%error, "a name may be left in rooms that were just joined"),
                }
            });
        }
        Ok(())
    }
}

/// Has rooms read again whose log was changed, wherever they are awake.
fn reread(rooms: &Rooms, cluster: Option<&Cluster>, codes: &[RoomCode]) {
    codes.iter().for_each(|code| rooms.reread(*code));
    if let Some(cluster) = cluster {
        for some in codes.chunks(TOLD_AT_ONCE) {
            cluster.proclaim(Aside::Reread(some.to_vec()));
        }
    }
}

/// The store of a server, and its place among the others.
async fn open_store(config: &Config, listening: SocketAddr) -> anyhow::Result<(Arc<dyn Tables>, Option<Arc<Cluster>>)> {
    let Some(redis) = config.redis_url.clone() else { return Ok((open_log(config).await?, None)) };
    let Database::Server(url) = config.database() else {
        bail!("REDIS_URL connects several nodes, and they need one store: DATABASE_URL should be postgres://…");
    };
    let log = Arc::new(PostgresLog::open(&url, postgres_settings(config)).await?);
    let secret = token_secret(config)?;
    let secrets = std::iter::once(secret.expose()).chain(config.previous_secrets.0.iter().map(Secret::expose));
    let settings = cluster::Settings {
        url: redis,
        address: node_address(config, listening),
        secrets: secrets.collect(),
        patience: (config.ping_interval + config.ping_timeout) * 2,
    };
    let cluster = Arc::new(Cluster::new(settings, Arc::clone(&log) as Arc<dyn Nodes>));
    cluster.enter().await.context("the store does not take this node in")?;
    Ok((log, Some(cluster)))
}

/// Where other nodes reach this one.
fn node_address(config: &Config, listening: SocketAddr) -> Option<Authority> {
    if let Some(address) = &config.node_addr {
        return address.as_str().parse().ok();
    }
    if listening.ip().is_unspecified() {
        tracing::warn!("other nodes cannot pass requests to this one: PARLOR_NODE_ADDR should say where they reach it");
        return None;
    }
    listening.to_string().parse().ok()
}

/// The store of these settings, writable.
///
/// # Errors
/// When another server uses it (SQLite), or it cannot be opened.
pub async fn open_log(config: &Config) -> anyhow::Result<Arc<dyn Tables>> {
    Ok(match config.database() {
        Database::File(path) => Arc::new(SqliteLog::open(&path, sqlite_settings(config)).await?),
        Database::Server(url) => Arc::new(PostgresLog::open(&url, postgres_settings(config)).await?),
    })
}

/// The store of these settings for looking only: works beside a running server.
///
/// # Errors
/// When it cannot be opened.
pub async fn open_log_to_read(config: &Config) -> anyhow::Result<Arc<dyn Tables>> {
    Ok(match config.database() {
        Database::File(path) => Arc::new(SqliteLog::open_to_read(&path, sqlite_settings(config)).await?),
        Database::Server(url) => Arc::new(PostgresLog::open_to_read(&url, postgres_settings(config)).await?),
    })
}

fn sqlite_settings(config: &Config) -> sqlite::Settings {
    let synchronous = match config.sqlite_synchronous {
        Synchronous::Full => sqlite::Synchronous::Full,
        Synchronous::Normal => sqlite::Synchronous::Normal,
    };
    sqlite::Settings { synchronous, ..sqlite::Settings::default() }
}

fn postgres_settings(config: &Config) -> postgres::Settings {
    postgres::Settings {
        readers: config.postgres_readers.get(),
        writers: config.postgres_writers.get(),
        timeout: config.postgres_timeout,
    }
}

/// The secret that signs tokens: of the settings, else the one kept in the data folder.
///
/// # Errors
/// When the data folder cannot keep it.
pub fn token_secret(config: &Config) -> anyhow::Result<Secret> {
    match config.secret.clone() {
        Some(secret) => Ok(secret),
        None => secret::load_or_create(&config.data_dir).context("the secret that signs tokens"),
    }
}

/// What the games need from files.
///
/// # Errors
/// When the catalogue or a story that the settings name cannot be read or is not one.
pub fn assets(config: &Config) -> anyhow::Result<Assets> {
    let draft = match &config.draft_catalogue {
        None => draft::Catalogue::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("the catalogue {}", path.display()))?;
            draft::Catalogue::from_json(&text).with_context(|| format!("the catalogue {}", path.display()))?
        }
    };
    let mut codex = codex::Shelf::default();
    if let Some(folder) = &config.codex_stories {
        let entries = std::fs::read_dir(folder).with_context(|| format!("the stories in {}", folder.display()))?;
        let mut paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
        paths.sort();
        for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "toml")) {
            let text = std::fs::read_to_string(path).with_context(|| format!("the story {}", path.display()))?;
            codex.add(&path.display().to_string(), &text)?;
        }
    }
    Ok(Assets { draft, codex })
}

/// The part of the settings that rooms need.
pub fn room_settings(config: &Config) -> RoomSettings {
    RoomSettings {
        grace: config.grace,
        restart_grace: config.restart_grace,
        lobby_expiry: config.lobby_expiry,
        lobby_grace: config.lobby_grace,
        mailbox: usize::try_from(config.mailbox.get()).unwrap_or(usize::MAX),
        rooms_per_player: config.rooms_per_player.get(),
        idle: config.idle_eviction,
        bot_delay: config.bot_delay,
        bot_threads: usize::try_from(config.bot_threads.get()).unwrap_or(1),
        ..RoomSettings::default()
    }
}
