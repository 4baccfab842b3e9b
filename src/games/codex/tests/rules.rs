//! Choosing, resolving, coming and going.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use crate::chance::{Chance, Seed};
use crate::game::{Draft, Game, Input, Outcome, Participant, Roster, Viewer};
use crate::games::codex::check;
use crate::games::codex::party::Change;
use crate::games::codex::resolve::resolve;
use crate::games::codex::shelf::Shelf;
use crate::games::codex::{Codex, Command, Event, Options, Refusal, party::World};
use crate::id::{PlayerId, Seat};
use crate::refusal::{Code, Refused};
use crate::time::Timestamp;

/// Two scenes, one of which has everything.
pub(super) const SMALL: &str = r#"
id = "small"
title = "Small"
summary = "A short one."
intro = "It begins."
first = "one"
fallen = "down"
trust = 50

[[class]]
id = "ox"
name = "Ox"
about = "Strong."
health = 3
talents = { might = 3 }

[[class]]
id = "owl"
name = "Owl"
about = "Clever."
health = 2
talents = { wits = 3 }
items = ["key"]

[[item]]
id = "key"
name = "Key"

[[item]]
id = "gem"
name = "Gem"

[[scene]]
id = "one"
title = "One"
theme = "doors"
text = "A door."

[[scene.choice]]
id = "push"
text = "Push."
talent = "might"
difficulty = 20
success = { text = "{leader} pushes.", trust = 5, give = ["gem"], set = ["open"], next = "two" }
failure = { text = "It holds.", trust = -5, health = { for = -1, against = -2 }, next = "two" }

[[scene.choice]]
id = "unlock"
text = "Unlock."
talent = "wits"
needs = { item = "key" }
success = { text = "Click.", take = ["key"], set = ["open"], next = "two" }

[[scene.choice]]
id = "kick"
text = "Kick."
talent = "might"
own = { health = -3 }
difficulty = 40
success = { text = "Crash.", next = "two" }
failure = { text = "Ow.", next = "two" }

[[scene]]
id = "two"
title = "Two"
theme = "light"
text = "A room."

[[scene.choice]]
id = "stay"
text = "Stay."
talent = "heart"
success = { text = "You stay.", detours = [{ when = { flag = "open", item = "gem" }, to = "rich" }], next = "home" }

[[scene.choice]]
id = "look"
text = "Look."
talent = "wits"
needs = { not_flag = "open" }
success = { text = "You look.", next = "home" }

[[ending]]
id = "home"
title = "Home"
victory = true
text = "Home."

[[ending]]
id = "rich"
title = "Rich"
victory = true
text = "Rich."

[[ending.epilogue]]
when = { trust_at_least = 56 }
text = "And friends."

[[ending]]
id = "down"
title = "Down"
victory = false
text = "Down."
"#;

struct People(Vec<u8>);

impl Roster for People {
    fn participants(&self) -> Vec<Participant> {
        let who = |&n: &u8| Participant { seat: Seat(n), player_id: id(n), nickname: format!("P{n}"), here: true };
        self.0.iter().map(who).collect()
    }
}

fn id(n: u8) -> PlayerId {
    PlayerId(uuid::Uuid::from_u128(u128::from(n) + 1))
}

struct Table {
    game: Codex,
    shelf: Shelf,
    people: People,
    now: Timestamp,
    log: Vec<Event>,
}

impl Table {
    fn new(seats: &[u8]) -> Self {
        let shelf = Shelf::of(check::read(SMALL).unwrap());
        let setup = Codex::setup(&Options::default(), 8, &shelf).unwrap();
        let people = People(seats.to_vec());
        let mut table = Self { game: Codex::open(&setup), shelf, people, now: Timestamp(1_000), log: vec![] };
        table.ask(Input::Start).unwrap();
        table
    }

    fn ask(&mut self, input: Input<Command>) -> Result<usize, Refusal> {
        let (mut events, mut chance) = (vec![], Chance::new(Seed([1; 32]), [], 0));
        let mut draft = Draft::new(&mut self.game, &mut events, &mut chance, self.now, &self.shelf).with_roster(&self.people);
        Codex::decide(&mut draft, input)?;
        self.log.extend(events.iter().cloned());
        Ok(events.len())
    }

    fn choose(&mut self, seat: u8, choice: &str) -> Result<usize, Refusal> {
        self.ask(Input::Play { seat: Seat(seat), command: Command::MakeChoice { choice_id: choice.into() } })
    }

    fn view(&self, viewer: Viewer) -> Value {
        serde_json::to_value(self.game.view(viewer)).unwrap()
    }

    fn outcome(&self) -> Outcome {
        self.game.outcome().unwrap()
    }
}

