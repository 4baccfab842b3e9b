//! Who connects: the handshake of every namespace.
//!
//! Everything is set up before the client is let in, so that its first event finds its lane. Implements socketioxide's handler traits
//! directly: its closures for events are spawned as tasks and overtake each other.

use std::fmt::Display;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::ConnectInfo;
use http::header;
use serde::Serialize;
use socketioxide::adapter::LocalAdapter;
use socketioxide::handler::{ConnectHandler, DisconnectHandler, MessageHandler};
use socketioxide::socket::{DisconnectReason, Socket};
use socketioxide_core::Value;

use crate::account::{Identity, nickname};
use crate::app::App;
use crate::games::AnyGame;
use crate::id::{PlayerId, RoomCode, Seq};
use crate::refusal::{Code, Refusal};
use crate::room::actor::no_such_room;
use crate::socket::answer::Answerer;
use crate::socket::envelope::plain;
use crate::socket::expiry::{Expiries, hang_up_if_revoked};
use crate::socket::lane::{Lane, Parts};
use crate::socket::matchmaking;
use crate::socket::wire::AuthIn;
use crate::time::Timestamp;
use crate::web::client_ip;
use crate::web::cookie;

/// The door of one namespace.
#[derive(Clone)]
pub struct Gate {
    app: Arc<App>,
    expiries: Arc<Expiries>,
    game: Option<Arc<dyn AnyGame>>,
}

/// What a socket carries between being let in and being greeted, which socketioxide does in two calls.
#[derive(Clone)]
struct Admitted {
    lane: Arc<Lane>,
    token: String,
    resume: Option<(Result<RoomCode, Refusal>, Option<Seq>)>,
}

#[derive(Serialize)]
struct SessionOut<'a> {
    player_id: PlayerId,
    nickname: &'a str,
    guest: bool,
    token: &'a str,
    expires_at: Timestamp,
}

/// Marks our implementations of socketioxide's handler traits.
pub struct Ours;

impl Gate {
    pub fn new(app: Arc<App>, expiries: Arc<Expiries>, game: Option<Arc<dyn AnyGame>>) -> Self {
        Self { app, expiries, game }
    }

