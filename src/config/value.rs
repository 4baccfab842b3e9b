//! The kinds of values that settings have. Each parser's error says what the value should be.

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::ValueParser;
use http::Uri;
use http::uri::Authority;
use ipnet::IpNet;
use tracing_subscriber::EnvFilter;

use crate::log::postgres;

/// A parser of milliseconds within `range`.
pub(super) fn millis(range: RangeInclusive<u64>) -> ValueParser {
    ValueParser::new(move |text: &str| whole(text, "milliseconds", &range).map(Duration::from_millis))
}

/// A parser of seconds within `range`.
pub(super) fn seconds(range: RangeInclusive<u64>) -> ValueParser {
    ValueParser::new(move |text: &str| whole(text, "seconds", &range).map(Duration::from_secs))
}

/// A parser of a size in bytes within `range`.
pub(super) fn bytes(range: RangeInclusive<u64>) -> ValueParser {
    ValueParser::new(move |text: &str| whole(text, "bytes", &range).map(|n| usize::try_from(n).unwrap_or(usize::MAX)))
}

fn whole(text: &str, unit: &str, range: &RangeInclusive<u64>) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| format!("should be a whole number of {unit} from {} to {}", range.start(), range.end()))
}

/// Most that a count may be: far above what is useful, far below what overflows anywhere.
const MAX_COUNT: u32 = 1_000_000;

pub(super) fn count(text: &str) -> Result<NonZeroU32, String> {
    let number = text.parse().ok().filter(|n: &NonZeroU32| n.get() <= MAX_COUNT);
    number.ok_or_else(|| format!("should be a whole number from 1 to {MAX_COUNT}"))
}

/// The time between two when there are `n` per second.
pub(super) fn per(n: NonZeroU32) -> Duration {
    Duration::from_secs(1) / n.get()
}

pub(super) fn listen(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "should be an IP address and a port, such as 127.0.0.1:3000 or [::]:3000")
}

pub(super) fn switch(text: &str) -> Result<bool, &'static str> {
    match text {
        "on" | "true" => Ok(true),
        "off" | "false" => Ok(false),
        _ => Err("should be on or off"),
    }
}

pub(super) fn existing_file(text: &str) -> Result<PathBuf, String> {
    match std::fs::metadata(text) {
        Ok(file) if file.is_file() => Ok(text.into()),
        Ok(_) => Err("should be a file".into()),
        Err(error) => Err(format!("should be a file that can be read ({error})")),
    }
}

pub(super) fn existing_folder(text: &str) -> Result<PathBuf, String> {
    match std::fs::metadata(text) {
        Ok(folder) if folder.is_dir() => Ok(text.into()),
        Ok(_) => Err("should be a folder".into()),
        Err(error) => Err(format!("should be a folder that can be read ({error})")),
    }
}

/// Something that must not be shown: `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Shorter than what HS256 asks for; worth a warning.
    pub fn is_short(&self) -> bool {
        self.0.len() < 32
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl FromStr for Secret {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.chars().count() < 8 { Err("should be at least 8 characters long") } else { Ok(Self(text.into())) }
    }
}

/// A list of secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets(pub Vec<Secret>);

impl FromStr for Secrets {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let secrets = parts(text).map(str::parse).collect::<Result<_, _>>();
        secrets.map(Self).map_err(|_| "should be secrets of at least 8 characters each, separated by commas")
    }
}

/// The scheme, host and port of a page: lower case, without a port that the scheme implies.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin(String);

impl Origin {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// Host and port, without a port that the scheme implies.
    pub fn authority(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, authority)| authority)
    }
}

impl FromStr for Origin {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SHOULD: &str = "should be scheme, host and port, such as https://play.example.org or http://localhost:8080";
        // What a parser of URIs forgives is not an origin: `https://a/`, `https://a?`, `https://a#b`.
        if text.chars().filter(|&c| c == '/').count() != 2 || text.contains(['?', '#']) {
            return Err(SHOULD);
        }
        let uri: Uri = text.parse().map_err(|_| SHOULD)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(SHOULD) };
        let implied = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return Err(SHOULD),
        };
        if authority.as_str().contains('@') || authority.host().is_empty() || authority.as_str().ends_with(':') {
            return Err(SHOULD);
        }
        let host = authority.host().to_ascii_lowercase();
        match authority.port_u16() {
            Some(port) if port != implied => Ok(Self(format!("{scheme}://{host}:{port}"))),
            _ => Ok(Self(format!("{scheme}://{host}"))),
        }
    }
}

