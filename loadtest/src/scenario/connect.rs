//! Connections that are opened and closed, one after the other.

use std::sync::Arc;

use anyhow::Result;
use tokio::time::Instant;

use super::talk;
use crate::client::Client;
use crate::pace::Pace;
use crate::tally::Span;
use crate::world::{Table, Ticket, World};

/// Connects, waits for `session`, closes, until the time is over. Each counts as a command.
pub async fn run(world: &Arc<World>, table: &Table, ticket: &mut Ticket<'_>, number: usize) -> Result<()> {
    ticket.pass();
    let window = world.window().await;
    let work = &table.work;
    let workers = f64::from(work.rooms) * f64::from(work.players);
    let mut pace = match work.rate {
        Some(rate) => Pace::open(window.start, rate / workers, number as f64 / workers),
        None => Pace::closed(window.start),
    };
    loop {
        world.alarms.at(pace.due(Instant::now()).min(window.end)).await;
        let now = Instant::now();
        if now >= window.end {
            return Ok(());
        }
        let due = pace.go(now);
        world.tally.count(|counts| counts.sent += 1);
        match Client::connect(world, talk::CHAT.rules, work.transport, number).await {
            Ok(_) => {
                world.tally.took(Span::Answer, due.elapsed());
                world.tally.count(|counts| counts.answered += 1);
            }
            Err(error) => world.tally.lost(&error),
        }
    }
}
