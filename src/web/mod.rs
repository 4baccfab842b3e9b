//! HTTP: what every request passes (who asks, from where, how often) and what is served beside Socket.IO.

pub mod api;
pub mod assets;
pub mod client_ip;
pub mod cookie;
pub mod cors;
pub mod csrf;
pub mod error;
pub mod headers;
pub mod health;
pub mod limit;
pub mod link;
pub mod metrics;
pub mod origin;
pub mod pages;
pub mod qr;
pub mod request_log;
pub mod router;
pub mod view;
