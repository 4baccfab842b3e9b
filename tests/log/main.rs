//! The event log, asked through its trait: every test runs on every store there is.

mod append;
mod backgammon;
mod crash;
mod create;
mod faults;
mod find;
mod migration;
mod outage;
mod owners;
#[path = "../support/postgres.rs"]
mod postgres;
mod store;
mod support;
