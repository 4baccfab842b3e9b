//! The games. Each is one folder: its rules, its words for the wire, its tables.

pub mod draft;
