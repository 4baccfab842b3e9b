//! Who visits: the player of the session cookie, or a new guest who gets one with the page.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};

use crate::account::desk::Granted;
use crate::account::{Identity, nickname};
use crate::app::App;
use crate::id::{PlayerId, RoomCode};
use crate::refusal::Refusal;
use crate::room::fact::Player;
use crate::web::client_ip::{client_ip, is_https};
use crate::web::cookie;
use crate::web::view::Shell;

/// A request for a page, and who sent it.
pub struct Visit {
    pub app: Arc<App>,
    pub identity: Identity,
    pub headers: HeaderMap,
    /// Whom limits count.
    pub ip: IpAddr,
    /// Whether the cookie was there: a new guest has not heard of their name yet.
    known: bool,
    https: bool,
    /// Goes with the answer.
    pub(super) cookie: Option<HeaderValue>,
}

impl FromRequestParts<Arc<App>> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let peer = ConnectInfo::<SocketAddr>::from_request_parts(parts, app).await;
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip());
        let (headers, proxies, now) = (parts.headers.clone(), &app.config.trusted_proxies, app.clock.now());
        let known = cookie::session(&headers).and_then(|token| app.tokens.verify(token, now).ok());
        let mut visit = Visit {
            ip: client_ip(peer, &headers, proxies),
            https: is_https(peer, &headers, proxies),
            known: known.is_some(),
            identity: known.unwrap_or_else(|| new_guest(app)),
            headers,
            cookie: None,
            app: Arc::clone(app),
        };
        // Who keeps coming is kept: the cookie is renewed when half of its time is over.
        if !visit.known || visit.identity.expires_at <= now + app.config.token_lifetime / 2 {
            visit.keep();
        }
        Ok(visit)
    }
}

fn new_guest(app: &App) -> Identity {
    let now = app.clock.now();
    let (player_id, nickname) = (PlayerId::random(), nickname::friendly());
    Identity { player_id, nickname, guest: true, session: None, issued_at: now, expires_at: now }
}

impl Visit {
    pub fn me(&self) -> PlayerId {
        self.identity.player_id
    }

    /// The visitor as rooms know them.
    pub fn player(&self) -> Player {
        let Identity { player_id, nickname, guest, .. } = &self.identity;
        Player { id: *player_id, nickname: nickname.clone(), guest: *guest, bot: None }
    }

    /// What every page needs.
    pub fn shell(&self) -> Shell {
        let nickname = self.known.then(|| self.identity.nickname.clone());
        Shell { csrf: self.app.csrf.token(self.me()), nickname, signed_in: !self.identity.guest }
    }

    /// The name that the visitor chose in a form; the same player has it from now on.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` when it is no name; for accounts, that the store cannot be reached.
    pub async fn rename(&mut self, chosen: &str) -> Result<(), Refusal> {
        let name = nickname::clean(chosen)?;
        if name != self.identity.nickname {
            if !self.identity.guest {
                self.app.desk.rename(&self.identity, &name).await?;
            }
            self.identity.nickname = name;
            self.keep();
        }
        self.known = true;
        Ok(())
    }

    /// From now on the visitor is who signed in.
    pub fn becomes(&mut self, granted: Granted) {
        let app = &self.app;
        self.cookie = Some(cookie::keep(&granted.token, app.config.token_lifetime, app.config.is_secure()));
        self.identity = granted.identity;
        self.known = true;
    }

    /// The browser forgets who the visitor was.
    pub fn forget(&mut self) {
        self.cookie = Some(cookie::forget(self.app.config.is_secure()));
    }

    /// The link that joins a room, as this visitor reaches us.
    pub fn join_url(&self, code: RoomCode) -> String {
        let host = self.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        self.app.links.join(code, host, self.https)
    }

    fn keep(&mut self) {
        let app = &self.app;
        let (token, _) = app.tokens.issue(&self.identity, app.clock.now());
        self.cookie = Some(cookie::keep(&token, app.config.token_lifetime, app.config.is_secure()));
    }
}
