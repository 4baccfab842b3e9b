//! From the front page to the first move, with cookies and forms only.

use std::sync::Arc;

use http::header;
use parlor::room::actor::{Enter, Message, Purpose};
use parlor::room::fact::Player;
use parlor::room::outlet::{ConnId, Outlet, Stuck};

use crate::support::{Person, look, site};

#[tokio::test]
async fn a_room_is_opened_joined_and_started_without_scripts() {
    let site = site(&[]).await;
    let (mut ada, mut ben) = (Person::new(&site), Person::new(&site));
    ada.get("/").await.has("AniFight").has("It is quiet just now");
    let code = ada.opens("Ada", "public").await;
    let lobby = format!("/room/{code}");
    let page = ada.get(&lobby).await;
    page.has(&format!("http://127.0.0.1:3000/join/{code}")).has("1/2 online").has("Free seat").has("http-equiv=\"refresh\"");
    page.has("Tournament Five").has("Playing as</span> <strong><bdi>Ada");
    ben.get("/").await.has(&format!("room-{code}")).has("hosted by <bdi>Ada");
    let slashed = format!("{} - {}", &code.as_str()[..3].to_lowercase(), &code.as_str()[3..].to_lowercase());
    assert_eq!(ben.submit("/", "/join", &[("code", &slashed)]).await.to(), format!("/join/{code}"));
    assert_eq!(ben.get(&lobby).await.to(), format!("/join/{code}"), "a stranger joins first");
    ben.get(&format!("/join/{}", code.as_str().to_lowercase())).await.has("Join <bdi>Ada").has("1/2 players").has("join-button");
    assert_eq!(ben.joins(code, "Ben").await.to(), lobby);
    assert_eq!(ben.get(&format!("/join/{code}")).await.to(), lobby, "who has a seat goes to the room");
    ben.get(&lobby).await.has("Ben</bdi> <span class=\"muted\">(you)").has("Waiting for the host to start").lacks("start-button");
    ada.get(&lobby).await.has("2/2 online").has("Everybody is here");
    let refused = ben.submit(&lobby, &format!("/room/{code}/start"), &[]).await;
    assert_eq!(refused.status, 403);
    refused.has("Only the host can do this.");
    assert_eq!(ada.submit(&lobby, &format!("/room/{code}/start"), &[]).await.to(), lobby);
    for person in [&mut ada, &mut ben] {
        assert_eq!(person.get(&lobby).await.to(), format!("/play/{code}"));
        assert_eq!(person.get(&format!("/results/{code}")).await.to(), lobby);
    }
    ada.get(&format!("/play/{code}")).await.has("data-role=\"host\"");
    ben.get(&format!("/play/{code}")).await.has("data-role=\"guest\"");
    let mut cleo = Person::new(&site);
    cleo.get(&format!("/join/{code}")).await.has("watch-button").lacks("join-button");
    cleo.get(&format!("/play/{code}")).await.has("data-role=\"spectator\"");
    cleo.get("/").await.has("in progress");
}

#[tokio::test]
async fn bots_come_and_go_and_people_leave() {
    let site = site(&[]).await;
    let (mut ada, mut ben) = (Person::new(&site), Person::new(&site));
    let code = ada.opens("Ada", "private").await;
    let (lobby, bot) = (format!("/room/{code}"), format!("/room/{code}/bot"));
    let add = [("action", "add"), ("seat", "1"), ("level", "hard")];
    assert_eq!(ada.submit(&lobby, &bot, &add).await.to(), lobby);
    ada.get(&lobby).await.has("Bot (hard)").has("remove-bot-1").has("2/2 online");
    let full = ben.get(&format!("/join/{code}")).await;
    full.has("All seats are taken. You can watch.").lacks("join-button");
    let refused = ben.post(&format!("/join/{code}"), &[("csrf", &full.csrf()), ("nickname", "Ben"), ("as", "player")]).await;
    assert_eq!(refused.status, 409);
    refused.has("watch-button");
    let watch = ben.post(&format!("/join/{code}"), &[("csrf", &refused.csrf()), ("as", "spectator")]).await;
    assert_eq!(watch.to(), format!("/room/{code}?watch=1"));
    ben.get(watch.to()).await.has("data-watching=\"true\"").has("Bot (hard)").lacks("start-button").lacks("remove-bot");
    assert_eq!(ada.submit(&lobby, &bot, &add).await.status, 409, "the seat is taken");
    assert_eq!(ada.submit(&lobby, &bot, &[("action", "remove"), ("seat", "1")]).await.to(), lobby);
    for wrong in
        [&[("action", "add")][..], &[("seat", "1")], &[("action", "x"), ("seat", "1")], &[("action", "add"), ("seat", "-1")]]
    {
        assert_eq!(ada.submit(&lobby, &bot, wrong).await.status, 400, "{wrong:?}");
    }
    assert_eq!(ada.submit(&lobby, &bot, &[("action", "add"), ("seat", "1"), ("level", "godly")]).await.status, 400);
    assert_eq!(ada.submit(&lobby, &format!("/room/{code}/start"), &[]).await.status, 409, "a seat is free");
    ben.joins(code, "Ben").await;
    assert_eq!(ben.submit(&lobby, &format!("/room/{code}/leave"), &[]).await.to(), "/");
    ada.get(&lobby).await.has("Free seat");
    assert_eq!(ada.submit(&lobby, &format!("/room/{code}/leave"), &[]).await.to(), "/");
    assert_eq!(ada.get(&lobby).await.to(), format!("/results/{code}"));
    assert_eq!(ada.get(&format!("/results/{code}")).await.status, 410, "a room in which nothing was played");
    assert_eq!(ben.get(&format!("/join/{code}")).await.status, 410);
}

