//! What somebody can do with their account. Pages and API come here; nothing here knows HTTP.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::password::{self, Passwords};
use super::throttle::Throttle;
use super::token::{Refresh, Tokens};
use super::{Identity, nickname, revocation, username, whole_seconds};
use crate::config::Config;
use crate::id::{PlayerId, SessionId};
use crate::log::accounts::{Account, AccountError, Accounts, NewAccount, NewSession, Revoked, Rotated, StoredPlayer, Subject};
use crate::log::{LogError, StoredRoom};
use crate::refusal::{Code, Refusal};
use crate::time::{Clock, Timestamp};
use crate::web::limit::AddressLimit;

/// Chains of refresh tokens that one player may have: more devices than anybody has. The oldest ends when another begins.
const SESSIONS_MAX: u32 = 50;
/// What somebody is called who deleted themselves.
pub const NOBODY: &str = "Somebody";
/// Guests forgotten in one go.
const FORGOTTEN_AT_ONCE: u32 = 500;

/// Changes (signing out, renaming, deleting) that one address may ask for at once, and after what time one more: a classroom that goes home.
const CHANGES_AT_ONCE: u32 = 60;
const CHANGE_EVERY: Duration = Duration::from_secs(1);

/// The desk, with everything it needs.
pub struct Desk {
    pub store: Arc<dyn Accounts>,
    tokens: Arc<Tokens>,
    clock: Clock,
    passwords: Passwords,
    throttle: Throttle,
    registrations: AddressLimit,
    changes: AddressLimit,
    access_lifetime: Duration,
    refresh_lifetime: Duration,
    guests_kept: Duration,
    guest_games: u32,
    /// Tells the other nodes of a revocation.
    herald: OnceLock<Herald>,
}

/// Passes on what was revoked here.
pub type Herald = Box<dyn Fn(Revoked) + Send + Sync>;

/// What somebody chooses who makes an account.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<'a> {
    pub username: &'a str,
    pub password: &'a str,
    /// What others see; without it a guest keeps theirs, and a newcomer has the username.
    pub nickname: Option<&'a str>,
}

/// Who somebody is now, and what proves it.
#[derive(Clone, Debug)]
pub struct Granted {
    pub identity: Identity,
    pub token: String,
    pub refresh: Option<(String, Timestamp)>,
}

impl Desk {
    /// A desk over `store`, which knows what was revoked before this start.
    ///
    /// # Errors
    /// When the store does not answer, or passwords cannot be hashed as the settings say.
    pub async fn open(store: Arc<dyn Accounts>, tokens: Arc<Tokens>, clock: Clock, config: &Config) -> anyhow::Result<Self> {
        for revoked in store.revocations(clock.now() - revocation::KEPT).await? {
            tokens.revocations().learn(revoked);
        }
        Ok(Self {
            store,
            tokens,
            clock,
            passwords: Passwords::new(config.password_memory_kib.get(), config.passwords_at_once.get() as usize)?,
            throttle: Throttle::new(config.rate_limits),
            registrations: AddressLimit::new(config.register_rate_burst, config.register_rate_every, config.rate_limits),
            changes: AddressLimit::new(
                NonZeroU32::new(CHANGES_AT_ONCE).unwrap_or(NonZeroU32::MIN),
                CHANGE_EVERY,
                config.rate_limits,
            ),
            access_lifetime: config.access_lifetime,
            refresh_lifetime: config.refresh_lifetime,
            guests_kept: config.guests_kept,
            guest_games: config.guest_games,
            herald: OnceLock::new(),
        })
    }

    /// Makes an account: for the guest who asks, who stays the same player, or for somebody new.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` with the `field` that is wrong (`taken` when another has the name), `FORBIDDEN` for who has an account,
    /// `RATE_LIMITED`, `BUSY`, `UNAVAILABLE`.
    pub async fn register(&self, chosen: Chosen<'_>, guest: Option<&Identity>, address: IpAddr) -> Result<Account, Refusal> {
        let username = username::check(chosen.username).map_err(|refusal| field(refusal, "username"))?;
        password::check(chosen.password, username).map_err(|refusal| field(refusal, "password"))?;
        let nickname = match (chosen.nickname, guest) {
            (Some(name), _) => nickname::clean(name).map_err(|refusal| field(refusal, "nickname"))?,
            (None, Some(guest)) => guest.nickname.clone(),
            (None, None) => username.to_owned(),
        };
        if guest.is_some_and(|guest| !guest.guest) {
            return Err(has_account());
        }
        self.registrations.check(address)?;
        let now = self.clock.now();
        let player_id = guest.map_or_else(PlayerId::random, |guest| guest.player_id);
        let password = self.passwords.hash(chosen.password).await?;
        let new =
            NewAccount { player_id, nickname: nickname.clone(), username: username.to_owned(), password: password.clone(), now };
        match self.store.create_account(new).await {
            Ok(()) => {
                metrics::counter!("parlor_accounts_made_total", "guest" => guest.is_some().to_string()).increment(1);
                Ok(Account { player_id, nickname, username: username.to_owned(), password, created_at: now })
            }
            Err(AccountError::NameTaken) => {
                let refusal = Refusal::invalid("username is taken; choose another");
                Err(refusal.with(serde_json::json!({ "field": "username", "taken": true })))
            }
            Err(AccountError::HasAccount) => Err(has_account()),
            Err(AccountError::Store(error)) => Err(unavailable(&error)),
        }
    }

