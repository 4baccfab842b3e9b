//! What is no name, no password, no body.

use serde_json::{Value, json};

use crate::support::Ask;
use crate::{PASSWORD, as_player, quiet, register};

#[tokio::test]
async fn names_and_passwords_that_are_none_are_refused_with_the_field_that_is_wrong() {
    let server = quiet().await;
    let long = "x".repeat(10_000);
    for (field, value) in [
        ("username", json!("")),
        ("username", json!("ab")),
        ("username", json!("zoë")),
        ("username", json!("ada lovelace")),
        ("username", json!("<b>ada</b>")),
        ("username", json!("' OR 1=1 --")),
        ("username", json!("ada\u{0}")),
        ("username", json!(long)),
        ("password", json!("short")),
        ("password", json!("password")),
        ("password", json!("ada-the-first")),
        ("password", json!("aaaaaaaaaaaa")),
        ("password", json!(long)),
        ("nickname", json!("")),
        ("nickname", json!("\u{202e}\u{200b}")),
        ("nickname", json!(long)),
    ] {
        let mut wish = json!({ "username": "Ada-the-First", "password": PASSWORD, "nickname": "Ada" });
        wish[field] = value.clone();
        let answer = server.post("/api/auth/register", wish).await;
        let shown = value.to_string().chars().take(40).collect::<String>();
        answer.refused(400, "VALIDATION_ERROR", &shown);
        assert_eq!(answer.body["error"]["details"]["field"], field, "{shown}");
    }
}

#[tokio::test]
async fn bodies_that_are_none_are_refused() {
    let server = quiet().await;
    let ada = register(&server, "ada").await;
    let bodies: [Value; 7] = [
        json!({}),
        json!({ "username": "ada" }),
        json!({ "password": PASSWORD }),
        json!({ "username": 5, "password": PASSWORD }),
        json!({ "username": "ada", "password": [PASSWORD] }),
        json!({ "username": null, "password": null }),
        json!({ "username": { "$ne": 1 }, "password": { "$ne": 1 } }),
    ];
    for path in ["/api/auth/register", "/api/auth/login", "/api/auth/token", "/api/auth/convert"] {
        for body in &bodies {
            server.post(path, body.clone()).await.refused(400, "VALIDATION_ERROR", &format!("{path} {body}"));
        }
        server.send(Ask::post(path, json!({})).body("[]")).await.refused(400, "VALIDATION_ERROR", path);
        server.send(Ask::post(path, json!({})).body("x".repeat(100_000))).await.refused(413, "PAYLOAD_TOO_LARGE", path);
        let form = Ask::new("POST", path).header("content-type", "application/x-www-form-urlencoded").body("username=ada");
        server.send(form).await.refused(415, "VALIDATION_ERROR", path);
    }
    for (method, path, body) in [
        ("POST", "/api/auth/refresh", json!({ "refresh_token": 5 })),
        ("POST", "/api/auth/logout", json!({ "refresh_token": ["x"] })),
        ("POST", "/api/auth/verify", json!({})),
        ("POST", "/api/auth/password", json!({ "password": PASSWORD })),
        ("PATCH", "/api/auth/me", json!({})),
        ("PATCH", "/api/auth/me", json!({ "nickname": "\u{200b}" })),
        ("DELETE", "/api/auth/me", json!({ "password": 5 })),
    ] {
        as_player(&server, &ada["token"], method, path, body).await.refused(400, "VALIDATION_ERROR", path);
    }
    for id in ["x", "00000000-0000-0000-0000-000000000000", "%00", "'"] {
        server.get(&format!("/api/players/{id}")).await.refused(404, "VALIDATION_ERROR", id);
    }
}
