use super::*;
use crate::games::pong::wire::{Action, Phase, Stop};
use crate::games::pong::{PAUSE_MAX, PAUSES, READY_STEADY};

const SERVE: Serve = Serve { to: LEFT, slope: 12 };

fn action(action: Action) -> Command {
    Command::GameAction { action }
}

#[test]
fn the_match_begins_when_both_are_ready_and_the_first_serve_is_drawn() {
    let mut table = Table::new(11);
    assert_eq!(table.play(AT, LEFT, towards(1)), Err(Refusal::NotBegun));
    assert_eq!(table.play(AT, LEFT, action(Action::Pause)), Err(Refusal::NotBegun));
    table.play(AT, LEFT, Command::PlayerReady).unwrap();
    table.play(AT, LEFT, Command::PlayerReady).unwrap();
    assert_eq!((table.game.phase, table.log.len()), (Phase::Pending, 1));
    table.play(AT, RIGHT, Command::PlayerReady).unwrap();
    assert_eq!(table.game.phase, Phase::Active);
    let [.., began @ Event::Began { at, .. }] = &table.log[..] else { panic!("{:?}", table.log) };
    assert_eq!(*at, AT + READY_STEADY);
    assert_eq!(table.game.draws(began).len(), 2);
    assert_eq!(table.play(AT, RIGHT, Command::PlayerReady), Err(Refusal::Begun));
    assert_eq!(table.game.court.tick, 0, "time has not begun to run");
    table.run(AT + READY_STEADY);
    table.run(after(2_000));
    assert_eq!(table.game.court.tick, 30);
}

#[test]
fn moves_are_understood_or_refused() {
    let check = |direction, y, expected: Result<Option<Intent>, Refusal>| {
        let mut table = Table::begun(11, SERVE);
        let done = table.play(after(100), LEFT, Command::PlayerMove { direction, y });
        let logged = match table.log.last() {
            Some(Event::Moved { seat: LEFT, tick: 6, intent }) => Some(*intent),
            _ => None,
        };
        assert_eq!(done.map(|()| logged), expected, "{direction:?} {y:?}");
    };
    check(Some(1), None, Ok(Some(Intent::Down)));
    check(Some(-1), None, Ok(Some(Intent::Up)));
    check(Some(0), None, Ok(None));
    check(None, Some(5_000.4), Ok(Some(Intent::To(5_000))));
    check(None, Some(-1e300), Ok(Some(Intent::To(800))));
    check(None, Some(1e300), Ok(Some(Intent::To(8_200))));
    check(Some(2), None, Err(Refusal::NotAMove));
    check(Some(1), Some(3.0), Err(Refusal::NotAMove));
    check(None, None, Err(Refusal::NotAMove));
}

#[test]
fn what_is_asked_again_is_not_logged_again() {
    let mut table = Table::begun(11, SERVE);
    for ms in [100, 200, 300] {
        table.play(after(ms), LEFT, towards(6_000)).unwrap();
    }
    assert_eq!(table.log.len(), 4, "{:?}", table.log);
}

#[test]
fn a_goal_is_logged_and_the_next_ball_goes_to_who_conceded() {
    let mut table = Table::begun(2, SERVE);
    table.play(after(0), LEFT, towards(0)).unwrap();
    table.watch(after(20_000));
    let goals: Vec<_> = table.log.iter().filter(|event| matches!(event, Event::Goal { .. })).collect();
    let [Event::Goal { seat: RIGHT, left: 0, right: 1, serve: Some(next), .. }, Event::Goal { serve: last, .. }] = goals[..] else {
        panic!("{goals:?}")
    };
    assert_eq!((next.to, *last), (LEFT, None));
    let outcome = table.game.outcome().unwrap();
    assert_eq!((outcome.winners, outcome.reason.as_str()), (vec![RIGHT], "Right won 2 to 0"));
    assert_eq!(outcome.results["right"]["score"], 2);
    assert_eq!(table.replayed(), table.game);
    assert_eq!(table.play(after(30_000), LEFT, towards(1)), Err(Refusal::Over));
}

#[test]
fn a_goal_that_the_moves_do_not_lead_to_claims_draws_that_no_seed_gives() {
    let mut table = Table::begun(2, SERVE);
    table.play(after(0), LEFT, towards(0)).unwrap();
    table.watch(after(5_000));
    let before: Vec<_> = table.log.iter().take_while(|event| !matches!(event, Event::Goal { .. })).cloned().collect();
    let goal = table.log[before.len()].clone();
    let state = |events: &[Event]| {
        let mut game = Pong::open(&table.game.setup);
        events.iter().for_each(|event| game.evolve(event));
        game
    };
    assert!(state(&before).draws(&goal).iter().all(|draw| draw.value < 16));
    let saved = [&before[..], &[moved(LEFT, 60, Intent::Down)]].concat();
    let drawn = state(&saved).draws(&goal);
    assert!(drawn.iter().any(|draw| draw.value == u32::MAX), "{drawn:?}");
}

