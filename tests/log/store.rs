//! What a store is from outside: opened, closed, opened again.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use parlor::id::{PlayerId, Seq};
use parlor::log::sqlite::{Settings, SqliteLog};
use parlor::log::{EventLog, LogError, Snapshot};
use parlor::time::Timestamp;

use crate::support::{commit, create, file, here, new_room, open, seqs, snapshot, stores};

#[tokio::test]
async fn what_was_written_is_there_after_closing_and_opening() {
    for store in stores() {
        let log = store.open().await;
        let made = new_room();
        let room = create(&*log, made.clone()).await;
        let mut first = commit(room, [1, 2]);
        first.presence = vec![here(PlayerId::random())];
        log.append(first).await.unwrap();
        log.save_snapshot(room, Snapshot { seq: Seq(2), body: "{}".into() }).await.unwrap();
        log.close().await;
        let log = store.open().await;
        assert_eq!(seqs(&*log, room).await, [1, 2]);
        assert_eq!(log.inhabited().await.unwrap(), [made.code]);
        assert!(snapshot(&*log, made.code, 2).await.is_some());
        assert!(matches!(log.append(commit(room, [2])).await, Err(LogError::Conflict)));
        log.append(commit(room, [3])).await.unwrap();
        assert_ne!(create(&*log, new_room()).await, room);
    }
}

#[tokio::test]
async fn closing_writes_what_was_handed_over_and_refuses_what_comes_after() {
    for store in stores() {
        let log = store.open().await;
        let mut rooms = Vec::new();
        for _ in 0..100 {
            rooms.push(create(&*log, new_room()).await);
        }
        let (outcomes, ()) = tokio::join!(join_all(rooms.iter().map(|room| log.append(commit(*room, [1])))), log.close());
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        assert!(matches!(log.append(commit(rooms[0], [2])).await, Err(LogError::Unavailable(_))));
        assert!(matches!(log.create(new_room()).await, Err(LogError::Unavailable(_))));
        assert!(matches!(log.rows(rooms[0], Seq(0), 1).await, Err(LogError::Unavailable(_))));
        assert!(matches!(log.health().await, Err(LogError::Unavailable(_))));
        log.close().await;
        let log = store.open().await;
        for room in rooms {
            assert_eq!(seqs(&*log, room).await, [1]);
        }
    }
}

#[tokio::test]
async fn what_is_committed_comes_into_the_file_while_the_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).await.unwrap();
    let size = || std::fs::metadata(file(folder.path())).unwrap().len();
    let before = size();
    let rooms = join_all((0..50).map(|_| create(&log, new_room()))).await;
    join_all(rooms.iter().map(|room| log.append(commit(*room, 1..=50)))).await.into_iter().for_each(Result::unwrap);
    // Far from the length at which a commit would move it. A file tells nobody that it grew.
    let moved = async {
        while size() <= before {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), moved).await.expect("nothing was moved into the file");
    log.close().await;
    assert!(!folder.path().join("parlor.db-wal").exists(), "the last to close has moved all of it");
    assert_eq!(seqs(&open(folder.path()).await.unwrap(), rooms[7]).await.len(), 50);
}

#[tokio::test]
async fn what_is_handed_over_is_written_even_if_nobody_waits_for_it() {
    for store in stores() {
        let log = store.open().await;
        let room = create(&*log, new_room()).await;
        let impatient = tokio::spawn({
            let log = Arc::clone(&log);
            async move {
                tokio::select! { biased; _ = log.append(commit(room, [1])) => {}, () = std::future::ready(()) => {} }
            }
        });
        impatient.await.unwrap();
        log.close().await;
        assert_eq!(seqs(&*store.open().await, room).await, [1]);
    }
}

#[tokio::test]
async fn a_store_in_order_is_healthy() {
    for store in stores() {
        let log = store.open().await;
        log.health().await.unwrap();
        create(&*log, new_room()).await;
        log.health().await.unwrap();
        assert_eq!(log.delete_ended(Timestamp(i64::MAX), 10).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn two_servers_cannot_share_one_sqlite_file() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).await.unwrap();
    let refused = format!("{:#}", open(folder.path()).await.err().unwrap());
    assert!(refused.contains("another server uses this database"), "{refused}");
    // Also not by another name of the file.
    let link = folder.path().join("other.db");
    std::os::unix::fs::symlink(file(folder.path()), &link).unwrap();
    assert!(SqliteLog::open(&link, Settings::default()).await.is_err());
    create(&log, new_room()).await;
    log.close().await;
    open(folder.path()).await.unwrap();
}

#[tokio::test]
async fn a_log_is_read_beside_a_server_that_writes_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path());
    assert!(SqliteLog::open_to_read(&path, Settings::default()).await.is_err());
    assert!(!path.exists());
    let log = open(folder.path()).await.unwrap();
    let room = create(&log, new_room()).await;
    let beside = SqliteLog::open_to_read(&path, Settings::default()).await.unwrap();
    log.append(commit(room, [1])).await.unwrap();
    assert_eq!(seqs(&beside, room).await, [1]);
    beside.health().await.unwrap();
    assert!(matches!(beside.append(commit(room, [2])).await, Err(LogError::Unavailable(_))));
    beside.close().await;
    log.append(commit(room, [2])).await.unwrap();
    log.close().await;
    let alone = SqliteLog::open_to_read(&path, Settings::default()).await.unwrap();
    assert_eq!(seqs(&alone, room).await, [1, 2]);
}

#[tokio::test]
async fn what_is_not_a_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "not a database at all, but somebody's notes".repeat(100)).unwrap();
    let before = std::fs::read(&path).unwrap();
    let refused = format!("{:#}", SqliteLog::open(&path, Settings::default()).await.err().unwrap());
    assert!(refused.contains("notes.txt"), "{refused}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert!(SqliteLog::open(folder.path(), Settings::default()).await.is_err());
    assert!(SqliteLog::open(&path.join("below-a-file/parlor.db"), Settings::default()).await.is_err());
    SqliteLog::open(&folder.path().join("a/new folder/parlor.db"), Settings::default()).await.unwrap();
}
