//! Rooms with their actor on a log in memory: from a message in the mailbox to the answer, with everybody told.

use std::sync::Arc;

use parlor::games::{Assets, catalogue};
use parlor::id::RoomCode;
use parlor::room::Rooms;
use parlor::room::actor::Purpose;
use parlor::room::directory::no_options;
use parlor::room::fact::Player;
use parlor::room::outlet::{Outlet, Stuck};
use parlor::room::settings::RoomSettings;
use parlor::time::{Clock, Timestamp};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::counted_here;
use crate::memory::MemoryLog;
use crate::support::{self, player};

/// Somebody who is told everything and looks at nothing.
struct Deaf;

impl Outlet for Deaf {
    fn emit(&self, _: &'static str, payload: &RawValue) -> Result<(), Stuck> {
        std::hint::black_box(payload.get().len());
        Ok(())
    }

    fn close(&self) {}
}

struct Bench {
    runtime: Runtime,
    rooms: Rooms,
}

fn raw(value: &Value) -> Box<RawValue> {
    to_raw_value(value).expect("plain data")
}

impl Bench {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let settings = Arc::new(RoomSettings { rooms_per_player: u32::MAX, ..RoomSettings::default() });
        let games = catalogue(Assets::default(), &settings);
        let clock = Clock::manual(Timestamp(1_700_000_000_000));
        Self { runtime, rooms: Rooms::new(Arc::new(MemoryLog::default()), clock, settings, games) }
    }

    async fn open(&self, host: Player) -> RoomCode {
        support::open(&self.rooms, "draft", host, no_options()).await.expect("a room")
    }

    async fn enter(&self, code: RoomCode, player: Player, purpose: Purpose, conn: u64) {
        assert!(support::enter(&self.rooms, code, player, purpose, conn, Arc::new(Deaf)).await);
    }

    async fn ask(&self, code: RoomCode, player: &Player, conn: u64, event: &str, payload: &RawValue) -> bool {
        support::ask(&self.rooms, code, player, conn, event, payload).await
    }

    /// What is to be done next in a game of AniFight, and whose turn it is; nothing once it is over.
    async fn next_of_draft(&self, code: RoomCode) -> Option<(u64, &'static str, Box<RawValue>)> {
        let look = self.rooms.look(code, None).await.ok()?;
        let view: Value = serde_json::from_str(look.state.get()).ok()?;
        if view["is_over"] == true {
            return None;
        }
        let (conn, placements) = if view["current_turn"] == "host" { (0, "host_placements") } else { (1, "guest_placements") };
        let character = &view["drawn_character"]["id"];
        if character.is_null() {
            return Some((conn, "draw_character", no_options()));
        }
        let free = |role: &&Value| role.as_str().is_some_and(|role| view[placements][role].is_null());
        let role = view["template"]["roles"].as_array()?.iter().find(free)?;
        Some((conn, "place_character", raw(&json!({ "character_id": character, "role_name": role }))))
    }

    /// A room in which two sit and the rest watches.
    async fn company(&self, size: u64) -> (RoomCode, Player, Player) {
        let (ada, ben) = (player("Ada"), player("Ben"));
        let code = self.open(ada.clone()).await;
        self.enter(code, ada.clone(), Purpose::Play, 0).await;
        self.enter(code, ben.clone(), Purpose::Play, 1).await;
        for conn in 2..size {
            self.enter(code, player("Cid"), Purpose::Watch, conn).await;
        }
        (code, ada, ben)
    }
}

/// Somebody in a room of `size` says something.
pub fn talk(size: u64, times: usize) {
    let bench = Bench::new();
    let (code, ada, _) = bench.runtime.block_on(bench.company(size));
    let payload = raw(&json!({ "message": "x".repeat(80) }));
    let say = |times| {
        bench.runtime.block_on(async {
            for _ in 0..times {
                assert!(bench.ask(code, &ada, 0, "chat_message", &payload).await);
            }
        });
    };
    say(20);
    counted_here(&mut || say(times));
}

/// Games of AniFight, as they come: draws and placements by turns.
pub fn draft(times: usize) {
    let bench = Bench::new();
    let mut counted = 0;
    // The first game is only for warming up.
    for game in 0.. {
        let (code, ada, ben) = bench.runtime.block_on(bench.company(4));
        assert!(bench.runtime.block_on(bench.ask(code, &ada, 0, "start_game", &no_options())));
        while let Some((conn, event, payload)) = bench.runtime.block_on(bench.next_of_draft(code)) {
            let asker = if conn == 0 { &ada } else { &ben };
            let ask = &mut || assert!(bench.runtime.block_on(bench.ask(code, asker, conn, event, &payload)));
            if game == 0 {
                ask();
            } else {
                counted_here(ask);
                counted += 1;
                if counted == times {
                    return;
                }
            }
        }
    }
}

/// Rooms are made, as `create_room` does it.
pub fn make(times: usize) {
    let bench = Bench::new();
    let make = |times| {
        bench.runtime.block_on(async {
            for _ in 0..times {
                std::hint::black_box(bench.open(player("Eve")).await);
            }
        });
    };
    make(10);
    counted_here(&mut || make(times));
}

/// A second player sits down in a room where the first is.
pub fn enter(times: usize) {
    let bench = Bench::new();
    let mut conn = 0;
    let mut enter_all = |times: usize, count: &dyn Fn(&mut dyn FnMut())| {
        let rooms: Vec<_> = bench.runtime.block_on(async {
            let mut rooms = Vec::new();
            for _ in 0..times {
                let ada = player("Ada");
                let code = bench.open(ada.clone()).await;
                bench.enter(code, ada, Purpose::Play, 2 * conn).await;
                rooms.push((code, player("Ben"), 2 * conn + 1));
                conn += 1;
            }
            rooms
        });
        count(&mut || {
            bench.runtime.block_on(async {
                for (code, ben, conn) in &rooms {
                    bench.enter(*code, ben.clone(), Purpose::Play, *conn).await;
                }
            });
        });
    };
    enter_all(10, &|work| work());
    enter_all(times, &counted_here);
}