    /// The account with this name and password.
    ///
    /// # Errors
    /// `AUTH_REQUIRED`, the same and after the same time whether the name or the password is wrong; `RATE_LIMITED`, `BUSY`, `UNAVAILABLE`.
    pub async fn log_in(&self, username: &str, password: &str, address: IpAddr) -> Result<Account, Refusal> {
        let a_try = self.throttle.ask(username, address, self.clock.now())?;
        let checked = async {
            let account = self.store.account_named(username.trim()).await.map_err(|error| unavailable(&error))?;
            let right = self.passwords.verify(password, account.as_ref().map(|account| account.password.as_str())).await?;
            Ok(account.filter(|_| right))
        };
        let account = match checked.await {
            Ok(account) => account,
            Err(refusal) => {
                self.throttle.right(a_try, self.clock.now(), false);
                return Err(refusal);
            }
        };
        let outcome = if account.is_some() { "right" } else { "wrong" };
        metrics::counter!("parlor_logins_total", "result" => outcome).increment(1);
        let account = account.ok_or_else(wrong_password)?;
        self.throttle.right(a_try, self.clock.now(), true);
        if self.passwords.is_outdated(&account.password)
            && let Ok(anew) = self.passwords.hash(password).await
            && let Err(error) = self.store.set_password(account.player_id, &anew).await
        {
            tracing::warn!(%error, "a password's hash could not be renewed; the old one stays");
        }
        Ok(account)
    }

