//! Bots. They see what a player sees.

use super::scoring::synergy;
use super::wire::{CharacterView, Command, View};
use crate::id::Seat;

/// The weaker first: `easy` places at random, `hard` where the character is worth most given what is left.
pub const LEVELS: &[&str] = &["easy", "hard"];

/// What a character is expected to rate in a role, before any was seen.
const PRIOR: u32 = 50;
/// How many seen characters the [`PRIOR`] weighs as much as.
const PRIOR_WEIGHT: u32 = 4;

/// What the bot in `seat`, whose wire name is `role`, does; `None` when it is not its turn.
pub fn choose(view: &View, seat: Seat, role: &str, level: &str, luck: &mut dyn FnMut(u32) -> u32) -> Option<Command> {
    if !view.is_started || view.is_over || view.current_turn != role {
        return None;
    }
    let Some(character) = &view.drawn_character else { return Some(Command::DrawCharacter) };
    let own = view.placements(seat);
    let free: Vec<_> = (0..view.template.roles.len()).filter(|&n| own.get(&view.template.roles[n]).is_none()).collect();
    let chosen = match level {
        "hard" => free.iter().copied().max_by_key(|&n| (advantage(view, seat, character, n), std::cmp::Reverse(n))),
        _ => free.get(luck(u32::try_from(free.len()).ok()?) as usize).copied(),
    }?;
    Some(Command::PlaceCharacter { character_id: character.id, role_name: view.template.roles[chosen].clone() })
}

/// What placing `character` in role number `n` brings beyond what the role could expect from somebody still to come, in hundredths.
fn advantage(view: &View, seat: Seat, character: &CharacterView, n: usize) -> i64 {
    let rating = |of: &CharacterView| of.ratings.0.get(n).map_or(0, |&(_, rating)| u32::from(rating));
    let seen = u32::try_from(view.drawn_characters.len()).unwrap_or(0);
    let sum: u32 = view.drawn_characters.iter().map(rating).sum();
    let expected = i64::from((sum + PRIOR * PRIOR_WEIGHT) * 100 / (seen + PRIOR_WEIGHT));

    let series_of = |id: u32| view.drawn_characters.iter().find(|drawn| drawn.id == id).map(|drawn| drawn.anime_id);
    let own = view.placements(seat);
    let mut team: Vec<_> = view.template.roles.iter().map(|role| own.get(role).and_then(series_of)).collect();
    if let Some(place) = team.get_mut(n) {
        *place = Some(character.anime_id);
    }
    // A friend beside this role gains as much as the role itself.
    let bond = 2 * synergy(&team, n);
    i64::from(100 * (rating(character) + bond)) - expected
}
