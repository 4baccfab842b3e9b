//! The account of a session at its end.

use serde_json::json;

use super::Tabletop;
use crate::game::Outcome;

pub(super) fn outcome(table: &Tabletop, reason: &str) -> Outcome {
    let player = |sitting: &super::people::Sitting| {
        let person = table.person_of(sitting);
        json!({
            "seat": sitting.seat, "player_id": sitting.player_id, "nickname": sitting.nickname,
            "character_name": person.character_name, "messages": sitting.messages, "rolls": sitting.rolls,
        })
    };
    let sum = |of: fn(&super::people::Sitting) -> u32| table.people.iter().map(|sitting| u64::from(of(sitting))).sum::<u64>();
    let results = json!({
        "title": table.settings.title,
        "rounds": table.rounds,
        "messages": sum(|sitting| sitting.messages),
        "rolls": sum(|sitting| sitting.rolls),
        "natural_20s": table.best,
        "natural_1s": table.worst,
        "players": table.people.iter().map(player).collect::<Vec<_>>(),
    });
    Outcome { reason: reason.to_owned(), winners: vec![], results }
}