    /// A session for a program: a short token, and a refresh token for the next one.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn grant(&self, account: &Account) -> Result<Granted, Refusal> {
        let now = self.now_for(account.player_id);
        let expires_at = whole_seconds(now + self.refresh_lifetime);
        let new = NewSession { id: SessionId::random(), player_id: account.player_id, now, expires_at };
        self.store.open_session(new, SESSIONS_MAX).await.map_err(|error| unavailable(&error))?;
        Ok(self.granted(account, Refresh { player_id: account.player_id, session: new.id, generation: 1, expires_at }, now))
    }

    /// A session for a browser: the token for its cookie, which the pages renew.
    pub fn cookie(&self, account: &Account) -> Granted {
        let now = self.now_for(account.player_id);
        let (identity, token) = self.signed(account, SessionId::random(), now, self.tokens.lifetime());
        Granted { identity, token, refresh: None }
    }

    /// The next tokens, for a refresh token that was not used before. One that was ends its whole session, for everybody who has a copy.
    ///
    /// # Errors
    /// `AUTH_REQUIRED`, `UNAVAILABLE`.
    pub async fn refresh(&self, token: &str) -> Result<Granted, Refusal> {
        let asked = self.tokens.read_refresh(token, self.clock.now())?;
        // Before the store is asked: what is revoked meanwhile covers what comes of this.
        let now = self.now_for(asked.player_id);
        let expires_at = whole_seconds(now + self.refresh_lifetime);
        let rotated = self.store.rotate(asked.session, asked.generation, now, expires_at).await;
        match rotated.map_err(|error| unavailable(&error))? {
            Rotated::Next { account, generation } => {
                let refresh = Refresh { generation, expires_at, ..asked };
                Ok(self.granted(&account, refresh, now))
            }
            Rotated::Reused => {
                self.announce(Revoked { subject: Subject::Session(asked.session), at: now });
                metrics::counter!("parlor_refresh_reused_total").increment(1);
                tracing::warn!(player = %asked.player_id, "a refresh token was used twice; its session has ended");
                Err(Refusal::new(Code::AuthRequired, "this refresh token was used before; its session has ended, sign in again"))
            }
            Rotated::Gone => Err(Refusal::new(Code::AuthRequired, "this session has ended; sign in again")),
        }
    }

    /// A guest's next token: theirs is all there is of them, so it is what the next one is given for.
    ///
    /// # Errors
    /// `AUTH_REQUIRED` for accounts, which have refresh tokens; `UNAVAILABLE`.
    pub async fn renew_guest(&self, identity: &Identity) -> Result<Granted, Refusal> {
        if !identity.guest {
            return Err(Refusal::new(Code::AuthRequired, "an account's token is renewed with its refresh token"));
        }
        self.account(identity).await?;
        let now = self.now_for(identity.player_id);
        let (token, expires_at) = self.tokens.issue(identity, now);
        Ok(Granted { identity: Identity { issued_at: now, expires_at, ..identity.clone() }, token, refresh: None })
    }

    /// The account of who asks; `None` for guests.
    ///
    /// # Errors
    /// `AUTH_REQUIRED` when a guest's token is shown for a player who has an account by now; `UNAVAILABLE`.
    pub async fn account(&self, identity: &Identity) -> Result<Option<Account>, Refusal> {
        let account = self.store.account_of(identity.player_id).await.map_err(|error| unavailable(&error))?;
        match (&account, identity.guest) {
            (Some(_), true) => Err(Refusal::new(Code::AuthRequired, "this guest has an account now; sign in to it")),
            (None, false) => Err(Refusal::new(Code::AuthRequired, "this account does not exist any more")),
            _ => Ok(account),
        }
    }

    /// Counts a change that an address asks for: what guests can make the store write has a bound.
    ///
    /// # Errors
    /// `RATE_LIMITED`.
    pub fn may_change(&self, address: IpAddr) -> Result<(), Refusal> {
        self.changes.check(address)
    }

    /// What is kept of a player who has taken a seat or made an account.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn player(&self, player: PlayerId) -> Result<Option<StoredPlayer>, Refusal> {
        self.store.player(player).await.map_err(|error| unavailable(&error))
    }

    /// The rooms that are still there in which a player has had a seat, the latest first.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn rooms_of(&self, player: PlayerId, limit: u32) -> Result<Vec<StoredRoom>, Refusal> {
        self.store.rooms_of(player, limit).await.map_err(|error| unavailable(&error))
    }

    /// Ends the session of who asks, or all that a guest is known by; and the one that a refresh token belongs to.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn log_out(&self, identity: Option<&Identity>, refresh_token: Option<&str>) -> Result<(), Refusal> {
        let now = self.clock.now();
        if let Some(identity) = identity {
            let subject = identity.session.map_or(Subject::Player(identity.player_id), Subject::Session);
            // An account's token that was signed elsewhere names no session: nothing but everything could be ended.
            if identity.session.is_some() || identity.guest {
                self.revoke(Revoked { subject, at: now }).await?;
            }
        }
        // One that has expired is as good as signed out.
        if let Some(Ok(refresh)) = refresh_token.map(|token| self.tokens.read_refresh(token, now)) {
            self.revoke(Revoked { subject: Subject::Session(refresh.session), at: now }).await?;
        }
        Ok(())
    }

    /// Ends every session of a player, on every device.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn log_out_everywhere(&self, player: PlayerId) -> Result<(), Refusal> {
        self.revoke(Revoked { subject: Subject::Player(player), at: self.clock.now() }).await
    }

    /// Changes what others see of who asks. Their next token says so.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, `AUTH_REQUIRED`, `UNAVAILABLE`.
    pub async fn rename(&self, identity: &Identity, name: &str) -> Result<Identity, Refusal> {
        let nickname = nickname::clean(name).map_err(|refusal| field(refusal, "nickname"))?;
        self.account(identity).await?;
        self.store.set_nickname(identity.player_id, &nickname).await.map_err(|error| unavailable(&error))?;
        Ok(Identity { nickname, ..identity.clone() })
    }

    /// Changes the password. Every session ends, also that of who asks; the account is returned for a new one.
    ///
    /// # Errors
    /// `FORBIDDEN` when the current password is wrong or there is none to change, `VALIDATION_ERROR`, `RATE_LIMITED`, `BUSY`, `UNAVAILABLE`.
    pub async fn change_password(&self, who: &Identity, current: &str, new: &str, address: IpAddr) -> Result<Account, Refusal> {
        let account = self.account(who).await?.ok_or_else(|| Refusal::new(Code::Forbidden, "a guest has no password"))?;
        password::check(new, &account.username).map_err(|refusal| field(refusal, "new_password"))?;
        self.prove(&account, current, address).await?;
        let password = self.passwords.hash(new).await?;
        self.store.set_password(account.player_id, &password).await.map_err(|error| unavailable(&error))?;
        self.log_out_everywhere(account.player_id).await?;
        Ok(Account { password, ..account })
    }

    /// Deletes who asks, for good; an account needs its password. Their seats stay, under another name. Returns the rooms that had the
    /// old one: those that are awake still do.
    ///
    /// # Errors
    /// As [`change_password`](Desk::change_password).
    pub async fn delete(&self, who: &Identity, password: Option<&str>, address: IpAddr) -> Result<Vec<StoredRoom>, Refusal> {
        if let Some(account) = self.account(who).await? {
            let password =
                password.ok_or_else(|| field(Refusal::invalid("password is needed to delete an account"), "password"))?;
            self.prove(&account, password, address).await?;
        }
        let now = self.clock.now();
        let rooms = self.store.delete_player(who.player_id, now, NOBODY).await.map_err(|error| unavailable(&error))?;
        self.announce(Revoked { subject: Subject::Player(who.player_id), at: now });
        Ok(rooms)
    }

    /// Writes a revocation down, and makes it count.
    ///
    /// # Errors
    /// `UNAVAILABLE`; it does not count then.
    pub async fn revoke(&self, revoked: Revoked) -> Result<(), Refusal> {
        self.store.revoke(revoked).await.map_err(|error| unavailable(&error))?;
        self.announce(revoked);
        Ok(())
    }

    /// Makes what is written down count from now on, for requests and for open sockets: the one way out for every revocation of this
    /// process. Where there are other nodes they are told here, and [`learn`](super::revocation::Revocations::learn) it there.
    fn announce(&self, revoked: Revoked) {
        self.tokens.revocations().learn(revoked);
        if let Some(herald) = self.herald.get() {
            herald(revoked);
        }
    }

    /// From now on other nodes are told what is revoked here. Said once, before anybody is served.
    pub fn tell_others(&self, herald: Herald) {
        // A second one would be a mistake in the wiring; the first stays.
        let _ = self.herald.set(herald);
    }

    /// Forgets guests who have not been here for long and never played much, sessions that ran out, and revocations that have nothing
    /// left to refuse; how many guests.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn cleanup(&self) -> Result<u32, LogError> {
        let now = self.clock.now();
        self.tokens.revocations().sweep(now);
        self.store.forget_sessions(now, now - revocation::KEPT).await?;
        let mut forgotten = 0;
        loop {
            let some = self.store.forget_guests(now - self.guests_kept, self.guest_games, FORGOTTEN_AT_ONCE).await?;
            forgotten += some;
            if some < FORGOTTEN_AT_ONCE {
                return Ok(forgotten);
            }
        }
    }

    /// Whether the password is that of the one who is signed in already. Wrong ones count as at the door.
    async fn prove(&self, account: &Account, password: &str, address: IpAddr) -> Result<(), Refusal> {
        let a_try = self.throttle.ask(&account.username, address, self.clock.now())?;
        match self.passwords.verify(password, Some(&account.password)).await {
            Ok(false) => Err(field(Refusal::new(Code::Forbidden, "the password is wrong"), "password")),
            proven => {
                self.throttle.right(a_try, self.clock.now(), proven.is_ok());
                proven.map(drop)
            }
        }
    }

    /// Later than whatever was revoked of this player: what is issued in the very millisecond of a revocation would not count.
    fn now_for(&self, player: PlayerId) -> Timestamp {
        self.tokens.revocations().after(Subject::Player(player), self.clock.now())
    }

    fn granted(&self, account: &Account, refresh: Refresh, now: Timestamp) -> Granted {
        let (identity, token) = self.signed(account, refresh.session, now, self.access_lifetime);
        Granted { identity, token, refresh: Some((self.tokens.refresh_token(&refresh, now), refresh.expires_at)) }
    }

    fn signed(&self, account: &Account, session: SessionId, now: Timestamp, lifetime: Duration) -> (Identity, String) {
        let identity = Identity {
            player_id: account.player_id,
            nickname: account.nickname.clone(),
            guest: false,
            session: Some(session),
            issued_at: now,
            expires_at: now,
        };
        let (token, expires_at) = self.tokens.issue_for(&identity, now, lifetime);
        (Identity { expires_at, ..identity }, token)
    }
}

fn wrong_password() -> Refusal {
    Refusal::new(Code::AuthRequired, "the username or the password is wrong")
}

fn has_account() -> Refusal {
    Refusal::new(Code::Forbidden, "you have an account already")
}

/// Names the field that is to blame.
fn field(refusal: Refusal, name: &str) -> Refusal {
    refusal.with(serde_json::json!({ "field": name }))
}

fn unavailable(error: &LogError) -> Refusal {
    tracing::warn!(%error, "the store does not answer about accounts");
    Refusal::new(Code::Unavailable, "the store cannot be reached; nothing was changed")
}
