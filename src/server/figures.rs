//! What is measured by looking now and then: the rooms and connections there are.

use std::collections::HashMap;

use metrics::gauge;
use socketioxide::{SocketIo, TransportType};
use strum::IntoEnumIterator;

use crate::app::App;
use crate::log::Status;

/// Sets the gauges.
pub fn look(app: &App, io: &SocketIo) {
    gauge!("parlor_rooms_awake").set(count(app.rooms.awake()));
    gauge!("parlor_pending_commands").set(count(app.backlog.pending()));
    let standings = app.rooms.standings();
    let cards = || app.rooms.catalogue().iter().map(|game| game.card());
    for card in cards() {
        for status in Status::iter() {
            let rooms = standings.get(&(card.name, status)).copied().unwrap_or_default();
            gauge!("parlor_rooms", "game" => card.name, "status" => status.as_str()).set(rooms);
        }
    }
    // By the connection's name: a client of Socket.IO 2 is in the lobby's namespace as well as in its game's.
    let namespaces = cards().map(|card| card.namespace.as_str()).chain(["/"]);
    let sockets = namespaces.filter_map(|namespace| io.of(namespace)).flat_map(|namespace| namespace.sockets());
    let connections: HashMap<_, _> = sockets.map(|socket| (socket.id, socket.transport_type())).collect();
    for (name, transport) in [("websocket", TransportType::Websocket), ("polling", TransportType::Polling)] {
        let open = connections.values().filter(|each| **each == transport).count();
        gauge!("parlor_connections", "transport" => name).set(count(open));
    }
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
