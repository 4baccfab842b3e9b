//! The tester against the real server: short runs, which must find nothing wrong.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use serde_json::Value;

/// The server: PARLOR_BIN, or the one that lies where this test was built, built when it is not there.
static SERVER: LazyLock<PathBuf> = LazyLock::new(|| {
    if let Some(path) = std::env::var_os("PARLOR_BIN") {
        return PathBuf::from(path);
    }
    let server = PathBuf::from(env!("CARGO_BIN_EXE_parlor-loadtest")).with_file_name("parlor");
    if !server.exists() {
        let built =
            Command::new(env!("CARGO")).args(["build", "--locked", "--package", "parlor", "--bin", "parlor"]).status().unwrap();
        assert!(built.success(), "the server could not be built");
    }
    server
});

fn tester(args: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor-loadtest"));
    command.args(args.split_whitespace());
    command
}

fn text(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Runs a scenario for two seconds; its figures, after everything was found in order.
fn clean(args: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = |name| folder.path().join(name);
    let mut command = tester(args);
    command.args(["--duration", "2", "--quiet", "--server"]).arg(&*SERVER);
    for kind in ["json", "csv", "html"] {
        command.arg(format!("--{kind}")).arg(file(kind));
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{args}: {}", text(&output));
    let report: Value = serde_json::from_slice(&std::fs::read(file("json")).unwrap()).unwrap();
    assert_eq!(report["violations"]["counts"], serde_json::json!({}), "{args}: {report}");
    assert_eq!(report["counts"]["lost"], 0, "{args}");
    assert!(report["server"]["cpu_s"].is_number(), "{args}");
    let csv = std::fs::read_to_string(file("csv")).unwrap();
    assert!(csv.lines().count() >= 2, "{args}: a line per second: {csv}");
    let html = std::fs::read_to_string(file("html")).unwrap();
    assert!(html.contains("<svg") && html.ends_with("</html>\n") && !html.contains("http://"), "{args}: a page of its own");
    report
}

#[test]
fn chat_is_told_to_all_and_in_order() {
    let report = clean("chat --rooms 5 --players 3");
    let (answered, events) = (report["counts"]["answered"].as_u64().unwrap(), report["counts"]["events"].as_u64().unwrap());
    assert!(answered > 0 && events >= answered, "{report}");
    assert!(report["latencies"]["delivery"]["count"].as_u64().unwrap() > 0);
}

#[test]
fn clients_that_drop_miss_nothing() {
    let report = clean("churn --rooms 3 --players 3 --rate 60");
    assert!(report["counts"]["resumed"].as_u64().unwrap() > 0, "{report}");
}

#[test]
fn games_are_played_by_their_rules() {
    for game in ["draft", "backgammon", "codex", "pong"] {
        let report = clean(&format!("{game} --rooms 3"));
        assert!(report["counts"]["answered"].as_u64().unwrap() > 0, "{game}: {report}");
        assert_eq!(report["counts"]["refused"], 0, "{game}: {report}");
    }
}

#[test]
fn every_transport_carries_the_same() {
    for transport in ["polling", "upgrade"] {
        clean(&format!("chat --rooms 2 --transport {transport} --rate 40"));
    }
}

#[test]
fn several_scenarios_run_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let mix = folder.path().join("mix.toml");
    std::fs::write(&mix, "[[part]]\nscenario = 'draft'\nshare = 2\n[[part]]\nscenario = 'idle'\nshare = 1\n").unwrap();
    let report = clean(&format!("mixed --rooms 6 --rate 30 --mix {}", mix.display()));
    assert_eq!(report["parts"].as_array().unwrap().len(), 2);
}

#[test]
fn bad_options_end_before_anything_is_loaded() {
    for (args, words) in [
        ("dance", "dance"),
        ("chat --rooms 0", "rooms"),
        ("chat --url http://192.0.2.1:80", "--allow-remote"),
        ("draft --players 1", "2 players"),
        ("mixed --mix /no/such/file", "/no/such/file"),
        ("chat --server /no/such/parlor", "/no/such/parlor"),
    ] {
        let output = tester(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args}: {}", text(&output));
        assert!(text(&output).contains(words), "{args}: {}", text(&output));
    }
}

#[test]
fn a_server_that_is_not_there_is_told() {
    // Port 1 of this machine: nobody listens there.
    let output = tester("chat --rooms 1 --duration 1 --quiet --url http://127.0.0.1:1").output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("127.0.0.1:1 cannot be reached"), "{}", text(&output));
}

#[test]
fn ctrl_c_stops_the_server_too() {
    let mut child = tester("idle --rooms 2 --duration 600 --server")
        .arg(&*SERVER)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let started = lines.find(|line| line.contains("started a server at")).unwrap();
    let host = started.split("http://").nth(1).unwrap().split(',').next().unwrap().to_owned();
    // The first line of progress: from then on Ctrl-C is waited for.
    lines.next().unwrap();
    assert!(TcpStream::connect(&host).is_ok());
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(TcpStream::connect(&host).is_err(), "the server is gone");
}
