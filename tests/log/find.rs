use futures_util::future::join_all;
use parlor::id::{PlayerId, RoomCode, RoomKey, Seq};
use parlor::log::{CommandKey, Commit, EventLog, Head, LogError, NewRoom, Presence, Snapshot, Status, Visibility};
use parlor::time::Timestamp;

use crate::support::{commit, create, head, here, new_room, row, seqs, snapshot, stores};

async fn set_head(log: &dyn EventLog, room: RoomKey, head: Head) {
    log.append(Commit { room, rows: Vec::new(), head: Some(head), presence: Vec::new(), epoch: None }).await.unwrap();
}

#[tokio::test]
async fn rooms_are_due_from_their_deadline_on_earliest_first() {
    for store in stores() {
        let log = store.open().await;
        let mut codes = Vec::new();
        for wake_at in [Some(30), Some(10), None, Some(20)] {
            let room = NewRoom { head: Head { wake_at: wake_at.map(Timestamp), ..head(Status::Waiting) }, ..new_room() };
            codes.push(room.code);
            create(&*log, room).await;
        }
        let due = async |now, limit| log.due(Timestamp(now), limit).await.unwrap();
        assert_eq!(due(9, 10).await, []);
        assert_eq!(due(10, 10).await, [codes[1]]);
        assert_eq!(due(99, 10).await, [codes[1], codes[3], codes[0]]);
        assert_eq!(due(99, 2).await, [codes[1], codes[3]]);
        assert_eq!(due(99, 0).await, []);
        let key = log.room(codes[1]).await.unwrap().unwrap().key;
        set_head(&*log, key, head(Status::InProgress)).await;
        assert_eq!(due(99, 10).await, [codes[3], codes[0]]);
    }
}

#[tokio::test]
async fn only_public_rooms_are_listed_newest_first_and_by_game_and_status() {
    for store in stores() {
        let log = store.open().await;
        let mut codes = Vec::new();
        for (at, game, visibility, status) in [
            (1, "draft", Visibility::Public, Status::Waiting),
            (2, "pong", Visibility::Public, Status::Waiting),
            (3, "draft", Visibility::Private, Status::Waiting),
            (4, "draft", Visibility::Public, Status::InProgress),
            (5, "draft", Visibility::Public, Status::Waiting),
        ] {
            let room = NewRoom { created_at: Timestamp(at), game: game.into(), visibility, head: head(status), ..new_room() };
            codes.push(room.code);
            create(&*log, room).await;
        }
        for (game, status, limit, expected) in [
            (None, None, 10, vec![4, 3, 1, 0]),
            (None, None, 2, vec![4, 3]),
            (Some("draft"), None, 10, vec![4, 3, 0]),
            (None, Some(Status::Waiting), 10, vec![4, 1, 0]),
            (Some("draft"), Some(Status::Waiting), 10, vec![4, 0]),
            (Some("draft"), Some(Status::Completed), 10, vec![]),
            (Some("' OR 1=1 --"), None, 10, vec![]),
        ] {
            let found: Vec<_> = log.listed(game, status, limit).await.unwrap().into_iter().map(|room| room.code).collect();
            assert_eq!(found, expected.into_iter().map(|at: usize| codes[at]).collect::<Vec<_>>(), "{game:?} {status:?}");
        }
    }
}

#[tokio::test]
async fn players_are_present_until_they_are_gone() {
    for store in stores() {
        let log = store.open().await;
        let (ada, bob) = (PlayerId::random(), PlayerId::random());
        let made = new_room();
        let room = create(&*log, made.clone()).await;
        create(&*log, new_room()).await;
        let steps = [
            (vec![here(ada), here(ada), here(bob)], true),
            (vec![here(ada)], true),
            (vec![Presence::Gone(ada)], true),
            (vec![Presence::Gone(ada), Presence::Gone(bob), Presence::Gone(PlayerId::random())], false),
            (vec![Presence::Gone(ada), here(ada)], true),
            (vec![here(ada), Presence::Gone(ada)], false),
        ];
        for (at, (presence, somebody)) in steps.into_iter().enumerate() {
            log.append(Commit { presence, ..commit(room, [at as u32 + 1]) }).await.unwrap();
            assert_eq!(log.inhabited().await.unwrap(), if somebody { vec![made.code] } else { vec![] }, "step {at}");
        }
    }
}

