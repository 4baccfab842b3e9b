//! A room: one game being played, from its code to its last move.
//!
//! Pure: [`fact`], [`state`], [`decide`] (with `table` and `vigil`), [`outbox`], [`told`], [`recorded`], [`summary`], [`erased`].
//! They take time and luck as values and know nothing of sockets or SQL.
//! Around them: [`actor`] (mailbox → decide → append → accept → tell), [`directory`] (which rooms are awake), `reading` (those that are not), [`deadlines`], [`ticker`],
//! [`thinking`] (bots and questions, on threads of their own), [`consult`], [`history`].

pub mod actor;
pub mod chronicle;
pub mod consult;
pub mod deadlines;
pub mod decide;
pub mod directory;
pub mod erased;
pub mod export;
pub mod fact;
pub mod hindsight;
pub mod history;
pub mod meet;
pub mod outbox;
pub mod outlet;
pub mod peers;
mod reading;
pub mod recorded;
pub mod settings;
pub mod state;
pub mod summary;
mod table;
pub mod thinking;
pub mod ticker;
pub mod told;
mod vigil;

pub use directory::Rooms;
