//! Who asks, and how they reach us.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;
use http::{HeaderMap, Uri, header};
use tokio::sync::oneshot;

use crate::account::{Identity, nickname};
use crate::app::App;
use crate::id::{PlayerId, RoomCode};
use crate::refusal::{Code, Refusal};
use crate::room::actor::{Message, no_such_room};
use crate::room::directory::busy;
use crate::room::fact::Player;
use crate::room::outlet::{Answer, Reply};
use crate::web::client_ip::{client_ip, is_https};
use crate::web::cookie::{self, Source};

/// A request to the API.
pub struct Caller {
    pub app: Arc<App>,
    pub headers: HeaderMap,
    pub uri: Uri,
    peer: IpAddr,
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        Ok(Self {
            app: Arc::clone(app),
            headers: parts.headers.clone(),
            uri: parts.uri.clone(),
            peer: peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        })
    }
}

impl Caller {
    /// Whom limits count.
    pub fn ip(&self) -> IpAddr {
        client_ip(self.peer, &self.headers, &self.app.config.trusted_proxies)
    }

    /// Who asks, if they say so. Pages of foreign origins are known by token only.
    ///
    /// # Errors
    /// `AUTH_REQUIRED` for a token that does not count.
    pub fn known(&self) -> Result<Option<Identity>, Refusal> {
        let who = cookie::who(&self.headers, &self.app.tokens, self.app.clock.now())?;
        let own = || self.app.origins.judge(&self.headers).trusts_cookies();
        Ok(who.filter(|(_, source)| !matches!(source, Source::Cookie) || own()).map(|(identity, _)| identity))
    }

    /// # Errors
    /// `AUTH_REQUIRED` when nobody we know asks.
    pub fn identity(&self) -> Result<Identity, Refusal> {
        self.known()?.ok_or_else(|| Refusal::new(Code::AuthRequired, "send `Authorization: Bearer TOKEN`"))
    }

    /// Who asks, with a token that says so: their own for a while longer, or a new guest's.
    ///
    /// # Errors
    /// `AUTH_REQUIRED` for a token that does not count, `VALIDATION_ERROR` for a name that is none.
    pub fn identity_or_guest(&self, name: Option<&str>) -> Result<(Identity, String), Refusal> {
        let now = self.app.clock.now();
        match self.known()? {
            None => self.app.tokens.guest(name, now),
            Some(identity) => {
                let nickname = name.map(nickname::clean).transpose()?.unwrap_or_else(|| identity.nickname.clone());
                let identity = Identity { nickname, ..identity };
                let (token, expires_at) = self.app.tokens.issue(&identity, now);
                Ok((Identity { expires_at, ..identity }, token))
            }
        }
    }

    pub fn join_url(&self, code: RoomCode) -> String {
        let host = self.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let https = is_https(self.peer, &self.headers, &self.app.config.trusted_proxies);
        self.app.links.join(code, host, https)
    }

    /// Sends to a room and waits for its answer.
    ///
    /// # Errors
    /// What the room says.
    pub async fn ask(&self, code: RoomCode, message: impl FnOnce(Reply) -> Message) -> Result<Answer, Refusal> {
        let (tell, told) = oneshot::channel();
        let reply: Reply = Box::new(move |answer| drop(tell.send(answer)));
        self.app.rooms.send(code, message(reply)).map_err(|_| busy())?;
        told.await.unwrap_or_else(|_| Err(Refusal::new(Code::InternalError, "the room did not answer")))
    }

    /// Whose eyes a read is for.
    ///
    /// # Errors
    /// `AUTH_REQUIRED` for a token that does not count.
    pub fn eyes(&self) -> Result<Option<PlayerId>, Refusal> {
        Ok(self.known()?.map(|identity| identity.player_id))
    }
}

pub fn player(identity: &Identity) -> Player {
    Player { id: identity.player_id, nickname: identity.nickname.clone(), guest: identity.guest, bot: None }
}

/// A code from a path, as people type it.
///
/// # Errors
/// `INVALID_GAME`: what is no code is the code of no room.
pub fn code(text: &str) -> Result<RoomCode, Refusal> {
    text.parse().map_err(|_| no_such_room())
}
