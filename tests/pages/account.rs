//! Signing in and out, profiles, and what one changes there.

use axum::body::Body;
use http::Request;

use crate::support::{Page, Person, Site, site};

const PASSWORD: &str = "correct horse battery";
const HOSTILE: [&str; 4] = ["<script>alert(1)</script>", "\"><b onload=x>", "' onclick=y {{7*7}}", "</title><i>é</i>&amp;"];

async fn quick(settings: &[&str]) -> Site {
    site(&[&["--password-memory-kib=64"], settings].concat()).await
}

impl Person<'_> {
    async fn registers(&mut self, username: &str, nickname: &str) -> Page {
        let fields = [("username", username), ("password", PASSWORD), ("nickname", nickname), ("next", "/profile")];
        self.submit("/register", "/register", &fields).await
    }

    async fn signs_in(&mut self, username: &str, password: &str) -> Page {
        self.submit("/login", "/login", &[("username", username), ("password", password), ("next", "/profile")]).await
    }
}

#[tokio::test]
async fn a_guest_becomes_an_account_keeps_the_seat_and_comes_back_elsewhere() {
    let site = quick(&[]).await;
    let mut ada = Person::new(&site);
    let code = ada.opens("Ada", "private").await;
    let guest = ada.id();
    ada.get("/").await.has("Playing as").has("href=\"/login\"");
    ada.get("/profile").await.has("You play as a guest").has("convert-link");
    assert_eq!(ada.registers("ada_l", "Ada").await.to(), "/profile");
    assert_eq!(ada.id(), guest);
    ada.get(&format!("/room/{code}")).await.has("start-button").has("Signed in as").lacks("href=\"/login\"");
    site.app.notes.flush().await;
    ada.get("/profile").await.has("signs in as <strong data-testid=\"profile-username\">ada_l").has(code.as_str());
    assert_eq!(ada.get("/login").await.to(), "/profile");
    assert_eq!(ada.get("/register").await.to(), "/profile");

    let mut elsewhere = Person::new(&site);
    assert_eq!(elsewhere.signs_in("ADA_L", PASSWORD).await.to(), "/profile");
    assert_eq!(elsewhere.id(), guest);
    elsewhere.get(&format!("/room/{code}")).await.has("start-button");

    let mut stranger = Person::new(&site);
    let page = stranger.get(&format!("/players/{guest}")).await;
    page.has("profile-name").has("Ada").lacks("ada_l").lacks(code.as_str()).lacks("delete-form");
}

