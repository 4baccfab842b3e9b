//! A room's log as the record of its last round, for exports.

use crate::game::Game;
use crate::game::record::Record;
use crate::log::Row;
use crate::room::fact::Fact;
use crate::room::state::{BadLog, parse};

/// The last round of a log; `None` when it may not be shown yet: the game has secrets and is not over.
///
/// # Errors
/// When a row is not this game's.
pub fn record<G: Game>(rows: &[Row]) -> Result<Option<Record<G>>, BadLog> {
    let first = rows.first().ok_or(BadLog::NoOpening)?;
    let Fact::<G>::Opened { code, setup, .. } = parse(first)? else { return Err(BadLog::NoOpening) };
    let mut record = Record { code, opened_at: first.at, setup, players: vec![], events: vec![] };
    let mut over = false;
    for row in &rows[1..] {
        match parse::<G>(row)? {
            Fact::Joined { seat, player, .. } => {
                record.players.retain(|(there, _)| *there != seat);
                record.players.push((seat, player.nickname));
            }
            Fact::Left { promoted: Some(from), .. } => {
                record.players.retain(|(there, _)| *there != crate::id::Seat::HOST);
                for (seat, _) in &mut record.players {
                    if *seat == from {
                        *seat = crate::id::Seat::HOST;
                    }
                }
            }
            Fact::Started { setup, .. } => record.setup = setup,
            Fact::Played(event) => record.events.push(event),
            Fact::Reset { .. } => {
                record.events.clear();
                over = false;
            }
            Fact::Ended { .. } => over = true,
            _ => {}
        }
    }
    Ok((over || !G::SECRETS).then_some(record))
}
