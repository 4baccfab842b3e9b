//! Two meet: whoever they are, wherever they are connected, and whatever stops in between.

use std::sync::Arc;
use std::time::Duration;

use parlor::id::{PlayerId, entropy};
use parlor::log::accounts::{Notes, Seating};
use parlor::log::queue::{Enqueue, Enqueued, Match, Paired, Waiting};
use parlor::queue::Settings;
use parlor::queue::standing::Standing;
use parlor::refusal::Code;
use parlor::time::{Clock, Timestamp};
use serde_json::json;
use uuid::Uuid;

use crate::node::{Node, Notebook, Ratings, SETTINGS, somebody};
use crate::open;

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn two_who_wait_on_different_nodes_meet_in_one_room() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let (one, other) = (Node::start(&store, SETTINGS).await, Node::start(&store, SETTINGS).await);
    let (ada, ben) = (somebody("Ada"), somebody("Ben"));
    let ((adas, _), (bens, _)) = (Notebook::open(&one, ada.id), Notebook::open(&other, ben.id));
    // Another tab, on the other node, for something else.
    let (also_adas, _) = Notebook::open(&other, ada.id);
    assert!(matches!(one.queue.join(&ada, "draft").await.unwrap(), Standing::Waiting(place) if place.position == 1));
    let place = adas.hears("queue_update").await;
    assert_eq!((&place["position"], &place["waiting"], &place["game"]), (&json!(1), &json!(1), &json!("draft")));
    assert!(place["expected_wait_ms"].is_null());
    other.queue.join(&ben, "draft").await.unwrap();
    let (a, b) = (adas.hears("match_found").await, bens.hears("match_found").await);
    assert_eq!(also_adas.hears("match_found").await, a);
    assert_eq!(a["room_code"], b["room_code"]);
    assert_eq!((&a["opponent"]["nickname"], &b["opponent"]["player_id"]), (&json!("Ben"), &json!(ada.id)));
    let mut sides = [&a["side"], &b["side"]];
    sides.sort_by_key(|side| side.as_str());
    assert_eq!(sides, [&json!("guest"), &json!("host")]);
    let look = one.rooms.look(a["room_code"].as_str().unwrap().parse().unwrap(), Some(ada.id)).await.unwrap();
    assert_eq!(look.seat.map(|seat| json!(seat)), Some(a["seat"].clone()));
    assert_eq!(look.summary.player_count, 2);
    for (node, player) in [(&one, &ada), (&other, &ben), (&other, &ada)] {
        let Standing::Matched(found) = node.queue.standing(player.id).await.unwrap() else { panic!("not matched") };
        assert_eq!(json!(found.room_code), a["room_code"]);
    }
    // A double click, and then another wish.
    assert!(matches!(one.queue.join(&ada, "draft").await.unwrap(), Standing::Matched(_)));
    // Said once, and settled by leaving.
    assert!(!one.queue.leave(ada.id).await.unwrap());
    assert_eq!(one.queue.standing(ada.id).await.unwrap(), Standing::Idle);
    assert_eq!(adas.all("match_found").len(), 1);
    assert!(one.queue.join(&ada, "draft").await.unwrap().is_waiting());
}

#[tokio::test]
async fn a_place_is_kept_when_one_asks_again_and_given_up_for_another_wish() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let now = Timestamp(1_795_228_800_000);
    let wish = |player_id, game: &str, now: Timestamp| Enqueue {
        player_id,
        game: game.to_owned(),
        nickname: "Ada".into(),
        guest: true,
        rating: 1500,
        now,
        expires_at: now + LONG,
        opening_since: now - LONG,
        opened_since: now,
    };
    let [ada, ben] = [PlayerId::random(), PlayerId::random()];
    for (player, game, at) in [(ada, "draft", 0), (ben, "draft", 1), (ada, "draft", 2)] {
        assert_eq!(store.enqueue(wish(player, game, Timestamp(now.0 + at))).await.unwrap(), Enqueued::Waiting);
    }
    let order = |waiting: Vec<Waiting>| waiting.into_iter().map(|one| (one.player_id, one.joined_at.0 - now.0)).collect::<Vec<_>>();
    assert_eq!(order(store.queued().await.unwrap()), [(ada, 0), (ben, 1)]);
    store.enqueue(wish(ada, "pong", Timestamp(now.0 + 3))).await.unwrap();
    assert_eq!(order(store.queued().await.unwrap()), [(ben, 1), (ada, 3)]);
    assert_eq!(store.place("draft", i64::MAX).await.unwrap(), (1, 1));
    // Who took a seat after they came is out; who came after that is not.
    let room = parlor::id::RoomKey(1);
    let seating = |player_id, at: i64| Seating { player_id, nickname: "Ada".into(), guest: true, room, at: Timestamp(now.0 + at) };
    store.note(&Notes { seatings: vec![seating(ada, 3), seating(ben, 2)], endings: vec![] }).await.unwrap();
    assert_eq!(order(store.queued().await.unwrap()), [(ada, 3)]);
    assert_eq!(store.forget_queue(now + LONG * 2, now).await.unwrap(), 1);
    assert!(!store.dequeue(ada).await.unwrap());
}

