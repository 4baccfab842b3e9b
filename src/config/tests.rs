use std::ffi::OsString;
use std::path::Path;

use super::*;
use crate::cli::{self, Asked};

fn parse(args: &[&str]) -> Result<Asked, clap::Error> {
    cli::try_parse(std::iter::once("parlor").chain(args.iter().copied()).map(OsString::from).collect())
}

/// Parses with a settings file that says `toml`.
fn parse_file(toml: &str, args: &[&str]) -> Result<Asked, clap::Error> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("settings.toml");
    std::fs::write(&path, toml).unwrap();
    let flag = format!("--config={}", path.display());
    parse(&[&[flag.as_str()], args].concat())
}

#[test]
fn without_any_setting_everything_has_its_default() {
    let config = parse(&[]).unwrap().cli.config;
    assert_eq!(config.listen.to_string(), "127.0.0.1:3000");
    assert_eq!(config.database(), Database::File("data/parlor.db".into()));
    assert_eq!((config.ping_interval, config.ping_timeout), (Duration::from_secs(5), Duration::from_secs(3)));
    assert_eq!(config.grace_for(None), Duration::from_secs(10));
    assert_eq!(config.grace_for(Some(Duration::from_secs(7))), Duration::from_secs(7));
    assert_eq!(config.restart_grace, Duration::from_secs(30));
    assert_eq!(config.lobby_expiry, Duration::from_secs(30 * 60));
    assert_eq!(config.retention, Duration::from_secs(24 * 60 * 60));
    assert_eq!(config.socket_rate_every(), Duration::from_millis(50));
    assert!(config.rate_limits && !config.is_secure());
    assert!(config.allowed_origins == Origins::default() && config.trusted_proxies == Networks::default());
}

#[test]
fn a_flag_beats_the_file_and_the_file_beats_the_default() {
    let file =
        "grace_ms = 1500\nlisten = '0.0.0.0:4000'\nrate_limits = false\ntrusted_proxies = ['10.0.0.0/8', '::1']\ntoken_grace_s = 5";
    let config = parse_file(file, &["--listen", "127.0.0.1:0"]).unwrap().cli.config;
    assert_eq!(config.listen.to_string(), "127.0.0.1:0");
    assert_eq!(config.grace_for(Some(Duration::from_secs(7))), Duration::from_millis(1500));
    assert_eq!(config.token_grace, Duration::from_secs(5));
    assert_eq!(config.trusted_proxies.0.len(), 2);
    assert!(!config.rate_limits);
    assert_eq!(config.ping_timeout, Duration::from_secs(3));
}

#[test]
fn the_file_counts_for_every_command_and_socket_rates_are_read_from_it() {
    let config = parse_file("socket_rate_per_s = 7\nping_interval_ms = 900", &["cleanup"]).unwrap().cli.config;
    assert_eq!((config.socket_rate_per_s.get(), config.ping_interval), (7, Duration::from_millis(900)));
}

#[test]
fn a_wrong_file_is_named_with_the_key_and_what_it_should_be() {
    for (toml, named) in [
        ("grace = 5", "no setting `grace`"),
        ("config = 'x'", "no setting `config`"),
        ("grace_ms = 'soon'", "`grace_ms`"),
        ("grace_ms = -1", "`grace_ms`"),
        ("grace_ms = 1.5", "`grace_ms` should be"),
        ("grace_ms = { a = 1 }", "`grace_ms` should be"),
        ("listen = 3000", "an IP address and a port"),
        ("trusted_proxies = ['10.0.0.0/40']", "10.0.0.0/8"),
        ("allowed_origins = [1]", "list of strings"),
        ("log_format = 'xml'", "text, json"),
        ("log = 'parlor=loud'", "error, warn, info"),
        ("listen = ", "line 1"),
    ] {
        let error = parse_file(toml, &[]).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{toml}");
        let text = error.to_string();
        assert!(text.contains(named) && text.contains("settings.toml"), "{toml}: {text}");
    }
    let missing = parse(&["--config", "/nowhere/parlor.toml"]).unwrap_err();
    assert!(missing.exit_code() == 2 && missing.to_string().contains("no such settings file"), "{missing}");
}

