//! What the store keeps of players, over restarts and for their profiles.

use std::sync::Arc;
use std::time::Duration;

use parlor::app::App;
use parlor::id::{PlayerId, RoomKey, SessionId};
use parlor::log::accounts::{AccountError, NewAccount, NewSession, Notes, Revoked, Rotated, Seating, Subject};
use parlor::time::Timestamp;
use serde_json::json;

use crate::support::Ask;
use crate::{PASSWORD, quiet};

const NOW: Timestamp = Timestamp(1_795_228_800_000);

async fn open(folder: &std::path::Path) -> Arc<App> {
    let data = format!("--data-dir={}", folder.display());
    let args = ["parlor", &data, "--password-memory-kib=64", "--sqlite-synchronous=normal", "--rate-limits=off"];
    let secret = "--secret=a secret of these tests, long enough";
    let database = crate::database(folder).await.map(|url| format!("--database-url={url}"));
    let args = args.into_iter().chain([secret]).chain(database.as_deref());
    let config = parlor::cli::try_parse(args.map(Into::into).collect()).unwrap().cli.config;
    App::new(config, "127.0.0.1:3000".parse().unwrap()).await.unwrap()
}

fn account(player_id: PlayerId, username: &str) -> NewAccount {
    let password = "$argon2id$v=19$m=64,t=2,p=1$c2FsdHNhbHQ$aGFzaA".to_owned();
    NewAccount { player_id, nickname: "Ada".into(), username: username.into(), password, now: NOW }
}

#[tokio::test]
async fn accounts_sessions_and_revocations_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let peer = "10.0.0.1".parse().unwrap();
    let app = open(folder.path()).await;
    let chosen = parlor::account::desk::Chosen { username: "ada", password: PASSWORD, nickname: None };
    let ada = app.desk.register(chosen, None, peer).await.unwrap();
    let [kept, ended] = [app.desk.grant(&ada).await.unwrap(), app.desk.grant(&ada).await.unwrap()];
    let page = app.desk.cookie(&ada);
    app.desk.log_out(Some(&ended.identity), None).await.unwrap();
    app.desk.log_out(Some(&page.identity), None).await.unwrap();
    app.log.close().await;
    drop(app);
    let app = open(folder.path()).await;
    let now = app.clock.now();
    assert_eq!(app.desk.log_in("ADA", PASSWORD, peer).await.unwrap(), ada);
    assert!(app.tokens.verify(&kept.token, now).is_ok());
    assert!(app.tokens.verify(&ended.token, now).is_err() && app.tokens.verify(&page.token, now).is_err());
    assert!(app.desk.refresh(&ended.refresh.unwrap().0).await.is_err());
    let next = app.desk.refresh(&kept.refresh.unwrap().0).await.unwrap();
    assert_eq!(next.identity.player_id, ada.player_id);
}

#[tokio::test]
async fn constraints_are_told_apart() {
    let server = quiet().await;
    let store = &server.app.desk.store;
    let [ada, ben] = [PlayerId::random(), PlayerId::random()];
    store.create_account(account(ada, "ada")).await.unwrap();
    assert!(matches!(store.create_account(account(ben, "ADA")).await, Err(AccountError::NameTaken)));
    assert!(matches!(store.create_account(account(ada, "ben")).await, Err(AccountError::HasAccount)));
    assert!(store.player(ben).await.unwrap().is_none(), "nothing of what was refused is written");
    let odd = NewAccount { password: "plain text".into(), ..account(ben, "ben") };
    assert!(matches!(store.create_account(odd).await, Err(AccountError::Store(_))));
    store.create_account(account(ben, "ben")).await.unwrap();
}

#[tokio::test]
async fn a_session_rotates_until_a_number_comes_twice() {
    let server = quiet().await;
    let store = &server.app.desk.store;
    let (ada, id) = (PlayerId::random(), SessionId::random());
    store.create_account(account(ada, "ada")).await.unwrap();
    let expires_at = NOW + Duration::from_secs(60);
    store.open_session(NewSession { id, player_id: ada, now: NOW, expires_at }, 5).await.unwrap();
    for generation in 1..5 {
        let rotated = store.rotate(id, generation, NOW, expires_at).await.unwrap();
        assert!(matches!(rotated, Rotated::Next { generation: next, .. } if next == generation + 1), "{rotated:?}");
    }
    assert_eq!(store.rotate(id, 9, NOW, expires_at).await.unwrap(), Rotated::Gone, "a number that was never given");
    assert_eq!(store.rotate(id, 5, expires_at, expires_at).await.unwrap(), Rotated::Gone, "too late");
    assert_eq!(store.rotate(id, 2, NOW, expires_at).await.unwrap(), Rotated::Reused);
    assert_eq!(store.rotate(id, 5, NOW, expires_at).await.unwrap(), Rotated::Gone);
    assert_eq!(store.revocations(Timestamp(0)).await.unwrap(), [Revoked { subject: Subject::Session(id), at: NOW }]);
    store.forget_sessions(NOW, NOW + Duration::from_millis(1)).await.unwrap();
    assert!(store.revocations(Timestamp(0)).await.unwrap().is_empty());
}

