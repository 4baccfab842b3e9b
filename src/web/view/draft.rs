//! The draft's play page.

use askama::Template;

use super::{ScriptJson, Shell};
use crate::id::RoomCode;

/// `GET /play/CODE` of a draft: a shell that `static/draft.js` fills.
#[derive(Template)]
#[template(path = "play/draft.html")]
pub struct DraftPage {
    pub shell: Shell,
    pub code: RoomCode,
    pub title: String,
    /// "host", "guest" or "spectator".
    pub role: String,
    /// What `static/draft.js` reads: `{ catalogue: <the game's catalogue as in GET /api/games> }`, so that ids have names.
    pub data: ScriptJson,
}

impl DraftPage {
    /// Whose board is nearer: one's own; the host's for those who watch.
    fn near(&self) -> &'static str {
        if self.role == "guest" { "guest" } else { "host" }
    }

    fn far(&self) -> &'static str {
        if self.role == "guest" { "host" } else { "guest" }
    }
}
