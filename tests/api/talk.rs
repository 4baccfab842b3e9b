//! What was said and rolled, in pages, searched and written down.

use serde_json::{Value, json};

use crate::support::{Ask, Guest, Server, text};

async fn says(guest: &Guest<'_>, message: &str) {
    guest.command("chat_message", json!({ "message": message })).await.ok(200);
}

fn words(answer: &Value) -> Vec<String> {
    answer["entries"].as_array().unwrap().iter().map(|entry| text(&entry["data"]["message"])).collect()
}

#[tokio::test]
async fn what_was_said_is_read_in_pages_newest_first() {
    let server = Server::new().await;
    let host = server.room().await;
    let guest = server.join(&host.code).await;
    for n in 1..=7 {
        says(if n % 2 == 0 { &host } else { &guest }, &format!("line {n}")).await;
    }
    let all = host.get("/history").await.ok(200);
    assert_eq!(words(&all), ["line 7", "line 6", "line 5", "line 4", "line 3", "line 2", "line 1"]);
    assert_eq!((&all["next"], &all["entries"][0]["event"]), (&Value::Null, &json!("chat_message")));
    let (mut read, mut path) = (vec![], "/history?limit=3".to_owned());
    loop {
        let page = host.get(&path).await.ok(200);
        read.extend(words(&page));
        let Some(next) = page["next"].as_u64() else { break };
        assert_eq!(words(&page).len(), 3);
        path = format!("/history?limit=3&before={next}");
    }
    assert_eq!(read, words(&all), "the pages are the whole");
    assert!(words(&host.get("/history?kind=rolls").await.ok(200)).is_empty());
    assert_eq!(words(&host.get("/history?kind=chat&limit=1").await.ok(200)), ["line 7"]);
    assert!(words(&host.get("/history?before=0").await.ok(200)).is_empty());
}

#[tokio::test]
async fn what_was_said_is_found_by_its_words_and_by_who_said_it() {
    let server = Server::new().await;
    let host = server.room().await;
    let guest = server.join(&host.code).await;
    says(&host, "The Göblin runs").await;
    says(&guest, "50% of it; DROP TABLE events").await;
    for (query, found) in [
        ("g%C3%B6BLIN", vec!["The Göblin runs"]),
        ("ben", vec!["50% of it; DROP TABLE events"]),
        ("50%25", vec!["50% of it; DROP TABLE events"]),
        ("%25", vec!["50% of it; DROP TABLE events"]),
        ("nothing+here", vec![]),
        ("_", vec![]),
    ] {
        assert_eq!(words(&host.get(&format!("/history?q={query}")).await.ok(200)), found, "{query}");
    }
    let id = &guest.id;
    assert!(words(&host.get(&format!("/history?q={id}")).await.ok(200)).is_empty(), "nobody said an id");
}

#[tokio::test]
async fn what_is_no_page_is_refused() {
    let server = Server::new().await;
    let host = server.room().await;
    for bad in [
        "kind=x",
        "kind=CHAT",
        "before=x",
        "before=-1",
        "limit=x",
        "limit=1&limit=2",
        "limit=0",
        "limit=201",
        "kinds=x",
        &format!("q={}", "a".repeat(101)),
    ] {
        host.get(&format!("/history?{bad}")).await.refused(400, "VALIDATION_ERROR", bad);
    }
    server.get("/api/rooms/BCDFGH/history").await.refused(404, "INVALID_GAME", "no room");
    server.send(Ask::get(&host.path("/history")).token("nonsense")).await.refused(401, "AUTH_REQUIRED", "a bad token");
}

#[tokio::test]
async fn a_room_is_written_down_for_programs_and_for_people() {
    let server = Server::new().await;
    let host = server.room().await;
    says(&host, "<script>*hello*</script>").await;
    let document = host.get("/export?format=json").await;
    assert!(document.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
    let document = document.ok(200);
    assert_eq!((&document["format"], &document["seen_by"]), (&json!("parlor-session/1"), &json!("seat")));
    assert_eq!(document["events"].as_array().unwrap().last().unwrap()["data"]["message"], "<script>*hello*</script>");
    assert_eq!(server.get(&host.path("/export?format=json")).await.ok(200)["seen_by"], "spectator");
    let read = host.get("/export?format=md").await;
    assert_eq!(read.headers["content-type"], "text/markdown; charset=utf-8");
    let read = String::from_utf8(read.bytes.to_vec()).unwrap();
    assert!(read.starts_with("# AniFight, room ") && read.contains("**Ada**: &lt;script&gt;\\*hello\\*"), "{read}");
}
