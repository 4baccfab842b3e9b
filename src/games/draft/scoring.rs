//! What a team is worth: how well everybody fits their role, and who stands beside a friend.
//!
//! ```text
//! points of a role = rating of its character in that role
//!                  + 6 for each neighbouring role whose character is of the same series
//! total            = the sum over all roles
//! ```
//!
//! Neighbours are the role before and the role after in the template's order; the first and the last have one. Integers only.

use super::catalogue::{Card, Template};
use super::wire::{RoleResult, SideResult};

/// What each neighbour of the same series is worth: less than the gap between a good and a fair fit, more than a tie-break.
pub const SYNERGY: u32 = 6;

/// The synergy of role number `role`, given the series of whoever stands in each role.
pub fn synergy(series: &[Option<u32>], role: usize) -> u32 {
    let at = |n: usize| series.get(n).copied().flatten();
    let Some(own) = at(role) else { return 0 };
    [role.checked_sub(1), role.checked_add(1)].into_iter().flatten().filter(|&n| at(n) == Some(own)).map(|_| SYNERGY).sum()
}

/// Scores one side. `team` has one entry per role of the template.
pub fn side(template: &Template, team: &[Option<&Card>]) -> SideResult {
    let series: Vec<_> = team.iter().map(|card| card.map(|card| card.anime_id)).collect();
    let roles: Vec<_> = template
        .roles
        .iter()
        .enumerate()
        .map(|(role, role_name)| {
            let card = team.get(role).copied().flatten();
            let rating = card.map_or(0, |card| card.rating(role));
            let synergy = synergy(&series, role);
            RoleResult {
                role_name: role_name.clone(),
                character_id: card.map(|card| card.id),
                character_name: card.map(|card| card.name.clone()),
                rating,
                synergy,
                points: rating + synergy,
            }
        })
        .collect();
    SideResult { total: roles.iter().map(|role| role.points).sum(), roles }
}
