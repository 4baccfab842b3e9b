//! Files of shares: which part of the rooms and of the rate each scenario has.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::args::{Args, Scenario, Work};

/// Rooms of all parts together, when nothing else is said.
const ROOMS: u32 = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mix {
    part: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    scenario: Scenario,
    share: f64,
    players: Option<u32>,
}

/// The parts of a file, with the rooms and the rate of `args` divided among them.
///
/// # Errors
/// When the file is not of this form.
pub fn read(text: &str, args: &Args) -> Result<Vec<Work>> {
    let mix: Mix = toml::from_str(text).context("not a file of shares")?;
    ensure!(!mix.part.is_empty(), "there is no [[part]]");
    let sum: f64 = mix.part.iter().map(|part| part.share).sum();
    let rooms = f64::from(args.rooms.unwrap_or(ROOMS));
    mix.part
        .iter()
        .map(|part| {
            ensure!(part.share > 0.0 && part.share.is_finite(), "the share of {} should be above 0", part.scenario.name());
            let nested = matches!(part.scenario, Scenario::Mixed | Scenario::Overload);
            ensure!(!nested, "{} cannot be part of a mix", part.scenario.name());
            let share = part.share / sum;
            let rooms = (rooms * share).round().max(1.0) as u32;
            let rate = args.rate.filter(|_| part.scenario != Scenario::Idle).map(|rate| rate * share);
            args.one(part.scenario, Some(rooms), part.players.or(args.players), rate)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn args(more: &str) -> Args {
        let all = format!("parlor-loadtest mixed --mix x {more}");
        Args::try_parse_from(all.split_whitespace()).unwrap()
    }

    #[test]
    fn shares_divide_rooms_and_rate() {
        let text = "[[part]]\nscenario = 'draft'\nshare = 3\n[[part]]\nscenario = 'codex'\nshare = 1\nplayers = 5\n";
        let works = read(text, &args("--rooms 40 --rate 100")).unwrap();
        let told: Vec<_> = works.iter().map(|work| (work.scenario, work.rooms, work.players, work.rate)).collect();
        assert_eq!(told, [(Scenario::Draft, 30, 2, Some(75.0)), (Scenario::Codex, 10, 5, Some(25.0))]);
    }

    #[test]
    fn small_shares_have_a_room_still() {
        let text = "part = [{ scenario = 'chat', share = 0.999 }, { scenario = 'pong', share = 0.001 }]";
        assert_eq!(read(text, &args("--rooms 10")).unwrap()[1].rooms, 1);
    }

    #[test]
    fn bad_files_are_refused_in_words() {
        for (text, word) in [
            ("", "part"),
            ("part = []", "[[part]]"),
            ("part = [{ scenario = 'chess', share = 1 }]", "chess"),
            ("part = [{ scenario = 'chat' }]", "share"),
            ("part = [{ scenario = 'chat', share = 0 }]", "above 0"),
            ("part = [{ scenario = 'chat', share = nan }]", "above 0"),
            ("part = [{ scenario = 'mixed', share = 1 }]", "cannot be part"),
            ("part = [{ scenario = 'draft', share = 1, players = 1 }]", "2 players"),
            ("part = [{ scenario = 'chat', share = 1, x = 1 }]", "unknown field"),
        ] {
            let error = format!("{:#}", read(text, &args("")).expect_err(text));
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
