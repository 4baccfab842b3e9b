//! The database itself counts the checkers of every backgammon position.

use parlor::chance::{Chance, Seed};
use parlor::game::{Draft, Game, Input};
use parlor::games::backgammon::{Backgammon, Options};
use parlor::id::Seq;
use parlor::log::{LogError, Row, Snapshot};
use parlor::room::fact::Fact;
use parlor::time::Timestamp;

use crate::support::{commit, create, new_room, seqs, stores};

/// The first event of a game, as a room writes it, and the state after it.
fn opened() -> (String, Backgammon) {
    let mut state = Backgammon::open(&Backgammon::setup(&Options::default(), 2, &()).unwrap());
    let mut events = vec![];
    let mut chance = Chance::new(Seed([1; 32]), [], 0);
    let mut draft = Draft::new(&mut state, &mut events, &mut chance, Timestamp(1), &());
    Backgammon::decide(&mut draft, Input::Start).unwrap();
    (serde_json::to_string(&Fact::<Backgammon>::Played(events.remove(0))).unwrap(), state)
}

#[tokio::test]
async fn a_position_with_a_checker_too_many_or_too_few_is_not_kept() {
    for store in stores() {
        let log = store.open().await;
        let room = create(&*log, new_room()).await;
        let (body, state) = opened();
        let snapshot = format!("{{\"game\":{}}}", serde_json::to_string(&state).unwrap());
        let whites = "\"white\":[0,0,0,0,0,0,5,0,3,";
        assert!(body.contains(whites) && snapshot.contains(whites), "{body}");
        let row = |seq, body: &str| Row { seq: Seq(seq), at: Timestamp(1), body: body.to_owned(), command: None };
        let mut good = commit(room, []);
        good.rows = vec![row(1, &body)];
        log.append(good.clone()).await.unwrap();

        for wrong in ["\"white\":[0,0,0,0,0,0,6,0,3,", "\"white\":[0,0,0,0,0,0,4,0,3,", "\"white\":[0,0,0,0,-1,0,6,0,3,"] {
            let mut bad = commit(room, []);
            bad.rows = vec![row(2, &body), row(3, &body.replacen(whites, wrong, 1))];
            assert!(matches!(log.append(bad).await, Err(LogError::Unavailable(_))), "{wrong}");
            assert_eq!(seqs(&*log, room).await, [1], "nothing of it is kept");
        }
        let saved = |body: String| Snapshot { seq: Seq(1), body };
        let wrong = snapshot.replacen(whites, "\"white\":[1,0,0,0,0,0,5,0,3,", 1);
        assert!(log.save_snapshot(room, saved(wrong)).await.is_err());
        log.save_snapshot(room, saved(snapshot)).await.unwrap();

        // What only speaks of boards is nobody's business.
        let mut talk = commit(room, []);
        talk.rows = vec![row(2, r#"{"said":{"message":"{\"played\":{\"what\":0,\"board\":{\"white\":[1]}}}"}}"#)];
        log.append(talk).await.unwrap();
    }
}
