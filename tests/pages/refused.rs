//! Every refusal is a page with its status, a heading, and a way on.

use axum::body::Body;
use http::{Request, header};

use crate::support::{OPTIONS, Person, site};

#[tokio::test]
async fn what_is_not_there_is_said_on_a_page_of_its_own() {
    let site = site(&[]).await;
    let mut ada = Person::new(&site);
    let rooms = ["join", "room", "play", "results", "replay"];
    let codes = ["222222", "not-a-code-at-all", "%00", "%ff%fe", "..%2f..", "<script>", "BCDFGHJ", "BCDFGA"];
    for path in rooms.iter().flat_map(|at| codes.map(|code| format!("/{at}/{}", code.replace('<', "%3C").replace('>', "%3E")))) {
        let page = ada.get(&path).await;
        assert_eq!(page.status, 404, "{path}");
        page.has("No such room").has("href=\"/\"");
    }
    for path in ["/nothing", "/room", "/room/222222/nothing", "/create?game=nothing", "/..", "/favicon.ico"] {
        let page = ada.get(path).await;
        assert_eq!(page.status, 404, "{path}");
        page.has("There is nothing here").has("href=\"/\"");
        assert!(!page.headers.contains_key(header::SET_COOKIE), "{path}");
    }
    let page = ada.send(Request::delete("/"), Body::empty()).await;
    assert_eq!(page.status, 405);
    for (typed, status) in [("222 222", 404), ("hello", 400), ("", 400), (&"B".repeat(5_000) as &str, 400)] {
        let page = ada.submit("/", "/join", &[("code", typed)]).await;
        assert_eq!(page.status, status, "{}", &typed[..typed.len().min(9)]);
        page.has("code-error").has("aria-invalid");
    }
    for what in ["start", "bot", "leave"] {
        let page = ada.submit("/", &format!("/room/222222/{what}"), &[("action", "add"), ("seat", "1")]).await;
        assert_eq!(page.status, 404, "{what}");
    }
}

#[tokio::test]
async fn who_is_not_in_a_room_changes_nothing_there() {
    let site = site(&[]).await;
    let (mut ada, mut eve) = (Person::new(&site), Person::new(&site));
    let code = ada.opens("Ada", "private").await;
    for (what, status) in [("start", 403), ("bot", 403), ("leave", 303)] {
        let page = eve.submit("/", &format!("/room/{code}/{what}"), &[("action", "add"), ("seat", "1"), ("level", "easy")]).await;
        assert_eq!(page.status, status, "{what}");
    }
    ada.get(&format!("/room/{code}")).await.has("Ada").has("Free seat");
}

#[tokio::test]
async fn one_address_opens_rooms_only_so_fast() {
    let site = site(&["--room-rate-burst=2", "--room-rate-every-ms=60000"]).await;
    let mut ada = Person::new(&site);
    ada.opens("Ada", "private").await;
    Person::new(&site).opens("Ben", "private").await;
    let fields = [&[("nickname", "Ada")][..], &OPTIONS].concat();
    let page = ada.submit("/create?game=draft", "/create", &fields).await;
    assert_eq!(page.status, 429);
    page.has("A little slower, please");
    assert!(page.headers[header::RETRY_AFTER].to_str().unwrap().parse::<u32>().unwrap() > 50);
}

#[tokio::test]
async fn one_player_has_only_so_many_rooms() {
    let site = site(&["--rooms-per-player=1"]).await;
    let mut ada = Person::new(&site);
    ada.opens("Ada", "private").await;
    let fields = [&[("nickname", "Ada")][..], &OPTIONS].concat();
    let page = ada.submit("/create?game=draft", "/create", &fields).await;
    assert_eq!(page.status, 429);
    page.has("You have too many open rooms; finish or leave some.").has("create-form");
}

#[tokio::test]
async fn without_the_store_every_page_says_so() {
    let site = site(&[]).await;
    let mut ada = Person::new(&site);
    let code = ada.opens("Ada", "private").await;
    let csrf = ada.get("/").await.csrf();
    site.app.log.close().await;
    for path in ["/".to_owned(), format!("/room/{code}"), "/join/222222".to_owned()] {
        let page = ada.get(&path).await;
        assert_eq!(page.status, 503, "{path}");
        page.has("Back in a moment");
        assert_eq!(page.headers[header::RETRY_AFTER], "1");
    }
    let fields = [&[("csrf", csrf.as_str()), ("nickname", "Ada")][..], &OPTIONS].concat();
    assert_eq!(ada.post("/create", &fields).await.status, 503);
    assert_eq!(ada.post(&format!("/room/{code}/leave"), &[("csrf", &csrf)]).await.status, 503);
}