#[tokio::test]
async fn a_player_s_rooms_count_until_they_end() {
    for store in stores() {
        let log = store.open().await;
        let player = PlayerId::random();
        let mut rooms = Vec::new();
        for _ in 0..3 {
            rooms.push(create(&*log, NewRoom { created_by: player, ..new_room() }).await);
        }
        create(&*log, new_room()).await;
        assert_eq!(log.live_rooms_of(player).await.unwrap(), 3);
        set_head(&*log, rooms[0], Head { ended_at: Some(Timestamp(9)), ..head(Status::Completed) }).await;
        assert_eq!(log.live_rooms_of(player).await.unwrap(), 2);
        assert_eq!(log.live_rooms_of(PlayerId::random()).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn rooms_that_ended_long_ago_are_deleted_with_all_that_is_theirs() {
    for store in stores() {
        let log = store.open().await;
        let mut rooms = Vec::new();
        for ended in [None, Some(10), Some(20), Some(30)] {
            let status = if ended.is_some() { Status::Abandoned } else { Status::InProgress };
            let room = NewRoom {
                head: Head { ended_at: ended.map(Timestamp), wake_at: Some(Timestamp(1)), ..head(status) },
                rows: vec![row(1), row(2)],
                presence: vec![here(PlayerId::random())],
                ..new_room()
            };
            let key = create(&*log, room.clone()).await;
            log.save_snapshot(key, Snapshot { seq: Seq(2), body: "{}".into() }).await.unwrap();
            rooms.push((room.code, key));
        }
        assert_eq!(log.delete_ended(Timestamp(10), 10).await.unwrap(), 0);
        assert_eq!(log.delete_ended(Timestamp(25), 1).await.unwrap(), 1);
        assert_eq!(log.delete_ended(Timestamp(25), 10).await.unwrap(), 1);
        assert_eq!(log.delete_ended(Timestamp(25), 10).await.unwrap(), 0);
        for (at, (code, key)) in rooms.iter().enumerate() {
            let kept = at == 0 || at == 3;
            assert_eq!(log.room(*code).await.unwrap().is_some(), kept);
            assert_eq!(seqs(&*log, *key).await.len(), if kept { 2 } else { 0 });
            assert_eq!(snapshot(&*log, *code, 9).await.is_some(), kept);
        }
        assert_eq!(log.inhabited().await.unwrap(), [rooms[0].0, rooms[3].0]);
        assert_eq!(log.due(Timestamp(99), 10).await.unwrap().len(), 2);
        assert!(matches!(log.append(commit(rooms[1].1, [3])).await, Err(LogError::Conflict)));
        // Its code may be another's now.
        create(&*log, NewRoom { code: rooms[1].0, ..new_room() }).await;
    }
}

#[tokio::test]
async fn the_newest_snapshot_not_past_a_point_is_found_and_old_ones_go() {
    for store in stores() {
        let log = store.open().await;
        let rooms = [new_room(), new_room()];
        let [code, other_code] = [rooms[0].code, rooms[1].code];
        let [room, other] = [create(&*log, rooms[0].clone()).await, create(&*log, rooms[1].clone()).await];
        let shot = |seq| Snapshot { seq: Seq(seq), body: format!("{{\"at\":{seq}}}") };
        assert_eq!(snapshot(&*log, code, u32::MAX).await, None);
        log.save_snapshot(other, shot(1)).await.unwrap();
        for seq in [10, 20, 30, 40, 50] {
            log.save_snapshot(room, shot(seq)).await.unwrap();
        }
        for (at_most, expected) in [(u32::MAX, Some(50)), (50, Some(50)), (49, Some(40)), (30, Some(30)), (29, None)] {
            assert_eq!(snapshot(&*log, code, at_most).await, expected.map(shot), "{at_most}");
        }
        assert_eq!(snapshot(&*log, other_code, 5).await, Some(shot(1)));
        let again = Snapshot { body: "again".into(), ..shot(50) };
        log.save_snapshot(room, again.clone()).await.unwrap();
        assert_eq!(snapshot(&*log, code, 50).await, Some(again));
        assert!(log.save_snapshot(RoomKey(999), shot(1)).await.is_err());
    }
}

#[tokio::test]
async fn a_room_that_sleeps_is_read_at_once() {
    for store in stores() {
        let log = store.open().await;
        let made = NewRoom {
            head: Head { wake_at: Some(Timestamp(7)), ..head(Status::Ready) },
            command_id: Some("make".into()),
            ..new_room()
        };
        let (code, room) = (made.code, create(&*log, made).await);
        create(&*log, new_room()).await;
        let read = async |at_most, limit| log.asleep(code, Seq(at_most), limit).await.unwrap().unwrap();
        assert_eq!(log.asleep(RoomCode::random(), Seq(9), 9).await.unwrap(), None);
        let empty = read(u32::MAX, 9).await;
        assert_eq!(Some(&empty.room), log.room(code).await.unwrap().as_ref());
        assert_eq!((empty.snapshot, empty.rows), (None, vec![]));
        let mut all = commit(room, [1, 2, 3, 4, 5, 6]);
        all.rows[4].command = Some(CommandKey { player: PlayerId::random(), id: "ä".into() });
        let rows = all.rows.clone();
        log.append(all).await.unwrap();
        for at_most in [6, u32::MAX] {
            assert_eq!(read(at_most, 9).await.rows, rows);
        }
        assert_eq!(read(4, 9).await.rows, rows[..4]);
        assert_eq!(read(4, 3).await.rows, rows[..3]);
        log.save_snapshot(room, Snapshot { seq: Seq(4), body: "{}".into() }).await.unwrap();
        for (at_most, from, to) in [(9, 4, 6), (5, 4, 5), (4, 4, 4), (3, 0, 3)] {
            let asleep = read(at_most, 9).await;
            assert_eq!(asleep.snapshot.is_some(), from == 4, "{at_most}");
            assert_eq!(asleep.rows, rows[from..to], "{at_most}");
        }
        assert_eq!(read(9, 1).await.rows, rows[4..5]);
        assert_eq!(read(9, 0).await.rows, []);
    }
}

#[tokio::test]
async fn snapshots_that_are_written_together_fail_alone() {
    for store in stores() {
        let log = store.open().await;
        let mut rooms = Vec::new();
        for _ in 0..20 {
            let room = new_room();
            rooms.push((room.code, create(&*log, room).await));
        }
        // More at once than one transaction takes, one of them of a room that does not exist.
        rooms.insert(3, (RoomCode::random(), RoomKey(999)));
        let shot = || Snapshot { seq: Seq(1), body: "{}".into() };
        let saved = join_all(rooms.iter().map(|(_, room)| log.save_snapshot(*room, shot()))).await;
        for ((code, room), saved) in rooms.iter().zip(saved) {
            assert_eq!(saved.is_ok(), *room != RoomKey(999), "{room:?}: {saved:?}");
            assert_eq!(snapshot(&*log, *code, 1).await, saved.is_ok().then(shot), "{room:?}");
        }
        log.append(commit(rooms[0].1, [1])).await.unwrap();
    }
}
