use super::*;
use crate::chance::{Chance, Seed};
use crate::game::{Draft, Input, Viewer};
use crate::games::draft::Command;
use crate::time::Timestamp;

/// A whole game between bots of the given levels; whether the host's wins, and the guest's.
fn play(levels: [&str; 2], seed: u8, template_id: u32) -> [bool; 2] {
    let assets = Catalogue::default();
    let options = Options { template_id: Some(template_id), anime_pool_ids: None };
    let mut game = DraftGame::open(&DraftGame::setup(&options, 2, &assets).unwrap());
    let mut chance = Chance::new(Seed([seed; 32]), ["game"], 0);
    let mut luck = Chance::new(Seed([seed; 32]), ["bots"], 0);
    let mut next = Some(Input::Start);
    while let Some(input) = next.take() {
        let mut events = vec![];
        DraftGame::decide(&mut Draft::new(&mut game, &mut events, &mut chance, Timestamp(0), &assets), input).unwrap();
        next = game.to_act().iter().next().map(|seat| {
            let view = game.view(Viewer::Seat(seat));
            let command = DraftGame::bot(&view, seat, levels[seat.index()], &mut |n| luck.draw(n).value).unwrap();
            Input::Play { seat, command }
        });
    }
    let winners = game.outcome().unwrap().winners;
    [HOST, GUEST].map(|seat| winners.contains(&seat))
}

#[test]
fn the_hard_bot_beats_the_easy_one_from_either_seat_with_every_template() {
    for template in 1..=4 {
        for (levels, hard) in [(["hard", "easy"], 0), (["easy", "hard"], 1)] {
            let won = (0..60).filter(|&seed| play(levels, seed, template)[hard]).count();
            assert!(won >= 45, "hard won {won} of 60 as {levels:?} with template {template}");
        }
    }
}

#[test]
fn equal_bots_win_about_as_often_from_either_seat() {
    let won: Vec<_> = (0..200).map(|seed| play(["hard", "hard"], seed, 1)).collect();
    let hosts = won.iter().filter(|winners| winners[0]).count();
    assert!((75..=125).contains(&hosts), "the host won {hosts} of 200");
}

#[test]
fn a_bot_waits_for_its_turn_draws_and_then_places_where_it_is_worth_most() {
    let choose =
        |events: &[Event], seat, level| DraftGame::bot(&small_after(events).view(Viewer::Seat(seat)), seat, level, &mut |_| 0);
    let place = |character_id, role: &str| Some(Command::PlaceCharacter { character_id, role_name: role.into() });
    let game = whole_game();
    for level in ["easy", "hard"] {
        assert_eq!(choose(&[], HOST, level), None);
        assert_eq!(choose(&game[..1], HOST, level), Some(Command::DrawCharacter));
        assert_eq!(choose(&game[..1], GUEST, level), None);
        assert_eq!(choose(&game[..2], GUEST, level), None);
        assert_eq!(choose(&game[..6], HOST, level), place(12, "Brawn"), "the only free role");
        assert_eq!(choose(&game, HOST, level), None);
    }
    assert_eq!(choose(&[Event::Began, drawn(HOST, 12)], HOST, "hard"), place(12, "Brawn"));
    assert_eq!(choose(&[Event::Began, drawn(HOST, 12)], HOST, "easy"), place(12, "Brain"), "the luck given is 0");
}
