//! Forms, queries and codes in addresses, as people and strangers' programs send them.

use std::convert::Infallible;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequestParts, Path};
use data_encoding::HEXLOWER;
use http::request::Parts;
use http::{StatusCode, header};
use sha2::{Digest, Sha256};

use super::answer::Problem;
use super::session::Visit;
use crate::id::RoomCode;
use crate::web::csrf;

/// A form's body as it came; too long ones are refused before they are read.
pub type Body = Result<Bytes, BytesRejection>;

/// The fields of a form that one of our own pages sent for this visitor.
pub struct Form {
    fields: Vec<(String, String)>,
    digest: String,
}

impl Form {
    /// # Errors
    /// [`Problem::StaleForm`] unless it comes from a page of ours for this session; [`Problem::Unreadable`], [`Problem::TooBig`].
    pub fn read(visit: &Visit, body: Body) -> Result<Self, Problem> {
        let body = body.map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::TooBig,
            _ => Problem::Unreadable("The form did not arrive as a whole.".to_owned()),
        })?;
        let kind = visit.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
            return Err(Problem::Unreadable("This is not a form of a page.".to_owned()));
        }
        let fields = pairs(&body);
        let token = fields.iter().find(|(name, _)| name == csrf::FIELD).map(|(_, value)| value.as_str());
        let app = &visit.app;
        app.csrf.check(visit.me(), token, &visit.headers, &app.origins).map_err(|_| Problem::StaleForm)?;
        let digest = HEXLOWER.encode(&Sha256::digest(&body));
        Ok(Self { fields, digest })
    }

    /// A form without a page, for tests.
    pub fn parse(body: &str) -> Self {
        Self { fields: pairs(body.as_bytes()), digest: String::new() }
    }

    /// The first field of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Every field of this name: a box that is ticked sends one each.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The same for the same form sent twice (a double click) and different for each page: 64 characters.
    pub fn command_id(&self) -> String {
        self.digest.clone()
    }
}

/// The first value of `name` in the query.
pub fn query(uri: &http::Uri, name: &str) -> Option<String> {
    pairs(uri.query().unwrap_or_default().as_bytes()).into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

fn pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

/// The code in an address, typed or clicked.
pub struct Typed(Option<String>);

/// Longer ones are no codes; this much is quoted back.
const QUOTED_CHARS: usize = 20;

impl Typed {
    /// What stands there.
    pub fn text(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// # Errors
    /// [`Problem::NoSuchRoom`] when it cannot be a code.
    pub fn code(&self) -> Result<RoomCode, Problem> {
        let typed = self.0.as_deref().unwrap_or("?");
        typed.parse().map_err(|_| Problem::NoSuchRoom(quoted(typed)))
    }
}

/// The beginning of what was typed.
pub fn quoted(typed: &str) -> String {
    let mut short: String = typed.chars().filter(|c| !c.is_control()).take(QUOTED_CHARS).collect();
    if typed.chars().count() > QUOTED_CHARS {
        short.push('…');
    }
    short
}

impl<S: Send + Sync> FromRequestParts<S> for Typed {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(path.ok().map(|Path(typed)| typed)))
    }
}