#[test]
fn a_choice_is_a_secret_until_all_have_chosen_and_may_be_changed() {
    let mut table = Table::new(&[0, 1, 2]);
    table.choose(0, "push").unwrap();
    table.choose(0, "kick").unwrap();
    assert_eq!(table.choose(0, "kick"), Ok(0), "the same again says nothing");
    assert_eq!(table.view(Viewer::Seat(Seat(0)))["my_choice"], "kick");
    for viewer in [Viewer::Seat(Seat(1)), Viewer::Spectator] {
        let view = table.view(viewer);
        assert_eq!((&view["my_choice"], &view["choices_submitted"], &view["total_players"]), (&Value::Null, &1.into(), &3.into()));
        assert_eq!(view["waiting_for"], serde_json::to_value([id(1), id(2)]).unwrap());
        let notice = serde_json::to_value(Codex::notice(table.log.last().unwrap(), viewer)).unwrap();
        assert!(!notice.to_string().contains("kick") && notice["player_name"] == "P0", "{notice}");
    }
    table.choose(0, "push").unwrap();
    table.choose(1, "unlock").unwrap();
    assert!(table.choose(2, "push").unwrap() > 3, "the last choice ends the turn");
    let view = table.view(Viewer::Spectator);
    assert_eq!(view["scenario"]["turn_number"], 2);
    assert_eq!(view["history"][0]["choices"].as_array().unwrap().len(), 3);
    assert_eq!((view["choices_submitted"].as_u64(), view["total_players"].as_u64()), (Some(0), Some(3)));
}

#[test]
fn what_may_not_be_chosen_is_refused_by_code() {
    let mut table = Table::new(&[0, 1]);
    for (seat, choice, code) in [
        (0, "fly", Code::ValidationError),
        (0, "unlock", Code::IllegalMove),
        (5, "push", Code::NotInGame),
        (0, "look", Code::ValidationError),
    ] {
        assert_eq!(table.choose(seat, choice).unwrap_err().code(), code, "{seat} {choice}");
    }
    for command in [Command::ChoiceSubmitted, Command::ScenarioGenerated, Command::TurnResolved] {
        assert_eq!(table.ask(Input::Play { seat: Seat(0), command }), Ok(0), "old clients report what everybody knows");
    }
    let become_ = |class: &str, name: Option<&str>| Input::Play {
        seat: Seat(0),
        command: Command::ChooseCharacter { class_id: class.into(), name: name.map(str::to_owned) },
    };
    assert_eq!(table.ask(become_("cat", None)).unwrap_err(), Refusal::UnknownClass);
    assert_eq!(table.ask(become_("owl", Some("  "))).unwrap_err(), Refusal::Name);
    table.ask(become_("owl", Some("Hoot  the\tWise"))).unwrap();
    assert_eq!(table.view(Viewer::Spectator)["party"][0]["character_name"], "Hoot the Wise");
    table.choose(0, "unlock").unwrap();
    assert_eq!(table.ask(become_("ox", None)).unwrap_err(), Refusal::CharacterSettled);
}

/// The formula, by hand: what each seat votes, the trust, and what it comes to.
#[test]
fn turns_resolve_by_the_documented_formula() {
    let story = check::read(SMALL).unwrap();
    // Seats 0 and 2 are oxen, 1 and 3 owls.
    let game = Table::new(&[0, 1, 2, 3]).game;
    let resolved = |trust: u8, votes: &[(u8, &str)]| {
        let world = World { trust, flags: &BTreeSet::new(), party: &game.party };
        let votes: Vec<_> = votes.iter().map(|(seat, choice)| (Seat(*seat), (*choice).to_owned())).collect();
        resolve(&story, story.scene("one").unwrap(), world, 1, &votes, false).unwrap()
    };
    for (trust, votes, done, score, success, trust_after) in [
        (50, &[(0, "push")][..], "push", 35, true, 55),
        // 10 × 3 / 2 + 5 = 20: just enough. Half agree: no change but the branch's own.
        (50, &[(0, "push"), (1, "unlock")], "push", 20, true, 55),
        (49, &[(0, "push"), (1, "unlock")], "push", 19, false, 44),
        // 10 × 6 / 3 + 5
        (50, &[(0, "push"), (1, "unlock"), (2, "push")], "push", 25, true, 55),
        // All agree: +2.
        (50, &[(0, "push"), (2, "push")], "push", 35, true, 57),
        (99, &[(0, "push"), (2, "push")], "push", 39, true, 100),
        // An owl's push weighs 1, an owl's key 4.
        (50, &[(1, "unlock"), (3, "push")], "unlock", 20, true, 50),
        // Nobody: the first choice for everybody fails, −10 and the branch's −5.
        (50, &[], "push", 5, false, 35),
        (3, &[], "push", 0, false, 0),
    ] {
        let turn = resolved(trust, votes);
        let got = (turn.resolution.choice_id.as_str(), turn.resolution.score, turn.resolution.success, turn.trust);
        assert_eq!(got, (done, score, success, trust_after), "trust {trust}, {votes:?}");
    }
    // Less than half behind what is done: −2. Three kinds of votes among four, the heaviest once.
    let split = resolved(50, &[(0, "kick"), (1, "push"), (3, "unlock"), (2, "push")]);
    assert_eq!((split.resolution.choice_id.as_str(), split.trust), ("push", 45), "push weighs 1 + 4, and 7 + 5 is not enough");
    let few = resolved(50, &[(0, "push"), (1, "unlock"), (2, "kick")]);
    assert_eq!(
        (few.resolution.choice_id.as_str(), few.trust),
        ("push", 43),
        "of equal ones the first; one of three is less than half"
    );
    let failed = resolved(0, &[(0, "push"), (1, "unlock"), (3, "unlock")]);
    assert_eq!(failed.resolution.choice_id, "unlock");
    let hurt = resolved(0, &[(0, "push"), (1, "unlock")]);
    assert_eq!(hurt.resolution.leader, Some(Seat(0)));
    let health: Vec<_> = hurt.party.iter().map(|member| member.health).collect();
    assert_eq!(health, [2, 0, 3, 2], "those for it lose 1, those against 2, who did not vote nothing");
    assert!(hurt.resolution.changes.contains(&Change::Fell { seat: Seat(1) }));
}

