//! What arrives at the node of a session when another passes a request on.

use std::collections::HashSet;
use std::convert::Infallible;

use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use http::HeaderMap;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::service_fn;
use tower::util::BoxCloneSyncService;

use super::*;
use crate::id::{PlayerId, RoomCode, RoomKey};
use crate::log::LogError;
use crate::log::nodes::{Beat, Nodes};

const SID: &str = "AAAAbbbb-_00zz11";
const SECRET: &str = "a secret of both nodes";

/// A store that knows where every node is: here.
struct At(Option<String>);

#[async_trait]
impl Nodes for At {
    async fn beat(&self, _: NodeId, _: Option<&str>) -> Result<Beat, LogError> {
        Ok(Beat { entered: true, alive: HashSet::new() })
    }
    async fn address(&self, _: NodeId) -> Result<Option<String>, LogError> {
        Ok(self.0.clone())
    }
    async fn give_up(&self, _: Duration) -> Result<Vec<RoomCode>, LogError> {
        Ok(vec![])
    }
    async fn attend(&self, _: NodeId, _: RoomKey, _: &[PlayerId], _: &[PlayerId]) -> Result<HashSet<PlayerId>, LogError> {
        Ok(HashSet::new())
    }
}

type Inner = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

/// A node whose Socket.IO says what it was asked.
fn node(others_at: Option<String>, secret: &str) -> (Arc<Relay>, Relayed<Inner>) {
    // Nobody listens there: the store is asked.
    let redis = Arc::new(crate::cluster::url::Addresses::new("redis://127.0.0.1:1".parse().unwrap()));
    let id = NodeId::random();
    let registry = Arc::new(Registry::new(id, None, redis, Arc::new(At(others_at))));
    let relay = Arc::new(Relay::new(id, &[secret], Duration::from_secs(30), registry));
    let inner = service_fn(|request: Request<Body>| async move {
        let (parts, body) = request.into_parts();
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer);
        let mut headers: Vec<_> = parts.headers.keys().map(ToString::to_string).collect();
        headers.sort();
        let body = String::from_utf8(to_bytes(body, 1_000_000).await.unwrap().to_vec()).unwrap();
        let said = format!("{} {} from {peer:?} with {headers:?}: {}", parts.method, parts.uri, body.len());
        Ok::<_, Infallible>(Response::new(Body::from(said)))
    });
    let relayed = Relayed::new(Inner::new(inner), Arc::clone(&relay));
    (relay, relayed)
}

/// Serves it on a free port.
async fn serve(node: Relayed<Inner>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let node = node.clone();
            let service = service_fn(move |request: Request<hyper::body::Incoming>| node.clone().oneshot(request.map(Body::new)));
            let service = TowerToHyperService::new(service);
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

async fn ask(node: &Relayed<Inner>, path: &str, headers: HeaderMap, body: &str) -> (StatusCode, String) {
    let mut request = Request::new(Body::from(body.to_owned()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = path.parse().unwrap();
    *request.headers_mut() = headers;
    request.extensions_mut().insert(ConnectInfo::<SocketAddr>("203.0.113.7:4711".parse().unwrap()));
    let response = node.clone().oneshot(request).await.unwrap();
    let status = response.status();
    (status, String::from_utf8(to_bytes(response.into_body(), 1_000_000).await.unwrap().to_vec()).unwrap())
}

fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
    lines.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
}

#[tokio::test]
async fn a_request_arrives_at_the_node_of_its_session_as_the_client_sent_it() {
    let (owner, owning) = node(None, SECRET);
    let (_, passing) = node(Some(serve(owning).await), SECRET);
    let ticket = owner.tickets.issue(SID).unwrap();
    let lines = [
        ("host", "play.example"),
        ("x-forwarded-for", "198.51.100.1"),
        ("connection", "x-hop"),
        ("x-hop", "1"),
        ("te", "trailers"),
    ];
    let path = format!("/socket.io/?EIO=4&sid={ticket}&t=1");
    let (status, said) = ask(&passing, &path, headers(&lines), &"x".repeat(100_000)).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    assert_eq!(
        said,
        format!(
            "POST /socket.io/?EIO=4&sid={SID}&t=1 from Some(203.0.113.7:4711) \
             with [\"content-length\", \"host\", \"x-forwarded-for\"]: 100000"
        )
    );
}

#[tokio::test]
async fn nothing_is_passed_on_twice_or_to_nobody_or_for_strangers() {
    let (owner, owning) = node(None, SECRET);
    let there = serve(owning.clone()).await;
    // The session is of a third node, but everybody is said to be at the owner's: it does not pass it on again.
    let (third, _) = node(None, SECRET);
    let (_, passing) = node(Some(there.clone()), SECRET);
    let astray = format!("/socket.io/?EIO=4&sid={}", third.tickets.issue(SID).unwrap());
    let unknown = r#"{"code":1,"message":"Session ID unknown"}"#;
    assert_eq!(ask(&passing, &astray, HeaderMap::new(), "").await, (StatusCode::BAD_REQUEST, unknown.into()));
    // Nobody knows where that is, or nobody is there any more.
    for others_at in [None, Some("127.0.0.1:1".to_owned()), Some("not an address".to_owned())] {
        let (_, alone) = node(others_at, SECRET);
        assert_eq!(ask(&alone, &astray, HeaderMap::new(), "").await, (StatusCode::BAD_REQUEST, unknown.into()));
    }
    // A node with another secret, which no client of ours has an id of.
    let (stranger, strange) = node(Some(there), "another secret");
    let ours = format!("/socket.io/?EIO=4&sid={}", owner.tickets.issue(SID).unwrap());
    let theirs = format!("/socket.io/?EIO=4&sid={}", stranger.tickets.issue(SID).unwrap());
    for (node, path) in [(&strange, &ours), (&passing, &theirs), (&owning, &theirs)] {
        assert_eq!(ask(node, path, HeaderMap::new(), "").await, (StatusCode::BAD_REQUEST, unknown.into()));
    }
    let forged = headers(&[("parlor-relay", "198.51.100.1:1 00")]);
    assert_eq!(ask(&owning, &ours, forged, "").await.0, StatusCode::FORBIDDEN);
}

#[test]
fn the_first_session_id_of_a_query_counts() {
    for (query, first, replaced) in [
        ("EIO=4&transport=polling&sid=a&t=1", Some("a"), "EIO=4&transport=polling&sid=NEW&t=1"),
        ("sid=a&sid=b", Some("a"), "sid=NEW&sid=b"),
        ("xsid=a", None, "xsid=a"),
        ("sid=", Some(""), "sid=NEW"),
    ] {
        let uri: Uri = format!("/socket.io/?{query}").parse().unwrap();
        assert_eq!(field(&uri, "sid="), first, "{query}");
        assert_eq!(with_sid(&uri, "NEW").unwrap().query(), Some(replaced));
    }
}
