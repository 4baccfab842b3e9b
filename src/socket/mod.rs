//! Sockets: how Socket.IO clients reach rooms.
pub mod msgpack;