#[test]
fn items_and_flags_lead_to_their_ending_and_the_recap_tells_it() {
    let mut table = Table::new(&[0, 2]);
    table.ask(Input::Play { seat: Seat(2), command: Command::ChooseCharacter { class_id: "ox".into(), name: None } }).unwrap();
    table.choose(0, "push").unwrap();
    table.choose(2, "push").unwrap();
    let choices: Vec<_> = table.game.scenario.as_ref().unwrap().choices.iter().map(|choice| choice.choice_id.as_str()).collect();
    assert_eq!(choices, ["stay"], "what nobody can do is not shown");
    table.choose(0, "stay").unwrap();
    table.choose(2, "stay").unwrap();
    let outcome = table.outcome();
    assert_eq!((outcome.reason.as_str(), outcome.winners.as_slice()), ("Rich", &[Seat(0), Seat(2)][..]));
    assert_eq!(outcome.results["text"], "Rich.\n\nAnd friends.");
    assert_eq!(outcome.results["recap"][0]["text"], "P0 pushes.");
    assert_eq!(outcome.results["party"][0]["items"], serde_json::json!(["Gem"]));
    assert_eq!(outcome.results["party"][1]["with_the_party"], 2);
    assert_eq!(table.choose(0, "stay").unwrap_err().code(), Code::RoomUnavailable);
}

#[test]
fn when_everybody_has_fallen_the_story_ends() {
    let mut table = Table::new(&[0]);
    table.choose(0, "kick").unwrap();
    assert_eq!(table.outcome().results["ending_id"], "down");
    assert!(table.outcome().winners.is_empty());
}

#[test]
fn the_absent_are_not_waited_for_and_count_again_when_they_are_back() {
    let mut table = Table::new(&[0, 1, 2]);
    table.choose(0, "push").unwrap();
    table.ask(Input::Absent(Seat(1))).unwrap();
    assert_eq!(table.view(Viewer::Spectator)["total_players"], 2);
    table.ask(Input::Returned(Seat(1))).unwrap();
    assert_eq!(table.view(Viewer::Spectator)["total_players"], 3);
    table.ask(Input::Absent(Seat(1))).unwrap();
    assert!(table.ask(Input::Absent(Seat(2))).unwrap() > 2, "the last one waited for went: the turn ends");
    assert_eq!(table.view(Viewer::Spectator)["scenario"]["turn_number"], 2);
}

#[test]
fn late_joiners_watch_until_the_next_turn() {
    let mut table = Table::new(&[0]);
    table.people.0.push(4);
    table.ask(Input::Returned(Seat(4))).unwrap();
    assert_eq!(table.choose(4, "push").unwrap_err().code(), Code::NotYourTurn);
    assert_eq!(table.view(Viewer::Spectator)["total_players"], 1, "the turn does not wait for them");
    table.choose(0, "push").unwrap();
    assert_eq!(table.view(Viewer::Spectator)["total_players"], 2);
    table.choose(4, "stay").unwrap();
}

#[test]
fn the_deadline_ends_a_turn_with_what_was_chosen() {
    let mut table = Table::new(&[0, 1]);
    let deadline = table.game.wake_at().unwrap();
    assert_eq!(deadline, table.now + Duration::from_secs(300));
    assert_eq!(table.ask(Input::Wake), Ok(0), "too early");
    table.choose(1, "unlock").unwrap();
    table.now = deadline;
    table.ask(Input::Wake).unwrap();
    let view = table.view(Viewer::Spectator);
    assert_eq!((&view["history"][0]["timed_out"], &view["history"][0]["choice_id"]), (&true.into(), &"unlock".into()));
    table.now = table.game.wake_at().unwrap();
    table.ask(Input::Wake).unwrap();
    assert_eq!(table.outcome().results["ending_id"], "home", "nobody chose: the first choice happened");
}

#[test]
fn a_story_that_is_gone_ends_instead_of_hanging() {
    let mut table = Table::new(&[0]);
    table.shelf = Shelf::of(check::read(&SMALL.replace("\"small\"", "\"other\"")).unwrap());
    assert_eq!(table.choose(0, "push").unwrap_err().code(), Code::Unavailable);
    table.now = table.game.wake_at().unwrap();
    table.ask(Input::Wake).unwrap();
    assert_eq!(table.outcome().results["ending_id"], "lost");
}
