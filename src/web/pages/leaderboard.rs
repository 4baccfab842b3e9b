//! Who is best at a game.

use axum::response::Response;
use http::Uri;

use super::answer::{Answer, Problem};
use super::form::query;
use super::session::Visit;
use crate::web::api::figures::{Ranks, ranks};
use crate::web::view::{GameTab, LeaderboardPage, Rank};

/// `GET /leaderboard?game=NAME&page=N`
pub async fn show(visit: Visit, uri: Uri) -> Response {
    let outcome = async {
        let page = match query(&uri, "page") {
            None => 1,
            Some(page) => page.parse().map_err(|_| Problem::Unreadable("Pages are numbered from 1 on.".to_owned()))?,
        };
        let game = query(&uri, "game");
        let Ranks { game, page, pages, total, players } = ranks(&visit.app, game.as_deref(), page).await?;
        let cards = visit.app.rooms.catalogue().iter().map(|game| game.card()).filter(|card| card.is_rated());
        let games = cards.map(|card| GameTab { name: card.name, title: card.title, here: card.name == game }).collect();
        let players = players.into_iter().map(|(rank, ranked)| Rank {
            rank,
            you: ranked.player == visit.me(),
            player_id: ranked.player,
            nickname: ranked.nickname,
            guest: ranked.guest,
            rating: format!("{:.1}", ranked.standing.rating),
            wins: ranked.standing.wins,
            losses: ranked.standing.losses,
            draws: ranked.standing.draws,
            streak: ranked.standing.streak,
        });
        Answer::page(&LeaderboardPage { shell: visit.shell(), games, game, page, pages, total, players: players.collect() })
    }
    .await;
    visit.finish(outcome)
}
