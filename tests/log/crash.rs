//! The process is killed while it writes.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use futures_util::future::try_join_all;
use parlor::id::{RoomCode, Seq};
use parlor::log::{EventLog, LogError};

use crate::support::{commit, create, new_room, open, seqs};

/// Set for the process that is to be killed: its folder, and the codes of its rooms.
const FOLDER: &str = "PARLOR_TEST_CRASH_FOLDER";
const ROOMS: &str = "PARLOR_TEST_CRASH_ROOMS";

/// Events per commit: half a commit would show.
const STEP: u32 = 3;

/// Does nothing in an ordinary run. In the process to be killed it appends to all rooms at once and says what is acked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_until_it_is_killed() {
    let (Ok(folder), Ok(rooms)) = (std::env::var(FOLDER), std::env::var(ROOMS)) else { return };
    let log = Arc::new(open(&PathBuf::from(folder)).await.unwrap());
    let mut playing = Vec::new();
    for code in rooms.split(',').map(|code| code.parse::<RoomCode>().unwrap()) {
        let log = Arc::clone(&log);
        playing.push(tokio::spawn(async move {
            let room = log.room(code).await.unwrap().unwrap().key;
            let mut last = seqs(&*log, room).await.len() as u32;
            loop {
                log.append(commit(room, last + 1..=last + STEP)).await.unwrap();
                last += STEP;
                println!("acked {code} {last}");
            }
        }));
    }
    // None ends but by a panic, and then this process ends, too.
    try_join_all(playing).await.unwrap();
}

/// Starts the process, kills it after so many answers, and gives the last acked seq of each room.
fn kill_after(answers: usize, folder: &Path, rooms: &str) -> HashMap<RoomCode, u32> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::appends_until_it_is_killed", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env(ROOMS, rooms)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acked = HashMap::new();
    let mut seen = 0;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        // The harness has begun a line of its own before the first.
        let Some((_, said)) = line.split_once("acked ") else { continue };
        let (code, seq) = said.split_once(' ').unwrap();
        acked.insert(code.parse().unwrap(), seq.parse().unwrap());
        seen += 1;
        if seen == answers {
            // What it had said before is still in the pipe, and read.
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(seen >= answers, "it ended by itself after {seen} answers");
    acked
}

#[tokio::test]
async fn after_kill_9_every_acked_event_is_there_without_gaps_or_halves() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).await.unwrap();
    let mut rooms = Vec::new();
    for _ in 0..8 {
        let room = new_room();
        rooms.push((room.code, create(&log, room).await));
    }
    log.close().await;
    let codes = rooms.iter().map(|(code, _)| code.to_string()).collect::<Vec<_>>().join(",");
    for round in 0..25 {
        let acked = kill_after(1 + round * 37 % 400, folder.path(), &codes);
        let log = open(folder.path()).await.unwrap();
        for (code, key) in &rooms {
            let there = seqs(&log, *key).await;
            let last = there.len() as u32;
            assert_eq!(there, (1..=last).collect::<Vec<_>>(), "gaps in {code} in round {round}");
            assert_eq!(last % STEP, 0, "half a commit in {code} in round {round}");
            let acked = acked.get(code).copied().unwrap_or(0);
            assert!(acked <= last, "{code}: {acked} was acked, {last} are there, in round {round}");
            assert!(last == 0 || matches!(log.append(commit(*key, [last])).await, Err(LogError::Conflict)));
            assert_eq!(log.rows(*key, Seq(last), 1).await.unwrap(), []);
        }
        log.close().await;
    }
}