#[tokio::test]
async fn a_name_chosen_in_a_form_belongs_to_the_same_player() {
    let site = site(&[]).await;
    let mut ada = Person::new(&site);
    let first = ada.get("/create?game=draft").await;
    assert!(first.headers[header::SET_COOKIE].to_str().unwrap().contains("parlor_session="));
    let before = ada.id();
    ada.opens("  Ada \u{202e} Lovelace ", "private").await;
    assert_eq!(ada.id(), before);
    let home = ada.get("/").await;
    home.has("<bdi>Ada Lovelace</bdi>");
    assert!(!home.headers.contains_key(header::SET_COOKIE), "a cookie that is good stays");
    ada.opens("Countess", "private").await;
    assert_eq!(ada.id(), before);
    ada.get("/").await.has("<bdi>Countess</bdi>");
}

#[tokio::test]
async fn the_same_form_sent_twice_opens_one_room() {
    let site = site(&[]).await;
    let mut ada = Person::new(&site);
    let csrf = ada.get("/create?game=draft").await.csrf();
    let fields = [&[("csrf", csrf.as_str()), ("nickname", "Ada")][..], &crate::support::OPTIONS].concat();
    let first = ada.post("/create", &fields).await.to().to_owned();
    assert_eq!(ada.post("/create", &fields).await.to(), first);
    let other = [&fields[..], &[("visibility", "public")]].concat();
    assert_ne!(ada.post("/create", &other).await.to(), first);
}

/// A socket that takes everything.
struct Ear;

impl Outlet for Ear {
    fn emit(&self, _: &str, _: &serde_json::value::RawValue) -> Result<(), Stuck> {
        Ok(())
    }

    fn close(&self) {}
}

#[tokio::test]
async fn a_socket_takes_presence_over_from_its_page_and_loading_the_page_brings_one_back() {
    let site = site(&[]).await;
    let (mut ada, mut ben) = (Person::new(&site), Person::new(&site));
    let code = ada.opens("Ada", "private").await;
    ben.joins(code, "Ben").await;
    ben.get(&format!("/room/{code}")).await.has("Ben");
    let (tell, told) = tokio::sync::oneshot::channel();
    let enter = Enter {
        game: None,
        conn: Some((ConnId(1), Arc::new(Ear))),
        player: Player { id: ben.id(), nickname: "Ben".to_owned(), guest: true, bot: None },
        purpose: Purpose::Resume,
        client_seed: None,
        last_seq: None,
        command: None,
        extra: serde_json::Map::new(),
        reply: Box::new(move |answer| drop(tell.send(answer))),
    };
    assert!(site.app.rooms.send(code, Message::Enter(Box::new(enter))).is_ok());
    told.await.unwrap().unwrap();
    // The lobby's script fetches the page while the socket is open.
    ben.get(&format!("/room/{code}")).await.has("Ben");
    assert!(site.app.rooms.send(code, Message::Gone(ConnId(1))).is_ok());
    // The first look waits until the room has taken note.
    look(&site, code, ada.id()).await;
    let now = look(&site, code, ada.id()).await;
    let seated = now.summary.players.iter().find(|player| player.player_id == ben.id()).unwrap();
    assert!(!seated.online && seated.grace_ends_at.is_some(), "gone at once, not when the page's time is over");
    ada.get(&format!("/room/{code}")).await.has("1/2 online").has(">away<");
    ben.get(&format!("/room/{code}")).await.has("2/2 online");
    ada.get(&format!("/room/{code}")).await.has("2/2 online").lacks(">away<");
    assert!(look(&site, code, ada.id()).await.summary.players.iter().any(|p| p.player_id == ben.id() && p.online));
}
