//! What happened, event by event.

use axum::response::Response;
use http::Uri;

use super::answer::{Answer, Outcome, Problem};
use super::form::{Typed, query};
use super::games;
use super::history::History;
use super::session::Visit;
use crate::id::Seq;
use crate::web::view::{MoveLine, ReplayPage, Teller};

/// Events that the list shows before and after the one at hand: a long evening's room has thousands.
const AROUND: usize = 300;

/// `GET /replay/CODE?at=SEQ`; without a number, and past the end, the last event.
pub async fn show(visit: Visit, typed: Typed, uri: Uri) -> Response {
    let outcome = replay(&visit, &typed, &uri).await;
    visit.finish(outcome)
}

async fn replay(visit: &Visit, typed: &Typed, uri: &Uri) -> Outcome {
    let code = typed.code()?;
    let look = visit.look(code).await?;
    let card = look.game.card();
    if look.seat.is_none() && !card.spectators {
        return Err(Problem::NotIn(code));
    }
    let history = History::read(visit, code, &look).await?;
    let last = history.last();
    let at = match query(uri, "at") {
        None => last,
        Some(at) => {
            let number = at.parse().map_err(|_| Problem::Unreadable("The number of an event is 0, 1, 2 and so on.".to_owned()));
            Seq(number?).min(last)
        }
    };
    let names = games::names(&look.summary);
    let game = games::of(card.name);
    let mut teller = Teller::new(["host", "guest"].into_iter().zip(names), game.teller());
    let lines =
        history.events.iter().map(|event| MoveLine { seq: event.seq, at: event.at, text: teller.tell(event.event, &event.data) });
    let here = usize::try_from(at.0).unwrap_or(usize::MAX);
    let lines: Vec<_> = lines.collect();
    let shown = here.saturating_sub(AROUND)..here.saturating_add(AROUND).min(lines.len());
    let happened = history.at(at).map(|event| (event.event, &event.data));
    let stage = game.stage(&look, &history.state(&look, at)?, happened);
    Answer::page(&ReplayPage {
        shell: visit.shell(),
        code,
        game_title: card.title.to_owned(),
        at,
        last,
        moves: lines[shown].to_vec(),
        stage,
        fairness: history.fairness(&look)?,
    })
}
