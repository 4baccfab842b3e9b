//! Bots of two temperaments. They see what a player sees.

use super::story::Tone;
use super::wire::{Command, View};
use crate::id::Seat;

/// `bold` likes what is bold, `careful` what is careful; both like what their character is good at.
pub const LEVELS: &[&str] = &["bold", "careful"];

/// What the bot in `seat` chooses; `None` when it is not waited for.
pub fn choose(view: &View, seat: Seat, level: &str, luck: &mut dyn FnMut(u32) -> u32) -> Option<Command> {
    let scenario = view.scenario.as_ref()?;
    let me = view.party.iter().find(|shown| shown.member.seat == seat)?;
    if !me.takes_part || me.has_chosen {
        return None;
    }
    let liked = if level == "bold" { Tone::Bold } else { Tone::Careful };
    let value = |tone: Tone, talent: u8| {
        let liking = if tone == liked { 3 } else { u8::from(tone == Tone::Even) };
        liking + talent
    };
    let open = scenario.choices.iter().filter(|choice| choice.open_to.contains(&seat));
    let valued: Vec<_> = open.map(|choice| (value(choice.tone, me.member.talents.of(choice.talent)), choice)).collect();
    let best = valued.iter().map(|(value, _)| *value).max()?;
    let best: Vec<_> = valued.into_iter().filter(|(value, _)| *value == best).collect();
    let (_, choice) = best.get(luck(u32::try_from(best.len()).ok()?) as usize)?;
    Some(Command::MakeChoice { choice_id: choice.choice_id.clone() })
}
