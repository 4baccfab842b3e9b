//! What a handler comes to, and the response that it makes. Whatever goes wrong is a page of its own, never a bare line.

use askama::Template;
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use http::{HeaderValue, StatusCode, header};

use super::session::Visit;
use crate::id::{RoomCode, entropy};
use crate::refusal::{Code, Refusal};
use crate::web::error;
use crate::web::view::ErrorPage;

/// A page, or where to go instead.
pub enum Answer {
    Page(StatusCode, String),
    Go(String),
}

/// What a handler comes to.
pub type Outcome = Result<Answer, Problem>;

/// Why the page that was asked for cannot be shown.
#[derive(Debug)]
pub enum Problem {
    NotFound,
    /// What was given as a code.
    NoSuchRoom(String),
    Full {
        code: RoomCode,
        can_watch: bool,
    },
    Begun {
        code: RoomCode,
        can_watch: bool,
    },
    /// Expired, or everybody left.
    Closed,
    NotIn(RoomCode),
    StaleForm,
    Unreadable(String),
    TooBig,
    Refused(Refusal),
    /// A fault of ours; what the log says of it.
    Broken(String),
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<askama::Error> for Problem {
    fn from(error: askama::Error) -> Self {
        Self::Broken(format!("a page could not be written: {error}"))
    }
}

impl Answer {
    /// # Errors
    /// When the template fails.
    pub fn page(page: &impl Template) -> Outcome {
        Self::page_with(StatusCode::OK, page)
    }

    /// A page that says why something was refused, with the status of that.
    ///
    /// # Errors
    /// When the template fails.
    pub fn page_with(status: StatusCode, page: &impl Template) -> Outcome {
        Ok(Self::Page(status, page.render()?))
    }

    /// # Errors
    /// None; for the end of handlers.
    pub fn go(to: impl Into<String>) -> Outcome {
        Ok(Self::Go(to.into()))
    }
}

impl Visit {
    /// The response: the page with its cookie, or the page that says what went wrong.
    pub fn finish(self, outcome: Outcome) -> Response {
        let mut response = match outcome {
            Ok(Answer::Page(status, html)) => page(status, html),
            Ok(Answer::Go(to)) => go(&to),
            Err(problem) => self.explain(problem),
        };
        // A missing picture must not give its visitor another session than the page that shows it.
        let lasting = !matches!(response.status(), StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED);
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::VARY, HeaderValue::from_static("Cookie"));
        if let Some(cookie) = self.cookie.filter(|_| lasting) {
            headers.append(header::SET_COOKIE, cookie);
        }
        response
    }

    fn explain(&self, problem: Problem) -> Response {
        let (shell, retry) = (self.shell(), retry_after(&problem));
        let view = match problem {
            Problem::NotFound => ErrorPage::not_found(shell),
            Problem::NoSuchRoom(typed) => ErrorPage::no_such_room(shell, &typed),
            Problem::Full { code, can_watch } => ErrorPage::room_full(shell, code, can_watch),
            Problem::Begun { code, can_watch } => ErrorPage::unavailable_room(shell, code, can_watch),
            Problem::Closed => ErrorPage::expired(shell),
            Problem::NotIn(code) => ErrorPage::not_in_room(shell, code),
            Problem::StaleForm => ErrorPage::stale_form(shell),
            Problem::Unreadable(message) => ErrorPage::bad_request(shell, &message),
            Problem::TooBig => ErrorPage::bad_request(shell, "The form is too long.").with_status(413),
            Problem::Broken(what) => {
                let reference = reference();
                tracing::error!(reference, what, "a page failed");
                ErrorPage::internal(shell, &reference)
            }
            Problem::Refused(refusal) => match refusal.code {
                Code::RateLimited => ErrorPage::rate_limited(shell, retry.unwrap_or(1)),
                Code::Busy | Code::Unavailable => ErrorPage::unavailable(shell),
                Code::InternalError => {
                    let reference = reference();
                    tracing::error!(reference, %refusal, "a page failed");
                    ErrorPage::internal(shell, &reference)
                }
                code => {
                    let message = sentence(&refusal.message);
                    match error::status(code) {
                        StatusCode::FORBIDDEN => ErrorPage::forbidden(shell, &message),
                        status => ErrorPage::bad_request(shell, &message).with_status(status.as_u16()),
                    }
                }
            },
        };
        let status = StatusCode::from_u16(view.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = match view.render() {
            Ok(html) => page(status, html),
            Err(error) => {
                tracing::error!(%error, "the page for a problem could not be written");
                status.into_response()
            }
        };
        if let Some(seconds) = retry {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// No page has this address.
pub async fn not_found(visit: Visit) -> Response {
    visit.finish(Err(Problem::NotFound))
}

/// The page is there, but not for this method.
pub async fn not_allowed(visit: Visit) -> Response {
    let mut response = visit.finish(Err(Problem::NotFound));
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response
}

/// Refusals are phrases for programs and people; on a page they are sentences.
pub fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

/// Whole seconds after which trying again may do.
fn retry_after(problem: &Problem) -> Option<u64> {
    let Problem::Refused(refusal) = problem else { return None };
    match refusal.code {
        Code::RateLimited => {
            let ms = refusal.details.as_ref().and_then(|details| details["retry_after_ms"].as_u64());
            Some(ms.unwrap_or(1).div_ceil(1000).max(1))
        }
        Code::Busy | Code::Unavailable => Some(1),
        _ => None,
    }
}

fn reference() -> String {
    HEXLOWER.encode(&entropy::<4>())
}

fn page(status: StatusCode, html: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}

fn go(to: &str) -> Response {
    let to = HeaderValue::try_from(to).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}
