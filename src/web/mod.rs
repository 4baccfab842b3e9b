//! What is served over HTTP.

pub mod view;
