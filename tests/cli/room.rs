//! Databases with rooms in them, made by the library itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parlor::app;
use parlor::config::Config;
use parlor::games::catalogue;
use parlor::id::{PlayerId, RoomCode, Seq};
use parlor::log::{EventLog, Visibility};
use parlor::refusal::Refusal;
use parlor::room::Rooms;
use parlor::room::actor::{Message, Request};
use parlor::room::directory::{CreateRoom, no_options};
use parlor::room::fact::Player;
use parlor::room::outlet::Answer;
use parlor::time::Clock;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// How long a bot may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A data folder with a database, and the rooms in it while it is open.
pub struct Server {
    pub folder: TempDir,
    pub rooms: Rooms,
    log: Arc<dyn EventLog>,
    host: Player,
}

impl Server {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let args = ["parlor", "--bot-delay-ms=0", "--data-dir", folder.path().to_str().unwrap()];
        let asked = parlor::cli::try_parse(args.map(Into::into).to_vec()).unwrap();
        let config: Config = asked.cli.config;
        let log: Arc<dyn EventLog> = app::open_log(&config).await.unwrap();
        let settings = Arc::new(app::room_settings(&config));
        let games = catalogue(app::assets(&config).unwrap(), &settings);
        let rooms = Rooms::new(Arc::clone(&log), Clock::system(), settings, games);
        let host = Player { id: PlayerId::random(), nickname: "Ada".into(), guest: true, bot: None };
        Self { folder, rooms, log, host }
    }

    /// A room in its lobby, with a bot in the guest's seat.
    pub async fn lobby(&self) -> RoomCode {
        let wish = CreateRoom {
            game: "draft".into(),
            host: self.host.clone(),
            options: no_options(),
            visibility: Visibility::Private,
            seats: None,
            client_seed: Some("ada-was-here".into()),
            command_id: None,
        };
        let code = self.rooms.create(wish).await.unwrap();
        self.ask(code, "add_bot", json!({ "level": "easy" })).await.unwrap();
        code
    }

    /// A draft after the host's first move.
    pub async fn running(&self) -> RoomCode {
        let code = self.lobby().await;
        self.ask(code, "start_game", json!({})).await.unwrap();
        self.ask(code, "draw_character", json!({})).await.unwrap();
        code
    }

    /// A draft played to its end.
    pub async fn finished(&self) -> RoomCode {
        let code = self.lobby().await;
        self.ask(code, "start_game", json!({})).await.unwrap();
        loop {
            let look = self.rooms.look(code, Some(self.host.id)).await.unwrap();
            let state: Value = serde_json::from_str(look.state.get()).unwrap();
            if state["status"] == "completed" {
                return code;
            }
            if state["current_turn"] == "guest" {
                self.rooms.events(code, Some(self.host.id), look.seq, PATIENCE).await.unwrap();
            } else if let Some(id) = state["drawn_character"]["id"].as_u64() {
                let mut roles = state["template"]["roles"].as_array().unwrap().iter();
                let free = roles.find(|role| state["host_placements"].get(role.as_str().unwrap()).is_none());
                self.ask(code, "place_character", json!({ "character_id": id, "role_name": free })).await.unwrap();
            } else {
                self.ask(code, "draw_character", json!({})).await.unwrap();
            }
        }
    }

    /// Asks as the host.
    pub async fn ask(&self, code: RoomCode, event: &str, payload: Value) -> Result<Answer, Refusal> {
        let (answer, answered) = oneshot::channel();
        let request = Request {
            conn: None,
            player: self.host.clone(),
            event: event.into(),
            payload: serde_json::value::to_raw_value(&payload).unwrap(),
            command: None,
            expected: None,
            acknowledged: true,
            reply: Box::new(|result| drop(answer.send(result))),
        };
        assert!(self.rooms.send(code, Message::Request(Box::new(request))).is_ok());
        answered.await.unwrap()
    }

    /// The state after event `at`, as the host may see it.
    pub async fn state_at(&self, code: RoomCode, at: u32) -> Value {
        let state = self.rooms.state_at(code, Some(self.host.id), Seq(at)).await.unwrap();
        serde_json::from_str(state.get()).unwrap()
    }

    /// Closes the database; the folder stays.
    pub async fn close(self) -> TempDir {
        self.log.close().await;
        self.folder
    }
}

/// A copy of a data folder's database, changed by `sql`, in a folder of its own.
pub async fn tampered(folder: &Path, sql: &'static str) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    std::fs::copy(file(folder), file(copy.path())).unwrap();
    let url = format!("sqlite:{}", file(copy.path()).display());
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    let done = sqlx::raw_sql(sql).execute(&pool).await.unwrap();
    assert!(done.rows_affected() > 0, "nothing was changed by {sql}");
    pool.close().await;
    copy
}

fn file(folder: &Path) -> PathBuf {
    folder.join("parlor.db")
}
