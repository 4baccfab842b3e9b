//! The subcommands that look at rooms and tend the database, as an operator runs them.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::room::{Server, tampered};
use crate::{parlor, stderr, stdout};

/// Runs a subcommand on a data folder.
fn on(folder: &Path, args: &[&str]) -> Output {
    parlor(args, &[("PARLOR_DATA_DIR", folder.to_str().unwrap()), ("PARLOR_SECRET", "a secret of the tests")])
}

/// What it prints, when all goes well.
fn printed(folder: &Path, args: &[&str]) -> String {
    let output = on(folder, args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}{}", stdout(&output), stderr(&output));
    stdout(&output)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_room_is_replayed_exported_and_verified() {
    let server = Server::new().await;
    let code = server.finished().await;
    let states = [server.state_at(code, 3).await, server.state_at(code, 8).await];
    let folder = server.close().await;
    let (folder, code) = (folder.path(), code.as_str());

    let replay = printed(folder, &["replay", code]);
    let lines: Vec<&str> = replay.lines().collect();
    let seqs: Vec<usize> = lines.iter().map(|line| line.split_whitespace().next().unwrap().parse().unwrap()).collect();
    assert_eq!(seqs, (1..=lines.len()).collect::<Vec<_>>());
    for (at, event) in [(0, "room_opened"), (1, "player_joined"), (lines.len() - 1, "game_ended")] {
        assert_eq!(lines[at].split_whitespace().nth(2), Some(event), "{}", lines[at]);
    }
    assert!(lines.iter().all(|line| line.chars().count() < 280 && !line.contains(r#""timestamp""#)));

    for (at, expected) in [("3", &states[0]), ("8", &states[1])] {
        let state: Value = serde_json::from_str(&printed(folder, &["replay", code, "--at", at])).unwrap();
        assert_eq!(&state, expected);
    }

    let document: Value = serde_json::from_str(&printed(folder, &["export", &code.to_lowercase()])).unwrap();
    assert_eq!(document["format"], "parlor-room/1");
    assert_eq!((&document["seen_by"], &document["room"]["status"]), (&"all".into(), &"completed".into()));
    assert_eq!(document["events"].as_array().unwrap().len(), lines.len());
    assert!(document["state"]["results"]["winner"].is_string() && document["options"].is_object());
    let round = &document["rounds"][0];
    assert_eq!(round["seed_hash"], document["room"]["seed_hash"]);
    assert_eq!(round["seed"].as_str().unwrap().len(), 64);

    let read = printed(folder, &["export", code, "--format", "md"]);
    assert!(read.starts_with(&format!("# AniFight, room {code}\n")), "{read}");

    let verified = printed(folder, &["verify", code]);
    let draws = replay.matches("character_drawn").count();
    assert!(draws >= 4 && verified.ends_with(&format!("{code}: all {draws} draws match\n")), "{verified}");
    assert!(verified.contains(round["seed_hash"].as_str().unwrap()) && !verified.contains("DIFFERS"), "{verified}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tampered_log_is_caught() {
    let server = Server::new().await;
    let code = server.finished().await;
    let folder = server.close().await;
    for (what, sql, caught) in [
        (
            "another drawn character",
            r#"UPDATE events SET body = json_set(body, '$.played.drawn.character.id',
                   json_extract(body, '$.played.drawn.character.id')
                   + CASE json_extract(body, '$.played.drawn.character.id') % 100 WHEN 1 THEN 1 ELSE -1 END)
               WHERE seq = (SELECT min(seq) FROM events WHERE json_extract(body, '$.played.drawn.character.id') IS NOT NULL)"#,
            "an ending that the moves do not lead to",
        ),
        (
            "another winner",
            r#"UPDATE events SET body = json_set(body, '$.ended.results.winner', 'nobody') WHERE json_extract(body, '$.ended') IS NOT NULL"#,
            "an ending that the moves do not lead to",
        ),
        (
            "another seed from the start",
            r#"UPDATE events SET body = json_set(body, '$.opened.seed', hex(zeroblob(32))) WHERE seq = 1"#,
            "shows another seed than the round began with",
        ),
        (
            "another seed at the end",
            r#"UPDATE events SET body = json_set(body, '$.ended.seed', hex(zeroblob(32))) WHERE json_extract(body, '$.ended') IS NOT NULL"#,
            "shows another seed than the round began with",
        ),
        (
            "another seed in both places",
            r#"UPDATE events SET body = json_set(body, CASE seq WHEN 1 THEN '$.opened.seed' ELSE '$.ended.seed' END, hex(zeroblob(32)))
               WHERE seq = 1 OR json_extract(body, '$.ended') IS NOT NULL"#,
            "draws, in events",
        ),
        (
            "another client seed",
            r#"UPDATE events SET body = json_set(body, '$.joined.client_seed', 'bob') WHERE seq = 2"#,
            "draws, in events",
        ),
        ("a row missing in the middle", "DELETE FROM events WHERE seq = 7", "event 8 stands where 7 should"),
        ("the opening missing", "DELETE FROM events WHERE seq = 1", "does not begin with the room's opening"),
        ("the end missing", "DELETE FROM events WHERE json_extract(body, '$.ended') IS NOT NULL", "is recorded as completed"),
        ("no log at all", "DELETE FROM events", "does not begin with the room's opening"),
        ("a row that is no event", "UPDATE events SET body = '{}' WHERE seq = 6", "event 6 cannot be read"),
    ] {
        let copy = tampered(folder.path(), sql).await;
        let output = on(copy.path(), &["verify", code.as_str()]);
        let text = stdout(&output);
        assert_eq!(output.status.code(), Some(1), "{what}: {text}{}", stderr(&output));
        let verdict = text.lines().last().unwrap();
        assert!(verdict.contains("THIS LOG") && verdict.contains(caught), "{what}: {text}");
    }
    assert_eq!(on(folder.path(), &["verify", code.as_str()]).status.code(), Some(0), "the original is untouched");
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_a_running_server_reading_works_and_writing_is_refused() {
    let server = Server::new().await;
    let code = server.running().await;
    let (folder, code) = (server.folder.path(), code.as_str());

    let early = on(folder, &["verify", code]);
    assert!(early.status.code() == Some(3) && stdout(&early).contains("is not over"), "{}", stdout(&early));

    let seed: String = {
        let (_, rows) = server.rooms.whole_log(code.parse().unwrap()).await.unwrap();
        let opened: Value = serde_json::from_str(&rows[0].body).unwrap();
        opened["opened"]["seed"].as_str().unwrap().to_owned()
    };
    let export = printed(folder, &["export", code]);
    let document: Value = serde_json::from_str(&export).unwrap();
    assert_eq!((&document["seen_by"], &document["rounds"][0]["seed"]), (&"spectator".into(), &Value::Null));
    for text in [export, printed(folder, &["replay", code]), printed(folder, &["replay", code, "--at", "4"])] {
        assert!(!text.contains(&seed), "the seed of a running game is shown: {text}");
    }

    for job in ["cleanup", "migrate"] {
        let refused = on(folder, &[job]);
        let text = stderr(&refused);
        assert!(refused.status.code() == Some(2) && text.contains("another server uses this database"), "{job}: {text}");
    }
    // The server has noticed nothing.
    server.ask(code.parse().unwrap(), "chat_message", serde_json::json!({ "message": "still here" })).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn cleanup_deletes_what_is_past_its_retention_and_nothing_else() {
    let server = Server::new().await;
    let (over, running) = (server.finished().await, server.running().await);
    let folder = server.close().await;
    assert!(printed(folder.path(), &["cleanup"]).starts_with("deleted 0 rooms"));
    printed(folder.path(), &["replay", over.as_str()]);
    let deleted = printed(folder.path(), &["cleanup", "--retention-s=0"]);
    assert!(deleted.starts_with("deleted 1 room that"), "{deleted}");
    let gone = on(folder.path(), &["replay", over.as_str()]);
    assert!(gone.status.code() == Some(2) && stderr(&gone).contains("there is no room"), "{}", stderr(&gone));
    printed(folder.path(), &["replay", running.as_str()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_named() {
    let nowhere = tempfile::tempdir().unwrap();
    for args in [&["replay", "BCDFGH"][..], &["verify", "BCDFGH"], &["export", "BCDFGH"], &["cleanup"]] {
        let output = on(nowhere.path(), args);
        assert!(output.status.code() == Some(2) && stderr(&output).contains("there is no database at"), "{}", stderr(&output));
    }
    assert!(std::fs::read_dir(nowhere.path()).unwrap().next().is_none(), "looking makes no files");

    let migrated = printed(nowhere.path(), &["migrate"]);
    assert!(migrated.contains("parlor.db are up to date"), "{migrated}");
    assert_eq!(printed(nowhere.path(), &["migrate"]), migrated, "a second time changes nothing");
    for job in ["replay", "verify", "export"] {
        let output = on(nowhere.path(), &[job, "bcd fgh"]);
        assert!(output.status.code() == Some(2) && stderr(&output).contains("there is no room BCDFGH"), "{}", stderr(&output));
    }

    std::fs::write(nowhere.path().join("parlor.db"), "not a database").unwrap();
    for args in [&["replay", "BCDFGH"][..], &["migrate"]] {
        let output = on(nowhere.path(), args);
        assert!(
            output.status.code() == Some(2) && stderr(&output).contains("cannot be opened as a database"),
            "{}",
            stderr(&output)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_past_the_end_of_the_log_is_refused() {
    let server = Server::new().await;
    let code = server.lobby().await;
    let folder = server.close().await;
    let output = on(folder.path(), &["replay", code.as_str(), "--at", "4"]);
    assert!(output.status.code() == Some(2) && stderr(&output).contains("ends with event 3"), "{}", stderr(&output));
}

#[test]
fn a_token_is_the_servers_own_and_stands_alone_on_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let id = "6f2c5f4e-7f5c-4b9f-8f57-0e2b6a2d9b11";
    let token = printed(folder.path(), &["token", "--nickname", " Ada  L ", "--player-id", id, "--ttl", "60"]);
    let tokens = parlor::account::token::Tokens::new("a secret of the tests", std::time::Duration::from_secs(1));
    let now = parlor::time::Clock::system().now();
    let identity = tokens.verify(token.trim_end(), now).unwrap();
    assert_eq!((identity.player_id.to_string().as_str(), identity.nickname.as_str(), identity.guest), (id, "Ada L", true));
    assert!((50..=60).contains(&identity.expires_at.since(now).as_secs()));

    let bad = on(folder.path(), &["token", "--nickname", "\u{202e}"]);
    assert!(bad.status.code() == Some(2) && stderr(&bad).contains("--nickname"), "{}", stderr(&bad));

    // Without a secret in the settings it is the one that the server keeps in its folder.
    let dir = folder.path().to_str().unwrap();
    let first = parlor(&["token", "--data-dir", dir], &[]);
    let kept = std::fs::read_to_string(folder.path().join("secret")).unwrap();
    let tokens = parlor::account::token::Tokens::new(&kept, std::time::Duration::from_secs(1));
    assert!(tokens.verify(stdout(&first).trim_end(), now).is_ok());
}
