//! What winning and losing are worth: points in money play, chances to win the match in a match.

use super::net::Odds;

/// What one game is played for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stakes {
    /// Points for their own sake.
    Money {
        /// Gammons count once the cube was turned only.
        jacoby: bool,
    },
    /// Points towards the end of a match.
    Match {
        /// What each still needs, at least 1: mine, then theirs.
        away: [u32; 2],
    },
}

/// What the five outcomes count for one side, so that its value is a sum: 1 for winning the cube's value, -1 for losing it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worth {
    /// A win of one, two and three times the cube, less what a smaller one is worth.
    win: [f32; 3],
    lose: [f32; 3],
}

impl Worth {
    /// Points without a cube: what analysis shows when nothing else is known.
    pub const POINTS: Worth = Worth { win: [1.0; 3], lose: [1.0; 3] };

    /// What the outcomes count for the side that `stakes` speaks of, with the cube at `cube`.
    pub fn of(stakes: Stakes, cube: u32, centred: bool) -> Self {
        match stakes {
            Stakes::Money { jacoby: true } if centred => Self { win: [1.0, 0.0, 0.0], lose: [1.0, 0.0, 0.0] },
            Stakes::Money { .. } => Self::POINTS,
            Stakes::Match { .. } => {
                let chance = |won: bool, times: u32| stakes.chance_after(won, times * cube);
                // So scaled that winning and losing the cube's value are 1 and -1.
                let half = ((chance(true, 1) - chance(false, 1)) / 2.0).max(1e-6);
                let step = |won, times| (chance(won, times) - chance(won, times - 1)).abs() / half;
                Self { win: [1.0, step(true, 2), step(true, 3)], lose: [1.0, step(false, 2), step(false, 3)] }
            }
        }
    }

    /// The value of these chances.
    pub fn value(&self, odds: Odds) -> f32 {
        let (win, lose) = (&self.win, &self.lose);
        odds.win * win[0] + odds.win_gammon * win[1] + odds.win_backgammon * win[2]
            - ((1.0 - odds.win) * lose[0] + odds.lose_gammon * lose[1] + odds.lose_backgammon * lose[2])
    }

    /// The same, for the other side.
    #[must_use]
    pub fn flipped(self) -> Self {
        Self { win: self.lose, lose: self.win }
    }
}

impl Stakes {
    /// The same, from the other side.
    #[must_use]
    pub fn flipped(self) -> Self {
        match self {
            Stakes::Match { away: [mine, theirs] } => Stakes::Match { away: [theirs, mine] },
            money => money,
        }
    }

    /// The chance to win the match after this game was won or lost for `points`.
    pub fn chance_after(self, won: bool, points: u32) -> f32 {
        let Stakes::Match { away: [mut mine, mut theirs] } = self else { return if won { 1.0 } else { 0.0 } };
        let scorer = if won { &mut mine } else { &mut theirs };
        *scorer = scorer.saturating_sub(points);
        match_chance(mine, theirs)
    }

    /// The chance to win the match when these chances decide a game with the cube at `cube`.
    pub fn chance(self, odds: Odds, cube: u32) -> f32 {
        let after = |won, times| self.chance_after(won, times * cube);
        let wins = [odds.win - odds.win_gammon, odds.win_gammon - odds.win_backgammon, odds.win_backgammon];
        let losses = [1.0 - odds.win - odds.lose_gammon, odds.lose_gammon - odds.lose_backgammon, odds.lose_backgammon];
        let sum = |won, parts: [f32; 3]| (1u32..).zip(parts).map(|(times, part)| part * after(won, times)).sum::<f32>();
        sum(true, wins) + sum(false, losses)
    }
}

/// The chance of equal players to win a match in which one needs `mine` and the other `theirs` more points: Janowski's formula, within
/// about 1 % of the tables.
fn match_chance(mine: u32, theirs: u32) -> f32 {
    if mine == 0 || theirs == 0 {
        return if mine == 0 { 1.0 } else { 0.0 };
    }
    let lead = theirs as f32 - mine as f32;
    (0.5 + 0.85 * lead / (mine.max(theirs) as f32 + 6.0)).clamp(0.0, 1.0)
}
