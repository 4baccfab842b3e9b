//! The court: where the ball and the paddles are, one tick after the other. Integers only, so that every machine computes the same.
//!
//! The unit is a 16,000th of the court's width. A tick is a 60th of a second; speeds are units per tick.

use serde::{Deserialize, Serialize};

use crate::id::Seat;

/// Ticks per second.
pub const HZ: u16 = 60;
pub const WIDTH: i32 = 16_000;
pub const HEIGHT: i32 = 9_000;
/// Half a paddle's height.
pub const PADDLE_HALF: i32 = 800;
/// How far the face of a paddle is from its end of the court.
pub const PADDLE_X: i32 = 500;
/// What a paddle moves in a tick at most: the whole court in 1.1 seconds.
pub const PADDLE_SPEED: i32 = 125;
/// The ball's radius.
pub const BALL: i32 = 140;
/// The ball's speed towards a side when it is served, what each hit adds to it, and its most.
pub const SERVE_SPEED: i32 = 130;
pub const HIT_ADDS: i32 = 7;
pub const SPEED_MAX: i32 = 400;
/// The ball's most speed up or down after a hit at the edge of a paddle, as a share of its speed: 5/6.
const STEEPEST: (i32, i32) = (5, 6);
/// A hit in the very middle still deflects this much, or two people who walked away would play for ever.
const DEFLECTION_MIN: i32 = 14;
/// How many ways a ball can be served to one side.
pub const SLOPES: u32 = 16;
/// Ticks between the decision for a serve and the serve.
pub const SERVE_DELAY: u32 = 60;

/// What a player wants of the paddle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    #[default]
    Rest,
    /// Towards y = 0.
    Up,
    Down,
    /// To a place, and rest there.
    To(i32),
}

