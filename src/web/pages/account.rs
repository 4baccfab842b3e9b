//! Signing in and out, and making an account of a guest.

use axum::response::Response;
use http::{StatusCode, Uri};

use super::answer::{Answer, Outcome, sentence};
use super::form::{Body, Form, query};
use super::session::Visit;
use crate::account::desk::Chosen;
use crate::refusal::{Code, Refusal};
use crate::web::error;
use crate::web::view::{LogInPage, RegisterPage};

/// Longest address to go on to: that of a room with a query has a tenth of it.
const NEXT_MAX: usize = 200;

/// `GET /login?next=PATH`
pub async fn show_login(visit: Visit, uri: Uri) -> Response {
    let outcome = match is_signed_in(&visit).await {
        false => login_page(&visit, "", &next(query(&uri, "next")), None),
        true => Answer::go("/profile"),
    };
    visit.finish(outcome)
}

/// `POST /login`
pub async fn log_in(mut visit: Visit, body: Body) -> Response {
    let outcome = try_log_in(&mut visit, body).await;
    visit.finish(outcome)
}

async fn try_log_in(visit: &mut Visit, body: Body) -> Outcome {
    let form = Form::read(visit, body)?;
    let (username, password) = (form.get("username").unwrap_or_default(), form.get("password").unwrap_or_default());
    let next = next(form.get("next").map(str::to_owned));
    match visit.app.desk.log_in(username, password, visit.ip).await {
        Ok(account) => {
            let granted = visit.app.desk.cookie(&account);
            visit.becomes(granted);
            Answer::go(next)
        }
        Err(refusal) if matches!(refusal.code, Code::AuthRequired | Code::RateLimited | Code::Busy) => {
            login_page(visit, username, &next, Some(&refusal))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// `GET /register?next=PATH`
pub async fn show_register(visit: Visit, uri: Uri) -> Response {
    let outcome = match is_signed_in(&visit).await {
        false => {
            let nickname = visit.shell().nickname.unwrap_or_default();
            register_page(&visit, "", &nickname, &next(query(&uri, "next")), None)
        }
        true => Answer::go("/profile"),
    };
    visit.finish(outcome)
}

/// `POST /register`: the guest of the cookie has an account from now on, and stays the same player.
pub async fn register(mut visit: Visit, body: Body) -> Response {
    let outcome = try_register(&mut visit, body).await;
    visit.finish(outcome)
}

async fn try_register(visit: &mut Visit, body: Body) -> Outcome {
    let form = Form::read(visit, body)?;
    if is_signed_in(visit).await {
        return Answer::go("/profile");
    }
    let field = |name| form.get(name).unwrap_or_default();
    let (username, nickname, next) = (field("username"), field("nickname"), next(form.get("next").map(str::to_owned)));
    // Without a name for others, the one to sign in with is as good as any.
    let shown = if nickname.trim().is_empty() { username } else { nickname };
    let chosen = Chosen { username, password: field("password"), nickname: Some(shown) };
    match visit.app.desk.register(chosen, Some(&visit.identity), visit.ip).await {
        Ok(account) => {
            let granted = visit.app.desk.cookie(&account);
            visit.becomes(granted);
            Answer::go(next)
        }
        Err(refusal) if matches!(refusal.code, Code::ValidationError | Code::RateLimited | Code::Busy | Code::Forbidden) => {
            register_page(visit, username, nickname, &next, Some(&refusal))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// `POST /logout`: this browser forgets who it was.
pub async fn log_out(mut visit: Visit, body: Body) -> Response {
    let outcome = async {
        Form::read(&visit, body)?;
        visit.app.desk.may_change(visit.ip)?;
        visit.app.desk.log_out(Some(&visit.identity), None).await?;
        visit.forget();
        Answer::go("/")
    }
    .await;
    visit.finish(outcome)
}

/// Whether the visitor has an account that is there; a token may name one that never was.
async fn is_signed_in(visit: &Visit) -> bool {
    !visit.identity.guest && visit.app.desk.account(&visit.identity).await.is_ok()
}

fn login_page(visit: &Visit, username: &str, next: &str, refusal: Option<&Refusal>) -> Outcome {
    let view = LogInPage {
        shell: visit.shell(),
        username: username.chars().take(64).collect(),
        next: next.to_owned(),
        error: refusal.map(explained),
    };
    Answer::page_with(refusal.map_or(StatusCode::OK, |refusal| error::status(refusal.code)), &view)
}

fn register_page(visit: &Visit, username: &str, nickname: &str, next: &str, refusal: Option<&Refusal>) -> Outcome {
    let status = refusal.map_or(StatusCode::OK, |refusal| error::status(refusal.code));
    let field = |refusal: &Refusal| {
        let field = refusal.details.as_ref().and_then(|details| details["field"].as_str());
        field.unwrap_or_default().to_owned()
    };
    let view = RegisterPage {
        shell: visit.shell(),
        username: username.chars().take(64).collect(),
        nickname: nickname.chars().take(64).collect(),
        next: next.to_owned(),
        error: refusal.map(|refusal| (field(refusal), explained(refusal))),
    };
    Answer::page_with(status, &view)
}

/// A refusal as a sentence, with how long to wait.
pub fn explained(refusal: &Refusal) -> String {
    let ms = refusal.details.as_ref().and_then(|details| details["retry_after_ms"].as_u64());
    match ms.map(|ms| ms.div_ceil(1000).max(1)) {
        Some(1) => format!("{} Try again in a second.", sentence(&refusal.message)),
        Some(seconds) => format!("{} Try again in {seconds} seconds.", sentence(&refusal.message)),
        None => sentence(&refusal.message),
    }
}

/// A place of ours to go on to; anywhere else leads to the front page.
fn next(wish: Option<String>) -> String {
    let ours = |path: &String| {
        let mut chars = path.chars();
        chars.next() == Some('/')
            && !matches!(chars.next(), Some('/' | '\\'))
            && path.len() <= NEXT_MAX
            && path.chars().all(|c| c.is_ascii_graphic() && c != '\\')
    };
    wish.filter(ours).unwrap_or_else(|| "/".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_ours_are_gone_on_to() {
        for good in ["/", "/profile", "/room/BCDFGH?watch=1"] {
            assert_eq!(next(Some(good.to_owned())), good);
        }
        let long = format!("/{}", "x".repeat(500));
        for bad in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/a\r\nSet-Cookie: x",
            "/a\\b",
            &long,
        ] {
            assert_eq!(next(Some(bad.to_owned())), "/", "{bad:?}");
        }
        assert_eq!(next(None), "/");
    }
}
