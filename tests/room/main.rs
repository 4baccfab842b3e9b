//! Rooms as data: what a log must hold for `verify`, and what a reset leaves behind.

mod actor;
mod ticking;

use std::path::Path;
use std::sync::Arc;

use parlor::chance::Seed;
use parlor::games::{self, Assets, Opening};
use parlor::id::{PlayerId, RoomCode, Seat};
use parlor::log::sqlite::{Settings, SqliteLog};
use parlor::log::{EventLog, Row};
use parlor::room::decide::Asker;
use parlor::room::erased::AnyRoom;
use parlor::room::fact::Player;
use parlor::room::outbox::Outbox;
use parlor::room::settings::RoomSettings;
use parlor::room::told::raw;
use parlor::time::Timestamp;

/// The store that the tests of the actor use.
async fn open_log(folder: &Path) -> Arc<dyn EventLog> {
    Arc::new(SqliteLog::open(&folder.join("parlor.db"), Settings::default()).await.unwrap())
}

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn player(name: &str) -> Player {
    Player { id: PlayerId::random(), nickname: name.into(), guest: true, bot: None }
}

fn catalogue() -> games::Catalogue {
    games::catalogue(Assets::default(), &Arc::new(RoomSettings::default()))
}

struct Table {
    room: Box<dyn AnyRoom>,
    rows: Vec<Row>,
    players: [Player; 2],
}

impl Table {
    fn started() -> Self {
        let mut table = Self::opened();
        table.ask(0, "start_game", "{}");
        table
    }

    fn opened() -> Self {
        let players = [player("Ann"), player("Bob")];
        let seated = players.iter().zip(0..).map(|(p, n)| (Seat(n), p.clone(), None)).collect();
        let opening =
            Opening { code: RoomCode::random(), options: raw("{}".into()), seats: None, players: seated, follows: None, now: NOW };
        let (room, out) = catalogue().find("draft").unwrap().open(opening).unwrap();
        Self { room, rows: out.rows, players }
    }

    fn ask(&mut self, who: usize, event: &str, payload: &str) {
        let mut out = Outbox::default();
        let asker = Asker { player: self.players[who].clone() };
        self.room.request(&asker, event, &raw(payload.into()), NOW, &mut out).unwrap();
        self.rows.extend(out.rows);
    }

    /// Ends by the guest leaving, after one draw.
    fn finished() -> Self {
        let mut table = Self::started();
        table.ask(0, "draw_character", "{}");
        table.ask(1, "leave_room", "{}");
        table
    }
}

fn verdict(rows: &[Row]) -> Result<bool, String> {
    let checked = catalogue().find("draft").unwrap().verify(rows).map_err(|error| error.to_string())?;
    assert!(!checked.is_empty());
    Ok(checked.iter().all(|c| c.claimed == c.computed))
}

#[test]
fn an_honest_log_is_verified() {
    assert_eq!(verdict(&Table::finished().rows), Ok(true));
}

#[test]
fn a_tampered_log_is_caught() {
    let honest = Table::finished().rows;
    let at = |needle: &str| honest.iter().position(|row| row.body.contains(needle)).unwrap();
    let with = |place: usize, change: &dyn Fn(&str) -> String| {
        let mut rows = honest.clone();
        rows[place].body = change(&rows[place].body);
        assert_ne!(rows[place].body, honest[place].body, "the test changes something");
        rows
    };
    let seed = |body: &str| {
        let from = body.find("\"seed\":\"").unwrap() + 8;
        body.replace(&body[from..from + 64], &parlor::chance::Revealed(&Seed([7; 32])).to_string())
    };
    let other_character = |body: &str| {
        let id = serde_json::from_str::<serde_json::Value>(body).unwrap()["played"]["drawn"]["character"]["id"].as_u64().unwrap();
        let another = if id == 101 { 102 } else { 101 };
        body.replace(&format!("\"id\":{id},"), &format!("\"id\":{another},"))
    };
    assert_eq!(verdict(&with(at("\"drawn\""), &other_character)), Ok(false), "a drawn character");
    assert!(verdict(&with(0, &seed)).unwrap_err().contains("another seed"), "the seed of the opening");
    assert!(verdict(&with(at("\"ended\""), &seed)).unwrap_err().contains("another seed"), "the seed at the end");
    let winner = |body: &str| body.replace("\"winners\":[0]", "\"winners\":[1]");
    assert!(verdict(&with(at("\"ended\""), &winner)).unwrap_err().contains("ending"), "the winner");
    for gone in 0..honest.len() - 1 {
        let mut rows = honest.clone();
        rows.remove(gone);
        assert!(verdict(&rows).is_err(), "without row {gone}");
        let mut rows = honest.clone();
        rows.swap(gone, gone + 1);
        assert!(verdict(&rows).is_err(), "rows {gone} and the next swapped");
    }
}

#[test]
fn an_abandoned_room_shows_its_seed_too() {
    let mut table = Table::opened();
    table.ask(1, "leave_room", "{}");
    table.ask(0, "leave_room", "{}");
    let verify = |rows: &[Row]| catalogue().find("draft").unwrap().verify(rows).map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(verify(&table.rows), Ok(()));
    let last = table.rows.last_mut().unwrap();
    let body: serde_json::Value = serde_json::from_str(&last.body).unwrap();
    let seed = body["abandoned"]["seed"].as_str().unwrap().to_owned();
    last.body = last.body.replace(&seed, &parlor::chance::Revealed(&Seed([7; 32])).to_string());
    assert!(verify(&table.rows).unwrap_err().contains("another seed"));
    // As logs were written before they showed it.
    table.rows.last_mut().unwrap().body = r#"{"abandoned":{"reason":"Everybody left"}}"#.into();
    assert_eq!(verify(&table.rows), Ok(()));
}

#[test]
fn a_reset_frees_the_seat_of_who_left_for_good_so_that_another_can_play() {
    let mut table = Table::finished();
    table.ask(0, "reset_game", "{}");
    let summary = table.room.summary();
    assert_eq!((summary.player_count, summary.status.as_str()), (1, "waiting"));
    let mut out = Outbox::default();
    assert_eq!(table.room.join(player("Cid"), None, NOW, &mut out).unwrap(), Seat(1));
    table.rows.extend(out.rows);
    table.ask(0, "start_game", "{}");
    let again = catalogue().find("draft").unwrap().load(None, &table.rows).unwrap();
    assert_eq!(again.snapshot(), table.room.snapshot(), "what the log folds to is what was decided on");
}
