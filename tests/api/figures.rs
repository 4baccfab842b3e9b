//! Ratings, statistics and the leaderboard.

use std::sync::Arc;

use parlor::rating::scorekeeper;
use serde_json::{Value, json};

use crate::support::{Ask, Guest, Server};

/// A draft that ends because one of the two leaves: `leaves` is 0 for the host.
async fn finished<'a>(server: &'a Server, leaves: usize) -> [Guest<'a>; 2] {
    let host = server.room().await;
    let guest = server.join(&host.code).await;
    host.command("start_game", json!({})).await.ok(200);
    [&host, &guest][leaves].command("leave_room", json!({})).await.ok(200);
    [host, guest]
}

async fn score(server: &Server) {
    scorekeeper::round(&server.app.rooms, &server.app.ratings).await.unwrap();
}

async fn stats(server: &Server, guest: &Guest<'_>) -> Value {
    server.get(&format!("/api/players/{}/stats", guest.id)).await.ok(200)
}

#[tokio::test]
async fn a_finished_game_moves_both_ratings_and_is_in_both_books() {
    let server = Server::new().await;
    let [host, guest] = finished(&server, 1).await;
    assert_eq!(stats(&server, &host).await["games"], json!([]), "not yet entered");
    score(&server).await;
    let (won, lost) = (stats(&server, &host).await, stats(&server, &guest).await);
    // Newcomers: five times the two points of equals.
    assert_eq!((&won["games"][0]["rating"], &lost["games"][0]["rating"]), (&json!(1510.0), &json!(1490.0)));
    assert_eq!(won["games"][0]["wins"], 1);
    assert_eq!((&won["games"][0]["streak"], &won["games"][0]["best_streak"]), (&json!(1), &json!(1)));
    assert_eq!(lost["games"][0]["losses"], 1);
    let line = &won["recent"][0];
    assert_eq!((&line["room_code"], &line["result"], &line["counts"]), (&json!(host.code), &json!("won"), &json!(true)));
    assert_eq!(line["opponent"]["player_id"], json!(guest.id));
    assert_eq!((&line["rating_before"], &line["rating_after"]), (&json!(1500.0), &json!(1510.0)));
}

#[tokio::test]
async fn a_game_is_entered_once_however_many_enter_it() {
    let server = Server::new().await;
    let [host, _guest] = finished(&server, 1).await;
    let rounds = (0..8).map(|_| {
        let (rooms, ratings) = (Arc::clone(&server.app.rooms), Arc::clone(&server.app.ratings));
        tokio::spawn(async move { scorekeeper::round(&rooms, &ratings).await })
    });
    for round in rounds.collect::<Vec<_>>() {
        round.await.unwrap().unwrap();
    }
    score(&server).await;
    let stats = stats(&server, &host).await;
    assert_eq!((&stats["games"][0]["games"], stats["recent"].as_array().unwrap().len()), (&json!(1), 1));
    assert!(server.app.ratings.unscored(10).await.unwrap().is_empty());
}

#[tokio::test]
async fn every_game_of_a_room_counts_also_those_before_a_reset() {
    let server = Server::new().await;
    let [host, guest] = finished(&server, 1).await;
    host.command("reset_game", json!({})).await.ok(200);
    // Who left has to take the seat again.
    server.send(Ask::post(&format!("/api/rooms/{}/join", host.code), json!({})).token(&guest.token)).await.ok(200);
    host.command("start_game", json!({})).await.ok(200);
    host.command("leave_room", json!({})).await.ok(200);
    score(&server).await;
    let stats = stats(&server, &host).await;
    assert_eq!((&stats["games"][0]["wins"], &stats["games"][0]["losses"]), (&json!(1), &json!(1)));
    assert_eq!(stats["recent"].as_array().unwrap().iter().map(|game| &game["result"]).collect::<Vec<_>>(), ["lost", "won"]);
}

#[tokio::test]
async fn the_leaderboard_lists_the_best_first_page_by_page() {
    let server = Server::new().await;
    let mut winners = vec![];
    for _ in 0..13 {
        let [_host, guest] = finished(&server, 0).await;
        winners.push(guest.id.clone());
    }
    score(&server).await;
    let board = server.get("/api/leaderboard?game=draft").await.ok(200);
    assert_eq!((&board["total"], &board["pages"], &board["page"]), (&json!(26), &json!(2), &json!(1)));
    let players = board["players"].as_array().unwrap();
    assert_eq!((players.len(), &players[0]["rank"], &players[24]["rank"]), (25, &json!(1), &json!(25)));
    assert!(players[..13].iter().all(|player| winners.contains(&player["player_id"].as_str().unwrap().to_owned())));
    assert!(players[13..].iter().all(|player| player["rating"] == 1490.0));
    let rest = server.get("/api/leaderboard?game=draft&page=2").await.ok(200);
    assert_eq!((rest["players"].as_array().unwrap().len(), &rest["players"][0]["rank"]), (1, &json!(26)));
    assert_eq!(server.get("/api/leaderboard?page=9").await.ok(200)["players"], json!([]));
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused() {
    let server = Server::new().await;
    for (path, status) in [
        ("/api/leaderboard?game=chess", 400),
        ("/api/leaderboard?page=0", 400),
        ("/api/leaderboard?page=-1", 400),
        ("/api/leaderboard?page=one", 400),
        ("/api/players/nobody/stats", 404),
    ] {
        server.get(path).await.refused(status, "VALIDATION_ERROR", "");
    }
    let nobody = server.get("/api/players/00000000-0000-4000-8000-000000000000/stats").await.ok(200);
    assert_eq!((&nobody["games"], &nobody["recent"]), (&json!([]), &json!([])));
}
