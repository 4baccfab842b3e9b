//! Questions about games: answered from the log and a thread that may take its time, never by a room's task.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::games::Consulted;
use crate::id::{PlayerId, RoomCode, Seq};
use crate::refusal::{Code, Refusal};
use crate::room::{Rooms, history};

/// Rows that a question may be about: four times the longest match. They are all read for it.
const ROWS_MAX: usize = 20_000;

/// A question about a game.
#[derive(Debug)]
pub struct Asking {
    /// The game's name.
    pub game: String,
    /// The event that asks.
    pub question: String,
    pub payload: Box<RawValue>,
    /// Who asks.
    pub player: Option<PlayerId>,
    /// The room that is asked about, if the payload names none.
    pub room: Option<RoomCode>,
}

/// The fields of a question that say where to look; the others are the game's.
#[derive(Deserialize)]
struct Where {
    #[serde(alias = "game_code")]
    room_code: Option<String>,
    at: Option<Seq>,
}

impl Rooms {
    /// Answers a question: a JSON object.
    ///
    /// # Errors
    /// `UNKNOWN_EVENT` when the game answers no such question, `INVALID_GAME` for a room that is not there or not this game's, `FORBIDDEN`
    /// when the asker may not see it, `VALIDATION_ERROR`, `BUSY`, and what the game refuses.
    pub async fn consult(&self, asking: Asking) -> Result<serde_json::Value, Refusal> {
        let Asking { game, question, payload, player, room } = asking;
        let found = self.catalogue().find(&game).filter(|game| game.answers(&question));
        let game = found.cloned().ok_or_else(|| Refusal::new(Code::UnknownEvent, "this game answers no such question"))?;
        let place: Where = serde_json::from_str(payload.get()).map_err(|error| {
            let text = error.to_string();
            Refusal::invalid(format!("{question}: {}", text.split(" at line ").next().unwrap_or_default()))
        })?;
        let room = match place.room_code {
            Some(code) => Some(code.parse().map_err(|_| crate::room::actor::no_such_room())?),
            None => room,
        };
        let Some(code) = room else {
            if question == history::QUESTION {
                return Err(Refusal::new(Code::NoGame, "you are in no room; name one by room_code"));
            }
            return self.kernel.thinking.answer(move || game.consult(&question, &payload, None)).await;
        };
        let look = self.look(code, player).await?;
        look.may_watch()?;
        if look.game.card().name != game.card().name {
            return Err(Refusal::invalid("this room plays another game"));
        }
        if question == history::QUESTION {
            let page = self.history(&look, &history::Page::read(&payload)?).await?;
            return serde_json::to_value(page).map_err(|_| Refusal::new(Code::InternalError, "this page could not be written"));
        }
        if place.at.is_some_and(|at| at > look.seq || at.0 == 0) {
            return Err(Refusal::invalid(format!("`at` is from 1 to {}", look.seq)));
        }
        if look.seq.0 as usize > ROWS_MAX {
            return Err(Refusal::invalid("this room's log is too long to be analysed"));
        }
        let (_, mut rows) = self.whole_log(code).await?;
        rows.retain(|row| row.seq <= place.at.unwrap_or(look.seq));
        let (over, seat) = (look.summary.status.is_over(), look.seat);
        let job = move || game.consult(&question, &payload, Some(Consulted { rows: &rows, over, seat }));
        self.kernel.thinking.answer(job).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use serde_json::{Value, json};
    use tokio::sync::oneshot;

    use super::*;
    use crate::games::{Assets, catalogue};
    use crate::log::sqlite::{Settings, SqliteLog};
    use crate::log::{Status, Visibility};
    use crate::room::actor::{Message, Request};
    use crate::room::directory::{CreateRoom, no_options};
    use crate::room::fact::Player;
    use crate::room::outlet::Answer;
    use crate::room::settings::RoomSettings;
    use crate::time::Clock;

    struct Played {
        rooms: Rooms,
        code: RoomCode,
        host: Player,
        _folder: tempfile::TempDir,
    }

    impl Played {
        /// A game of backgammon against a bot, in which it is the bot's turn; no bot gets a thread.
        async fn against_a_bot_without_a_thread() -> (Self, tokio::sync::OwnedSemaphorePermit) {
            let folder = tempfile::tempdir().unwrap();
            let log = SqliteLog::open(&folder.path().join("parlor.db"), Settings::default()).await.unwrap();
            let settings = Arc::new(RoomSettings { bot_delay: Duration::ZERO, ..RoomSettings::default() });
            let games = catalogue(Assets::default(), &settings);
            let rooms = Rooms::new(Arc::new(log), Clock::system(), settings, games);
            let threads = rooms.kernel.thinking.all_of_the_bots().await.unwrap();
            let host = Player { id: PlayerId::random(), nickname: "Ada".into(), guest: true, bot: None };
            let wish = CreateRoom {
                game: "backgammon".into(),
                host: host.clone(),
                options: no_options(),
                visibility: Visibility::Private,
                seats: None,
                client_seed: None,
                command_id: None,
            };
            let code = rooms.create(wish).await.unwrap();
            let played = Self { rooms, code, host, _folder: folder };
            played.ask("add_bot", json!({ "seat": 1, "level": "skilled" })).await.unwrap();
            played.ask("start_game", json!({})).await.unwrap();
            let state = played.state().await;
            if state["to_decide"] == "white" {
                played.ask("move", json!({ "moves": state["legal_moves"][0] })).await.unwrap();
            }
            assert_eq!(played.state().await["to_decide"], "black");
            (played, threads)
        }

        async fn ask(&self, event: &str, payload: Value) -> Result<Answer, Refusal> {
            let (done, answer) = oneshot::channel();
            let request = Request {
                conn: None,
                player: self.host.clone(),
                event: event.into(),
                payload: serde_json::value::to_raw_value(&payload).unwrap(),
                command: None,
                expected: None,
                acknowledged: true,
                reply: Box::new(move |answer| drop(done.send(answer))),
            };
            assert!(self.rooms.send(self.code, Message::Request(Box::new(request))).is_ok());
            answer.await.unwrap()
        }

        async fn state(&self) -> Value {
            let look = self.rooms.look(self.code, Some(self.host.id)).await.unwrap();
            serde_json::from_str(look.state.get()).unwrap()
        }

        async fn until(&self, reached: impl Fn(&Value) -> bool) -> Value {
            loop {
                let (state, seq) = (self.state().await, self.rooms.look(self.code, None).await.unwrap().seq);
                if reached(&state) {
                    return state;
                }
                self.rooms.events(self.code, Some(self.host.id), seq, Duration::from_secs(20)).await.unwrap();
            }
        }
    }

    #[tokio::test]
    async fn a_room_answers_while_its_bot_waits_for_a_thread_and_the_bot_goes_on_then() {
        let (played, threads) = Played::against_a_bot_without_a_thread().await;
        for n in 0..20 {
            played.ask("chat_message", json!({ "message": format!("still thinking? {n}") })).await.unwrap();
        }
        assert_eq!(played.state().await["to_decide"], "black", "it has no thread");
        let asking = |payload: &str| Asking {
            game: "backgammon".into(),
            question: "analyze".into(),
            payload: RawValue::from_string(payload.into()).unwrap(),
            player: None,
            room: Some(played.code),
        };
        assert!(played.rooms.consult(asking("{}")).await.is_ok(), "questions do not wait for bots");
        drop(threads);
        played.until(|state| state["to_decide"] == "white").await;
    }

    #[tokio::test]
    async fn what_a_bot_decided_about_an_older_state_is_dropped() {
        let (played, threads) = Played::against_a_bot_without_a_thread().await;
        // The bot is about to roll or move; now it is asked something else.
        played.ask("resign", json!({})).await.unwrap();
        drop(threads);
        let state = played.until(|state| state["status"] == Status::Completed.as_str()).await;
        assert_eq!(state["results"]["ended_by"], "resigned", "{state}");
    }
}
