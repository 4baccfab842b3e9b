//! Who asks: their token or cookie, where they are, and how they reach us.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use http::header;
use http::request::Parts;

use crate::account::{Identity, nickname};
use crate::app::App;
use crate::id::PlayerId;
use crate::refusal::{Code, Refusal};
use crate::room::fact::Player;
use crate::web::client_ip;
use crate::web::cookie::{self, Source};
use crate::web::error::ApiError;

/// The one who sent a request.
pub struct Asker {
    /// Nobody we know, without credentials.
    pub identity: Option<Identity>,
    /// Where they are, behind our proxies.
    pub address: IpAddr,
    /// What links begin with for them.
    pub base: String,
}

/// A player and the token that proves it.
pub struct Proven {
    pub identity: Identity,
    pub token: String,
}

impl Asker {
    /// Who asks, if they may be anybody.
    pub fn id(&self) -> Option<PlayerId> {
        self.identity.as_ref().map(|identity| identity.player_id)
    }

    /// Who asks, if they must be somebody.
    ///
    /// # Errors
    /// `AUTH_REQUIRED` without credentials.
    pub fn known(&self) -> Result<&Identity, Refusal> {
        self.identity.as_ref().ok_or_else(|| Refusal::new(Code::AuthRequired, "say who you are: `Authorization: Bearer TOKEN`"))
    }

    /// Who asks, under the name they give; a new guest without credentials. The token is valid no longer than the one they came with.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` when the name is not one.
    pub fn named(self, app: &App, name: Option<&str>) -> Result<Proven, Refusal> {
        let now = app.clock.now();
        let Some(mut identity) = self.identity else {
            let (identity, token) = app.tokens.guest(name, now)?;
            return Ok(Proven { identity, token });
        };
        if let Some(name) = name {
            identity.nickname = nickname::clean(name)?;
        }
        let (token, _) = app.tokens.issue_for(&identity, now, identity.expires_at.since(now));
        Ok(Proven { identity, token })
    }
}

/// A player as rooms know them.
pub fn player(identity: &Identity) -> Player {
    Player { id: identity.player_id, nickname: identity.nickname.clone(), guest: identity.guest, bot: None }
}

/// Where a request comes from, behind our proxies, whatever credentials it carries.
pub struct Address(pub IpAddr);

impl FromRequestParts<Arc<App>> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self(client_ip::client_ip(peer(parts), &parts.headers, &app.config.trusted_proxies)))
    }
}

/// Who opened the connection.
fn peer(parts: &Parts) -> IpAddr {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

impl FromRequestParts<Arc<App>> for Asker {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let headers = &parts.headers;
        let known = cookie::who(headers, &app.tokens, app.clock.now())?;
        // A page of another origin must not act as whoever looks at it.
        let counts = |source: &Source| *source == Source::Bearer || app.origins.judge(headers).trusts_cookies();
        let identity = known.filter(|(_, source)| counts(source)).map(|(identity, _)| identity);
        let peer = peer(parts);
        let trusted = &app.config.trusted_proxies;
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        Ok(Self {
            identity,
            address: client_ip::client_ip(peer, headers, trusted),
            base: app.links.base(host, client_ip::is_https(peer, headers, trusted)),
        })
    }
}
