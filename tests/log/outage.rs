//! Postgres is stopped, killed, started again, slow, or not what it should be.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use parlor::id::{PlayerId, RoomKey, Seq};
use parlor::log::postgres::{PostgresLog, Settings};
use parlor::log::{CommandKey, Created, EventLog, LogError};

use crate::postgres::{self, PASSWORD, Server};
use crate::support::{commit, create, new_room, seqs};

async fn open(url: &str, timeout: Duration) -> Arc<PostgresLog> {
    let settings = Settings { timeout, ..Settings::default() };
    Arc::new(PostgresLog::open(&url.parse().unwrap(), settings).await.unwrap())
}

#[tokio::test]
async fn while_the_server_is_away_everything_is_refused_and_afterwards_everything_works() {
    let server = Server::start();
    let log = open(&server.database().await, Duration::from_millis(1_000)).await;
    let room = create(&*log, new_room()).await;
    for (round, crash) in [false, true, false].into_iter().enumerate() {
        let last = round as u32 * 2;
        log.append(commit(room, [last + 1])).await.unwrap();
        if crash {
            server.kill()
        } else {
            server.stop()
        };
        let first = log.append(commit(room, [last + 2])).await;
        assert!(matches!(first, Err(LogError::Unavailable(_) | LogError::Unknown(_))), "{first:?}");
        for _ in 0..3 {
            assert!(matches!(log.append(commit(room, [last + 2])).await, Err(LogError::Unavailable(_))));
        }
        assert!(matches!(log.create(new_room()).await, Err(LogError::Unavailable(_) | LogError::Unknown(_))));
        assert!(matches!(log.rows(room, Seq(0), 9).await, Err(LogError::Unavailable(_))));
        assert!(matches!(log.health().await, Err(LogError::Unavailable(_))));
        server.run();
        log.health().await.unwrap();
        assert_eq!(seqs(&*log, room).await, (1..=last + 1).collect::<Vec<_>>());
        log.append(commit(room, [last + 2])).await.unwrap();
    }
    log.close().await;
}

#[tokio::test]
async fn connections_that_an_operator_cuts_are_not_noticed_by_anybody() {
    let url = postgres::database().await;
    let log = open(&url, Duration::from_secs(30)).await;
    let room = create(&*log, new_room()).await;
    for seq in 1..=10 {
        log.append(commit(room, [seq])).await.unwrap();
        let mut admin = sqlx_connect(&url).await;
        let cut =
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        sqlx::query(cut).execute(&mut admin).await.unwrap();
    }
    assert_eq!(seqs(&*log, room).await, (1..=10).collect::<Vec<_>>());
}

async fn sqlx_connect(url: &str) -> sqlx::PgConnection {
    <sqlx::PgConnection as sqlx::Connection>::connect(url).await.unwrap()
}

#[tokio::test]
async fn a_server_that_does_not_answer_in_time_has_written_nothing() {
    let url = postgres::database().await;
    let log = open(&url, Duration::from_millis(500)).await;
    let room = create(&*log, new_room()).await;
    let mut admin = sqlx_connect(&url).await;
    sqlx::query("BEGIN").execute(&mut admin).await.unwrap();
    sqlx::query("LOCK TABLE events").execute(&mut admin).await.unwrap();
    assert!(matches!(log.append(commit(room, [1])).await, Err(LogError::Unavailable(_))));
    sqlx::query("ROLLBACK").execute(&mut admin).await.unwrap();
    assert!(seqs(&*log, room).await.is_empty());
    log.append(commit(room, [1])).await.unwrap();
}

