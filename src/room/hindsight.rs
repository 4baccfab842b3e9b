//! What a room's log says afterwards: who sat where, and whether the luck was fair.

use crate::id::{RoomCode, Seat, Seq};
use crate::refusal::{Code, Refusal};
use crate::room::Rooms;
use crate::room::erased::Checked;
use crate::room::fact::Player;
use crate::room::state::BadLog;

impl Rooms {
    /// Who had which seat when event `at` had happened.
    ///
    /// # Errors
    /// `INVALID_GAME`, `UNAVAILABLE`, `INTERNAL_ERROR` when the log does not hold together.
    pub async fn seated_at(&self, code: RoomCode, at: Seq) -> Result<Vec<(Seat, Player)>, Refusal> {
        Ok(self.kernel.read_room(code, at).await?.room.rematch_spec().players)
    }

    /// Every draw of a room's finished rounds, computed again from the revealed seeds.
    ///
    /// # Errors
    /// `INVALID_GAME`, `UNAVAILABLE`, `FORBIDDEN` while a round is running, `INTERNAL_ERROR` when the log does not hold together.
    pub async fn verify(&self, code: RoomCode) -> Result<Vec<Checked>, Refusal> {
        let (stored, rows) = self.whole_log(code).await?;
        let game = self.game_of(&stored)?;
        let broken = |error: BadLog| Refusal::new(Code::InternalError, error.to_string());
        if !game.load(None, &rows).map_err(broken)?.status().is_over() {
            return Err(Refusal::new(Code::Forbidden, "the seed is shown when the game is over"));
        }
        game.verify(&rows).map_err(broken)
    }
}
