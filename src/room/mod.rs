//! A room: one game being played, from its code to its last move.
//!
//! Pure: [`fact`], [`state`], [`decide`], [`told`], [`erased`]. They take time and luck as values and know nothing of sockets or SQL.
//! Around them: [`actor`] (mailbox → decide → append → accept → tell), [`directory`] (which rooms are awake), [`deadlines`].

pub mod actor;
pub mod deadlines;
pub mod decide;
pub mod directory;
pub mod erased;
pub mod fact;
pub mod meet;
pub mod outlet;
pub mod peers;
pub mod settings;
pub mod state;
pub mod told;

pub use directory::Rooms;