/// One room that is played through crashes: what is acked is there, what is refused is not, and nothing is there twice.
async fn play(log: &PostgresLog, room: RoomKey, stop: &AtomicBool, acks: &AtomicU32) -> (u32, u32) {
    let player = PlayerId::random();
    let (mut last, mut unknown) = (0, 0);
    while !stop.load(Ordering::SeqCst) {
        let mut step = commit(room, [last + 1, last + 2]);
        step.rows[1].command = Some(CommandKey { player, id: format!("move {}", last + 1) });
        match log.append(step).await {
            Ok(()) => {
                last += 2;
                acks.fetch_add(1, Ordering::SeqCst);
            }
            // Nothing was written: the same goes through when the server is back, else the loop ends in a conflict, which is a bug.
            Err(LogError::Unavailable(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(LogError::Unknown(_)) => {
                unknown += 1;
                last = loop {
                    match log.rows(room, Seq(0), u32::MAX).await {
                        Ok(rows) => break rows.len() as u32,
                        Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                    }
                };
            }
            Err(other) => panic!("{other:?} after {last}"),
        }
    }
    (last, unknown)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_postgres_is_killed_under_load_no_acked_event_is_lost_and_none_is_there_twice() {
    let server = Server::start();
    let url = server.database().await;
    let log = open(&url, Duration::from_secs(20)).await;
    let mut rooms = Vec::new();
    for _ in 0..24 {
        rooms.push(create(&*log, new_room()).await);
    }
    let (stop, acks) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let playing: Vec<_> = rooms
        .iter()
        .map(|&room| {
            let (log, stop, acks) = (Arc::clone(&log), Arc::clone(&stop), Arc::clone(&acks));
            tokio::spawn(async move { play(&log, room, &stop, &acks).await })
        })
        .collect();
    for round in 0..8 {
        let enough = acks.load(Ordering::SeqCst) + 100 + round * 37;
        let until = Instant::now() + Duration::from_secs(60);
        while acks.load(Ordering::SeqCst) < enough {
            assert!(Instant::now() < until, "nothing is written any more");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::task::block_in_place(|| {
            server.kill();
            server.run();
        });
    }
    stop.store(true, Ordering::SeqCst);
    let mut unknown = 0;
    for (room, played) in rooms.iter().zip(join_all(playing).await) {
        let (last, doubts) = played.unwrap();
        unknown += doubts;
        let rows = log.rows(*room, Seq(0), u32::MAX).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.seq.0).collect::<Vec<_>>(), (1..=last).collect::<Vec<_>>());
        let ids: HashSet<_> = rows.iter().filter_map(|row| row.command.as_ref().map(|command| &command.id)).collect();
        assert_eq!(ids.len() as u32, last / 2);
    }
    // The server was back within the time-out each time, so nobody was left in doubt.
    assert_eq!(unknown, 0);
    log.close().await;
}

#[tokio::test]
async fn nodes_that_start_at_once_make_the_tables_once() {
    let url = postgres::database().await;
    let logs = join_all((0..6).map(|_| open(&url, Duration::from_secs(30)))).await;
    let rooms = join_all(logs.iter().map(|log| create(&**log, new_room()))).await;
    assert_eq!(rooms.iter().collect::<HashSet<_>>().len(), 6, "no two nodes give a room the same number");
    let applied: i64 =
        sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations").fetch_one(&mut sqlx_connect(&url).await).await.unwrap();
    assert_eq!(applied as usize, parlor::log::postgres::MIGRATIONS.iter().count());
}

#[tokio::test]
async fn of_two_nodes_that_append_one_seq_exactly_one_wins() {
    let url = postgres::database().await;
    let nodes = [open(&url, Duration::from_secs(30)).await, open(&url, Duration::from_secs(30)).await];
    let mut rooms = Vec::new();
    for _ in 0..20 {
        rooms.push(create(&*nodes[0], new_room()).await);
    }
    for seq in 1..=10 {
        // All rooms at once on both nodes, in opposite orders.
        let here = join_all(rooms.iter().map(|room| nodes[0].append(commit(*room, [seq]))));
        let there = join_all(rooms.iter().rev().map(|room| nodes[1].append(commit(*room, [seq]))));
        let (here, mut there) = tokio::join!(here, there);
        there.reverse();
        for (here, there) in here.into_iter().zip(there) {
            let outcomes = [here, there];
            assert!(outcomes.iter().all(|each| matches!(each, Ok(()) | Err(LogError::Conflict))), "{outcomes:?}");
            assert_eq!(outcomes.iter().filter(|each| each.is_ok()).count(), 1);
        }
    }
    for room in rooms {
        assert_eq!(seqs(&*nodes[1], room).await, (1..=10).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn the_same_command_makes_one_room_also_on_two_nodes() {
    let url = postgres::database().await;
    let nodes = [open(&url, Duration::from_secs(30)).await, open(&url, Duration::from_secs(30)).await];
    for _ in 0..10 {
        let ask = parlor::log::NewRoom { command_id: Some("make".into()), ..new_room() };
        let other = parlor::log::NewRoom { code: parlor::id::RoomCode::random(), ..ask.clone() };
        let (here, there) = tokio::join!(nodes[0].create(ask.clone()), nodes[1].create(other));
        let made = [here.unwrap(), there.unwrap()];
        assert_eq!(made.iter().filter(|each| matches!(each, Created::New(_))).count(), 1, "{made:?}");
        assert_eq!(made.iter().filter(|each| matches!(each, Created::Before(_))).count(), 1, "{made:?}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_address_is_said_without_the_password() {
    let server = Server::start();
    let good = server.database().await;
    server.execute("postgres", "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'").await;
    server.execute("postgres", "CREATE DATABASE foreign_tables").await;
    server.execute("foreign_tables", "CREATE TABLE rooms (beds INTEGER)").await;
    let wrong = [
        (good.replace(PASSWORD, "guessed-wrong"), "password authentication failed"),
        (server.url("nowhere"), "does not exist"),
        (server.url("latin"), "UTF8"),
        (server.url("foreign_tables"), "already exists"),
        (good.replace(&server.port.to_string(), "1"), "cannot be reached"),
        (format!("{good}?sslmode=require"), "cannot be reached"),
    ];
    for (url, named) in wrong {
        let settings = Settings { timeout: Duration::from_secs(10), ..Settings::default() };
        let error = PostgresLog::open(&url.parse().unwrap(), settings).await.err().unwrap();
        let told = format!("{error:#} {error:?}");
        assert!(told.contains(named) && told.contains("postgres://127.0.0.1:"), "{told}");
        assert!(!told.contains(PASSWORD) && !told.contains("guessed-wrong"), "{told}");
    }
}

#[tokio::test]
async fn a_log_is_read_beside_servers_that_write_it() {
    let url = postgres::database().await;
    let address = url.parse().unwrap();
    let empty = format!("{:#}", PostgresLog::open_to_read(&address, Settings::default()).await.err().unwrap());
    assert!(empty.contains("no tables"), "{empty}");
    let log = open(&url, Duration::from_secs(30)).await;
    let room = create(&*log, new_room()).await;
    let beside = PostgresLog::open_to_read(&address, Settings::default()).await.unwrap();
    log.append(commit(room, [1])).await.unwrap();
    assert_eq!(seqs(&beside, room).await, [1]);
    beside.health().await.unwrap();
    assert!(matches!(beside.append(commit(room, [2])).await, Err(LogError::Unavailable(_))));
    beside.close().await;
    log.append(commit(room, [2])).await.unwrap();
}
