//! What one finished game comes to for its two players.

use serde_json::Value;

use super::{Result, Standing, change};
use crate::id::{PlayerId, Seat};

/// A game that has ended, as the room logged it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Ending {
    pub winners: Vec<Seat>,
    pub players: Vec<Seated>,
    /// The game's own account of it.
    pub results: Value,
}

/// Who held a seat when the game ended.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Seated {
    pub seat: Seat,
    pub player_id: PlayerId,
    pub nickname: String,
    /// Whether a program played.
    pub bot: bool,
}

/// One player's line in the book.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub player: PlayerId,
    pub nickname: String,
    pub opponent: Option<(PlayerId, String)>,
    pub result: Result,
    /// "single", "gammon", "backgammon", "resigned", … as the game calls it.
    pub kind: Option<String>,
    /// Points won, where the game counts them.
    pub points: Option<u32>,
    /// Before and after; the same when the game was not rated.
    pub rating: (f64, f64),
    /// The standing to be replaced and the one to replace it; `None` when the game does not count.
    pub standing: Option<(Standing, Standing)>,
}

/// The entries of a game, one per person. `before` gives the standings of the players, in the order of `ending.players`.
pub fn entries(ending: &Ending, before: &[Standing]) -> Vec<Entry> {
    let results = &ending.results;
    let counts = match ending.players.as_slice() {
        [one, other] => !one.bot && !other.bot && one.player_id != other.player_id,
        _ => false,
    };
    // A game that can be played for nothing says which it was.
    let rated = counts && results["game_type"].as_str() != Some("casual");
    let length = results["match_length"].as_u64().and_then(|length| u32::try_from(length).ok()).unwrap_or(1).max(1);
    let kind = results["kind"].as_str().map(str::to_owned);
    let points = results["points"].as_u64().and_then(|points| u32::try_from(points).ok());
    let seated = ending.players.iter().zip(before).enumerate().filter(|(_, (seated, _))| !seated.bot);
    seated
        .map(|(nth, (seated, standing))| {
            let result = match ending.winners.contains(&seated.seat) {
                _ if ending.winners.is_empty() || ending.winners.len() == ending.players.len() && counts => Result::Drawn,
                true => Result::Won,
                false => Result::Lost,
            };
            let other = (ending.players.len() == 2).then_some(1 - nth.min(1));
            let opponent = other.and_then(|other| ending.players.get(other));
            let mut after = standing.clone();
            if let Some(theirs) = other.and_then(|other| before.get(other)).filter(|_| rated) {
                after.rating += change(standing.rating, theirs.rating, length, standing.experience, result.points());
                after.experience = after.experience.saturating_add(length);
            }
            after.count(result, kind.as_deref());
            Entry {
                player: seated.player_id,
                nickname: seated.nickname.clone(),
                opponent: opponent.map(|opponent| (opponent.player_id, opponent.nickname.clone())),
                result,
                kind: kind.clone(),
                points: points.filter(|_| result == Result::Won),
                rating: (standing.rating, after.rating),
                standing: counts.then(|| (standing.clone(), after)),
            }
        })
        .collect()
}

impl Standing {
    fn count(&mut self, result: Result, kind: Option<&str>) {
        self.games += 1;
        match result {
            Result::Won => {
                self.wins += 1;
                self.streak += 1;
                self.best_streak = self.best_streak.max(self.streak);
                self.gammons += u32::from(kind == Some("gammon"));
                self.backgammons += u32::from(kind == Some("backgammon"));
            }
            Result::Lost => {
                self.losses += 1;
                self.streak = 0;
            }
            Result::Drawn => {
                self.draws += 1;
                self.streak = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn seated(seat: u8, bot: bool) -> Seated {
        Seated { seat: Seat(seat), player_id: PlayerId::random(), nickname: format!("P{seat}"), bot }
    }

    fn ending(winners: &[u8], results: Value) -> Ending {
        Ending {
            winners: winners.iter().map(|seat| Seat(*seat)).collect(),
            players: vec![seated(0, false), seated(1, false)],
            results,
        }
    }

    fn old_hand(rating: f64) -> Standing {
        Standing { rating, experience: 1_000, ..Standing::default() }
    }

    #[test]
    fn the_match_moves_both_ratings_and_all_counts() {
        let ending = ending(&[0], json!({ "match_length": 5, "kind": "gammon", "points": 2 }));
        let entries = entries(&ending, &[old_hand(1500.0), Standing { streak: 3, best_streak: 4, ..old_hand(1600.0) }]);
        let (_, winner) = entries[0].standing.clone().unwrap();
        let (_, loser) = entries[1].standing.clone().unwrap();
        assert!((winner.rating - 1505.0446).abs() < 0.0001 && (loser.rating - 1594.9554).abs() < 0.0001);
        assert_eq!((winner.experience, winner.games, winner.wins, winner.gammons, winner.streak), (1_005, 1, 1, 1, 1));
        assert_eq!((loser.games, loser.losses, loser.streak, loser.best_streak, loser.gammons), (1, 1, 0, 4, 0));
        assert_eq!((entries[0].points, entries[1].points), (Some(2), None));
        assert_eq!(entries[0].opponent.as_ref().unwrap().1, "P1");
    }

    #[test]
    fn a_draw_counts_as_one() {
        for entry in entries(&ending(&[], json!({})), &[old_hand(1500.0), old_hand(1500.0)]) {
            assert_eq!(entry.result, Result::Drawn);
            assert_eq!(entry.rating, (1500.0, 1500.0));
            assert_eq!(entry.standing.unwrap().1.draws, 1);
        }
    }

    #[test]
    fn a_game_that_is_not_rated_counts_but_moves_no_rating() {
        let entries = entries(&ending(&[1], json!({ "game_type": "casual" })), &[Standing::default(), Standing::default()]);
        for entry in &entries {
            let (before, after) = entry.standing.clone().unwrap();
            assert_eq!((before.rating, before.experience), (after.rating, after.experience));
            assert_eq!(after.games, 1);
        }
        assert_eq!((entries[0].result, entries[1].result), (Result::Lost, Result::Won));
    }

    #[test]
    fn against_a_bot_or_oneself_or_in_company_nothing_counts_but_it_is_noted() {
        let alone = |players: Vec<Seated>| {
            let standings = vec![Standing::default(); players.len()];
            entries(&Ending { winners: vec![Seat(0)], players, results: json!({}) }, &standings)
        };
        let with_bot = alone(vec![seated(0, false), seated(1, true)]);
        assert_eq!((with_bot.len(), with_bot[0].standing.clone()), (1, None));
        assert_eq!(with_bot[0].result, Result::Won);
        let me = seated(0, false);
        assert!(alone(vec![me.clone(), Seated { seat: Seat(1), ..me }]).iter().all(|entry| entry.standing.is_none()));
        let party = alone(vec![seated(0, false), seated(1, false), seated(2, false)]);
        assert_eq!(party.len(), 3);
        assert!(party.iter().all(|entry| entry.standing.is_none() && entry.opponent.is_none()));
    }
}
