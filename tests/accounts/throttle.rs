//! Guessing is slow; nothing tells a guesser whether there is such an account; nobody is locked out by somebody else.

use serde_json::json;

use crate::support::{Answer, Ask, Server};
use crate::{PASSWORD, log_in, register, server};

async fn from(server: &Server, peer: [u8; 4], username: &str, password: &str) -> Answer {
    let ask = Ask::post("/api/auth/login", json!({ "username": username, "password": password }));
    server.send(ask.sent_by(peer)).await
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_are_answered_alike() {
    let server = server(&[]).await;
    register(&server, "ada").await;
    let (mut wrong, mut unknown) = (Vec::new(), Vec::new());
    for n in 0..8 {
        for (name, answers) in [("ada", &mut wrong), ("nobody", &mut unknown), ("not a name!", &mut Vec::new())] {
            let answer = from(&server, [10, 0, 0, if name == "ada" { 1 } else { 2 }], name, &format!("guess {n}")).await;
            let mut body = answer.body.clone();
            if let Some(details) = body["error"].get_mut("details") {
                assert!(details["retry_after_ms"].as_u64().unwrap() >= 1);
                details["retry_after_ms"] = json!(0);
            }
            answers.push((answer.status, body));
        }
    }
    assert_eq!(wrong, unknown);
    assert!(wrong[0].0 == 401 && wrong[7].0 == 429, "{wrong:?}");
}

#[tokio::test]
async fn who_guesses_waits_and_the_owner_elsewhere_does_not() {
    let server = server(&[]).await;
    register(&server, "ada").await;
    let mut refused = 0;
    for n in 0..30 {
        let answer = from(&server, [10, 0, 0, 1], "ada", &format!("guess {n}")).await;
        refused += u32::from(answer.status == 429);
        if answer.status == 429 {
            assert!(answer.headers.contains_key("retry-after"));
        }
    }
    assert!(refused >= 20, "{refused}");
    from(&server, [10, 0, 0, 1], "ada", PASSWORD).await.refused(429, "RATE_LIMITED", "even when right");
    from(&server, [10, 0, 0, 2], "ada", PASSWORD).await.ok(200);
}

#[tokio::test]
async fn an_address_makes_so_many_accounts_and_must_then_wait() {
    let server = server(&["--register-rate-burst=2", "--register-rate-every-ms=3600000"]).await;
    register(&server, "ada").await;
    let refused = server.post("/api/auth/register", json!({ "username": "x", "password": PASSWORD })).await;
    refused.refused(400, "VALIDATION_ERROR", "what is refused for its form does not count");
    register(&server, "ben").await;
    let third = server.post("/api/auth/register", json!({ "username": "cleo", "password": PASSWORD })).await;
    third.refused(429, "RATE_LIMITED", "a third");
    log_in(&server, "ada", PASSWORD).await.ok(200);
}
