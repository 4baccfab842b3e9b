use std::sync::Arc;

use futures_util::future::join_all;
use parlor::id::{PlayerId, RoomKey, Seq};
use parlor::log::{CommandKey, LogError, Status};
use parlor::time::Timestamp;

use crate::support::{command, commit, create, head, here, new_room, row, seqs, stores};

#[tokio::test]
async fn what_is_appended_is_read_back_as_it_was_written() {
    for store in stores() {
        let log = store.open().await;
        let room = create(&*log, new_room()).await;
        let player = PlayerId::random();
        let mut written = commit(room, 1..=5);
        written.rows[4].command = command(player, "move-1");
        log.append(written.clone()).await.unwrap();
        assert_eq!(log.rows(room, Seq(0), 100).await.unwrap(), written.rows);
        assert_eq!(log.rows(room, Seq(3), 100).await.unwrap(), written.rows[3..]);
        assert_eq!(log.rows(room, Seq(1), 2).await.unwrap(), written.rows[1..3]);
        assert_eq!(log.rows(room, Seq(5), 100).await.unwrap(), []);
        assert_eq!(log.rows(RoomKey(room.0 + 1), Seq(0), 100).await.unwrap(), []);
        assert_eq!(log.rows(room, Seq(u32::MAX), u32::MAX).await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_seq_that_is_taken_is_a_conflict_and_leaves_nothing() {
    for store in stores() {
        let log = store.open().await;
        let made = new_room();
        let room = create(&*log, made.clone()).await;
        log.append(commit(room, [1, 2])).await.unwrap();
        for taken in [vec![2], vec![1, 2, 3], vec![2, 3]] {
            let mut late = commit(room, taken);
            late.head = Some(head(Status::Completed));
            late.presence = vec![here(PlayerId::random())];
            assert!(matches!(log.append(late).await, Err(LogError::Conflict)));
        }
        assert_eq!(seqs(&*log, room).await, [1, 2]);
        assert_eq!(log.room(made.code).await.unwrap().unwrap().head, made.head);
        assert_eq!(log.inhabited().await.unwrap(), []);
        log.append(commit(room, [3])).await.unwrap();
    }
}

#[tokio::test]
async fn of_two_writers_of_one_seq_exactly_one_wins() {
    for store in stores() {
        let log = store.open().await;
        let room = create(&*log, new_room()).await;
        for seq in 1..=20 {
            let outcomes = join_all((0..8).map(|_| log.append(commit(room, [seq])))).await;
            assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
            assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(()) | Err(LogError::Conflict))));
        }
        assert_eq!(seqs(&*log, room).await, (1..=20).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_command_is_applied_once_per_room_and_player() {
    for store in stores() {
        let log = store.open().await;
        let (room, other_room) = (create(&*log, new_room()).await, create(&*log, new_room()).await);
        let (player, other_player) = (PlayerId::random(), PlayerId::random());
        let with = |room, seq, player, id: &str| {
            let mut commit = commit(room, [seq, seq + 1]);
            commit.rows[1].command = command(player, id);
            commit
        };
        log.append(with(room, 1, player, "a")).await.unwrap();
        assert!(matches!(log.append(with(room, 3, player, "a")).await, Err(LogError::Duplicate)));
        assert_eq!(seqs(&*log, room).await, [1, 2]);
        log.append(with(room, 3, other_player, "a")).await.unwrap();
        log.append(with(room, 5, player, "A")).await.unwrap();
        log.append(with(other_room, 1, player, "a")).await.unwrap();
        for (room, player, id, seq) in [
            (room, player, "a", Some(2)),
            (room, other_player, "a", Some(4)),
            (room, player, "A", Some(6)),
            (room, player, "b", None),
            (room, player, "", None),
            (room, player, "a' OR '1'='1", None),
            (other_room, player, "a", Some(2)),
            (other_room, other_player, "a", None),
        ] {
            assert_eq!(log.command(room, &CommandKey { player, id: id.into() }).await.unwrap(), seq.map(Seq), "{id}");
        }
    }
}

#[tokio::test]
async fn an_event_of_a_room_that_does_not_exist_is_a_conflict() {
    for store in stores() {
        let log = store.open().await;
        for room in [RoomKey(77), RoomKey(0), RoomKey(-1), RoomKey(i64::MAX)] {
            assert!(matches!(log.append(commit(room, [1])).await, Err(LogError::Conflict)));
            assert!(seqs(&*log, room).await.is_empty());
        }
    }
}

#[tokio::test]
async fn one_bad_commit_does_not_hurt_its_neighbours() {
    for store in stores() {
        let log = store.open().await;
        let player = PlayerId::random();
        let mut rooms = Vec::new();
        for _ in 0..60 {
            let room = create(&*log, new_room()).await;
            let mut first = commit(room, [1]);
            first.rows[0].command = command(player, "first");
            log.append(first).await.unwrap();
            rooms.push(room);
        }
        // Handed over in one go, so that they share transactions: every third is a conflict, a duplicate, or good.
        let outcomes = join_all(rooms.iter().enumerate().map(|(at, room)| {
            let mut commit = commit(*room, [if at % 3 == 0 { 1 } else { 2 }]);
            commit.rows[0].command = (at % 3 == 1).then(|| CommandKey { player, id: "first".into() });
            log.append(commit)
        }))
        .await;
        for (at, outcome) in outcomes.into_iter().enumerate() {
            let expected: &[u32] = match (at % 3, outcome) {
                (0, Err(LogError::Conflict)) | (1, Err(LogError::Duplicate)) => &[1],
                (2, Ok(())) => &[1, 2],
                (_, other) => panic!("{at}: {other:?}"),
            };
            assert_eq!(seqs(&*log, rooms[at]).await, expected);
        }
    }
}

#[tokio::test]
async fn a_commit_that_no_table_can_hold_is_refused_alone() {
    for store in stores() {
        let log = store.open().await;
        for id in [String::new(), "x".repeat(257), "🎲".repeat(65)] {
            let mut rooms = Vec::new();
            for _ in 0..20 {
                rooms.push(create(&*log, new_room()).await);
            }
            let outcomes = join_all(rooms.iter().enumerate().map(|(at, room)| {
                let mut commit = commit(*room, [1]);
                commit.rows[0].command = if at == 10 { command(PlayerId::random(), &id) } else { None };
                log.append(commit)
            }))
            .await;
            for (at, outcome) in outcomes.into_iter().enumerate() {
                assert_eq!(outcome.is_ok(), at != 10, "{at}: {outcome:?}");
                assert_eq!(seqs(&*log, rooms[at]).await.len(), usize::from(at != 10));
            }
        }
        let room = create(&*log, new_room()).await;
        let mut longest = commit(room, [1]);
        longest.rows[0].command = command(PlayerId::random(), &"🎲".repeat(64));
        log.append(longest).await.unwrap();
    }
}

#[tokio::test]
async fn a_commit_behind_a_refused_one_of_its_room_leaves_no_gap() {
    for store in stores() {
        let log = store.open().await;
        let room = create(&*log, new_room()).await;
        log.append(commit(room, [1])).await.unwrap();
        // In one go, the second built on the first, which is late.
        let outcomes = join_all([log.append(commit(room, [1, 2])), log.append(commit(room, [3]))]).await;
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(LogError::Conflict))), "{outcomes:?}");
        assert_eq!(seqs(&*log, room).await, [1]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_rooms_append_at_once_each_in_its_own_order() {
    for store in stores() {
        let log = store.open().await;
        let playing: Vec<_> = (0..300)
            .map(|at| {
                let log = Arc::clone(&log);
                tokio::spawn(async move {
                    let room = create(&*log, new_room()).await;
                    let (each, commits) = (1 + at % 4, 10);
                    for n in 0..commits {
                        let mut commit = commit(room, n * each + 1..=(n + 1) * each);
                        commit.head = (n % 2 == 0)
                            .then(|| parlor::log::Head { wake_at: Some(Timestamp(i64::from(n))), ..head(Status::InProgress) });
                        log.append(commit).await.unwrap();
                    }
                    (room, each * commits)
                })
            })
            .collect();
        for playing in playing {
            let (room, last) = playing.await.unwrap();
            let rows = log.rows(room, Seq(0), u32::MAX).await.unwrap();
            assert_eq!(rows, (1..=last).map(row).collect::<Vec<_>>());
        }
    }
}

#[tokio::test]
async fn a_large_commit_is_written_whole() {
    for store in stores() {
        let log = store.open().await;
        let room = create(&*log, new_room()).await;
        let mut large = commit(room, 1..=1_000);
        large.rows[999].body = format!("\"{}\"", "x".repeat(1_000_000));
        log.append(large.clone()).await.unwrap();
        assert_eq!(log.rows(room, Seq(0), 2_000).await.unwrap(), large.rows);
        assert!(matches!(log.append(commit(room, 1_000..=2_000)).await, Err(LogError::Conflict)));
        assert_eq!(seqs(&*log, room).await.len(), 1_000);
    }
}
