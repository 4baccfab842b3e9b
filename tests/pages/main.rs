//! The pages as a browser without scripts meets them.

mod account;
mod after;
mod forms;
mod refused;
mod rooms;
mod support;
mod talk;
