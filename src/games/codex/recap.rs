//! The account of a story when it is over.

use serde_json::json;

use super::party::{Change, Member};
use super::wire::{EndingShown, Resolution};
use crate::game::Outcome;

/// How it ended, for whom, and every turn in a sentence.
pub fn outcome(ending: &EndingShown, party: &[Member], trust: u8, history: &[Resolution]) -> Outcome {
    let standing = || party.iter().filter(|member| member.stands()).map(|member| member.seat);
    let recap: Vec<_> = history.iter().map(|turn| sentence(turn, party)).collect();
    let members: Vec<_> = party.iter().map(|member| of_member(member, history)).collect();
    Outcome {
        reason: ending.title.clone(),
        winners: if ending.victory { standing().collect() } else { vec![] },
        results: json!({
            "ending_id": ending.ending_id,
            "title": ending.title,
            "text": ending.text,
            "victory": ending.victory,
            "trust": trust,
            "turns": history.len(),
            "party": members,
            "recap": recap,
        }),
    }
}

fn sentence(turn: &Resolution, party: &[Member]) -> serde_json::Value {
    let leader = turn.leader.and_then(|seat| party.iter().find(|member| member.seat == seat));
    json!({
        "turn_number": turn.turn_number,
        "title": turn.title,
        "choice": turn.choice_text,
        "leader": leader.map(|member| &member.character_name),
        "success": turn.success,
        "agreed": turn.choices.iter().filter(|chosen| chosen.choice_id == turn.choice_id).count(),
        "of": turn.choices.len(),
        "text": turn.text,
    })
}

fn of_member(member: &Member, history: &[Resolution]) -> serde_json::Value {
    let mut counts = [0u32; 3];
    for turn in history {
        if let Some(chosen) = turn.choices.iter().find(|chosen| chosen.seat == member.seat) {
            counts[0] += 1;
            counts[1] += u32::from(chosen.choice_id == turn.choice_id);
        }
        counts[2] += u32::from(turn.leader == Some(member.seat));
    }
    let fell = |turn: &&Resolution| turn.changes.contains(&Change::Fell { seat: member.seat });
    json!({
        "seat": member.seat,
        "player_id": member.player_id,
        "player_name": member.player_name,
        "character_name": member.character_name,
        "class_name": member.class_name,
        "health": member.health,
        "health_max": member.health_max,
        "items": member.items.iter().map(|item| &item.name).collect::<Vec<_>>(),
        "choices_made": counts[0],
        "with_the_party": counts[1],
        "led": counts[2],
        "fell_in_turn": history.iter().find(fell).map(|turn| turn.turn_number),
    })
}