#[test]
fn time_stands_during_a_pause_and_each_player_has_three() {
    let mut table = Table::begun(11, SERVE);
    for n in 0..i64::from(PAUSES) {
        let at = 100 + n * 5_000;
        table.play(after(at), LEFT, action(Action::Pause)).unwrap();
        let tick = table.game.court.tick;
        table.run(after(at + 3_000));
        assert_eq!((table.game.court.tick, table.game.stop()), (tick, Some((Stop::Asked, LEFT))));
        assert_eq!(table.play(after(at + 3_000), RIGHT, action(Action::Pause)), Err(Refusal::Paused));
        table.play(after(at + 3_000), RIGHT, action(Action::Resume)).unwrap();
        table.run(after(at + 4_500));
        table.run(after(at + 4_600));
        assert_eq!(table.game.court.tick, tick + 6, "a moment after it, time goes on");
        table.run(after(at + 5_000));
    }
    assert_eq!(table.play(after(15_200), LEFT, action(Action::Pause)), Err(Refusal::NoPausesLeft));
    assert_eq!(table.play(after(15_200), LEFT, action(Action::Resume)), Err(Refusal::NotPaused));
    table.play(after(15_200), RIGHT, action(Action::Pause)).unwrap();
    assert_eq!(table.replayed(), table.game);
}

#[test]
fn a_pause_that_nobody_ends_ends_by_itself() {
    let mut table = Table::begun(11, SERVE);
    table.play(after(100), LEFT, action(Action::Pause)).unwrap();
    let end = after(100) + PAUSE_MAX;
    assert_eq!(table.game.wake_at(), Some(end));
    table.run(end);
    assert_eq!(table.game.running.map(|running| running.at), Some(end + READY_STEADY));
}

#[test]
fn a_key_let_go_during_a_pause_counts() {
    let mut table = Table::begun(11, SERVE);
    table.play(after(100), LEFT, Command::PlayerMove { direction: Some(1), y: None }).unwrap();
    table.play(after(200), RIGHT, action(Action::Pause)).unwrap();
    let y = table.game.court.paddles[0].y;
    table.play(after(300), LEFT, Command::PlayerMove { direction: Some(0), y: None }).unwrap();
    table.play(after(400), RIGHT, action(Action::Resume)).unwrap();
    table.run(after(1_900));
    table.run(after(2_500));
    assert_eq!(table.game.court.paddles[0].y, y);
}

#[test]
fn who_drops_out_stops_the_time_and_who_stays_away_may_be_claimed_against() {
    let mut table = Table::begun(11, SERVE);
    table.linked(after(500), RIGHT, false);
    assert_eq!(table.game.stop(), Some((Stop::Away, RIGHT)));
    assert_eq!(table.play(after(600), LEFT, action(Action::ClaimWin)), Err(Refusal::NotGone));
    assert_eq!(table.play(after(600), LEFT, action(Action::Pause)), Err(Refusal::Paused));
    table.linked(after(700), LEFT, false);
    table.linked(after(800), RIGHT, true);
    assert_eq!(table.game.stop(), Some((Stop::Away, LEFT)), "the other holds the time still");
    table.linked(after(900), LEFT, true);
    assert_eq!(table.game.running.map(|running| running.at), Some(after(900) + READY_STEADY));
    table.run(after(2_400));
    table.linked(after(2_500), RIGHT, false);
    table.ask(after(9_000), Input::Absent(RIGHT)).unwrap();
    assert_eq!(table.game.stop(), Some((Stop::Absent, RIGHT)));
    let claimed = table.game.clone();
    table.play(after(9_100), LEFT, action(Action::ClaimWin)).unwrap();
    let outcome = table.game.outcome().unwrap();
    assert_eq!((outcome.winners, outcome.reason.as_str()), (vec![LEFT], "Left claimed the win"));
    assert_eq!(table.replayed(), table.game);
    // Or one waits, and the other comes back after all.
    let mut waiting = Table { game: claimed, log: vec![], chance: table.chance };
    waiting.linked(after(20_000), RIGHT, true);
    waiting.ask(after(20_000), Input::Returned(RIGHT)).unwrap();
    assert_eq!((waiting.log.len(), waiting.game.stop()), (1, None));
}

#[test]
fn who_gives_up_loses() {
    let mut table = Table::begun(11, SERVE);
    table.play(after(400), LEFT, action(Action::Forfeit)).unwrap();
    assert_eq!(table.game.outcome().unwrap().winners, [RIGHT]);
    assert_eq!(table.play(after(400), RIGHT, action(Action::Forfeit)), Err(Refusal::Over));
    let mut pending = Table::new(3);
    pending.play(AT, RIGHT, action(Action::Forfeit)).unwrap();
    assert_eq!(pending.game.outcome().unwrap().winners, [LEFT]);
}

#[test]
fn after_a_standstill_of_the_server_the_match_goes_on_from_where_it_was() {
    let mut table = Table::begun(11, SERVE);
    table.run(after(1_000));
    let tick = table.game.court.tick;
    table.run(after(60_000));
    assert_eq!(
        (table.game.court.tick, table.log.last()),
        (tick, Some(&Event::Continued { tick, at: after(60_000) + READY_STEADY }))
    );
    table.run(after(61_500));
    table.run(after(62_000));
    assert_eq!(table.game.court.tick, tick + 30);
}

#[test]
fn options_out_of_range_are_refused() {
    let check = |points, frames_per_s, expected| {
        assert_eq!(Pong::setup(&Options { points, frames_per_s }, 2, &()).map(|_| ()), expected, "{points} {frames_per_s}");
    };
    check(1, 5, Ok(()));
    check(21, 60, Ok(()));
    check(0, 30, Err(Refusal::Points));
    check(22, 30, Err(Refusal::Points));
    check(11, 4, Err(Refusal::Frames));
    check(11, 61, Err(Refusal::Frames));
}
