//! The disk is full, or cannot be written.

use std::path::{Path, PathBuf};
use std::process::Command;

use futures_util::future::join_all;
use parlor::log::sqlite::SqliteLog;
use parlor::log::{EventLog, LogError};
use tempfile::TempDir;

use crate::support::{commit, create, file, new_room, open, seqs};

fn run(program: &str, arguments: &[&str], path: &Path) -> bool {
    Command::new(program).args(arguments).arg(path).status().is_ok_and(|status| status.success())
}

/// A small disk of its own, unmounted when dropped.
struct Disk(TempDir);

impl Disk {
    /// None where this process may not mount; the test then says so and tests nothing.
    fn mount(options: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = run("mount", &["-t", "tmpfs", "-o", options, "tmpfs"], folder.path());
        if !mounted {
            eprintln!("skipped: mounting a small disk needs root");
        }
        mounted.then_some(Self(folder))
    }

    fn filler(&self) -> PathBuf {
        self.0.path().join("filler")
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let mut filler = std::fs::File::create(self.filler()).unwrap();
        while std::io::Write::write(&mut filler, &[0; 4096]).is_ok_and(|written| written > 0) {}
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run("umount", &["-l"], self.0.path());
    }
}

/// Appends in several rooms until the store refuses, and gives each room's last acked seq.
async fn append_until_refused(log: &SqliteLog, rooms: &mut [(parlor::id::RoomKey, u32)]) {
    for _ in 0..10_000 {
        let outcomes = join_all(rooms.iter().map(|(room, last)| {
            let mut commit = commit(*room, [last + 1, last + 2]);
            commit.rows[0].body = format!("\"{}\"", "x".repeat(3_000));
            log.append(commit)
        }))
        .await;
        for ((_, last), outcome) in rooms.iter_mut().zip(&outcomes) {
            match outcome {
                Ok(()) => *last += 2,
                Err(LogError::Unavailable(_)) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        if outcomes.iter().any(Result::is_err) {
            return;
        }
    }
    panic!("the disk never got full");
}

async fn exactly_the_acked_are_there(log: &SqliteLog, rooms: &[(parlor::id::RoomKey, u32)]) {
    for (room, last) in rooms {
        assert_eq!(seqs(log, *room).await, (1..=*last).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_full_disk_refuses_commits_whole_and_takes_them_when_it_has_room_again() {
    let Some(disk) = Disk::mount("size=4m") else { return };
    let log = open(disk.0.path()).await.unwrap();
    let mut rooms = Vec::new();
    for _ in 0..10 {
        rooms.push((create(&log, new_room()).await, 0));
    }
    for _ in 0..3 {
        disk.fill();
        append_until_refused(&log, &mut rooms).await;
        exactly_the_acked_are_there(&log, &rooms).await;
        std::fs::remove_file(disk.filler()).unwrap();
        for (room, last) in &mut rooms {
            log.append(commit(*room, [*last + 1])).await.unwrap();
            *last += 1;
        }
        log.health().await.unwrap();
        exactly_the_acked_are_there(&log, &rooms).await;
    }
    log.close().await;
    let log = open(disk.0.path()).await.unwrap();
    exactly_the_acked_are_there(&log, &rooms).await;
}

#[tokio::test]
async fn a_store_cannot_be_opened_where_nothing_can_be_written() {
    let Some(full) = Disk::mount("size=64k") else { return };
    full.fill();
    assert!(open(full.0.path()).await.is_err());
    let Some(fixed) = Disk::mount("size=8m,ro") else { return };
    let refused = format!("{:#}", open(fixed.0.path()).await.err().unwrap());
    assert!(refused.contains("cannot be written"), "{refused}");
    assert!(run("mount", &["-o", "remount,rw"], fixed.0.path()));
    open(fixed.0.path()).await.unwrap();
}

#[tokio::test]
async fn a_file_that_cannot_be_written_refuses_commits_until_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).await.unwrap();
    let path = file(folder.path());
    let wal = path.with_extension("db-wal");
    let room = create(&log, new_room()).await;
    log.append(commit(room, [1])).await.unwrap();
    // What binds root, too, and files that are open already.
    if !(run("chattr", &["+i"], &path) && run("chattr", &["+i"], &wal)) {
        run("chattr", &["-i"], &path);
        eprintln!("skipped: making a file immutable needs root and a file system that can");
        return;
    }
    let mut refused = Vec::new();
    for _ in 0..3 {
        refused.push(log.append(commit(room, [2])).await);
    }
    let (health, read) = (log.health().await, log.rows(room, parlor::id::Seq(0), 10).await);
    // Before anything is asserted, so that the folder can be removed.
    assert!(run("chattr", &["-i"], &path) && run("chattr", &["-i"], &wal));
    assert!(refused.iter().all(|outcome| matches!(outcome, Err(LogError::Unavailable(_)))), "{refused:?}");
    assert!(matches!(health, Err(LogError::Unavailable(_))));
    assert_eq!(read.unwrap().len(), 1);
    log.append(commit(room, [2])).await.unwrap();
    log.health().await.unwrap();
    assert_eq!(seqs(&log, room).await, [1, 2]);
}

#[tokio::test]
async fn many_commits_refused_by_a_file_that_cannot_be_written_are_each_answered() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).await.unwrap();
    let path = file(folder.path());
    let wal = path.with_extension("db-wal");
    let mut rooms = Vec::new();
    for _ in 0..50 {
        rooms.push(create(&log, new_room()).await);
    }
    if !(run("chattr", &["+i"], &path) && run("chattr", &["+i"], &wal)) {
        run("chattr", &["-i"], &path);
        eprintln!("skipped: making a file immutable needs root and a file system that can");
        return;
    }
    let refused = join_all(rooms.iter().map(|room| log.append(commit(*room, [1])))).await;
    let created = log.create(new_room()).await;
    assert!(run("chattr", &["-i"], &path) && run("chattr", &["-i"], &wal));
    assert!(refused.iter().all(|outcome| matches!(outcome, Err(LogError::Unavailable(_)))), "{refused:?}");
    assert!(matches!(created, Err(LogError::Unavailable(_))));
    for outcome in join_all(rooms.iter().map(|room| log.append(commit(*room, [1])))).await {
        outcome.unwrap();
    }
}
