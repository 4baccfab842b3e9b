//! A server of its own for each test, and people with browsers that keep cookies.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::MockConnectInfo;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use parlor::app::App;
use parlor::id::{PlayerId, RoomCode};
use parlor::room::actor::{Look, Message, Request as Ask};
use parlor::room::fact::Player;
use parlor::room::outlet::Answer;
use parlor::web::{headers, pages};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tower::ServiceExt;

pub const HOST: &str = "127.0.0.1:3000";

pub struct Site {
    pub app: Arc<App>,
    pub router: Router,
    /// Deleted at the end.
    _folder: TempDir,
}

/// A site with these settings on top.
pub async fn site(settings: &[&str]) -> Site {
    let folder = tempfile::tempdir().unwrap();
    let mut args = vec!["parlor".to_owned(), format!("--data-dir={}", folder.path().display()), "--bot-delay-ms=0".to_owned()];
    args.extend(settings.iter().map(|setting| (*setting).to_owned()));
    let config = parlor::cli::try_parse(args.into_iter().map(Into::into).collect()).unwrap().cli.config;
    let app = App::new(config, HOST.parse().unwrap()).await.unwrap();
    let router = pages::router()
        .with_state(Arc::clone(&app))
        .layer(axum::middleware::from_fn(headers::secure))
        .layer(MockConnectInfo(SocketAddr::from(([127, 0, 0, 1], 4711))));
    Site { app, router, _folder: folder }
}

/// A page as it was served.
#[derive(Debug)]
pub struct Page {
    pub status: StatusCode,
    pub headers: http::HeaderMap,
    pub html: String,
}

impl Page {
    /// Where it sends the browser.
    pub fn to(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.html);
        self.headers[header::LOCATION].to_str().unwrap()
    }

    #[track_caller]
    pub fn has(&self, text: &str) -> &Self {
        assert!(self.html.contains(text), "no {text:?} in {} {}", self.status, self.html);
        self
    }

    #[track_caller]
    pub fn lacks(&self, text: &str) -> &Self {
        assert!(!self.html.contains(text), "{text:?} is in {}", self.html);
        self
    }

    /// The form token of the page.
    pub fn csrf(&self) -> String {
        self.html.split("name=\"csrf\" value=\"").nth(1).expect("a form").split('"').next().unwrap().to_owned()
    }
}

/// Somebody with a browser.
pub struct Person<'a> {
    pub site: &'a Site,
    pub cookie: Option<String>,
}

impl<'a> Person<'a> {
    pub fn new(site: &'a Site) -> Self {
        Self { site, cookie: None }
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.send(Request::get(path), Body::empty()).await
    }

    /// Sends a form with a token from the page at `from`.
    pub async fn submit(&mut self, from: &str, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.get(from).await.csrf();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.post(path, &all).await
    }

    /// Sends exactly these fields.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.post_from(path, fields, &format!("http://{HOST}")).await
    }

    pub async fn post_from(&mut self, path: &str, fields: &[(&str, &str)], origin: &str) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request =
            Request::post(path).header(header::ORIGIN, origin).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, Body::from(body)).await
    }

    pub async fn send(&mut self, mut request: http::request::Builder, body: Body) -> Page {
        request = request.header(header::HOST, HOST);
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, format!("theme=dark; parlor_session={cookie}"));
        }
        let response = self.site.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        if let Some(cookie) = parts.headers.get(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
            self.cookie = Some(cookie.trim_start_matches("parlor_session=").split(';').next().unwrap().to_owned());
        }
        let html = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        let page = Page { status: parts.status, headers: parts.headers, html };
        check(&page);
        page
    }

    /// Opens a room.
    pub async fn opens(&mut self, nickname: &str, visibility: &str) -> RoomCode {
        let fields = [&[("nickname", nickname), ("visibility", visibility)][..], &OPTIONS].concat();
        let page = self.submit("/create?game=draft", "/create", &fields).await;
        page.to().strip_prefix("/room/").unwrap().parse().unwrap()
    }

    /// Takes a seat by the link.
    pub async fn joins(&mut self, code: RoomCode, nickname: &str) -> Page {
        let path = format!("/join/{code}");
        self.submit(&path, &path, &[("nickname", nickname), ("as", "player")]).await
    }

    pub fn id(&self) -> PlayerId {
        let app = &self.site.app;
        app.tokens.verify(self.cookie.as_ref().unwrap(), app.clock.now()).unwrap().player_id
    }
}

