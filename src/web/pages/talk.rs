//! What was said and rolled in a room: a page to read and search it, that needs no script.

use axum::response::Response;
use http::Uri;
use serde_json::Value;

use super::answer::{Answer, Outcome, Problem};
use super::ask::named;
use super::form::{Typed, query};
use super::session::Visit;
use crate::id::Seq;
use crate::refusal::Code;
use crate::room::history::{Page, part};
use crate::web::view::{TalkLine, TalkPage, tabletop};

/// Lines of a page.
const LINES: usize = 50;

/// `GET /room/CODE/history?kind=&q=&before=`
pub async fn show(visit: Visit, typed: Typed, uri: Uri) -> Response {
    let outcome = page(&visit, &typed, &uri).await;
    visit.finish(outcome)
}

async fn page(visit: &Visit, typed: &Typed, uri: &Uri) -> Outcome {
    let code = typed.code()?;
    let look = visit.look(code).await?;
    if look.may_watch().is_err() {
        return Err(Problem::NotIn(code));
    }
    let given = |name: &str| query(uri, name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let kind = given("kind").unwrap_or_else(|| "all".to_owned());
    let search = given("q");
    let before = match given("before") {
        None => None,
        Some(before) => {
            Some(Seq(before.parse().map_err(|_| Problem::Unreadable("`before` is the number of an event.".to_owned()))?))
        }
    };
    let asked = part(&kind, look.game.card().history);
    let asked = asked.map(|kinds| Page { kinds, before, limit: Some(LINES), search: search.clone() });
    let page = match asked {
        Ok(asked) => visit.app.rooms.history(&look, &asked).await,
        Err(refusal) => Err(refusal),
    };
    let page = page.map_err(|refusal| match refusal.code {
        Code::ValidationError => Problem::Unreadable(refusal.message.into_owned()),
        _ => named(code, refusal),
    })?;
    let lines = page.entries.into_iter().map(|entry| {
        let data: Value = serde_json::from_str(entry.data.get()).unwrap_or_default();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let image = text(&data["image_id"]).filter(|_| entry.event == "image_shared");
        TalkLine {
            seq: entry.seq,
            at: entry.timestamp,
            kind: entry.event,
            who: text(&data["player"]["nickname"]).unwrap_or_else(|| "Somebody".to_owned()),
            what: tabletop::what(entry.event, &data).unwrap_or_default(),
            image: image.map(|id| format!("/api/rooms/{code}/images/{id}")),
        }
    });
    let link = |before: Option<Seq>| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if kind != "all" {
            query.append_pair("kind", &kind);
        }
        if let Some(search) = &search {
            query.append_pair("q", search);
        }
        if let Some(before) = before {
            query.append_pair("before", &before.to_string());
        }
        format!("/room/{code}/history?{}", query.finish())
    };
    Answer::page(&TalkPage {
        shell: visit.shell(),
        code,
        game_title: look.game.card().title.to_owned(),
        back: if look.summary.status.is_lobby() { format!("/room/{code}") } else { format!("/play/{code}") },
        rolls: look.game.card().history.contains(&"dice_roll"),
        kind: kind.clone(),
        search: search.clone().unwrap_or_default(),
        lines: lines.collect(),
        older: page.next.map(|next| link(Some(next))),
        newest: before.map(|_| link(None)),
    })
}