#[tokio::test]
async fn signing_out_ends_that_browsers_session_and_the_old_cookie_is_nobodys() {
    let site = quick(&[]).await;
    let (mut ada, mut phone) = (Person::new(&site), Person::new(&site));
    ada.registers("ada", "Ada").await;
    phone.signs_in("ada", PASSWORD).await;
    let (id, kept) = (ada.id(), ada.cookie.clone());
    assert_eq!(ada.submit("/profile", "/logout", &[]).await.to(), "/");
    assert_eq!(ada.cookie.as_deref(), Some(""));
    ada.cookie = kept;
    ada.get("/").await.has("href=\"/login\"");
    assert_ne!(ada.id(), id, "a new guest");
    assert_eq!(phone.id(), id);
    phone.get("/profile").await.has("profile-username");
    let old = phone.cookie.clone();
    assert_eq!(phone.submit("/profile", "/profile/logout_everywhere", &[]).await.to(), "/login");
    phone.cookie = old;
    phone.get("/profile").await.has("You play as a guest");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_bring_the_same_form_back() {
    let site = quick(&[]).await;
    Person::new(&site).registers("ada", "Ada").await;
    for name in ["ada", "nobody", "", "<b>"] {
        let mut eve = Person::new(&site);
        let page = eve.signs_in(name, "wrong password").await;
        assert_eq!(page.status, 401, "{name}");
        page.has("The username or the password is wrong.").has("name=\"next\" value=\"/profile\"").lacks("wrong password\"");
    }
    let mut eve = Person::new(&site);
    for _ in 0..10 {
        eve.signs_in("ada", "wrong password").await;
    }
    let page = eve.signs_in("ada", "wrong password").await;
    assert_eq!(page.status, 429);
    page.has("too many wrong passwords; wait a little before the next try. Try again in".replacen('t', "T", 1).as_str());
}

#[tokio::test]
async fn what_cannot_be_a_name_or_a_password_is_said_beside_its_field() {
    let site = quick(&["--rate-limits=off"]).await;
    Person::new(&site).registers("ada", "Ada").await;
    for (username, password, nickname, status, place) in [
        ("ada", PASSWORD, "Eve", 400, "username-error"),
        ("x", PASSWORD, "Eve", 400, "username-error"),
        ("zoë", PASSWORD, "Eve", 400, "username-error"),
        ("eve", "short", "Eve", 400, "password-error"),
        ("eve", "12345678", "Eve", 400, "password-error"),
        ("eve", PASSWORD, "\u{202e}\u{200b}x".repeat(30).as_str(), 400, "nickname-error"),
    ] {
        let mut eve = Person::new(&site);
        let fields = [("username", username), ("password", password), ("nickname", nickname)];
        let page = eve.submit("/register", "/register", &fields).await;
        assert_eq!(page.status, status, "{place}");
        page.has(&format!("id=\"{place}\"")).has(&format!("value=\"{username}\"")).lacks(password);
    }
    let mut eve = Person::new(&site);
    assert_eq!(eve.registers("eve", "").await.to(), "/profile");
    eve.get("/profile").await.has("<bdi>eve</bdi>");
}

#[tokio::test]
async fn a_name_and_a_password_are_changed_on_the_profile() {
    let site = quick(&["--rate-limits=off"]).await;
    let (mut ada, mut phone) = (Person::new(&site), Person::new(&site));
    ada.registers("ada", "Ada").await;
    phone.signs_in("ada", PASSWORD).await;
    assert_eq!(ada.submit("/profile", "/profile/nickname", &[("nickname", " Zoë ")]).await.to(), "/profile?done=nickname");
    ada.get("/profile?done=nickname").await.has("<bdi>Zoë</bdi>").has("your new name");
    let page = ada.submit("/profile", "/profile/nickname", &[("nickname", "\u{200b}")]).await;
    assert_eq!(page.status, 400);
    page.has("Nickname should have");
    let wrong = [("password", "nonsense"), ("new_password", "another good one")];
    let page = ada.submit("/profile", "/profile/password", &wrong).await;
    assert_eq!(page.status, 403);
    page.has("The password is wrong.");
    let right = [("password", PASSWORD), ("new_password", "another good one")];
    assert_eq!(ada.submit("/profile", "/profile/password", &right).await.to(), "/profile?done=password");
    ada.get("/profile").await.has("profile-username");
    phone.get("/profile").await.has("You play as a guest");
    assert_eq!(phone.signs_in("ada", PASSWORD).await.status, 401);
    assert_eq!(phone.signs_in("ada", "another good one").await.to(), "/profile");
}

#[tokio::test]
async fn deleting_takes_a_password_and_a_tick_and_leaves_somebody_behind() {
    let site = quick(&["--rate-limits=off"]).await;
    let mut ada = Person::new(&site);
    let code = ada.opens("Ada", "public").await;
    ada.registers("ada", "Ada").await;
    site.app.notes.flush().await;
    let id = ada.id();
    for (fields, said) in [
        (&[("password", PASSWORD)][..], "Tick the box"),
        (&[("sure", "yes")], "Password is needed"),
        (&[("sure", "yes"), ("password", "nonsense")], "The password is wrong."),
    ] {
        ada.submit("/profile", "/profile/delete", fields).await.has(said);
    }
    assert_eq!(ada.submit("/profile", "/profile/delete", &[("sure", "yes"), ("password", PASSWORD)]).await.to(), "/");
    let mut ben = Person::new(&site);
    assert_eq!(ben.get(&format!("/players/{id}")).await.status, 404);
    ben.get("/").await.has("hosted by <bdi>Somebody");
    ben.get(&format!("/join/{code}")).await.has("Somebody").lacks("Ada");
    let mut guest = Person::new(&site);
    guest.opens("Cleo", "private").await;
    assert_eq!(guest.submit("/profile", "/profile/delete", &[("sure", "yes")]).await.to(), "/");
}

#[tokio::test]
async fn forms_about_accounts_count_from_our_own_pages_only() {
    let site = quick(&[]).await;
    let mut ada = Person::new(&site);
    ada.registers("ada", "Ada").await;
    let token = ada.get("/profile").await.csrf();
    for path in [
        "/login",
        "/register",
        "/logout",
        "/profile/nickname",
        "/profile/password",
        "/profile/logout_everywhere",
        "/profile/delete",
    ] {
        for (csrf, origin) in [("", "http://127.0.0.1:3000"), ("x", "http://127.0.0.1:3000"), (&token, "https://evil.example")] {
            let fields = [("csrf", csrf), ("sure", "yes"), ("password", PASSWORD), ("nickname", "Eve")];
            assert_eq!(ada.post_from(path, &fields, origin).await.status, 403, "{path}");
        }
    }
    ada.get("/profile").await.has("<bdi>Ada</bdi>");
}

#[tokio::test]
async fn names_are_text_on_every_page_about_players() {
    for name in HOSTILE {
        let site = quick(&["--rate-limits=off"]).await;
        let mut ada = Person::new(&site);
        let short: String = name.chars().take(24).collect();
        ada.opens(&short, "public").await;
        ada.registers("ada", &short).await;
        site.app.notes.flush().await;
        let mut ben = Person::new(&site);
        for page in [ada.get("/profile").await, ben.get(&format!("/players/{}", ada.id())).await] {
            page.has("profile-name").lacks("<script>").lacks("<b ").lacks("<i>");
        }
        ben.signs_in(name, name).await.lacks("<script>").lacks("<b ").lacks("<i>");
        ben.submit("/register", "/register", &[("username", name), ("nickname", name), ("password", "x"), ("next", name)])
            .await
            .lacks("<script>")
            .lacks("<b ")
            .lacks("<i>");
        for path in ["/login?next=", "/register?next="] {
            let query: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
            ben.get(&format!("{path}{query}")).await.has("name=\"next\" value=\"/\"").lacks("<script>");
        }
    }
}

#[tokio::test]
async fn nobody_is_sent_to_another_site_after_signing_in() {
    let site = quick(&["--rate-limits=off"]).await;
    Person::new(&site).registers("ada", "Ada").await;
    for next in ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"] {
        let mut ada = Person::new(&site);
        let fields = [("username", "ada"), ("password", PASSWORD), ("next", next)];
        assert_eq!(ada.submit("/login", "/login", &fields).await.to(), "/", "{next}");
    }
}

#[tokio::test]
async fn players_that_are_none_are_not_found() {
    let site = quick(&[]).await;
    for id in ["x", "00000000-0000-0000-0000-000000000000", "%00", "..%2f"] {
        let page = Person::new(&site).send(Request::get(format!("/players/{id}")), Body::empty()).await;
        assert_eq!(page.status, 404, "{id}");
    }
}
