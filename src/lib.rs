//! Parlor: a Socket.IO-compatible server for multiplayer game rooms.
pub mod chance;
pub mod game;
pub mod id;
pub mod log;
pub mod refusal;
pub mod socket;
pub mod time;
