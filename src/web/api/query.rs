//! What a request's address says: the room's code, and fields after the `?`.

use std::collections::HashMap;
use std::str::FromStr;

use axum::extract::{FromRequestParts, Path, Query};
use http::request::Parts;

use crate::id::RoomCode;
use crate::refusal::Refusal;
use crate::room::actor::no_such_room;
use crate::web::error::ApiError;

/// The room that an address names; what is no code names no room.
pub struct Code(pub RoomCode);

impl<S: Send + Sync> FromRequestParts<S> for Code {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let text = Path::<String>::from_request_parts(parts, state).await.map_err(|_| no_such_room())?;
        Ok(Self(text.parse().map_err(|_| no_such_room())?))
    }
}

/// The fields of a query. One that is empty counts as absent, as forms send it; unknown ones are ignored.
pub struct Fields(HashMap<String, String>);

impl Fields {
    /// A field of any kind that can be read from text; `what` it should be is for the refusal.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` when it is there and is something else.
    pub fn get<T: FromStr>(&self, name: &str, what: &str) -> Result<Option<T>, Refusal> {
        let text = self.0.get(name).filter(|text| !text.is_empty());
        text.map(|text| text.parse().map_err(|_| Refusal::invalid(format!("`{name}` should be {what}")))).transpose()
    }

    /// A whole number from 0 on.
    ///
    /// # Errors
    /// As [`get`](Fields::get).
    pub fn number(&self, name: &str) -> Result<Option<u32>, Refusal> {
        self.get(name, "a whole number from 0 to 4294967295")
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Fields {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let pairs = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let Query(pairs) = pairs.map_err(|_| Refusal::invalid("what follows the `?` cannot be read"))?;
        let mut fields = HashMap::new();
        for (name, value) in pairs {
            let shown: String = name.chars().take(64).collect();
            if fields.insert(name, value).is_some() {
                return Err(Refusal::invalid(format!("`{shown}` is there twice")).into());
            }
        }
        Ok(Self(fields))
    }
}
