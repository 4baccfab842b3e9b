//! Who has no connection is present while they ask.

use std::time::Duration;

use parlor::id::{PlayerId, Seq};
use parlor::refusal::Refusal;
use parlor::room::actor::{Enter, Message, Purpose};
use parlor::room::fact::Player;
use parlor::room::outlet::{Answer, ConnId, Outlet, Stuck};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::support::Server;

fn online(room: &Value) -> Vec<bool> {
    room["players"].as_array().unwrap().iter().map(|player| player["online"].as_bool().unwrap()).collect()
}

#[tokio::test]
async fn one_who_stops_asking_is_away_and_one_who_waits_is_not() {
    let server = Server::rooms_with(&["--rate-limits=off"], |settings| settings.http_presence = Duration::from_millis(1_500)).await;
    let host = server.room().await;
    let guest = server.join(&host.code).await;
    host.command("start_game", json!({})).await.ok(200);
    // The guest asks once more, a little later, and then never again; the host waits all the time.
    let mut seq = host.events(0).await.len();
    guest.state().await;
    let gone = loop {
        let events = host.get(&format!("/events?after={seq}&wait=10")).await.ok(200)["events"].as_array().unwrap().clone();
        assert!(!events.is_empty(), "the guest is never missed");
        seq += events.len();
        if let Some(gone) = events.into_iter().find(|event| event["event"] == "player_disconnected") {
            break gone;
        }
    };
    assert_eq!(gone["data"]["player_id"], guest.id);
    assert_eq!(online(&server.get(&host.path("")).await.ok(200)), [true, false]);
    guest.events(0).await;
    assert_eq!(online(&server.get(&host.path("")).await.ok(200)), [true, true], "asking for events is being there");
}

#[tokio::test]
async fn being_seen_again_later_moves_the_moment_of_being_away() {
    let server = Server::rooms_with(&["--rate-limits=off"], |settings| settings.http_presence = Duration::from_millis(500)).await;
    let host = server.room().await;
    let guest = server.join(&host.code).await;
    // Both come back after half of the time: when the room looks for the first time, they are there.
    tokio::time::sleep(Duration::from_millis(250)).await;
    host.state().await;
    guest.state().await;
    // Nobody asks any more but one who watches, and whose asking wakes nothing.
    let (mut seq, mut gone) = (0, Vec::new());
    while gone.len() < 2 {
        let events =
            server.get(&host.path(&format!("/events?after={seq}&wait=8"))).await.ok(200)["events"].as_array().unwrap().clone();
        assert!(!events.is_empty(), "nobody is missed");
        seq += events.len();
        gone.extend(events.into_iter().filter(|event| event["event"] == "player_disconnected"));
    }
    assert_eq!(gone.iter().map(|event| event["data"]["seat"].clone()).collect::<Vec<_>>(), [json!(0), json!(1)]);
}

/// A connection that keeps what it is told.
struct Ear(mpsc::UnboundedSender<(&'static str, Value)>);

impl Outlet for Ear {
    fn emit(&self, event: &'static str, payload: &RawValue) -> Result<(), Stuck> {
        self.0.send((event, serde_json::from_str(payload.get()).unwrap())).map_err(|_| Stuck)
    }

    fn close(&self) {}
}

#[tokio::test]
async fn those_with_sockets_see_one_without_type() {
    let server = Server::new().await;
    let host = server.room().await;
    let (say, mut told) = mpsc::unbounded_channel();
    let (done, answer) = oneshot::channel();
    let enter = Enter {
        conn: Some((ConnId(1), std::sync::Arc::new(Ear(say)))),
        player: Player { id: PlayerId::random(), nickname: "Ben".into(), guest: true, bot: None },
        game: None,
        purpose: Purpose::Play,
        client_seed: None,
        last_seq: Some(Seq(0)),
        command: None,
        extra: serde_json::Map::new(),
        reply: Box::new(move |answer: Result<Answer, Refusal>| {
            let _ = done.send(answer.is_ok());
        }),
    };
    assert!(server.app.rooms.send(host.code.parse().unwrap(), Message::Enter(Box::new(enter))).is_ok());
    assert!(answer.await.unwrap());
    for n in 0..20 {
        host.command("typing", json!({ "typing": n % 2 == 0 })).await.ok(200);
    }
    host.command("chat_message", json!({ "message": "done" })).await.ok(200);
    let mut typed = Vec::new();
    loop {
        let (event, payload) = told.recv().await.unwrap();
        match event {
            "player_typing" => typed.push((payload["nickname"].clone(), payload["typing"].clone())),
            "chat_message" => break,
            _ => {}
        }
    }
    assert_eq!(typed[..2], [(json!("Ada"), json!(true)), (json!("Ada"), json!(false))]);
    assert!(typed.len() <= 6, "{} of 20 were passed on", typed.len());
    assert_eq!(typed.last().unwrap().1, false, "the last word is that nobody types");
}
