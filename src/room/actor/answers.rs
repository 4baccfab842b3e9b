//! Answers that come up in many places.

use super::*;

/// Whether the answer shows the room as it is, at once.
pub(super) fn shows_state(event: &str) -> bool {
    matches!(event, "request_sync" | "reconnect_sync" | "request_presence")
}

pub fn no_such_room() -> Refusal {
    Refusal::new(Code::InvalidGame, "there is no room with this code")
}

pub fn unavailable() -> Refusal {
    Refusal::new(Code::Unavailable, "the store cannot be reached; nothing was applied")
}

/// The one answer that does not say whether something was applied: the store was lost in the middle. The log will tell, and everybody
/// in the room with it.
pub(super) fn lost() -> Refusal {
    Refusal::new(Code::Unavailable, "the store was lost on the way; look whether this was applied before you do it again")
}

pub fn store_failed(error: &LogError) -> Refusal {
    tracing::warn!(%error, "the store did not answer");
    unavailable()
}

pub fn json_answer(object: &impl Serialize) -> Answer {
    Answer::Json(serde_json::value::to_raw_value(object).unwrap_or_else(|error| {
        tracing::error!(%error, "an answer could not be written");
        raw(r#"{"ok":true}"#.into())
    }))
}
