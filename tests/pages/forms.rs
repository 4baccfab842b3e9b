//! Forms from elsewhere, old forms, and hostile ones.

use axum::body::Body;
use http::{Request, header};

use crate::support::{HOST, OPTIONS, Person, site};

const HOSTILE: [&str; 4] = ["<script>alert(1)</script>", "\"><b onload=x>", "' onclick=y {{7*7}}", "</title><i>é</i>&amp;"];

#[tokio::test]
async fn a_form_counts_from_our_own_page_for_the_same_visitor_only() {
    let site = site(&[]).await;
    let (mut ada, mut eve) = (Person::new(&site), Person::new(&site));
    let code = ada.opens("Ada", "private").await;
    let token = ada.get("/").await.csrf();
    let foreign = eve.get("/").await.csrf();
    let old = Person::new(&site).get("/").await.csrf();
    let in_room = ["start", "leave", "bot"].map(|what| format!("/room/{code}/{what}"));
    for path in ["/create".to_owned(), "/join".to_owned(), format!("/join/{code}")].into_iter().chain(in_room) {
        for csrf in [None, Some(""), Some("x"), Some(&foreign), Some(&old), Some(&token[..20])] {
            let fields: Vec<_> = csrf.map(|csrf: &str| ("csrf", csrf)).into_iter().chain([("nickname", "Mallory")]).collect();
            let page = ada.post(&path, &fields).await;
            assert_eq!(page.status, 403, "{path} {csrf:?}");
            page.has("Please send that again");
        }
        for origin in ["https://evil.example", "null", "http://127.0.0.1:3001"] {
            let page = ada.post_from(&path, &[("csrf", &token), ("nickname", "Mallory")], origin).await;
            assert_eq!(page.status, 403, "{path} {origin}");
        }
        let page = Person::new(&site).post(&path, &[("csrf", &token)]).await;
        assert_eq!(page.status, 403, "{path} without a cookie");
    }
    ada.get(&format!("/room/{code}")).await.has("Ada").lacks("Mallory");
}

#[tokio::test]
async fn names_are_text_wherever_they_are_shown() {
    for name in HOSTILE {
        let site = site(&[]).await;
        let (mut ada, mut ben) = (Person::new(&site), Person::new(&site));
        let code = ada.opens(&name.chars().take(24).collect::<String>(), "public").await;
        for path in ["/".to_owned(), "/create?game=draft".to_owned(), format!("/room/{code}"), format!("/replay/{code}")] {
            // Every page is looked through for markup that is not ours when it arrives.
            let page = ada.get(&path).await;
            page.lacks("<script>").lacks("<b ").lacks("<i>");
        }
        ben.get("/").await.lacks("<script>").lacks("<b ").lacks("<i>");
        ben.get(&format!("/join/{code}")).await.lacks("<script>").lacks("<b ").lacks("<i>");
        ben.submit("/", "/join", &[("code", name)]).await.lacks("<script>").lacks("<b ").lacks("<i>");
    }
}

#[tokio::test]
async fn what_is_no_name_or_no_option_brings_the_form_back_as_it_was() {
    let site = site(&[]).await;
    let mut ada = Person::new(&site);
    let long = "n".repeat(10_000);
    for name in ["", "  ", "\u{202e}\u{200b}", "\0\u{7}", &long] {
        let fields = [&[("nickname", name), ("visibility", "public")][..], &OPTIONS[..4]].concat();
        let page = ada.submit("/create?game=draft", "/create", &fields).await;
        assert_eq!(page.status, 400, "{}", &name[..name.len().min(9)]);
        page.has("Nickname should have 1 to 24 visible characters.").has("value=\"public\" checked");
        page.has("value=\"2\" checked")
            .has("name=\"anime_pool_ids\" value=\"8\"")
            .lacks("name=\"anime_pool_ids\" value=\"8\" checked");
    }
    for options in [&[("template_id", "99"), ("anime_pool_ids", "1")][..], &[("anime_pool_ids", "99")], &[("anime_pool_ids", "x")]]
    {
        let fields = [&[("game", "draft"), ("nickname", "Ada")], options].concat();
        let page = ada.submit("/create?game=draft", "/create", &fields).await;
        assert_eq!(page.status, 400, "{options:?}");
        page.has("form-error");
    }
    let code = ada.opens("Ada", "private").await;
    let mut ben = Person::new(&site);
    let page = ben.joins(code, "\u{200b}").await;
    assert_eq!(page.status, 400);
    page.has("Nickname should have").has("join-button");
}

#[tokio::test]
async fn what_is_no_form_is_refused_on_a_page() {
    let site = site(&[]).await;
    let mut ada = Person::new(&site);
    ada.get("/").await;
    let post =
        |kind: &str| Request::post("/create").header(header::ORIGIN, format!("http://{HOST}")).header(header::CONTENT_TYPE, kind);
    for (kind, body, status) in [
        ("application/json", "{}".to_owned(), 400),
        ("text/plain", "csrf=x".to_owned(), 400),
        ("multipart/form-data; boundary=x", "--x--".to_owned(), 400),
        ("application/x-www-form-urlencoded", "a=b&".repeat(20_000), 413),
        ("application/x-www-form-urlencoded", "%ff%00=%zz&&==;".to_owned(), 403),
        ("application/x-www-form-urlencoded", String::new(), 403),
    ] {
        let page = ada.send(post(kind), Body::from(body)).await;
        assert_eq!(page.status, status, "{kind}");
    }
}