#[tokio::test]
async fn whoever_is_gone_is_not_paired_and_soon_out() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let node = Node::start(&store, Settings { grace: Duration::ZERO, ..SETTINGS }).await;
    let (ada, ben) = (somebody("Ada"), somebody("Ben"));
    let (adas, conn) = Notebook::open(&node, ada.id);
    node.queue.join(&ada, "draft").await.unwrap();
    adas.hears("queue_update").await;
    node.queue.goodbye(ada.id, conn);
    while store.queued_one(ada.id).await.unwrap().is_some() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (bens, _) = Notebook::open(&node, ben.id);
    node.queue.join(&ben, "draft").await.unwrap();
    bens.hears("queue_update").await;
    assert!(node.queue.leave(ben.id).await.unwrap());
    assert!(!node.queue.leave(ben.id).await.unwrap());
    assert_eq!(node.queue.standing(ben.id).await.unwrap(), Standing::Idle);
    assert!(bens.all("match_found").is_empty() && adas.all("match_found").is_empty());
}

#[tokio::test]
async fn waiting_survives_a_restart_and_so_does_a_pair_without_a_room() {
    let folder = tempfile::tempdir().unwrap();
    let (ada, ben, cem, dee) = (somebody("Ada"), somebody("Ben"), somebody("Cem"), somebody("Dee"));
    let id = Uuid::from_bytes(entropy());
    {
        let store = open(folder.path()).await;
        let ratings = Arc::new(Ratings::default());
        ratings.0.lock().insert(ada.id, 2900.0);
        let node = Node::with(&store, SETTINGS, ratings).await;
        for player in [&ada, &ben] {
            node.queue.join(player, "draft").await.unwrap();
        }
        node.task.abort();
        // Two were paired, and then everything stopped.
        for player in [&cem, &dee] {
            node.queue.join(player, "draft").await.unwrap();
        }
        let now = Clock::system().now();
        let the_two = [cem.id, dee.id];
        let made = store
            .pair(
                "draft",
                now,
                Box::new(move |waiting| {
                    let two = waiting.iter().filter(|one| the_two.contains(&one.player_id));
                    let players = two.map(|one| Paired {
                        player_id: one.player_id,
                        nickname: one.nickname.clone(),
                        guest: one.guest,
                        bot: None,
                        waited: 7,
                        done: false,
                    });
                    vec![Match { id, game: "draft".into(), made_at: now, room: None, players: players.collect() }]
                }),
            )
            .await
            .unwrap();
        assert_eq!(made.len(), 1);
        // One whose room is being opened does not wait a second time.
        assert!(node.queue.join(&cem, "draft").await.unwrap().is_waiting());
        assert_eq!(store.queued().await.unwrap().len(), 2);
        store.close().await;
    }
    let store = open(folder.path()).await;
    let node = Node::start(&store, SETTINGS).await;
    let ((cems, _), (dees, _)) = (Notebook::open(&node, cem.id), Notebook::open(&node, dee.id));
    assert_eq!(cems.hears("match_found").await["room_code"], dees.hears("match_found").await["room_code"]);
    // The other two are still there, and come back: the window of one who has waited for a minute takes anybody, but not yet this one.
    let (bens, _) = Notebook::open(&node, ben.id);
    assert_eq!(bens.hears("queue_update").await["position"], 2);
    assert!(node.queue.wait(ada.id, Duration::ZERO).await.unwrap().is_waiting());
    let eve = somebody("Eve");
    node.queue.join(&eve, "draft").await.unwrap();
    assert_eq!(bens.hears("match_found").await["opponent"]["nickname"], "Eve");
    assert!(matches!(node.queue.wait(eve.id, LONG).await.unwrap(), Standing::Matched(_)));
    assert!(node.queue.standing(ada.id).await.unwrap().is_waiting());
    store.close().await;
}

#[tokio::test]
async fn a_bot_takes_the_seat_when_nobody_comes() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let node = Node::start(&store, Settings { bot_after: Some(Duration::ZERO), ..SETTINGS }).await;
    let ada = somebody("Ada");
    let place = node.queue.join(&ada, "draft").await.unwrap();
    assert!(matches!(place, Standing::Waiting(place) if place.expected_wait_ms == Some(1_000)));
    let Standing::Matched(found) = node.queue.wait(ada.id, LONG).await.unwrap() else { panic!("no bot came") };
    let levels = node.rooms.catalogue().find("draft").unwrap().card().bots;
    assert!(levels.contains(&found.opponent.bot.as_deref().unwrap()));
    assert_eq!(found.side, "host");
    let look = node.rooms.look(found.room_code, Some(ada.id)).await.unwrap();
    assert_eq!(look.summary.players.iter().filter(|player| player.bot.is_some()).count(), 1);
}

#[tokio::test]
async fn wishes_that_cannot_be_granted_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let node = Node::start(&store, SETTINGS).await;
    let ada = somebody("Ada");
    for game in ["", "chess", "DRAFT", "draft ", "'; DROP TABLE rooms; --", "\u{0}"] {
        let refusal = node.queue.join(&ada, game).await.unwrap_err();
        assert_eq!(refusal.code, Code::ValidationError, "{game:?}");
    }
    assert_eq!(store.queued().await.unwrap(), []);
    assert_eq!(node.queue.wait(ada.id, LONG).await.unwrap(), Standing::Idle);
}
