//! Files of earlier versions are brought up to date with nothing lost.

use parlor::id::{RoomKey, Seq};
use parlor::log::EventLog;
use parlor::log::sqlite::{MIGRATIONS, Settings, SqliteLog};
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

/// Two rooms whose events were written in turns; the second ended, and that is not in the book yet.
const OLD: &str = r#"
    INSERT INTO rooms (id, code, game, visibility, created_by, created_at, status, listing) VALUES
        (1, 'BCDFGH', 'draft', 'private', zeroblob(16), 1, 'in_progress', '{}'),
        (2, 'BCDFGJ', 'draft', 'private', zeroblob(16), 2, 'completed', '{}');
    INSERT INTO events (room_id, seq, at, body, player_id, command_id) VALUES
        (2, 1, 10, '{"opened":{}}', NULL, NULL), (1, 1, 11, '{"opened":{}}', NULL, NULL),
        (2, 2, 12, '{"said":{}}', zeroblob(16), 'once'), (2, 3, 13, '{"ended":{}}', NULL, NULL),
        (1, 2, 14, '{"said":{}}', zeroblob(16), 'once');
"#;

#[tokio::test]
async fn the_log_of_an_earlier_version_is_whole_after_it_was_rewritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("parlor.db");
    let options = || SqliteConnectOptions::new().filename(&path).foreign_keys(true);
    let mut old = options().create_if_missing(true).connect().await.unwrap();
    let before = MIGRATIONS.iter().filter(|migration| migration.version < 80).cloned().collect();
    Migrator::with_migrations(before).run(&mut old).await.unwrap();
    sqlx::raw_sql(OLD).execute(&mut old).await.unwrap();
    let told = all(&mut old).await;
    assert_eq!(told.len(), 5);
    old.close().await.unwrap();

    let log = SqliteLog::open(&path, Settings::default()).await.unwrap();
    let events = log.rows(RoomKey(2), Seq(0), 10).await.unwrap();
    assert_eq!(events.iter().map(|row| row.seq.0).collect::<Vec<_>>(), [1, 2, 3]);
    log.close().await;

    let mut new = options().connect().await.unwrap();
    assert_eq!(all(&mut new).await, told);
    let ended: Vec<(i64, i64)> = sqlx::query_as("SELECT room_id, seq FROM endings").fetch_all(&mut new).await.unwrap();
    assert_eq!(ended, [(2, 3)], "a game that ended is still to be entered");
    let broken: Vec<(String, i64)> =
        sqlx::query_as("SELECT \"table\", rowid FROM pragma_foreign_key_check()").fetch_all(&mut new).await.unwrap();
    assert!(broken.is_empty(), "{broken:?}");
    for (promise, breach) in [
        ("one event a seq", "INSERT INTO events (room_id, seq, at, body) VALUES (1, 2, 0, '{}')"),
        ("an event has a room", "INSERT INTO events (room_id, seq, at, body) VALUES (3, 1, 0, '{}')"),
        ("a command once", "INSERT INTO events VALUES (1, 3, 0, '{}', zeroblob(16), 'once')"),
        ("seqs begin with 1", "INSERT INTO events (room_id, seq, at, body) VALUES (1, 0, 0, '{}')"),
        (
            "15 checkers a side",
            r#"INSERT INTO events (room_id, seq, at, body) VALUES (1, 3, 0, '{"played":{"what":0,"table":{"board":{"white":[1],"black":[15]}}}}')"#,
        ),
    ] {
        assert!(sqlx::raw_sql(breach).execute(&mut new).await.is_err(), "{promise}");
    }
    sqlx::raw_sql("DELETE FROM rooms WHERE id = 2").execute(&mut new).await.unwrap();
    let left: Vec<(i64, i64)> = sqlx::query_as("SELECT room_id, seq FROM endings").fetch_all(&mut new).await.unwrap();
    assert!(left.is_empty(), "what belongs to a room goes with it");
    assert_eq!(all(&mut new).await.len(), 2);
}

type Event = (i64, i64, i64, String, Option<Vec<u8>>, Option<String>);

async fn all(file: &mut SqliteConnection) -> Vec<Event> {
    sqlx::query_as("SELECT room_id, seq, at, body, player_id, command_id FROM events ORDER BY room_id, seq")
        .fetch_all(file)
        .await
        .unwrap()
}
