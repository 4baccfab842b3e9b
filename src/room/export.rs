//! A room's last round in the formats of other programs.

use crate::game::record::Format;
use crate::games::AnyGame;
use crate::id::RoomCode;
use crate::refusal::{Code, Refusal};
use crate::room::Rooms;

/// A game written down.
#[derive(Clone, Debug)]
pub struct Exported {
    pub format: Format,
    pub text: String,
}

impl Rooms {
    /// A room's last round in the format of that name, as far as it is played.
    ///
    /// # Errors
    /// `INVALID_GAME`, `UNAVAILABLE`, `VALIDATION_ERROR` when the game is not exported in this format, `FORBIDDEN` while it has secrets,
    /// `INTERNAL_ERROR` when the log does not hold together.
    pub async fn export(&self, code: RoomCode, format: &str) -> Result<Exported, Refusal> {
        let (stored, rows) = self.whole_log(code).await?;
        let game = self.game_of(&stored)?;
        let format = known_format(&*game, format)?;
        let text = game.export(&rows, format.name).map_err(|error| Refusal::new(Code::InternalError, error.to_string()))?;
        let text = text.ok_or_else(|| Refusal::new(Code::Forbidden, "a game with secrets is exported when it is over"))?;
        Ok(Exported { format, text })
    }
}

/// The format of that name.
///
/// # Errors
/// `VALIDATION_ERROR` when the game is not exported in it.
pub fn known_format(game: &dyn AnyGame, name: &str) -> Result<Format, Refusal> {
    let known = game.exports();
    known.iter().find(|format| format.name == name).copied().ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|format| format.name).collect();
        Refusal::invalid(match names.as_slice() {
            [] => format!("{} is not exported in other programs' formats", game.card().title),
            names => format!("`format` should be one of {}", names.join(", ")),
        })
    })
}