impl Intent {
    /// -1 towards y = 0, 1 away from it.
    pub fn direction(self, y: i32) -> i8 {
        match self {
            Intent::Rest => 0,
            Intent::Up => -1,
            Intent::Down => 1,
            Intent::To(to) => i8::try_from(to.saturating_sub(y).signum()).unwrap_or(0),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paddle {
    /// Its middle.
    pub y: i32,
    pub intent: Intent,
}

impl Paddle {
    fn step(&mut self) {
        let reach = match self.intent {
            Intent::To(to) => to.saturating_sub(self.y).abs().min(PADDLE_SPEED),
            _ => PADDLE_SPEED,
        };
        self.y = reachable(self.y.saturating_add(i32::from(self.intent.direction(self.y)) * reach));
    }
}

/// The nearest place where a paddle can be.
pub fn reachable(y: i32) -> i32 {
    y.clamp(PADDLE_HALF, HEIGHT - PADDLE_HALF)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ball {
    pub x: i32,
    pub y: i32,
    pub vx: i32,
    pub vy: i32,
}

const CENTRE: Ball = Ball { x: WIDTH / 2, y: HEIGHT / 2, vx: 0, vy: 0 };

/// How a ball is served: to whom, and how steeply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Serve {
    pub to: Seat,
    /// `0..SLOPES`: from steeply up to steeply down.
    pub slope: u32,
}

impl Serve {
    fn ball(self) -> Ball {
        // From -15/2 to 15/2 in steps of one: never level, and never steeper than the ball is fast.
        let slope = i32::try_from(self.slope.min(SLOPES - 1)).unwrap_or(0) * 2 - 15;
        let vx = if self.to == Seat::HOST { -SERVE_SPEED } else { SERVE_SPEED };
        Ball { vx, vy: slope * SERVE_SPEED / 20, ..CENTRE }
    }
}

/// The ball, the paddles, and the time in ticks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Court {
    pub tick: u32,
    pub ball: Ball,
    /// By seat: left, right.
    pub paddles: [Paddle; 2],
    /// Hits since the serve.
    pub rally: u32,
    /// What is served next, and at which tick.
    pub serve: Option<(u32, Serve)>,
    /// Who scored. Nothing moves until that is noted with [`Court::serve_next`].
    pub goal: Option<Seat>,
}

impl Default for Court {
    fn default() -> Self {
        let paddle = Paddle { y: HEIGHT / 2, intent: Intent::Rest };
        Self { tick: 0, ball: CENTRE, paddles: [paddle; 2], rally: 0, serve: None, goal: None }
    }
}

impl Court {
    /// Goes on to `tick`, or to a goal on the way.
    pub fn run_to(&mut self, tick: u32) {
        while self.tick < tick && self.goal.is_none() {
            if self.is_still() {
                // Nothing moves and nothing will: a log with absurd ticks costs no time.
                self.tick = tick;
                return;
            }
            self.step();
        }
    }

    fn is_still(&self) -> bool {
        let resting = |paddle: &Paddle| {
            let mut after = *paddle;
            after.step();
            after == *paddle
        };
        self.ball.vx == 0 && self.serve.is_none() && self.paddles.iter().all(resting)
    }

    /// Puts the ball into the middle, to be served.
    pub fn serve_next(&mut self, serve: Option<Serve>) {
        self.goal = None;
        self.rally = 0;
        self.ball = CENTRE;
        self.serve = serve.map(|serve| (self.tick.saturating_add(SERVE_DELAY), serve));
    }

    fn step(&mut self) {
        self.tick = self.tick.saturating_add(1);
        self.paddles.iter_mut().for_each(Paddle::step);
        if let Some((_, serve)) = self.serve.filter(|(at, _)| *at <= self.tick) {
            self.serve = None;
            self.ball = serve.ball();
            return;
        }
        let before = self.ball;
        let ball = &mut self.ball;
        (ball.x, ball.y) = (ball.x + ball.vx, ball.y + ball.vy);
        if ball.y < BALL {
            (ball.y, ball.vy) = (2 * BALL - ball.y, ball.vy.abs());
        } else if ball.y > HEIGHT - BALL {
            (ball.y, ball.vy) = (2 * (HEIGHT - BALL) - ball.y, -ball.vy.abs());
        }
        self.hit(Seat::HOST, before);
        self.hit(Seat(1), before);
        if self.ball.x < -BALL {
            self.goal = Some(Seat(1));
        } else if self.ball.x > WIDTH + BALL {
            self.goal = Some(Seat::HOST);
        }
    }

    /// Turns the ball round when it met the paddle of `seat` in this tick.
    fn hit(&mut self, seat: Seat, before: Ball) {
        let ball = self.ball;
        // Where the ball's middle is when it touches the face, and how far it is past that, counted towards the end of the court.
        let (face, towards) = if seat == Seat::HOST { (PADDLE_X + BALL, -1) } else { (WIDTH - PADDLE_X - BALL, 1) };
        let (was, is) = ((before.x - face) * towards, (ball.x - face) * towards);
        if ball.vx * towards <= 0 || was >= 0 || is < 0 {
            return;
        }
        let way = is - was;
        let y = before.y + (ball.y - before.y) * -was / way.max(1);
        let offset = y - self.paddles[seat.index().min(1)].y;
        if offset.abs() > PADDLE_HALF + BALL {
            return;
        }
        self.rally = self.rally.saturating_add(1);
        let speed = (ball.vx.abs() + HIT_ADDS).min(SPEED_MAX);
        let mut vy = offset * speed / (PADDLE_HALF + BALL) * STEEPEST.0 / STEEPEST.1;
        if vy.abs() < DEFLECTION_MIN {
            let down = if vy == 0 { self.rally.is_multiple_of(2) } else { vy > 0 };
            vy = if down { DEFLECTION_MIN } else { -DEFLECTION_MIN };
        }
        self.ball = Ball { x: face - towards * is, y: ball.y, vx: -towards * speed, vy };
    }
}
