use proptest::prelude::*;

use super::*;
use crate::games::pong::physics::*;

fn court_with(ball: Ball) -> Court {
    Court { ball, ..Court::default() }
}

#[test]
fn a_ball_that_meets_a_paddle_comes_back_faster_and_one_that_does_not_is_a_goal() {
    let level = |vx| Ball { x: WIDTH / 2, y: HEIGHT / 2, vx, vy: 0 };
    for (vx, seat, scorer) in [(-SERVE_SPEED, 0, RIGHT), (SERVE_SPEED, 1, LEFT)] {
        let mut court = court_with(level(vx));
        court.run_to(70);
        assert_eq!((court.rally, court.ball.vx, court.goal), (1, -vx.signum() * (SERVE_SPEED + HIT_ADDS), None));
        assert!(court.ball.vy != 0, "a hit in the very middle deflects a little");
        let mut court = court_with(level(vx));
        court.paddles[seat].y = PADDLE_HALF;
        court.run_to(1_000);
        assert_eq!((court.goal, court.rally), (Some(scorer), 0));
        let then = court.clone();
        court.run_to(2_000);
        assert_eq!(court, then, "after a goal everything stands until it is noted");
    }
}

#[test]
fn where_a_paddle_is_hit_decides_the_way_of_the_ball() {
    let after_hit = |offset: i32| {
        let mut court = court_with(Ball { x: 2_000, y: HEIGHT / 2 + offset, vx: -200, vy: 0 });
        court.run_to(9);
        court.ball.vy
    };
    assert_eq!(after_hit(-PADDLE_HALF - BALL - 1), 0, "missed");
    let steep = 207 * 5 / 6;
    assert!((-steep..=-steep + 5).contains(&after_hit(-PADDLE_HALF - BALL)), "{}", after_hit(-PADDLE_HALF - BALL));
    assert!(after_hit(-400) < -30 && after_hit(400) == -after_hit(-400));
}

#[test]
fn two_people_who_walked_away_do_not_play_for_ever() {
    for slope in 0..SLOPES {
        for to in [LEFT, RIGHT] {
            let mut court = Court::default();
            court.serve_next(Some(Serve { to, slope }));
            court.run_to(60 * 60);
            assert!(court.goal.is_some(), "slope {slope} to {to:?} after a minute: {court:?}");
        }
    }
}

#[test]
fn a_paddle_sent_to_a_place_rests_there() {
    let mut court = Court::default();
    court.paddles[0].intent = Intent::To(6_000);
    court.run_to(12);
    assert_eq!((court.paddles[0].y, court.paddles[0].intent.direction(6_000)), (6_000, 0));
    court.paddles[0].intent = Intent::Up;
    court.run_to(500);
    assert_eq!(court.paddles[0].y, PADDLE_HALF, "the wall stops it");
}

proptest! {
    #[test]
    fn whatever_players_do_everything_stays_on_the_court(
        serve in (0u8..2, 0..SLOPES),
        inputs in proptest::collection::vec((0u32..40, 0usize..2, -1_000i32..11_000), 0..80),
    ) {
        let mut court = Court::default();
        court.serve_next(Some(Serve { to: Seat(serve.0), slope: serve.1 }));
        for (ticks, who, to) in inputs {
            court.paddles[who].intent = if to % 3 == 0 { Intent::Down } else { Intent::To(to) };
            let target = court.tick + ticks;
            let (mut at_once, mut singly) = (court.clone(), court.clone());
            at_once.run_to(target);
            (court.tick..target).for_each(|tick| singly.run_to(tick + 1));
            prop_assert_eq!(&at_once, &singly);
            court = at_once;
            prop_assert!((BALL..=HEIGHT - BALL).contains(&court.ball.y), "{:?}", court);
            prop_assert!(court.ball.vx.abs() <= SPEED_MAX && court.ball.vy.abs() <= SPEED_MAX, "{:?}", court);
            for paddle in court.paddles {
                prop_assert_eq!(paddle.y, reachable(paddle.y));
            }
        }
    }
}
