//! Rooms for players who were brought together: opened with everybody in their seats.

use std::sync::Arc;

use crate::games::AnyGame;
use crate::id::{RoomCode, Seat};
use crate::refusal::Refusal;
use crate::room::Rooms;
use crate::room::directory::no_options;
use crate::room::erased::RematchSpec;
use crate::room::fact::Player;
use crate::room::told::raw;

impl Rooms {
    /// Opens a private room of `game`, with its usual options, for these players; the first is the host. The same `id` opens it once, on
    /// whichever node, and is answered with the same code then.
    ///
    /// # Errors
    /// As creating a room.
    pub async fn open_for(&self, game: &str, players: Vec<Player>, id: String) -> Result<RoomCode, Refusal> {
        let players: Vec<_> = (0..).map(Seat).zip(players).collect();
        let seats = u8::try_from(players.len()).map_err(|_| Refusal::invalid("no game has so many seats"))?;
        // A game that can be played for nothing is played for the rating: that is what the two were chosen by.
        let choosable = |game: &Arc<dyn AnyGame>| game.card().options["properties"]["game_type"].is_object();
        let options = match self.kernel.catalogue.find(game).filter(|game| choosable(game)) {
            Some(_) => raw(r#"{"game_type":"rated"}"#.into()),
            None => no_options(),
        };
        self.kernel.open_rematch(RematchSpec { options, seats, players }, game, id).await
    }
}