/// Where people reach us: an origin, no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(Origin);

impl PublicUrl {
    pub fn origin(&self) -> &Origin {
        &self.0
    }

    /// Without a slash at the end.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub fn is_https(&self) -> bool {
        self.0.is_https()
    }
}

impl FromStr for PublicUrl {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let origin = text.strip_suffix('/').unwrap_or(text).parse();
        origin.map(Self).map_err(|_| "should be http:// or https:// and a host, without a path, such as https://play.example.org")
    }
}

/// The origins that may connect besides our own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    pub listed: Vec<Origin>,
    /// `*` was among them.
    pub any: bool,
}

impl FromStr for Origins {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let mut origins = Self::default();
        for part in parts(text) {
            match part {
                "*" => origins.any = true,
                part => origins.listed.push(part.parse().map_err(|should| format!("{part:?} {should}"))?),
            }
        }
        Ok(origins)
    }
}

/// A list of networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(pub Vec<IpNet>);

impl FromStr for Networks {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let read = |part: &str| {
            let net = part.parse::<IpNet>().ok().or_else(|| part.parse::<std::net::IpAddr>().ok().map(IpNet::from));
            net.ok_or_else(|| format!("{part:?} should be a network such as 10.0.0.0/8 or fd00::/8, or an IP address"))
        };
        parts(text).map(read).collect::<Result<_, _>>().map(Self)
    }
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// Host and port of a node, as other nodes reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeAddr(Authority);

impl NodeAddr {
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for NodeAddr {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let addr =
            text.parse::<Authority>().ok().filter(|a| a.port_u16().is_some() && !a.host().is_empty() && !a.as_str().contains('@'));
        addr.map(Self).ok_or("should be a host and a port, such as 10.0.0.2:3000 or node-1:3000")
    }
}

/// Which store holds the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// An SQLite file.
    File(PathBuf),
    /// A database in a Postgres server.
    Server(postgres::Url),
}

/// Without the password.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Server(url) => url.fmt(f),
        }
    }
}

impl Database {
    /// Whether other processes may use it at the same time.
    pub fn is_shared(&self) -> bool {
        match self {
            Self::File(_) => false,
            Self::Server(_) => true,
        }
    }
}

impl FromStr for Database {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if postgres::Url::is_meant(text) {
            return text.parse().map(Self::Server);
        }
        let path = text
            .strip_prefix("sqlite:")
            .ok_or("should be sqlite:PATH, such as sqlite:data/parlor.db, or postgres://USER:PASSWORD@HOST:PORT/DATABASE")?;
        let path = path.strip_prefix("//").unwrap_or(path);
        if path == ":memory:" {
            return Err(
                "the store has to be a file, so that what was played survives: should be sqlite:PATH, such as sqlite:data/parlor.db".into(),
            );
        }
        // Options after `?` would be taken for a part of the file's name, or for ours.
        match path.split_once('?') {
            Some((path, "mode=rwc")) if !path.is_empty() => Ok(Self::File(path.into())),
            None if !path.is_empty() => Ok(Self::File(path.into())),
            _ => Err("should be sqlite:PATH without options: the settings choose them".into()),
        }
    }
}

/// A checked log filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(String);

impl Filter {
    /// The filter; it was checked when the setting was read.
    pub fn build(&self) -> EnvFilter {
        EnvFilter::new(&self.0)
    }
}

impl FromStr for Filter {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match EnvFilter::try_new(text) {
            Ok(_) => Ok(Self(text.into())),
            Err(error) => Err(format!("should be a level (error, warn, info, debug, trace) or levels by module ({error})")),
        }
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

/// SQLite's `synchronous`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Synchronous {
    Full,
    Normal,
}
