//! What there is to know of a player, and what they may change of themselves.

use axum::response::Response;
use http::{StatusCode, Uri};
use serde::Deserialize;

use super::account::explained;
use super::answer::{Answer, Outcome, Problem};
use super::form::{Body, Form, Typed, query};
use super::home::said;
use super::session::Visit;
use crate::id::PlayerId;
use crate::log::accounts::StoredPlayer;
use crate::log::{StoredRoom, Visibility};
use crate::rating;
use crate::refusal::{Code, Refusal};
use crate::room::actor::store_failed;
use crate::time::Timestamp;
use crate::web::error;
use crate::web::view::{Chart, Figures, Notice, Past, PlayedRoom, ProfilePage};

/// Games that a rating's chart shows at most.
const CHARTED: u32 = 200;
/// Results on a profile.
const PAST_SHOWN: u32 = 20;
/// Rooms on a profile: what somebody plays in a day, for as long as rooms are kept.
const ROOMS_SHOWN: u32 = 30;

/// `GET /profile`, with `?done=WHAT` after a change.
pub async fn show(visit: Visit, uri: Uri) -> Response {
    let notice = query(&uri, "done").and_then(|done| {
        let text = match done.as_str() {
            "nickname" => "Others see your new name from now on. Rooms you are in keep the old one.",
            "password" => "Your password is changed. You are signed out everywhere else.",
            _ => return None,
        };
        Some(Notice { text: text.to_owned(), bad: false })
    });
    let outcome = own(&visit, StatusCode::OK, notice).await;
    visit.finish(outcome)
}

/// `GET /players/ID`
pub async fn show_other(visit: Visit, typed: Typed) -> Response {
    let outcome = async {
        visit.app.notes.flush().await;
        let id: PlayerId = typed.text().and_then(|id| id.parse().ok()).ok_or(Problem::NotFound)?;
        let stored = visit.app.desk.player(id).await?.ok_or(Problem::NotFound)?;
        let page = page(&visit, id, Some(stored), None, None).await?;
        Answer::page(&page)
    }
    .await;
    visit.finish(outcome)
}

/// `POST /profile/nickname`
pub async fn rename(mut visit: Visit, body: Body) -> Response {
    let outcome = async {
        let form = Form::read(&visit, body)?;
        match visit.rename(form.get("nickname").unwrap_or_default()).await {
            Ok(()) => Answer::go("/profile?done=nickname"),
            Err(refusal) => refused(&visit, refusal).await,
        }
    }
    .await;
    visit.finish(outcome)
}

/// `POST /profile/password`
pub async fn change_password(mut visit: Visit, body: Body) -> Response {
    let outcome = async {
        let form = Form::read(&visit, body)?;
        let (current, new) = (form.get("password").unwrap_or_default(), form.get("new_password").unwrap_or_default());
        match visit.app.desk.change_password(&visit.identity, current, new, visit.ip).await {
            Ok(account) => {
                let granted = visit.app.desk.cookie(&account);
                visit.becomes(granted);
                Answer::go("/profile?done=password")
            }
            Err(refusal) => refused(&visit, refusal).await,
        }
    }
    .await;
    visit.finish(outcome)
}

/// `POST /profile/logout_everywhere`
pub async fn log_out_everywhere(mut visit: Visit, body: Body) -> Response {
    let outcome = async {
        Form::read(&visit, body)?;
        visit.app.desk.may_change(visit.ip)?;
        visit.app.desk.log_out_everywhere(visit.me()).await?;
        visit.forget();
        Answer::go("/login")
    }
    .await;
    visit.finish(outcome)
}

/// `POST /profile/delete`: `password` for an account, and the box `sure`.
pub async fn delete(mut visit: Visit, body: Body) -> Response {
    let outcome = async {
        let form = Form::read(&visit, body)?;
        if form.get("sure").is_none() {
            return refused(&visit, Refusal::invalid("tick the box if you are sure; nothing was deleted")).await;
        }
        visit.app.desk.may_change(visit.ip)?;
        match visit.app.delete_player(&visit.identity, form.get("password"), visit.ip).await {
            Ok(()) => {
                visit.forget();
                Answer::go("/")
            }
            Err(refusal) => refused(&visit, refusal).await,
        }
    }
    .await;
    visit.finish(outcome)
}

/// The page again, with what was wrong.
async fn refused(visit: &Visit, refusal: Refusal) -> Outcome {
    let explains = matches!(refusal.code, Code::ValidationError | Code::Forbidden | Code::RateLimited | Code::Busy);
    if !explains {
        return Err(refusal.into());
    }
    let notice = Notice { text: explained(&refusal), bad: true };
    own(visit, error::status(refusal.code), Some(notice)).await
}

