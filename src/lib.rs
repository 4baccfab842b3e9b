//! Parlor: a Socket.IO-compatible server for multiplayer game rooms.
pub mod chance;
pub mod game;
pub mod games;
pub mod id;
pub mod log;
pub mod refusal;
pub mod room;
pub mod time;
