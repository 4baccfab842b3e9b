//! What players have reached: standings, a rating over time, and who is best.

use askama::Template;

use super::Shell;
use crate::id::{PlayerId, RoomCode};

/// What somebody has reached in one game.
#[derive(Clone, Debug)]
pub struct Figures {
    pub game: String,
    pub game_title: String,
    /// "1612.4".
    pub rating: String,
    pub won: u32,
    pub lost: u32,
    pub drawn: u32,
    /// Won by a gammon or a backgammon; other games have none.
    pub gammons: u32,
    pub backgammons: u32,
    pub streak: u32,
    pub best_streak: u32,
    /// None before the second rated game.
    pub chart: Option<Chart>,
}

/// A rating over the games in which it came about, oldest first.
#[derive(Clone, Debug)]
pub struct Chart {
    /// The line, in units of the view box.
    pub points: String,
    /// Where it ends.
    pub end: (f64, f64),
    pub lowest: String,
    pub highest: String,
    /// What it shows, in a sentence.
    pub told: String,
}

/// The size of a chart's view box, and the room above and below its line.
const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 96.0;
const MARGIN: f64 = 8.0;

impl Chart {
    /// `ratings` from the oldest to the newest.
    pub fn new(ratings: &[f64]) -> Option<Self> {
        let (first, last) = (ratings.first()?, ratings.last()?);
        if ratings.len() < 2 {
            return None;
        }
        let lowest = ratings.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = ratings.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // A flat line runs in the middle.
        let span = (highest - lowest).max(1.0);
        let place = |(nth, rating): (usize, &f64)| {
            let x = WIDTH * nth as f64 / (ratings.len() - 1) as f64;
            let y = HEIGHT - MARGIN - (HEIGHT - 2.0 * MARGIN) * (rating - (highest + lowest - span) / 2.0) / span;
            (x, y)
        };
        let places: Vec<_> = ratings.iter().enumerate().map(place).collect();
        let points: Vec<_> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        Some(Self {
            points: points.join(" "),
            end: places.last().copied()?,
            lowest: format!("{lowest:.0}"),
            highest: format!("{highest:.0}"),
            told: format!(
                "The rating over {} games: from {first:.1} to {last:.1}, between {lowest:.1} and {highest:.1}.",
                ratings.len() - 1
            ),
        })
    }
}

/// A finished game on a profile.
#[derive(Clone, Debug)]
pub struct Past {
    pub code: RoomCode,
    pub game_title: String,
    /// "Won", "Lost", "Drawn".
    pub result: &'static str,
    /// "gammon", when the game says so.
    pub kind: Option<String>,
    pub opponent: Option<(PlayerId, String)>,
    /// "+5.0"; none when the game was not rated.
    pub change: Option<String>,
    pub day: String,
}

/// `GET /leaderboard?game=NAME&page=N`.
#[derive(Template)]
#[template(path = "leaderboard.html")]
pub struct LeaderboardPage {
    pub shell: Shell,
    pub games: Vec<GameTab>,
    pub game: &'static str,
    pub page: u32,
    pub pages: u32,
    pub total: u32,
    pub players: Vec<Rank>,
}

/// A game that has a leaderboard.
#[derive(Clone, Debug)]
pub struct GameTab {
    pub name: &'static str,
    pub title: &'static str,
    pub here: bool,
}

/// A place on the leaderboard.
#[derive(Clone, Debug)]
pub struct Rank {
    pub rank: u32,
    pub player_id: PlayerId,
    pub nickname: String,
    pub guest: bool,
    pub you: bool,
    pub rating: String,
    pub wins: u32,
    pub losses: u32,
    pub draws: u32,
    pub streak: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_begins_left_ends_right_and_stays_inside() {
        assert!(Chart::new(&[]).is_none() && Chart::new(&[1500.0]).is_none());
        let chart = Chart::new(&[1500.0, 1510.0, 1490.0, 1530.5]).unwrap();
        let points: Vec<(f64, f64)> = chart
            .points
            .split(' ')
            .map(|point| point.split_once(',').unwrap())
            .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
            .collect();
        assert_eq!((points[0].0, points[3].0), (0.0, WIDTH));
        assert!(points.iter().all(|(_, y)| (0.0..=HEIGHT).contains(y)));
        assert_eq!((points[3].1, points[2].1), (MARGIN, HEIGHT - MARGIN), "the highest and the lowest");
        assert_eq!(chart.told, "The rating over 3 games: from 1500.0 to 1530.5, between 1490.0 and 1530.5.");
        assert_eq!(Chart::new(&[1500.0, 1500.0]).unwrap().end, (WIDTH, HEIGHT / 2.0), "a flat line runs in the middle");
    }
}
