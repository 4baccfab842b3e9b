//! The options.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::{Parser, ValueEnum};

use crate::connection::Transport;

/// Plays many games at once against a Parlor server, measures it and checks what it says.
///
/// Without --url it starts a server of its own, with an empty database and without rate limits, and stops it at the end.
#[derive(Clone, Debug, Parser)]
#[command(version, about)]
pub struct Args {
    /// What the players do.
    #[arg(value_enum, default_value = "chat")]
    pub scenario: Scenario,

    /// Rooms at the same time.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub rooms: Option<u32>,

    /// Clients in each room: first the seats of the game, then spectators.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub players: Option<u32>,

    /// Commands per second of all together, sent when they are due whatever the server does (open loop). Without it each sends the next when the last is
    /// answered (closed loop).
    #[arg(long, value_name = "PER_S", value_parser = rate)]
    pub rate: Option<f64>,

    /// Commands that each client may have unanswered in a closed loop, where they do not wait for each other's (chat). 1 is a person; many find
    /// what the server holds.
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub in_flight: u32,

    /// How long to measure, in seconds, once all are in their rooms.
    #[arg(long, value_name = "S", default_value = "10", value_parser = seconds)]
    pub duration: Duration,

    /// Lets the rooms come in evenly over so many seconds. Default: as fast as the server takes them.
    #[arg(long, value_name = "S", default_value = "0", value_parser = seconds)]
    pub ramp: Duration,

    /// How packets travel.
    #[arg(long, value_enum)]
    pub transport: Option<Transport>,

    /// A server that runs already, such as http://127.0.0.1:3000. May be given several times: clients take turns.
    #[arg(long, value_name = "URL")]
    pub url: Vec<String>,

    /// Allows hosts other than this machine. Only load servers that are yours.
    #[arg(long)]
    pub allow_remote: bool,

    /// The server to start. Default: `parlor` beside this program.
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    pub server: Option<PathBuf>,

    /// Begins the luck of the players: the same seed chooses the same.
    #[arg(long, value_name = "N", default_value = "1")]
    pub seed: u64,

    /// File of shares, for `mixed`.
    #[arg(long, value_name = "FILE", required_if_eq("scenario", "mixed"))]
    pub mix: Option<PathBuf>,

    /// Writes all figures as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Writes a line per second as CSV.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,

    /// Writes a page with curves and histograms.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Shows no live line.
    #[arg(long, short)]
    pub quiet: bool,
}

/// What the players do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scenario {
    /// Everybody in a room chats.
    Chat,
    /// Everybody sits there: heartbeats only.
    Idle,
    /// Connects, waits for `session`, closes, again.
    Connect,
    /// Few talk, very many listen.
    Bigroom,
    /// Chat by long-polling.
    Polling,
    /// Chat with clients that drop and come back.
    Churn,
    /// AniFight, game after game.
    Draft,
    /// Pong: paddles and frames.
    Pong,
    /// Backgammon, game after game.
    Backgammon,
    /// Arcane Codex: secret choices.
    Codex,
    /// A table: chat and dice.
    Tabletop,
    /// Several of these at once, from a file.
    Mixed,
    /// Twice what the server holds: what becomes of it, and how soon it is itself again.
    Overload,
}

impl Scenario {
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Rooms and clients in each, when nothing else is said.
    pub fn size(self) -> (u32, u32) {
        match self {
            Self::Bigroom => (1, 500),
            Self::Idle => (500, 2),
            Self::Connect => (8, 1),
            Self::Codex | Self::Tabletop => (50, 4),
            Self::Churn => (50, 4),
            _ => (100, 2),
        }
    }
}

/// One kind of rooms of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    pub scenario: Scenario,
    pub rooms: u32,
    pub players: u32,
    /// Commands per second of all its rooms together.
    pub rate: Option<f64>,
    pub transport: Transport,
    /// Commands of one client that may be unanswered in a closed loop.
    pub in_flight: u32,
}

impl Args {
    /// What is to be done, checked.
    ///
    /// # Errors
    /// A sentence that says which option is wrong.
    pub fn work(&self) -> Result<Vec<Work>> {
        match (self.scenario, &self.mix) {
            (Scenario::Mixed, Some(file)) => {
                let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
                crate::mix::read(&text, self).with_context(|| file.display().to_string())
            }
            (_, Some(_)) => bail!("--mix is for the scenario `mixed`"),
            (scenario, None) => Ok(vec![self.one(scenario, self.rooms, self.players, self.rate)?]),
        }
    }

