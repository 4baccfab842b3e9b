use super::*;
use crate::game::Viewer;
use crate::games::pong::bot;
use crate::games::pong::physics::SLOPES;
use crate::games::pong::wire::Command;

/// Plays a match between two levels as a room does, and says who won.
fn winner(levels: [&str; 2], serve: Serve) -> Seat {
    let mut table = Table::begun(5, serve);
    let mut now = AT;
    for tick in 0..60 * 60 * 10_u64 {
        now = Timestamp(AT.0 + i64::try_from(tick).unwrap() * 1_000 / 60);
        table.run(now);
        if table.game.outcome().is_some() {
            break;
        }
        for (level, seat) in levels.iter().zip([LEFT, RIGHT]) {
            let every = u64::try_from(bot::reaction(level).as_millis()).unwrap() * 60 / 1_000;
            if tick % every != 0 {
                continue;
            }
            if let Some(command) = Pong::bot(&table.game.view(Viewer::Seat(seat)), seat, level, &mut |_| 0) {
                table.play(now, seat, command).unwrap();
            }
        }
    }
    table.game.outcome().unwrap_or_else(|| panic!("{levels:?} still play at {now}")).winners[0]
}

#[test]
fn each_level_beats_the_one_below_it_from_either_side() {
    for [better, worse] in [["medium", "easy"], ["hard", "medium"]] {
        let mut won = 0;
        for slope in 0..SLOPES {
            let to = Seat(u8::try_from(slope % 2).unwrap());
            won += u32::from(winner([better, worse], Serve { to, slope }) == LEFT);
            won += u32::from(winner([worse, better], Serve { to, slope }) == RIGHT);
        }
        assert!(won >= 24, "{better} won {won} of 32 against {worse}");
    }
}

#[test]
fn a_bot_is_ready_and_then_leaves_a_standing_match_alone() {
    let mut table = Table::new(3);
    let view = |table: &Table| table.game.view(Viewer::Seat(RIGHT));
    assert_eq!(Pong::bot(&view(&table), RIGHT, "easy", &mut |_| 0), Some(Command::PlayerReady));
    table.play(AT, LEFT, Command::PlayerReady).unwrap();
    table.play(AT, RIGHT, Command::PlayerReady).unwrap();
    table.linked(AT, LEFT, false);
    assert_eq!(Pong::bot(&view(&table), RIGHT, "hard", &mut |_| 0), None);
}
