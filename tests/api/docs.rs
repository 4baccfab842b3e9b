//! The description of the API.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::schema;
use crate::support::{Ask, Server};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

async fn document(server: &Server) -> Value {
    let answer = server.get("/api/openapi.json").await;
    assert_eq!(answer.headers["content-type"], "application/json");
    answer.ok(200)
}

#[tokio::test]
async fn the_document_has_the_methods_that_the_routes_take() {
    let server = Server::new().await;
    let host = server.room().await;
    for (path, methods) in document(&server).await["paths"].as_object().unwrap() {
        for method in METHODS {
            let asked = server.send(Ask::new(&method.to_uppercase(), &path.replace("{code}", &host.code))).await;
            assert_eq!(asked.status != 405, methods.get(method).is_some(), "{method} {path}: {}", asked.status);
        }
    }
}

#[tokio::test]
async fn the_document_holds_together() {
    let server = Server::new().await;
    let document = document(&server).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut used = BTreeSet::new();
    references(&document, &mut used);
    for reference in &used {
        schema::resolve(&document, reference);
    }
    for kind in ["schemas", "responses", "parameters"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            assert!(used.contains(&format!("#/components/{kind}/{name}")), "{kind}/{name} is used by nothing");
        }
    }
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|path| METHODS.into_iter().filter_map(|m| path.get(m)));
    let ids: Vec<_> = operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "names of operations are unique");
    for (name, response) in document["components"]["responses"].as_object().unwrap() {
        let content = &response["content"]["application/json"];
        for example in content["examples"].as_object().unwrap().values() {
            schema::check(&document, &content["schema"], &example["value"], name);
        }
    }
}

#[tokio::test]
async fn every_example_is_taken_by_the_server() {
    let server = Server::new().await;
    let document = document(&server).await;
    for (path, methods) in document["paths"].as_object().unwrap() {
        // What needs an account first is in tests/accounts.
        if path.starts_with("/api/auth/") && path != "/api/auth/guest" && path != "/api/auth/register" {
            continue;
        }
        for (method, operation) in methods.as_object().unwrap().iter().filter(|(_, one)| one["requestBody"].is_object()) {
            let content = &operation["requestBody"]["content"]["application/json"];
            // A file is its own example.
            if content.is_null() {
                continue;
            }
            for (name, example) in content["examples"].as_object().expect("an example to start from") {
                let what = format!("{method} {path}: {name}");
                schema::check(&document, &content["schema"], &example["value"], &what);
                let host = server.room().await;
                let path = path.replace("{code}", &host.code).replace("{game}", "backgammon");
                let mut ask = Ask::post(&path, example["value"].clone());
                if path.ends_with("/commands") || path.ends_with("/annotations") {
                    ask = ask.token(&host.token);
                }
                let answer = server.send(ask).await;
                assert!(![400, 401, 404, 415].contains(&answer.status), "{what}: {} {}", answer.status, answer.body);
            }
        }
    }
}

#[tokio::test]
async fn the_page_has_nothing_inline_and_loads_what_is_there() {
    let server = Server::new().await;
    let page = server.get("/api/docs").await;
    assert!(page.status == 200 && page.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(page.headers["content-security-policy"].to_str().unwrap().contains("default-src 'self'"));
    let html = std::str::from_utf8(&page.bytes).unwrap();
    for wanted in ["/static/api-docs.js", "/static/api-docs.css", "/api/openapi.json"] {
        assert!(html.contains(wanted), "{wanted}");
    }
    assert!(!html.contains("<script>") && !html.contains("<style") && !html.contains(" style=") && !html.contains(" onclick="));
    for file in ["api-docs.js", "api-docs.css"] {
        assert!(parlor::web::assets::link(file).contains("?v="), "{file} is there");
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}
