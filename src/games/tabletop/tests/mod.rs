//! Tests of the table.

mod laws;
mod support;
mod table;
mod talk;