#[test]
fn a_wrong_value_is_named_with_all_its_names_and_what_it_should_be() {
    for (flag, value, should) in [
        ("listen", "localhost", "127.0.0.1:3000"),
        ("listen", "127.0.0.1:99999", "127.0.0.1:3000"),
        ("public-url", "play.example.org", "https://play.example.org"),
        ("public-url", "https://play.example.org/games", "without a path"),
        ("public-url", "ftp://play.example.org", "http://"),
        ("allowed-origins", "https://a.example,b.example", "b.example"),
        ("allowed-origins", "null", "scheme, host and port"),
        ("trusted-proxies", "proxy.example", "10.0.0.0/8"),
        ("node-addr", "node-1", "a host and a port"),
        ("database-url", "postgres://localhost/parlor?channel=1", "sslmode"),
        ("database-url", "postgres://localhost:port/parlor", "postgres://USER"),
        ("database-url", "mysql://localhost", "sqlite:PATH"),
        ("database-url", "sqlite:", "sqlite:PATH"),
        ("database-url", "sqlite:a.db?mode=ro", "without options"),
        ("redis-url", "localhost:6379", "redis://HOST:PORT"),
        ("secret", "short", "at least 8 characters"),
        ("admin-token", "1234567", "at least 8 characters"),
        ("grace-ms", "10s", "whole number of"),
        ("ping-interval-ms", "0", "from 100 to 300000"),
        ("ping-timeout-ms", "99999999999999999999", "from 100 to 300000"),
        ("max-packet-bytes", "12", "from 1024 to 10485760"),
        ("rate-limits", "maybe", "on or off"),
        ("socket-rate-burst", "0", "from 1 to"),
        ("mailbox", "2000000", "from 1 to"),
        ("max-pending", "0", "from 1 to"),
        ("retention-s", "-5", "whole number of"),
        ("sqlite-synchronous", "off", "full, normal"),
        ("draft-catalogue", "/nowhere.json", "can be read"),
        ("draft-catalogue", "/", "should be a file"),
        ("codex-stories", "/nowhere", "can be read"),
        ("codex-stories", "Cargo.toml", "should be a folder"),
        ("log", "parlor=loud", "error, warn, info, debug, trace"),
        ("log-format", "xml", "text, json"),
    ] {
        let error = parse(&[&format!("--{flag}={value}")]).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.exit_code(), 2, "{flag}={value}");
        let variable = flag.to_uppercase().replace('-', "_");
        assert!(text.contains(flag) && text.contains(should) && text.contains(&variable), "{flag}={value}: {text}");
    }
}

#[test]
fn right_values_are_read_as_meant() {
    let config = parse(&[
        "--public-url=HTTPS://Play.Example.org:443/",
        "--allowed-origins=http://a.example:8080, *",
        "--trusted-proxies=127.0.0.1",
        "--database-url=sqlite://some/where.db",
        "--node-addr=node-1:3000",
        "--draft-catalogue=Cargo.toml",
    ]);
    let config = config.unwrap().cli.config;
    let url = config.public_url.clone().unwrap();
    assert_eq!(
        (url.as_str(), url.origin().authority(), config.is_secure()),
        ("https://play.example.org", "play.example.org", true)
    );
    assert!(config.allowed_origins.any && config.allowed_origins.listed[0].as_str() == "http://a.example:8080");
    assert_eq!(config.trusted_proxies.0[0].prefix_len(), 32);
    assert_eq!(config.database(), Database::File(Path::new("some/where.db").into()));
    assert!("sqlite::memory:".parse::<Database>().unwrap_err().contains("has to be a file"));
    assert_eq!("sqlite:/abs/x.db?mode=rwc".parse(), Ok(Database::File("/abs/x.db".into())));
}

#[test]
fn a_wrong_secret_is_not_repeated() {
    for (flag, value) in [("secret", "short"), ("database-url", "postgres://ada:hidden@db:port/parlor")] {
        let wrong = parse(&[&format!("--{flag}={value}")]).unwrap_err().to_string();
        assert!(wrong.contains(flag) && !wrong.contains(value) && !wrong.contains("hidden"), "{wrong}");
    }
    let file = "database_url = 'postgres://ada:hidden@db/parlor'";
    for args in [&["--help"][..], &["--listen=nowhere"]] {
        let text = parse_file(file, args).unwrap_err().to_string();
        assert!(!text.contains("hidden"), "{text}");
    }
}

#[test]
fn secrets_are_not_shown() {
    let secrets = ["--secret=do-not-print-me", "--admin-token=nor-this-one", "--database-url=postgres://ada:nor-that@db/parlor"];
    let asked = parse(&secrets).unwrap();
    for text in [format!("{:?}", asked.cli.config), cli::settings::effective(&asked)] {
        assert!(!text.contains("do-not-print") && !text.contains("nor-this") && !text.contains("nor-that"), "{text}");
    }
    assert!(cli::settings::effective(&asked).contains("postgres://db:5432/parlor"));
}

#[test]
fn a_store_that_several_nodes_share_needs_a_secret_of_the_settings() {
    let secret: Secret = "long enough".parse().unwrap();
    assert_eq!(secret_needed(false, None), Ok(()));
    assert_eq!(secret_needed(true, Some(&secret)), Ok(()));
    let wrong = secret_needed(true, None).unwrap_err();
    assert!(wrong.contains("PARLOR_SECRET") && wrong.contains("DATABASE_URL"), "{wrong}");
}

#[test]
fn previous_secrets_are_a_list_each_long_enough() {
    let config = parse(&["--previous-secrets=the first of them, the second one"]).unwrap().cli.config;
    assert_eq!(config.previous_secrets.0.iter().map(Secret::expose).collect::<Vec<_>>(), ["the first of them", "the second one"]);
    assert!(parse(&["--previous-secrets=long enough,short"]).unwrap_err().to_string().contains("8 characters"));
    assert!(!format!("{:?}", config.previous_secrets).contains("first"));
}