#[tokio::test]
async fn only_the_newest_sessions_of_a_player_are_kept() {
    let server = quiet().await;
    let store = &server.app.desk.store;
    let ada = PlayerId::random();
    store.create_account(account(ada, "ada")).await.unwrap();
    let expires_at = NOW + Duration::from_secs(3600);
    let mut ids = Vec::new();
    for n in 0..6 {
        let new = NewSession { id: SessionId::random(), player_id: ada, now: NOW + Duration::from_secs(n), expires_at };
        store.open_session(new, 4).await.unwrap();
        ids.push(new.id);
    }
    for (n, id) in ids.into_iter().enumerate() {
        let gone = store.rotate(id, 1, NOW, expires_at).await.unwrap() == Rotated::Gone;
        assert_eq!(gone, n < 2, "session {n}");
    }
}

#[tokio::test]
async fn a_players_rooms_and_finished_games_are_noted_once() {
    let server = quiet().await;
    let host = server.room().await;
    let guest = server.join(&host.code).await;
    let watcher = server.post("/api/auth/guest", json!({})).await.ok(201);
    let watch = Ask::post(&host.path("/join"), json!({ "as": "spectator" })).token(watcher["token"].as_str().unwrap());
    server.send(watch).await.ok(200);
    assert!(server.app.notes.flush().await);
    let (store, code) = (&server.app.desk.store, host.code.parse().unwrap());
    for one in [&host, &guest] {
        let rooms = store.rooms_of(one.id.parse().unwrap(), 10).await.unwrap();
        assert!(rooms.len() == 1 && rooms[0].code == code);
    }
    let watching: PlayerId = watcher["player_id"].as_str().unwrap().parse().unwrap();
    assert!(store.rooms_of(watching, 10).await.unwrap().is_empty() && store.player(watching).await.unwrap().is_none());
    let ben = store.player(guest.id.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((ben.nickname.as_str(), ben.guest, ben.games), ("Ben", true, 0));
    let room = store.rooms_of(ben.player_id, 1).await.unwrap().remove(0);
    let ending = |at| parlor::log::accounts::Notes { seatings: vec![], endings: vec![(room.key, at)] };
    for _ in 0..3 {
        store.note(&ending(NOW)).await.unwrap();
        assert_eq!(store.player(ben.player_id).await.unwrap().unwrap().games, 1);
    }
    store.note(&ending(NOW + Duration::from_secs(1))).await.unwrap();
    assert_eq!(store.player(ben.player_id).await.unwrap().unwrap().games, 2, "played again in the same room");
}

#[tokio::test]
async fn a_crowd_is_noted_at_once_also_when_some_come_twice_and_a_room_is_gone() {
    let server = quiet().await;
    let rooms = [server.room().await, server.room().await];
    let store = &server.app.desk.store;
    let mut keys = Vec::new();
    assert!(server.app.notes.flush().await);
    for room in &rooms {
        keys.push(store.rooms_of(room.id.parse().unwrap(), 1).await.unwrap().remove(0).key);
    }
    let ada = PlayerId::random();
    store.create_account(account(ada, "ada")).await.unwrap();
    let crowd: Vec<_> = (0..700).map(|_| PlayerId::random()).chain([ada]).collect();
    let seating = |player_id, nickname: String, room, after| Seating {
        player_id,
        nickname,
        guest: true,
        room,
        at: NOW + Duration::from_secs(after),
    };
    let gone = RoomKey(i64::from(u32::MAX));
    let mut seatings = Vec::new();
    for (n, player) in crowd.iter().enumerate() {
        let first = [keys[0], keys[1], gone][n % 3];
        seatings.push(seating(*player, format!("{n} comes"), first, 1));
        seatings.push(seating(*player, format!("{n} is here"), keys[0], 2));
    }
    for _ in 0..2 {
        store.note(&Notes { seatings: seatings.clone(), endings: vec![] }).await.unwrap();
    }
    for (n, player) in crowd.iter().enumerate() {
        let row = store.player(*player).await.unwrap().unwrap();
        assert_eq!(row.nickname, if *player == ada { "Ada".to_owned() } else { format!("{n} is here") });
        let noted: Vec<_> = store.rooms_of(*player, 5).await.unwrap().into_iter().map(|room| room.key).collect();
        assert_eq!(noted, if n % 3 == 1 { vec![keys[0], keys[1]] } else { vec![keys[0]] }, "{n}");
    }
}

#[tokio::test]
async fn stale_guests_are_forgotten_unless_they_play_or_have_played_much() {
    let server = quiet().await;
    let host = server.room().await;
    assert!(server.app.notes.flush().await);
    let store = &server.app.desk.store;
    let id: PlayerId = host.id.parse().unwrap();
    let later = server.app.clock.now() + Duration::from_secs(1);
    let ada = PlayerId::random();
    store.create_account(account(ada, "ada")).await.unwrap();
    assert_eq!(store.forget_guests(later, 5, 100).await.unwrap(), 0, "the room lives");
    host.command("leave_room", json!({})).await.ok(200);
    let room = store.rooms_of(id, 1).await.unwrap().remove(0);
    assert!(room.head.ended_at.is_some(), "with its last player the room ends");
    let notes = parlor::log::accounts::Notes { seatings: vec![], endings: vec![(room.key, NOW)] };
    store.note(&notes).await.unwrap();
    assert_eq!(store.forget_guests(later, 1, 100).await.unwrap(), 0, "one game is enough here");
    assert_eq!(store.forget_guests(Timestamp(0), 5, 100).await.unwrap(), 0, "seen since");
    assert_eq!(store.forget_guests(later, 5, 100).await.unwrap(), 1);
    assert!(store.player(id).await.unwrap().is_none() && store.player(ada).await.unwrap().is_some());
}
