//! A hundred at once, on two nodes of which one dies.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use parlor::id::PlayerId;
use parlor::time::Timestamp;
use tokio::task::JoinSet;

use crate::node::{Node, SETTINGS, somebody};
use crate::open;

const PLAYERS: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_who_come_and_go_on_two_nodes_nobody_is_paired_twice_and_nobody_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let nodes = Arc::new([Node::start(&store, SETTINGS).await, Node::start(&store, SETTINGS).await]);
    let mut people = JoinSet::new();
    for nth in 0..PLAYERS {
        let nodes = Arc::clone(&nodes);
        people.spawn(async move {
            let player = somebody(&format!("Player {nth}"));
            // Some ask on both nodes at once, as a double click or a second tab does.
            let twice = nth % 3 == 0;
            let (one, other) = (&nodes[nth % 2].queue, &nodes[(nth + 1) % 2].queue);
            let (first, second) = tokio::join!(one.join(&player, "draft"), async {
                if twice { Some(other.join(&player, "draft").await) } else { None }
            });
            first.unwrap();
            second.transpose().unwrap();
            if nth == PLAYERS / 2 {
                // From here on one node pairs nobody and finishes nothing.
                nodes[1].task.abort();
            }
            // Every fourth changes their mind, wherever they are connected.
            let left = if nth % 4 == 0 { other.leave(player.id).await.unwrap() } else { false };
            (player.id, left)
        });
    }
    let people: BTreeMap<PlayerId, bool> = people.join_all().await.into_iter().collect();
    assert_eq!(people.len(), PLAYERS);

    let settled = async {
        loop {
            let (waiting, matches) = (store.queued().await.unwrap(), store.matches(Timestamp(0)).await.unwrap());
            if waiting.len() <= 1 && matches.iter().all(|made| made.room.is_some()) {
                return (waiting, matches);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let (waiting, matches) = tokio::time::timeout(Duration::from_secs(60), settled).await.expect("somebody is left over");

    let mut seen = BTreeSet::new();
    let mut rooms = BTreeSet::new();
    for made in &matches {
        let [one, other] = [made.players[0].player_id, made.players[1].player_id];
        assert_eq!(made.players.len(), 2);
        assert!(seen.insert(one) && seen.insert(other), "somebody was paired twice");
        let code = made.room.unwrap();
        assert!(rooms.insert(code), "two pairs in one room");
        let summary = nodes[0].rooms.look(code, None).await.unwrap().summary;
        let seated: Vec<_> = summary.players.iter().map(|player| player.player_id).collect();
        assert_eq!(seated, [one, other]);
    }
    for (player, left) in &people {
        let waits = waiting.iter().any(|one| one.player_id == *player);
        // Out, or paired, or the one who is left: exactly one of these.
        assert_eq!(u8::from(*left) + u8::from(seen.contains(player)) + u8::from(waits), 1, "{player}");
    }
    // And no room beside these.
    let made_rooms = parlor::log::EventLog::inhabited(store.as_ref()).await.unwrap();
    assert_eq!(made_rooms.into_iter().collect::<BTreeSet<_>>(), rooms);
}
