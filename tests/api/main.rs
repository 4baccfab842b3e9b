//! The JSON API, asked in process: every route, with good and bad requests. Every answer is held against the OpenAPI document.

mod analysis;
mod annotations;
mod bad_input;
mod docs;
mod limits;
mod play;
mod presence;
mod rooms;
mod schema;
mod session;
mod support;
