//! A proxy that gives each request to the next node, whoever it is from: what a user would put in front without a thought of sessions.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, Bytes, to_bytes};
use http::{HeaderMap, Request, Response, StatusCode, Uri, header};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use parking_lot::Mutex;
use tokio::io::copy_bidirectional;
use tokio::net::TcpListener;

/// Where it listens, and what it has seen.
pub struct Balancer {
    pub port: u16,
    inside: Arc<Inside>,
}

struct Inside {
    nodes: Mutex<Vec<u16>>,
    next: AtomicUsize,
    requests: AtomicUsize,
    client: Client<HttpConnector, Body>,
}

impl Balancer {
    pub async fn start(nodes: Vec<u16>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(HttpConnector::new());
        let inside =
            Arc::new(Inside { nodes: Mutex::new(nodes), next: AtomicUsize::new(0), requests: AtomicUsize::new(0), client });
        let accepting = Arc::clone(&inside);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let inside = Arc::clone(&accepting);
                stream.set_nodelay(true).unwrap();
                let service = service_fn(move |request| {
                    let inside = Arc::clone(&inside);
                    async move { Ok::<_, Infallible>(inside.pass(request).await) }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades());
            }
        });
        Self { port, inside }
    }

    pub fn requests(&self) -> usize {
        self.inside.requests.load(Ordering::SeqCst)
    }

    /// Which nodes there are, as service discovery would say.
    pub fn set(&self, nodes: Vec<u16>) {
        *self.inside.nodes.lock() = nodes;
    }
}

impl Inside {
    /// A node that accepts no connections is passed over, as proxies do.
    async fn pass(&self, mut request: Request<hyper::body::Incoming>) -> Response<Body> {
        self.requests.fetch_add(1, Ordering::SeqCst);
        let upgrade = request.headers().contains_key(header::UPGRADE).then(|| hyper::upgrade::on(&mut request));
        let (parts, body) = request.into_parts();
        let body = to_bytes(Body::new(body), usize::MAX).await.unwrap_or_default();
        let nodes = self.nodes.lock().clone();
        for _ in 0..nodes.len() {
            let node = nodes[self.next.fetch_add(1, Ordering::SeqCst) % nodes.len()];
            let mut response = match self.client.request(towards(node, &parts, &body)).await {
                Ok(response) => response,
                Err(error) if error.is_connect() => continue,
                Err(_) => break,
            };
            if let (StatusCode::SWITCHING_PROTOCOLS, Some(upgrade)) = (response.status(), upgrade) {
                let there = hyper::upgrade::on(&mut response);
                tokio::spawn(async move {
                    let (Ok(here), Ok(there)) = tokio::join!(upgrade, there) else { return };
                    let _ = copy_bidirectional(&mut TokioIo::new(here), &mut TokioIo::new(there)).await;
                });
                return response.map(|_| Body::empty());
            }
            return response.map(Body::new);
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::BAD_GATEWAY;
        response
    }
}

fn towards(node: u16, parts: &http::request::Parts, body: &Bytes) -> Request<Body> {
    let mut request = Request::new(Body::from(body.clone()));
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = Uri::try_from(format!("http://127.0.0.1:{node}{}", parts.uri)).unwrap();
    let mut headers: HeaderMap = parts.headers.clone();
    if !headers.contains_key(header::UPGRADE) {
        headers.remove(header::CONNECTION);
    }
    *request.headers_mut() = headers;
    request
}
