//! Every setting, with its default and its unit.
//!
//! A setting is read from a flag, else from the environment, else from `parlor.toml`, else it has its default. All three names
//! follow from the field: `--ping-interval-ms`, `PARLOR_PING_INTERVAL_MS`, `ping_interval_ms`. `docs/configuration.md` is written from
//! the comments here and checked by a test.

pub mod file;
pub mod secret;
pub mod value;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args};

use value::{Database, Filter, Format, NodeAddr, Origins, PublicUrl, Secret, Secrets, Synchronous};
use value::{bytes, count, existing_file, existing_folder, listen, millis, per, seconds, switch};

pub use value::Networks;

use crate::cluster;

/// The settings of one process.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// Settings file; its keys are the names below.
    #[arg(long, env = "PARLOR_CONFIG", value_name = "FILE", default_value = file::DEFAULT_PATH, help_heading = SERVING)]
    pub config: PathBuf,

    /// Address and port to listen on; port 0 picks a free one.
    #[arg(long, env = "PARLOR_LISTEN", value_name = "ADDR:PORT", default_value = "127.0.0.1:3000", value_parser = listen, help_heading = SERVING)]
    pub listen: SocketAddr,

    /// What join links begin with, such as `https://play.example.org`.
    ///
    /// Without it links use the address the asker used, if that is an IP address, a local name or one of `allowed_origins`, else the
    /// listening address.
    #[arg(long, env = "PARLOR_PUBLIC_URL", value_name = "URL", help_heading = SERVING)]
    pub public_url: Option<PublicUrl>,

    /// Folder of the database and of the secret that is made when none is set.
    #[arg(long, env = "PARLOR_DATA_DIR", value_name = "DIR", default_value = "data", help_heading = SERVING)]
    pub data_dir: PathBuf,

    /// Origins whose pages may connect, besides our own and that of `public_url`; separated by commas.
    ///
    /// `*` allows every origin; pages from there are known by token only, never by cookie.
    #[arg(long, env = "PARLOR_ALLOWED_ORIGINS", value_name = "ORIGINS", default_value = "", hide_default_value = true, help_heading = SERVING)]
    pub allowed_origins: Origins,

    /// Networks (CIDR, separated by commas) of proxies whose `Forwarded` and `X-Forwarded-*` headers are believed.
    #[arg(long, env = "PARLOR_TRUSTED_PROXIES", value_name = "CIDRS", default_value = "", hide_default_value = true, help_heading = SERVING)]
    pub trusted_proxies: Networks,

    /// `host:port` under which other nodes reach this one. Default: the listening address, unless that is all addresses.
    ///
    /// Requests of Socket.IO that belong to this node's sessions are passed to it there, so that no proxy has to keep clients on one node.
    #[arg(long, env = "PARLOR_NODE_ADDR", value_name = "HOST:PORT", help_heading = SERVING)]
    pub node_addr: Option<NodeAddr>,

    /// How long a stopping server waits for its clients to leave.
    // Process managers kill after 10 s (Docker) to 90 s (systemd); this is sooner than any of them.
    #[arg(long = "drain-ms", env = "PARLOR_DRAIN_MS", value_name = "MS", default_value = "5000", value_parser = millis(0..=120_000), help_heading = SERVING)]
    pub drain: Duration,

    /// Whether `/playground` is there, a page to try the protocol on: `on` or `off`. For those who write clients.
    #[arg(long, env = "PARLOR_PLAYGROUND", value_name = "on|off", default_value = "off", value_parser = switch, action = ArgAction::Set, help_heading = SERVING)]
    pub playground: bool,

    /// Log filter: a level, or levels by module such as `info,parlor::room=debug`.
    #[arg(long, env = "PARLOR_LOG", value_name = "FILTER", default_value = "info", help_heading = SERVING)]
    pub log: Filter,

    /// How log lines are written.
    #[arg(long, env = "PARLOR_LOG_FORMAT", value_name = "FORMAT", default_value = "text", help_heading = SERVING)]
    pub log_format: Format,

    /// Where the event log is: `sqlite:PATH`, or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`. Default: `parlor.db` in `data_dir`.
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true, help_heading = STORE)]
    pub database_url: Option<Database>,

    /// Most connections to Postgres that read; those that write come on top.
    // Waking rooms and lists; a server takes 100 by default, and several nodes share them.
    #[arg(long, env = "PARLOR_POSTGRES_READERS", value_name = "N", default_value = "8", value_parser = count, help_heading = STORE)]
    pub postgres_readers: NonZeroU32,

    /// Connections to Postgres that write; each serves its share of the rooms.
    // What they gain is measured in docs/postgres.md.
    #[arg(long, env = "PARLOR_POSTGRES_WRITERS", value_name = "N", default_value = "4", value_parser = count, help_heading = STORE)]
    pub postgres_writers: NonZeroU32,

    /// How long Postgres may take to accept a connection or to answer before it counts as away.
    #[arg(long = "postgres-timeout-ms", env = "PARLOR_POSTGRES_TIMEOUT_MS", value_name = "MS", default_value = "5000", value_parser = millis(100..=60_000), help_heading = STORE)]
    pub postgres_timeout: Duration,

    /// When SQLite forces commits to the disk: `full` survives a power cut, `normal` only a crash of the process.
    #[arg(long, env = "PARLOR_SQLITE_SYNCHRONOUS", value_name = "MODE", default_value = "full", help_heading = STORE)]
    pub sqlite_synchronous: Synchronous,

    /// What connects several nodes on one Postgres: `redis://USER:PASSWORD@HOST:PORT`, or `rediss://` with TLS. Default: one node.
    ///
    /// Several addresses, separated by commas, are nodes of one Redis Cluster; when the one in use does not answer, the next is used.
    #[arg(long, env = "REDIS_URL", value_name = "URL", hide_env_values = true, help_heading = STORE)]
    pub redis_url: Option<cluster::Url>,

    /// How long a room is kept after its end.
    #[arg(long = "retention-s", env = "PARLOR_RETENTION_S", value_name = "S", default_value = "86400", value_parser = seconds(0..=31_536_000), help_heading = STORE)]
    pub retention: Duration,

    /// How often the server deletes rooms that are past their retention.
    #[arg(long = "cleanup-every-s", env = "PARLOR_CLEANUP_EVERY_S", value_name = "S", default_value = "600", value_parser = seconds(1..=86_400), help_heading = STORE)]
    pub cleanup_every: Duration,

    /// Signs tokens: at least 8 characters, better 32. Default: made once and kept in `data_dir`.
    #[arg(long, env = "PARLOR_SECRET", value_name = "SECRET", hide_env_values = true, help_heading = ACCOUNTS)]
    pub secret: Option<Secret>,

    /// Secrets that signed tokens before `secret` did, separated by commas; tokens that they signed still count.
    ///
    /// To change the secret, set the new one and list the old one here until the last of its tokens has expired.
    #[arg(long, env = "PARLOR_PREVIOUS_SECRETS", value_name = "SECRETS", default_value = "", hide_default_value = true, hide_env_values = true, help_heading = ACCOUNTS)]
    pub previous_secrets: Secrets,

    /// Opens the administration pages; at least 8 characters. Without it they are closed.
    #[arg(long, env = "PARLOR_ADMIN_TOKEN", value_name = "SECRET", hide_env_values = true, help_heading = ACCOUNTS)]
    pub admin_token: Option<Secret>,

    /// How long a session token is valid.
    // A guest who comes back within a month is still the same player.
    #[arg(long = "token-lifetime-s", env = "PARLOR_TOKEN_LIFETIME_S", value_name = "S", default_value = "2592000", value_parser = seconds(1..=31_536_000), help_heading = ACCOUNTS)]
    pub token_lifetime: Duration,

    /// How long the token is valid that signing in over the API gives; its refresh token gives the next.
    // As Simple JWT clients know it: short, because it says without asking the store that somebody is signed in.
    #[arg(long = "access-lifetime-s", env = "PARLOR_ACCESS_LIFETIME_S", value_name = "S", default_value = "1800", value_parser = seconds(1..=31_536_000), help_heading = ACCOUNTS)]
    pub access_lifetime: Duration,

    /// How long a refresh token is valid; each use begins the time anew.
    #[arg(long = "refresh-lifetime-s", env = "PARLOR_REFRESH_LIFETIME_S", value_name = "S", default_value = "604800", value_parser = seconds(1..=31_536_000), help_heading = ACCOUNTS)]
    pub refresh_lifetime: Duration,

    /// How long a guest is remembered who does not come back. Those who sit in a room that lives, or have played `guest_games`, stay.
    #[arg(long = "guests-kept-s", env = "PARLOR_GUESTS_KEPT_S", value_name = "S", default_value = "2592000", value_parser = seconds(0..=315_360_000), help_heading = ACCOUNTS)]
    pub guests_kept: Duration,

    /// Games after which a guest is remembered for good.
    #[arg(long, env = "PARLOR_GUEST_GAMES", value_name = "N", default_value = "5", value_parser = clap::value_parser!(u32).range(1..=1_000_000), help_heading = ACCOUNTS)]
    pub guest_games: u32,

    /// Memory that hashing one password takes, in KiB (argon2id, two passes).
    // OWASP's second choice (m=19 MiB, t=2, p=1): about 20 ms on a server of today.
    #[arg(long, env = "PARLOR_PASSWORD_MEMORY_KIB", value_name = "N", default_value = "19456", value_parser = count, help_heading = ACCOUNTS)]
    pub password_memory_kib: NonZeroU32,

    /// Passwords that are hashed at the same time; others wait.
    #[arg(long, env = "PARLOR_PASSWORDS_AT_ONCE", value_name = "N", default_value = "2", value_parser = count, help_heading = ACCOUNTS)]
    pub passwords_at_once: NonZeroU32,

    /// How long a socket may stay after its token has expired.
    #[arg(long = "token-grace-s", env = "PARLOR_TOKEN_GRACE_S", value_name = "S", default_value = "60", value_parser = seconds(0..=3_600), help_heading = ACCOUNTS)]
    pub token_grace: Duration,

    /// Time between two heartbeats.
    #[arg(long = "ping-interval-ms", env = "PARLOR_PING_INTERVAL_MS", value_name = "MS", default_value = "5000", value_parser = millis(100..=300_000), help_heading = SOCKETS)]
    pub ping_interval: Duration,

    /// How long a heartbeat may stay unanswered before the connection counts as dead.
    #[arg(long = "ping-timeout-ms", env = "PARLOR_PING_TIMEOUT_MS", value_name = "MS", default_value = "3000", value_parser = millis(100..=300_000), help_heading = SOCKETS)]
    pub ping_timeout: Duration,

    /// Largest event a client may send; a larger one is answered `PAYLOAD_TOO_LARGE`.
    // The longest honest one is a command with a few hundred ids, about 10 kB.
    #[arg(long, env = "PARLOR_MAX_EVENT_BYTES", value_name = "BYTES", default_value = "65536", value_parser = bytes(1_024..=10_485_760), help_heading = SOCKETS)]
    pub max_event_bytes: usize,

    /// Largest packet a client may send; a larger one ends the connection, as on Node's server.
    #[arg(long, env = "PARLOR_MAX_PACKET_BYTES", value_name = "BYTES", default_value = "1000000", value_parser = bytes(1_024..=10_485_760), help_heading = SOCKETS)]
    pub max_packet_bytes: usize,

    /// Largest body of an HTTP request outside Socket.IO.
    #[arg(long, env = "PARLOR_MAX_BODY_BYTES", value_name = "BYTES", default_value = "65536", value_parser = bytes(1_024..=10_485_760), help_heading = SOCKETS)]
    pub max_body_bytes: usize,

    /// Whether rate limits apply: `on` or `off` (for load tests).
    #[arg(long, env = "PARLOR_RATE_LIMITS", value_name = "on|off", default_value = "on", value_parser = switch, action = ArgAction::Set, help_heading = LIMITS)]
    pub rate_limits: bool,

    /// Events that one socket may send at once.
    // A page that comes back resends what was unanswered and asks for presence and state: about a dozen; threefold room.
    #[arg(long, env = "PARLOR_SOCKET_RATE_BURST", value_name = "N", default_value = "40", value_parser = count, help_heading = LIMITS)]
    pub socket_rate_burst: NonZeroU32,

    /// Events that one socket may send per second, lastingly.
    // Hands on a paddle make 10 to 15 key changes a second; nothing else people do comes near.
    #[arg(long, env = "PARLOR_SOCKET_RATE_PER_S", value_name = "N", default_value = "20", value_parser = count, help_heading = LIMITS)]
    pub socket_rate_per_s: NonZeroU32,

    /// Rooms that one address may create at once.
    // A classroom behind one address, all starting together.
    #[arg(long, env = "PARLOR_ROOM_RATE_BURST", value_name = "N", default_value = "20", value_parser = count, help_heading = LIMITS)]
    pub room_rate_burst: NonZeroU32,

    /// Time after which one address may create one room more.
    #[arg(long = "room-rate-every-ms", env = "PARLOR_ROOM_RATE_EVERY_MS", value_name = "MS", default_value = "6000", value_parser = millis(1..=3_600_000), help_heading = LIMITS)]
    pub room_rate_every: Duration,

    /// Accounts that one address may make at once.
    // A classroom again.
    #[arg(long, env = "PARLOR_REGISTER_RATE_BURST", value_name = "N", default_value = "20", value_parser = count, help_heading = LIMITS)]
    pub register_rate_burst: NonZeroU32,

    /// Time after which one address may make one account more.
    #[arg(long = "register-rate-every-ms", env = "PARLOR_REGISTER_RATE_EVERY_MS", value_name = "MS", default_value = "60000", value_parser = millis(1..=3_600_000), help_heading = LIMITS)]
    pub register_rate_every: Duration,

    /// Rooms not yet over that one player may have made.
    #[arg(long, env = "PARLOR_ROOMS_PER_PLAYER", value_name = "N", default_value = "50", value_parser = count, help_heading = LIMITS)]
    pub rooms_per_player: NonZeroU32,

    /// Images that one room keeps, in games whose players show each other some; 0 takes none.
    #[arg(long, env = "PARLOR_ROOM_IMAGES", value_name = "N", default_value = "100", value_parser = clap::value_parser!(u32), help_heading = LIMITS)]
    pub room_images: u32,

    /// What the images of one room take in all.
    // A campaign's maps and faces; at most 5 MB each.
    #[arg(long, env = "PARLOR_ROOM_IMAGE_BYTES", value_name = "BYTES", default_value = "52428800", value_parser = bytes(0..=10_737_418_240), help_heading = LIMITS)]
    pub room_image_bytes: usize,

    /// Commands that may wait in front of one room; beyond it they are answered `BUSY`.
    // A client may send thousands of events without waiting; at 20 µs a command the last one waits a third of a second.
    #[arg(long, env = "PARLOR_MAILBOX", value_name = "N", default_value = "16384", value_parser = count, help_heading = LIMITS)]
    pub mailbox: NonZeroU32,

    /// Commands of all connections that may be under way at once, beyond one for each; the next are answered `BUSY`. Of one connection at most 64 count.
    // At 40,000 commands a second the last of them waits 50 ms. With twice as many, answers under overload came up to four times as late as at
    // half load, and with these about twice as late (docs/load-testing.md).
    #[arg(long, env = "PARLOR_MAX_PENDING", value_name = "N", default_value = "2048", value_parser = count, help_heading = LIMITS)]
    pub max_pending: NonZeroU32,

    /// Grace period of a player who dropped. Default: each game's own, mostly 10000.
    #[arg(long = "grace-ms", env = "PARLOR_GRACE_MS", value_name = "MS", value_parser = millis(0..=3_600_000), help_heading = ROOMS)]
    pub grace: Option<Duration>,

    /// Shortest grace period after a restart of the server.
    #[arg(long = "restart-grace-ms", env = "PARLOR_RESTART_GRACE_MS", value_name = "MS", default_value = "30000", value_parser = millis(0..=3_600_000), help_heading = ROOMS)]
    pub restart_grace: Duration,

    /// How long somebody who joined may be away from a lobby before the seat is free again. The host's is kept.
    // Whoever opens another program to read the code aloud is back within the minute.
    #[arg(long = "lobby-grace-ms", env = "PARLOR_LOBBY_GRACE_MS", value_name = "MS", default_value = "60000", value_parser = millis(0..=3_600_000), help_heading = ROOMS)]
    pub lobby_grace: Duration,

    /// How long a room may wait for its game to start.
    #[arg(long = "lobby-expiry-s", env = "PARLOR_LOBBY_EXPIRY_S", value_name = "S", default_value = "1800", value_parser = seconds(1..=604_800), help_heading = ROOMS)]
    pub lobby_expiry: Duration,

    /// How long a room without anything to do stays in memory.
    #[arg(long = "idle-eviction-s", env = "PARLOR_IDLE_EVICTION_S", value_name = "S", default_value = "60", value_parser = seconds(1..=86_400), help_heading = ROOMS)]
    pub idle_eviction: Duration,

    /// How long a bot seems to think.
    #[arg(long = "bot-delay-ms", env = "PARLOR_BOT_DELAY_MS", value_name = "MS", default_value = "700", value_parser = millis(0..=60_000), help_heading = ROOMS)]
    pub bot_delay: Duration,

    /// How long somebody who waits for an opponent keeps their place after their last connection closed.
    // Long enough for the page to be loaded again, and for a phone to change networks.
    #[arg(long = "queue-grace-ms", env = "PARLOR_QUEUE_GRACE_MS", value_name = "MS", default_value = "5000", value_parser = millis(0..=60_000), help_heading = ROOMS)]
    pub queue_grace: Duration,

    /// How long somebody waits for an opponent before a bot takes the seat, in games that have bots. Default: for ever.
    #[arg(long = "queue-bot-after-s", env = "PARLOR_QUEUE_BOT_AFTER_S", value_name = "S", value_parser = seconds(0..=86_400), help_heading = ROOMS)]
    pub queue_bot_after: Option<Duration>,

    /// Bots that may think at once, each on a core of its own; more wait for their turn.
    // A search takes up to 0.3 s: one thread serves a hundred games of people against the strongest bot.
    #[arg(long, env = "PARLOR_BOT_THREADS", value_name = "N", default_value = "1", value_parser = count, help_heading = ROOMS)]
    pub bot_threads: NonZeroU32,

    /// JSON file of characters and templates for `/draft`. Default: the one that ships with the program.
    #[arg(long, env = "PARLOR_DRAFT_CATALOGUE", value_name = "FILE", value_parser = existing_file, help_heading = ROOMS)]
    pub draft_catalogue: Option<PathBuf>,

    /// Folder of stories (*.toml) for `/codex`, besides those that ship with the program.
    #[arg(long, env = "PARLOR_CODEX_STORIES", value_name = "FOLDER", value_parser = existing_folder, help_heading = ROOMS)]
    pub codex_stories: Option<PathBuf>,
}

