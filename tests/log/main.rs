//! The event log, asked through its trait: every test runs on every store there is.

mod append;
mod crash;
mod create;
mod faults;
mod find;
mod outage;
#[path = "../support/postgres.rs"]
mod postgres;
mod store;
mod support;