async fn own(visit: &Visit, status: StatusCode, notice: Option<Notice>) -> Outcome {
    let account = match visit.app.desk.account(&visit.identity).await {
        // The cookie is a guest's whose account was made elsewhere, or an account's that is gone.
        Err(refusal) if refusal.code == Code::AuthRequired => return Answer::go("/login?next=/profile"),
        account => account?,
    };
    // What happened a moment ago is looked for here first.
    visit.app.notes.flush().await;
    let stored = visit.app.desk.player(visit.me()).await?;
    let username = account.map(|account| account.username);
    Answer::page_with(status, &page(visit, visit.me(), stored, username, notice).await?)
}

async fn page(
    visit: &Visit,
    player: PlayerId,
    stored: Option<StoredPlayer>,
    username: Option<String>,
    notice: Option<Notice>,
) -> Result<ProfilePage, Problem> {
    let own = player == visit.me();
    let rooms = visit.app.desk.rooms_of(player, ROOMS_SHOWN).await?;
    // A code lets people in: those of private rooms are their players' to give away.
    let shown = rooms.iter().filter(|room| own || room.visibility == Visibility::Public);
    let nickname = match &stored {
        Some(stored) if !own || !stored.guest => stored.nickname.clone(),
        _ => visit.identity.nickname.clone(),
    };
    Ok(ProfilePage {
        shell: visit.shell(),
        player_id: player,
        nickname,
        username,
        guest: stored.as_ref().map_or(visit.identity.guest, |stored| stored.guest),
        own,
        since: stored.as_ref().map(|stored| day(stored.created_at)),
        games: stored.map_or(0, |stored| stored.games),
        figures: figures(visit, player).await?,
        past: past(visit, player).await?,
        rooms: shown.filter_map(|room| played(visit, room, player)).collect(),
        notice,
    })
}

async fn figures(visit: &Visit, player: PlayerId) -> Result<Vec<Figures>, Problem> {
    let ratings = &visit.app.ratings;
    let mut figures = Vec::new();
    for (game, standing) in ratings.standings(player).await.map_err(|error| store_failed(&error))? {
        // A game that this server does not have any more is not linked to.
        let Some(known) = visit.app.rooms.catalogue().find(&game) else { continue };
        let book = ratings.book(player, Some(&game), CHARTED).await.map_err(|error| store_failed(&error))?;
        let mut over_time: Vec<_> = book.iter().filter(|played| played.counts).map(|played| played.rating.1).collect();
        over_time.extend(book.iter().rfind(|played| played.counts).map(|played| played.rating.0));
        over_time.reverse();
        figures.push(Figures {
            game_title: known.card().title.to_owned(),
            game,
            rating: format!("{:.1}", standing.rating),
            won: standing.wins,
            lost: standing.losses,
            drawn: standing.draws,
            gammons: standing.gammons,
            backgammons: standing.backgammons,
            streak: standing.streak,
            best_streak: standing.best_streak,
            chart: Chart::new(&over_time),
        });
    }
    Ok(figures)
}

async fn past(visit: &Visit, player: PlayerId) -> Result<Vec<Past>, Problem> {
    let book = visit.app.ratings.book(player, None, PAST_SHOWN).await.map_err(|error| store_failed(&error))?;
    let past = book.into_iter().filter_map(|played| {
        let change = played.rating.1 - played.rating.0;
        Some(Past {
            code: played.code,
            game_title: visit.app.rooms.catalogue().find(&played.game)?.card().title.to_owned(),
            result: match played.result {
                rating::Result::Won => "Won",
                rating::Result::Lost => "Lost",
                rating::Result::Drawn => "Drawn",
            },
            kind: played.kind.map(|kind| kind.replace('_', " ")),
            opponent: played.opponent,
            change: (played.counts && change != 0.0).then(|| format!("{change:+.1}")),
            day: day(played.at),
        })
    });
    Ok(past.collect())
}

/// What the page needs of a room's summary.
#[derive(Deserialize)]
struct Listing {
    players: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    player_id: PlayerId,
    nickname: String,
}

fn played(visit: &Visit, room: &StoredRoom, player: PlayerId) -> Option<PlayedRoom> {
    let listing: Listing = serde_json::from_str(&room.head.listing).ok()?;
    let game = visit.app.rooms.catalogue().find(&room.game)?;
    let others = listing.players.into_iter().filter(|other| other.player_id != player);
    Some(PlayedRoom {
        code: room.code,
        game_title: game.card().title.to_owned(),
        others: others.map(|other| other.nickname).collect(),
        status: said(room.head.status).to_owned(),
        day: day(room.created_at),
    })
}

/// The day of a moment, in UTC.
fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}
