//! The cube: whether to double, whether to take, and when a resignation is enough.
//!
//! In money play by Janowski's model: what owning the cube is worth lies between a cube that nobody can use well and one that is always
//! used at the perfect moment. In matches by the chance to win the match with the cube dead, doubling late in the window while it is alive.

use super::net::Odds;
use super::stakes::Stakes;

/// How much of a perfect cube's value players get out of it.
const EFFICIENCY: f32 = 0.68;
/// In matches: how far into the window one waits while the opponent could still turn the cube.
const PATIENCE: f32 = 0.7;

/// The cube as the side sees it that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cube {
    pub value: u32,
    /// Whose it is: mine or theirs; nobody's in the middle.
    pub mine: Option<bool>,
}

/// What the choices are worth to the side on roll: in units of the cube in money play, as chances to win the match in a match.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choices {
    pub no_double: f32,
    pub double_take: f32,
    pub double_pass: f32,
    /// Whether the side on roll should double (if it may).
    pub double: bool,
    /// Whether the other should take.
    pub take: bool,
}

/// What the cube's choices are worth to the side on roll, before it rolls.
pub fn choices(odds: Odds, cube: Cube, stakes: Stakes) -> Choices {
    match stakes {
        Stakes::Money { jacoby } => money(odds, cube, jacoby),
        Stakes::Match { .. } => in_match(odds, cube, stakes),
    }
}

fn money(odds: Odds, cube: Cube, jacoby: bool) -> Choices {
    let gains = Gains::of(odds);
    let no_double = match cube.mine {
        // Without a double gammons count nothing.
        None if jacoby => Gains { win: 1.0, lose: 1.0 }.with_cube(odds.win, None),
        mine => gains.with_cube(odds.win, mine),
    };
    let double_take = 2.0 * gains.with_cube(odds.win, Some(false));
    let double_pass = 1.0;
    Choices {
        no_double,
        double_take,
        double_pass,
        double: double_take.min(double_pass) > no_double,
        take: double_take <= double_pass,
    }
}

/// What a win and a loss come to on average, gammons included.
#[derive(Clone, Copy)]
struct Gains {
    win: f32,
    lose: f32,
}

impl Gains {
    fn of(odds: Odds) -> Self {
        let of = |more: f32, part: f32| if part > 1e-6 { 1.0 + more / part } else { 1.0 };
        Self {
            win: of(odds.win_gammon + odds.win_backgammon, odds.win),
            lose: of(odds.lose_gammon + odds.lose_backgammon, 1.0 - odds.win),
        }
    }

    /// The equity with this chance to win: between that of a dead cube and that of one that is always turned at the perfect moment.
    fn with_cube(self, chance: f32, mine: Option<bool>) -> f32 {
        let Self { win, lose } = self;
        let dead = chance * (win + lose) - lose;
        // From here down one passes a double, from there up the other does.
        let take = (lose - 0.5) / (win + lose + 0.5);
        let cash = (lose + 1.0) / (win + lose + 0.5);
        let line = |(x0, y0): (f32, f32), (x1, y1): (f32, f32)| y0 + (chance - x0) / (x1 - x0).max(1e-6) * (y1 - y0);
        let (lost, passed, cashed, won) = ((0.0, -lose), (take, -1.0), (cash, 1.0), (1.0, win));
        let live = match mine {
            Some(true) if chance < cash => line(lost, cashed),
            Some(false) if chance > take => line(passed, won),
            None if (take..cash).contains(&chance) => line(passed, cashed),
            _ if chance < take => line(lost, passed),
            _ => line(cashed, won),
        };
        (1.0 - EFFICIENCY) * dead + EFFICIENCY * live
    }
}

fn in_match(odds: Odds, cube: Cube, stakes: Stakes) -> Choices {
    let no_double = stakes.chance(odds, cube.value);
    let double_take = stakes.chance(odds, 2 * cube.value);
    let double_pass = stakes.chance_after(true, cube.value);
    let Stakes::Match { away } = stakes else {
        return Choices { no_double, double_take, double_pass, double: false, take: true };
    };
    // Whether the opponent, owning the cube, would have any use for it.
    let alive = away[1] > 2 * cube.value;
    // A live cube is worth something to the one who takes it.
    let for_taking = if alive { 0.1 * (double_pass - stakes.chance_after(false, cube.value)) } else { 0.0 };
    let take = double_take - for_taking.max(0.0) <= double_pass;
    let double = if !take {
        // Playing on for the gammon is worth more than a point that is certain.
        double_pass >= no_double
    } else if alive {
        // The window is from where doubling costs nothing to where the other passes; how far in, by the chances to win scaled up.
        let window = |chance: f32| {
            let scaled = odds.with_win(chance);
            (stakes.chance(scaled, 2 * cube.value), stakes.chance(scaled, cube.value))
        };
        let opens = (0..=100u8).map(|n| f32::from(n) / 100.0).find(|&p| {
            let (double, single) = window(p);
            double >= single
        });
        let closes = (0..=100u8).map(|n| f32::from(n) / 100.0).find(|&p| window(p).0 >= double_pass);
        match (opens, closes) {
            (Some(opens), Some(closes)) if closes > opens => odds.win >= opens + PATIENCE * (closes - opens),
            _ => false,
        }
    } else {
        double_take > no_double
    };
    Choices { no_double, double_take, double_pass, double, take }
}

/// Whether a resignation for `times` the cube is enough for the side that could go on, whose chances these are.
pub fn enough(odds: Odds, times: u8) -> bool {
    // Nobody can lose by accepting what playing on does not promise to exceed.
    odds.equity() <= f32::from(times) + 0.02
}
