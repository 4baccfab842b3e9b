//! Bots. They see what a player sees, a moment later, and send their paddle to where they expect the ball.

use std::time::Duration;

use super::physics::{BALL, HEIGHT, PADDLE_X, WIDTH};
use super::rules::places;
use super::wire::{Command, Phase, Side, View};

/// Weakest first.
pub const LEVELS: &[&str] = &["easy", "medium", "hard"];

/// How a level plays.
struct Skill {
    /// How often it looks.
    reaction: Duration,
    /// From which distance it sees an approaching ball, as hundredths of the court.
    sees: i32,
    /// Whether it foresees where the ball will arrive, or follows it.
    foresees: bool,
    /// How far off it may be, in units. A paddle and a ball reach 940 from the paddle's middle.
    error: u32,
}

fn skill(level: &str) -> Skill {
    match level {
        "hard" => Skill { reaction: Duration::from_millis(80), sees: 100, foresees: true, error: 700 },
        "medium" => Skill { reaction: Duration::from_millis(180), sees: 70, foresees: true, error: 1_200 },
        _ => Skill { reaction: Duration::from_millis(280), sees: 55, foresees: false, error: 1_000 },
    }
}

/// How often a bot of this level acts.
pub fn reaction(level: &str) -> Duration {
    skill(level).reaction
}

/// What the bot on `side` does; `None` when it is content.
pub fn choose(view: &View, side: Side, level: &str, _luck: &mut dyn FnMut(u32) -> u32) -> Option<Command> {
    let own = if side == Side::Left { &view.left } else { &view.right };
    match view.phase {
        Phase::Pending if !own.ready => return Some(Command::PlayerReady),
        Phase::Active if view.paused.is_none() => {}
        _ => return None,
    }
    let skill = skill(level);
    let ball = &view.ball;
    // Everything as the left side sees it.
    let (x, vx) = if side == Side::Left { (ball.x, ball.vx) } else { (WIDTH - ball.x, -ball.vx) };
    let distance = x - PADDLE_X - BALL;
    let wanted = if vx >= 0 {
        // The ball goes away: back to the middle, where every way is short. The weakest one stays where it is.
        (level != "easy").then_some(HEIGHT / 2)
    } else if distance > WIDTH * skill.sees / 100 {
        None
    } else if skill.foresees {
        Some(arrival(ball.y, ball.vy, distance, -vx) + slip(view, skill.error))
    } else {
        Some(ball.y + slip(view, skill.error))
    };
    let place = places().min_by_key(|place| (place - wanted.unwrap_or(own.y)).abs())?;
    (wanted.is_some() && own.target != Some(place)).then_some(Command::PlayerMove { direction: None, y: Some(f64::from(place)) })
}

/// Where a ball will be after `distance`, with the walls on its way.
fn arrival(y: i32, vy: i32, distance: i32, speed: i32) -> i32 {
    let room = HEIGHT - 2 * BALL;
    let way = i64::from(y - BALL) + i64::from(vy) * i64::from(distance.max(0)) / i64::from(speed.max(1));
    let folded = i32::try_from(way.rem_euclid(2 * i64::from(room))).unwrap_or(0);
    BALL + if folded > room { 2 * room - folded } else { folded }
}

/// How far off the bot is with this ball: the same at each look, so that it does not tremble, another after each hit.
fn slip(view: &View, error: u32) -> i32 {
    let ball = &view.ball;
    let mut mixed = 0x9E37_79B9_u32;
    let score = view.left.score * 32 + view.right.score;
    for part in [view.rally, score, ball.vx.unsigned_abs(), ball.vy.unsigned_abs()] {
        mixed = (mixed ^ part).wrapping_mul(0x85EB_CA6B).rotate_left(13);
    }
    i32::try_from(mixed % (2 * error + 1)).unwrap_or(0) - i32::try_from(error).unwrap_or(0)
}
