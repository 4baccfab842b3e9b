use serde_json::json;

use super::*;
use crate::games::draft::scoring::{SYNERGY, side, synergy};

#[test]
fn neighbours_of_one_series_are_worth_six_each_way() {
    for (team, expected) in [
        (&[][..], &[][..]),
        (&[Some(1)], &[0]),
        (&[Some(1), Some(1)], &[1, 1]),
        (&[Some(1), Some(2), Some(1)], &[0, 0, 0]),
        (&[Some(1), Some(1), Some(1)], &[1, 2, 1]),
        (&[Some(1), None, Some(1), Some(1)], &[0, 0, 1, 1]),
        (&[None, None], &[0, 0]),
        (&[Some(1), Some(1), Some(2), Some(2), Some(1)], &[1, 1, 1, 1, 0]),
    ] {
        let got: Vec<_> = (0..team.len()).map(|role| synergy(team, role) / SYNERGY).collect();
        assert_eq!(got, expected, "{team:?}");
    }
    assert_eq!(synergy(&[Some(1)], 5), 0);
}

#[test]
fn points_are_rating_and_synergy_and_an_empty_role_has_none() {
    let catalogue = small();
    let template = &catalogue.templates()[0];
    let (ann, bob) = (card(11), card(12));
    let scored = side(template, &[Some(&ann), Some(&bob)]);
    assert_eq!((scored.total, scored.roles[0].points, scored.roles[1].points), (182, 96, 86));
    let scored = side(template, &[None, Some(&ann)]);
    assert_eq!((scored.total, scored.roles[0].points, scored.roles[0].character_id), (10, 0, None));
    assert_eq!(side(template, &[]).total, 0);
}

#[test]
fn the_better_team_wins() {
    let outcome = small_after(&whole_game()).outcome().unwrap();
    assert_eq!((outcome.reason.as_str(), outcome.winners), ("Game completed", vec![HOST]));
    let role = |name: &str, id: u32, who: &str, rating: u32, synergy: u32| {
        json!({ "role_name": name, "character_id": id, "character_name": who,
                "rating": rating, "synergy": synergy, "points": rating + synergy })
    };
    let expected = json!({
        "winner": "host",
        "host": { "total": 182, "roles": [role("Brain", 11, "Ann", 90, 6), role("Brawn", 12, "Bob", 80, 6)] },
        "guest": { "total": 73, "roles": [role("Brain", 21, "Cid", 55, 6), role("Brawn", 22, "Dot", 6, 6)] },
    });
    assert_eq!(outcome.results, expected);
}

#[test]
fn equal_teams_draw() {
    let twin = |id| {
        let mut twin = card(21);
        twin.id = id;
        twin
    };
    let moves = |seat, id, role| [Event::Drawn { seat, character: shown(&twin(id)) }, placed(seat, id, role)];
    let events = [moves(HOST, 11, "Brain"), moves(GUEST, 12, "Brain"), moves(HOST, 21, "Brawn"), moves(GUEST, 22, "Brawn")];
    let outcome = small_after(&[vec![Event::Began], events.concat()].concat()).outcome().unwrap();
    assert_eq!((outcome.winners, &outcome.results["winner"]), (vec![], &json!("draw")));
}

#[test]
fn after_a_forfeit_the_other_wins_whatever_the_points_and_what_was_placed_counts() {
    let mut events = whole_game()[..5].to_vec();
    assert_eq!(small_after(&events).outcome(), None);
    events.push(Event::Forfeited { seat: HOST });
    let outcome = small_after(&events).outcome().unwrap();
    assert_eq!((outcome.reason.as_str(), outcome.winners), ("Host disconnected", vec![GUEST]));
    assert_eq!(outcome.results["winner"], "guest");
    assert_eq!((&outcome.results["host"]["total"], &outcome.results["guest"]["total"]), (&json!(90), &json!(55)));
    assert_eq!(outcome.results["host"]["roles"][1]["character_id"], json!(null));
    *events.last_mut().unwrap() = Event::Forfeited { seat: GUEST };
    let outcome = small_after(&events).outcome().unwrap();
    assert_eq!((outcome.reason.as_str(), outcome.winners), ("Guest disconnected", vec![HOST]));
}