/// A small game: five roles, three series.
pub const OPTIONS: [(&str, &str); 5] =
    [("game", "draft"), ("template_id", "2"), ("anime_pool_ids", "1"), ("anime_pool_ids", "2"), ("anime_pool_ids", "3")];

/// What holds for every answer that these tests get.
fn check(page: &Page) {
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(page.headers[header::VARY], "Cookie");
    assert!(page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("default-src 'self'"));
    if page.status == 303 {
        return;
    }
    assert_eq!(page.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
    let html = page.html.to_ascii_lowercase();
    assert_eq!(html.matches("<h1").count(), 1, "{html}");
    for tag in tags(&html) {
        let inline = tag.starts_with("style")
            || tag.split_whitespace().skip(1).any(|name| name.starts_with("on") || name.starts_with("style="));
        assert!(!inline, "<{tag}> in {html}");
    }
    assert!(!html.contains("href=\"javascript:"), "{html}");
    assert!(html.split("<script").skip(1).all(|script| script.split('>').next().unwrap().contains("src=\"/static/")));
}

/// The tags of a page, without what stands in quotes.
fn tags(html: &str) -> impl Iterator<Item = String> {
    html.split('<').skip(1).map(|rest| {
        let mut quoted = false;
        let bare = rest.chars().map(|c| {
            quoted ^= c == '"';
            if quoted { '_' } else { c }
        });
        bare.take_while(|c| *c != '>').collect()
    })
}

/// The room as `player` sees it.
pub async fn look(site: &Site, code: RoomCode, player: PlayerId) -> Look {
    site.app.rooms.look(code, Some(player)).await.unwrap()
}

/// Sends an event of a game in a player's name.
pub async fn ask(
    site: &Site,
    code: RoomCode,
    id: PlayerId,
    event: &str,
    payload: serde_json::Value,
) -> Result<Answer, parlor::refusal::Refusal> {
    let (tell, told) = oneshot::channel();
    let request = Ask {
        conn: None,
        player: Player { id, nickname: "x".to_owned(), guest: true, bot: None },
        event: event.to_owned(),
        payload: serde_json::value::to_raw_value(&payload).unwrap(),
        command: None,
        expected: None,
        acknowledged: true,
        reply: Box::new(move |answer| drop(tell.send(answer))),
    };
    assert!(site.app.rooms.send(code, Message::Request(Box::new(request))).is_ok());
    told.await.unwrap()
}

/// Plays the host's side against a bot until the game is over.
pub async fn play_to_the_end(site: &Site, code: RoomCode, host: PlayerId) {
    loop {
        let now = look(site, code, host).await;
        let state: serde_json::Value = serde_json::from_str(now.state.get()).unwrap();
        if state["is_over"] == true {
            return;
        }
        if state["current_turn"] != "host" {
            site.app.rooms.events(code, Some(host), now.seq, std::time::Duration::from_secs(5)).await.unwrap();
        } else if state["drawn_character"].is_null() {
            ask(site, code, host, "draw_character", serde_json::json!({})).await.unwrap();
        } else {
            let mut roles = state["template"]["roles"].as_array().unwrap().iter().map(|role| role.as_str().unwrap());
            let role = roles.find(|role| state["host_placements"][role].is_null()).unwrap();
            let place = serde_json::json!({ "character_id": state["drawn_character"]["id"], "role_name": role });
            ask(site, code, host, "place_character", place).await.unwrap();
        }
    }
}
