//! What must hold in the end, whatever happened.

use std::collections::HashMap;

use parlor::refusal::Code;
use parlor::room::outlet::Answer;
use serde_json::Value;

use crate::world::World;

pub async fn everything(world: &mut World) {
    commands(world);
    presence(world);
    let (seq, views) = world.views().await;
    for [shown, logged] in views {
        assert_eq!(shown, logged, "what a node holds is what the log says");
    }
    told(world, seq.0.into());
}

/// Every command has a final answer; what was applied is in the log once, what was refused is not.
fn commands(world: &World) {
    let rows = world.disk.lock().rows(world.code);
    for sent in &world.sent {
        let player = world.people[sent.who].player.id;
        let marks: Vec<_> =
            rows.iter().filter(|row| row.command.as_ref().is_some_and(|key| key.player == player && key.id == sent.id)).collect();
        assert!(marks.len() <= 1, "{} is in the log twice", sent.id);
        let answer = sent.answer.as_ref().unwrap_or_else(|| panic!("{} was never answered", sent.id));
        match answer {
            Ok(Answer::Applied { seq, duplicate: true, .. }) => {
                assert_eq!(marks.first().map(|row| row.seq), Some(*seq), "{}", sent.id)
            }
            Ok(Answer::Applied { seq, .. }) if sent.always_logged() => {
                assert_eq!(marks.first().map(|row| row.seq), Some(*seq), "{} was acknowledged", sent.id);
            }
            Ok(_) => {}
            Err(refusal) => {
                assert_ne!(refusal.code, Code::InternalError, "{}: {}", sent.id, refusal.message);
                assert!(marks.is_empty(), "{} was refused with {:?}", sent.id, refusal.code);
            }
        }
    }
}

/// Every connection heard consecutive events, all of them the same as every other, and those that are still there heard the last one.
fn told(world: &World, newest: u64) {
    let last = world.disk.lock().rows(world.code).last().map_or(0, |row| u64::from(row.seq.0));
    let mut known: HashMap<u64, String> = HashMap::new();
    let now = world.people.iter().flat_map(|person| &person.conns).map(|conn| (&conn.ear, conn.node == World::LAST));
    for (ear, there) in now.chain(world.past.iter().map(|ear| (ear, false))) {
        let heard = ear.told.lock();
        for pair in heard.windows(2) {
            assert_eq!(pair[1].0, pair[0].0 + 1, "{} and then {}", pair[0].1, pair[1].1);
        }
        for (seq, event) in heard.iter() {
            assert!(*seq <= last, "told of {event}, which is not in the log");
            assert_eq!(known.entry(*seq).or_insert_with(|| event.clone()), event, "two were told different things");
        }
        if there && let Some((seq, event)) = heard.last() {
            assert_eq!(*seq, newest, "one who is here was told everything, not only up to {event}");
        }
    }
}

/// Grace periods end once: nobody is lost who was not gone, or twice.
fn presence(world: &World) {
    let mut gone: HashMap<String, bool> = HashMap::new();
    for row in world.disk.lock().rows(world.code) {
        let body: Value = serde_json::from_str(&row.body).unwrap();
        let Some((fact, of)) = body.as_object().and_then(|body| body.iter().next()) else { continue };
        let player = of["player"].as_str().unwrap_or_default().to_owned();
        match fact.as_str() {
            // Again for one who is gone already: a restart begins the grace anew.
            "disconnected" => assert_ne!(gone.insert(player, true), Some(false), "lost already: {body}"),
            "lost" => assert_eq!(gone.insert(player, false), Some(true), "not gone, or lost before: {body}"),
            "reconnected" => assert!(gone.remove(&player).is_some(), "never gone: {body}"),
            // Whoever leaves a running game keeps the seat, and may come back to it.
            "left" => drop(gone.insert(of["player"]["id"].as_str().unwrap_or_default().to_owned(), false)),
            "joined" => drop(gone.remove(of["player"]["id"].as_str().unwrap_or_default())),
            _ => {}
        }
    }
}