const SERVING: &str = "Serving";
const STORE: &str = "Store";
const ACCOUNTS: &str = "Accounts";
const SOCKETS: &str = "Connections";
const LIMITS: &str = "Limits";
const ROOMS: &str = "Rooms";

/// Grace period of a game that names none, as the settings' documentation says.
pub const DEFAULT_GRACE: Duration = Duration::from_secs(10);

impl Config {
    /// The grace period of a game whose own is `of_game`.
    pub fn grace_for(&self, of_game: Option<Duration>) -> Duration {
        self.grace.or(of_game).unwrap_or(DEFAULT_GRACE)
    }

    /// The database of these settings.
    pub fn database(&self) -> Database {
        self.database_url.clone().unwrap_or_else(|| Database::File(self.data_dir.join("parlor.db")))
    }

    /// What is wrong about the settings together, though each for itself is right.
    ///
    /// # Errors
    /// A sentence that names them and what they should be.
    pub fn check(&self) -> Result<(), &'static str> {
        if self.redis_url.is_some() && !self.database().is_shared() {
            return Err("REDIS_URL connects several nodes, and they need one store: DATABASE_URL should be postgres://…");
        }
        secret_needed(self.database().is_shared(), self.secret.as_ref())
    }

    /// Whether browsers reach us by https only, so that cookies may be marked so.
    pub fn is_secure(&self) -> bool {
        self.public_url.as_ref().is_some_and(PublicUrl::is_https)
    }

    /// The lasting rate of a socket as the time between two events.
    pub fn socket_rate_every(&self) -> Duration {
        per(self.socket_rate_per_s)
    }
}

/// Several nodes on one store have to sign with one secret, and none of them may make one up.
fn secret_needed(shared: bool, secret: Option<&Secret>) -> Result<(), &'static str> {
    if shared && secret.is_none() {
        return Err(
            "PARLOR_SECRET (--secret, or `secret` in parlor.toml) should be set when DATABASE_URL names a Postgres server: \
                    at least 8 characters, better 32, the same for every node. `openssl rand -hex 32` makes one.",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests;
