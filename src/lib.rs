//! Parlor: a Socket.IO-compatible server for multiplayer game rooms.
pub mod account;
pub mod app;
pub mod chance;
pub mod cli;
pub mod config;
pub mod game;
pub mod games;
pub mod id;
pub mod log;
pub mod refusal;
pub mod room;
pub mod server;
pub mod socket;
pub mod telemetry;
pub mod time;
pub mod web;
