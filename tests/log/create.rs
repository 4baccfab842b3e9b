use futures_util::future::join_all;
use parlor::id::{PlayerId, RoomCode};
use parlor::log::{Created, Head, NewRoom, Status, StoredRoom, Visibility};
use parlor::time::Timestamp;

use crate::support::{commit, create, here, new_room, row, seqs, stores};

#[tokio::test]
async fn a_room_is_found_by_its_code_with_its_first_events() {
    for store in stores() {
        let log = store.open().await;
        let player = PlayerId::random();
        let made = NewRoom {
            game: "pong".into(),
            visibility: Visibility::Public,
            command_id: Some("make it".into()),
            head: Head {
                status: Status::Ready,
                wake_at: Some(Timestamp(5)),
                ended_at: None,
                listing: r#"{"name":"'; DROP TABLE rooms; --"}"#.into(),
            },
            rows: vec![row(1), row(2)],
            presence: vec![here(player)],
            ..new_room()
        };
        let key = create(&*log, made.clone()).await;
        let NewRoom { code, game, visibility, created_by, created_at, head, .. } = made;
        assert_eq!(log.room(code).await.unwrap(), Some(StoredRoom { key, code, game, visibility, created_by, created_at, head }));
        assert_eq!(seqs(&*log, key).await, [1, 2]);
        assert_eq!(log.inhabited().await.unwrap(), [code]);
        assert_eq!(log.room(RoomCode::random()).await.unwrap(), None);
        log.append(commit(key, [3])).await.unwrap();
    }
}

#[tokio::test]
async fn a_code_that_is_taken_makes_no_room() {
    for store in stores() {
        let log = store.open().await;
        let first = new_room();
        let key = create(&*log, first.clone()).await;
        let second = NewRoom { code: first.code, rows: vec![row(1)], ..new_room() };
        assert_eq!(log.create(second.clone()).await.unwrap(), Created::CodeTaken);
        assert_eq!(log.room(first.code).await.unwrap().unwrap().created_by, first.created_by);
        assert!(seqs(&*log, key).await.is_empty());
        create(&*log, NewRoom { code: RoomCode::random(), ..second }).await;
    }
}

#[tokio::test]
async fn the_same_command_makes_one_room_also_when_sent_at_once() {
    for store in stores() {
        let log = store.open().await;
        let ask = NewRoom { command_id: Some("make".into()), ..new_room() };
        let asked = join_all((0..10).map(|_| log.create(NewRoom { code: RoomCode::random(), ..ask.clone() }))).await;
        let made: Vec<_> = asked.iter().filter(|answer| matches!(answer, Ok(Created::New(_)))).collect();
        assert_eq!(made.len(), 1, "{asked:?}");
        let codes: std::collections::HashSet<_> =
            asked.iter().filter_map(|answer| if let Ok(Created::Before(code)) = answer { Some(*code) } else { None }).collect();
        assert_eq!(codes.len(), 1, "{asked:?}");
        for code in codes {
            assert_eq!(made[0].as_ref().unwrap(), &Created::New(log.room(code).await.unwrap().unwrap().key));
        }
        assert_eq!(log.live_rooms_of(ask.created_by).await.unwrap(), 1);
        // The same id of another player, and rooms without an id, are other rooms.
        create(&*log, NewRoom { code: RoomCode::random(), created_by: PlayerId::random(), ..ask.clone() }).await;
        for _ in 0..2 {
            create(&*log, NewRoom { code: RoomCode::random(), command_id: None, ..ask.clone() }).await;
        }
        assert_eq!(log.live_rooms_of(ask.created_by).await.unwrap(), 3);
    }
}

#[tokio::test]
async fn rooms_made_at_once_are_different_rooms_and_a_taken_code_hurts_only_itself() {
    for store in stores() {
        let log = store.open().await;
        let taken = new_room();
        let first = create(&*log, taken.clone()).await;
        let answers = join_all((0..100).map(|at| {
            let room = NewRoom { rows: vec![row(1)], ..new_room() };
            log.create(if at == 50 { NewRoom { code: taken.code, ..room } } else { room })
        }))
        .await;
        let mut keys = vec![first];
        for (at, answer) in answers.into_iter().enumerate() {
            match answer.unwrap() {
                Created::New(key) => keys.push(key),
                Created::CodeTaken if at == 50 => {}
                other => panic!("{at}: {other:?}"),
            }
        }
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 100);
        for key in keys {
            assert_eq!(seqs(&*log, key).await.len(), usize::from(key != first));
        }
    }
}