    /// Work of one kind, with its defaults.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn one(&self, scenario: Scenario, rooms: Option<u32>, players: Option<u32>, rate: Option<f64>) -> Result<Work> {
        let (default_rooms, default_players) = scenario.size();
        let players = players.unwrap_or(default_players);
        let two = matches!(scenario, Scenario::Draft | Scenario::Pong | Scenario::Backgammon);
        ensure!(!two || players >= 2, "{} needs at least 2 players in each room", scenario.name());
        ensure!(scenario != Scenario::Idle || rate.is_none(), "idle sends nothing: it has no rate");
        let transport = match (scenario, self.transport) {
            (Scenario::Polling, None) => Transport::Polling,
            (Scenario::Polling, Some(Transport::Websocket)) => {
                bail!("the scenario `polling` cannot be played by WebSocket; `chat` can")
            }
            (_, transport) => transport.unwrap_or(Transport::Websocket),
        };
        Ok(Work { scenario, rooms: rooms.unwrap_or(default_rooms), players, rate, transport, in_flight: self.in_flight })
    }

    /// The servers as `host:port`.
    ///
    /// # Errors
    /// When one is not a URL that can be used, or not of this machine.
    pub fn hosts(&self) -> Result<Vec<String>> {
        self.url.iter().map(|url| host(url, self.allow_remote)).collect()
    }
}

/// `host:port` of a URL.
fn host(url: &str, allow_remote: bool) -> Result<String> {
    ensure!(!url.starts_with("https://"), "{url}: TLS is not spoken here; point to the server behind the proxy by http://");
    let rest = url.strip_prefix("http://").with_context(|| format!("{url}: a URL begins with http://"))?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    ensure!(!rest.is_empty() && !rest.contains(['/', '?', '#', '@', ' ']), "{url}: http://HOST:PORT and nothing more");
    let bracket = rest.rfind(']').unwrap_or(0);
    let with_port = if rest[bracket..].contains(':') { rest.to_owned() } else { format!("{rest}:80") };
    let (name, port) = with_port.rsplit_once(':').context("a host and a port")?;
    ensure!(port.parse::<u16>().is_ok_and(|port| port > 0), "{url}: {port:?} is not a port");
    let ip = name.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    let here = name == "localhost" || ip.is_ok_and(|ip| ip.is_loopback());
    ensure!(here || allow_remote, "{url} is another machine: add --allow-remote if it is yours");
    Ok(with_port)
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(s) if (0.0..=86_400.0).contains(&s) => Ok(Duration::from_secs_f64(s)),
        _ => Err("seconds from 0 to 86400".to_owned()),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= 1e7 => Ok(rate),
        _ => Err("commands per second, above 0 and up to 10000000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &str) -> Result<Vec<Work>> {
        let args = Args::try_parse_from(std::iter::once("parlor-loadtest").chain(args.split_whitespace()))?;
        args.hosts()?;
        args.work()
    }

    #[test]
    fn scenarios_have_defaults() {
        let expected =
            Work { scenario: Scenario::Chat, rooms: 100, players: 2, rate: None, transport: Transport::Websocket, in_flight: 1 };
        assert_eq!(parse("").unwrap(), std::slice::from_ref(&expected));
        assert_eq!(parse("chat --rooms 7 --rate 12.5").unwrap(), [Work { rooms: 7, rate: Some(12.5), ..expected }]);
        assert_eq!(parse("polling").unwrap()[0].transport, Transport::Polling);
        assert_eq!(parse("polling --transport upgrade").unwrap()[0].transport, Transport::Upgrade);
    }

    #[test]
    fn bad_options_are_refused_in_words() {
        for (args, word) in [
            ("dance", "dance"),
            ("--rooms 0", "rooms"),
            ("--players many", "players"),
            ("--rate 0", "rate"),
            ("--rate nan", "rate"),
            ("--duration 1e9", "duration"),
            ("--duration soon", "duration"),
            ("draft --players 1", "2 players"),
            ("idle --rate 5", "no rate"),
            ("polling --transport websocket", "`chat` can"),
            ("chat --mix x.toml", "mixed"),
            ("mixed", "--mix"),
            ("mixed --mix /no/such/file.toml", "/no/such/file.toml"),
            ("--url ftp://localhost", "http://"),
            ("--url https://localhost", "TLS"),
            ("--url http://localhost/x", "nothing more"),
            ("--url http://localhost:0", "port"),
            ("--url http://10.0.0.1:3000", "--allow-remote"),
            ("--url http://example.org", "--allow-remote"),
            ("--url http://127.0.0.1:1 --server x", "--url"),
        ] {
            let error = format!("{:#}", parse(args).expect_err(args));
            assert!(error.contains(word), "{args}: {error}");
        }
    }

    #[test]
    fn servers_of_this_machine_need_no_leave() {
        for (url, expected) in [
            ("http://localhost:3000/", "localhost:3000"),
            ("http://127.0.0.9", "127.0.0.9:80"),
            ("http://[::1]:5", "[::1]:5"),
            ("http://[::1]", "[::1]:80"),
        ] {
            assert_eq!(host(url, false).unwrap(), expected);
        }
        assert_eq!(host("http://example.org:81", true).unwrap(), "example.org:81");
    }
}
