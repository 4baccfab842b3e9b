//! What was said in a room, read without scripts.

use serde_json::json;

use crate::support::{Person, ask, site};

#[tokio::test]
async fn what_was_said_is_read_page_by_page_and_searched() {
    let site = site(&[]).await;
    let (mut ada, mut eve) = (Person::new(&site), Person::new(&site));
    let code = ada.opens("Ada", "private").await;
    let path = format!("/room/{code}/history");
    ada.get(&path).await.has("Nothing yet").lacks("Older");
    for n in 1..=60 {
        ask(&site, code, ada.id(), "chat_message", json!({ "message": format!("line {n} <b>&") })).await.unwrap();
    }
    let first = ada.get(&path).await;
    first.has("line 60 &#60;b&#62;&#38;").has("line 11 ").lacks("line 10 ").lacks("<b>&").lacks("Newest");
    let older =
        first.html.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().replace("&#38;", "&");
    ada.get(&older).await.has("line 10 ").has("line 1 ").lacks("line 11 ").lacks("rel=\"next\"").has("Newest");
    let found = eve.get(&format!("{path}?q=LINE+5&kind=chat")).await;
    found.has("line 59 ").has("line 5 ").lacks("line 60 ").has("value=\"LINE 5\"");
    eve.get(&format!("{path}?q=%3Cscript%3E")).await.has("Nothing with these words").lacks("<script>");
    eve.get(&format!("{path}?kind=rolls")).await.has("Nothing yet");
    for (bad, status) in [("kind=x", 400), ("before=x", 400), ("before=-1", 400), (&*format!("q={}", "a".repeat(101)), 400)] {
        assert_eq!(eve.get(&format!("{path}?{bad}")).await.status, status, "{bad}");
    }
    assert_eq!(eve.get("/room/BCDFGH/history").await.status, 404);
}

#[tokio::test]
async fn the_playground_is_only_there_where_the_operator_wants_it() {
    let plain = site(&[]).await;
    assert_eq!(Person::new(&plain).get("/playground").await.status, 404);
    let open = site(&["--playground=on"]).await;
    Person::new(&open).get("/playground").await.has("data-commands=\"draw_character").has("/codex");
}