    fn admit(&self, socket: &Arc<Socket>, auth: Option<&Value>) -> Result<(), Refusal> {
        let parts = socket.req_parts();
        let mut auth: AuthIn = match auth.and_then(Value::as_str) {
            Some(text) => {
                serde_json::from_str(text).map_err(|error| Refusal::new(Code::AuthRequired, format!("auth: {}", plain(&error))))?
            }
            None => AuthIn::default(),
        };
        // What was said to the namespace goes before what was said to the connection, as in Node's server.
        let queries = [auth.query.take(), parts.uri.query().map(str::to_owned)];
        let query = |name: &str| {
            let pairs = queries.iter().flatten().flat_map(|query| form_urlencoded::parse(query.as_bytes()));
            pairs.into_iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.into_owned())
        };
        let now = self.app.clock.now();
        let cookie = || {
            let own_page = self.app.origins.judge(&parts.headers).trusts_cookies();
            cookie::session(&parts.headers).filter(|_| own_page).map(str::to_owned)
        };
        let nickname = match auth.nickname {
            Some(serde_json::Value::String(name)) => Some(nickname::clean(&name)?),
            Some(_) => return Err(Refusal::invalid("auth: nickname should be a string")),
            None => None,
        };
        let token = match auth.token {
            Some(serde_json::Value::String(token)) => Some(token),
            Some(_) => return Err(Refusal::new(Code::AuthRequired, "auth: token should be a string")),
            None => query("token"),
        };
        let (identity, token) = match token {
            Some(token) => (self.app.tokens.verify(&token, now)?, token),
            None => match cookie().and_then(|token| Some((self.app.tokens.verify(&token, now).ok()?, token))) {
                Some(known) => known,
                None => self.app.tokens.guest(nickname.as_deref(), now)?,
            },
        };
        let identity = match nickname {
            Some(nickname) => Identity { nickname, ..identity },
            None => identity,
        };
        let number = |value: serde_json::Value| match value {
            serde_json::Value::Number(n) => n.as_u64().map(|n| Seq(u32::try_from(n).unwrap_or(u32::MAX))),
            serde_json::Value::String(text) => text.parse().ok().map(Seq),
            _ => None,
        };
        let last_seq = auth.last_seq.or_else(|| query("last_seq").map(Into::into)).and_then(number);
        let resume = auth.room_code.or_else(|| query("room_code").map(Into::into)).filter(|_| self.game.is_some());
        let resume = resume.map(|code| {
            let code = code.as_str().ok_or_else(no_such_room).and_then(|code| code.parse().map_err(|_| no_such_room()));
            (code, last_seq)
        });

        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(addr)| addr.ip());
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let trusted = &self.app.config.trusted_proxies;
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let lane = Arc::new(Lane::new(Parts {
            app: Arc::clone(&self.app),
            expiries: Arc::clone(&self.expiries),
            game: self.game.clone(),
            identity,
            base: self.app.links.base(host, client_ip::is_https(peer, &parts.headers, trusted)),
            address: client_ip::client_ip(peer, &parts.headers, trusted),
        }));
        socket.on_fallback(Ears(Arc::clone(&lane)));
        socket.on_disconnect(Farewell(Arc::clone(&lane), Arc::clone(&self.app)));
        if let Some((Ok(_), _)) = &resume {
            // Before the client hears that it is in: its first event may be here sooner than its greeting leaves.
            lane.hold();
        }
        socket.extensions.insert(Admitted { lane, token, resume });
        Ok(())
    }

    fn greet(&self, socket: &Arc<Socket>) {
        let Some(Admitted { lane, token, resume }) = socket.extensions.remove::<Admitted>() else { return };
        let identity = lane.identity();
        let session = SessionOut {
            player_id: identity.player_id,
            nickname: &identity.nickname,
            guest: identity.guest,
            token: &token,
            expires_at: identity.expires_at,
        };
        lane.voice.open(socket, "session", &session);
        self.expiries.watch(identity.expires_at, &lane, socket);
        // Revoked between the handshake and here: nobody was watching then.
        hang_up_if_revoked(&lane, socket, self.app.tokens.revocations());
        matchmaking::listen(&self.app, &lane, socket);
        metrics::counter!("parlor_connects_total", "namespace" => socket.ns().to_owned()).increment(1);
        match resume {
            None => {}
            Some((Ok(code), last_seq)) => {
                let socket = Arc::clone(socket);
                tokio::spawn(async move { lane.resume(&socket, code, last_seq).await });
            }
            Some((Err(refusal), _)) => {
                Answerer::new(&lane.voice, socket, "resume", None).refuse(&refusal);
            }
        }
    }
}

impl ConnectHandler<LocalAdapter, Ours> for Gate {
    fn call(&self, socket: Arc<Socket>, _auth: Option<Value>) {
        self.greet(&socket);
    }

    fn call_middleware<'a>(
        &'a self,
        socket: Arc<Socket>,
        auth: &'a Option<Value>,
    ) -> Pin<Box<dyn Future<Output = Result<(), Box<dyn Display + Send>>> + Send + 'a>> {
        let admitted = self.admit(&socket, auth.as_ref()).map_err(|refusal| Box::new(refusal) as Box<dyn Display + Send>);
        Box::pin(std::future::ready(admitted))
    }
}

/// Hears all events of a socket, in order.
#[derive(Clone)]
struct Ears(Arc<Lane>);

impl MessageHandler<LocalAdapter, Ours> for Ears {
    fn call(&self, socket: Arc<Socket>, value: Value, ack: Option<i64>) {
        self.0.hear(&socket, &value, ack);
    }
}

/// Lets the lane go when its socket does.
struct Farewell(Arc<Lane>, Arc<App>);

impl DisconnectHandler<LocalAdapter, Ours> for Farewell {
    fn call_with_defer(&self, socket: Arc<Socket>, reason: DisconnectReason, defer: fn(Arc<Socket>)) {
        self.0.close();
        self.1.queue.goodbye(self.0.identity().player_id, self.0.id);
        tracing::debug!(%reason, ns = socket.ns(), "socket closed");
        // The handler holds the lane, and the socket its handlers: nothing else would let go of them.
        socket.on_fallback(async || {});
        defer(socket);
    }
}
