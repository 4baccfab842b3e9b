//! Tokens: JWTs signed with HS256.
//!
//! A session token says who somebody is: `sub` (the player's id), `name`, `guest`, `sid` (the session, of accounts), `iat`, `exp`, `iss`
//! and `aud` (both `parlor`). A refresh token (`aud` is `parlor refresh`) is good for the next session token only, once. The header's
//! `kid` names the secret without telling it. Whoever shares the secret may sign session tokens too; theirs may leave out `kid`.

use std::fmt;
use std::time::Duration;

use jsonwebtoken::Validation;
use serde::{Deserialize, Serialize};

use super::key::{self, Keys};
use super::revocation::Revocations;
use super::{Identity, nickname, whole_seconds};
use crate::id::{PlayerId, SessionId};
use crate::refusal::{Code, Refusal, Refused};
use crate::time::Timestamp;

/// Longest token that is looked at, in bytes. Ours have about 400.
pub const MAX_BYTES: usize = 4096;
const PARLOR: &str = "parlor";
const REFRESH: &str = "parlor refresh";

/// Why a token does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a token of ours: its form, algorithm, key or claims are wrong.
    #[error("the token is not a valid one")]
    Malformed,
    /// It says it is ours, but its signature does not.
    #[error("the token's signature is wrong")]
    Forged,
    #[error("the token has expired")]
    Expired,
    /// Its player or session was signed out since.
    #[error("the token was revoked")]
    Revoked,
}

impl Refused for TokenError {
    fn code(&self) -> Code {
        Code::AuthRequired
    }
}

/// Signs and reads tokens. Its keys are prepared once; it is shared by reference.
pub struct Tokens {
    lifetime: Duration,
    keys: Keys,
    of_sessions: Validation,
    of_refreshing: Validation,
    revocations: Revocations,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("kid", &self.keys.current()).finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct ClaimsOut<'a> {
    sub: PlayerId,
    name: &'a str,
    guest: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<SessionId>,
    /// Seconds with their fraction, as RFC 7519 allows: revocations are exact to the millisecond.
    iat: f64,
    exp: i64,
    iss: &'a str,
    aud: &'a str,
}

/// `iss` and `aud` are compared by the library.
#[derive(Deserialize)]
struct ClaimsIn {
    sub: PlayerId,
    name: String,
    #[serde(default = "yes")]
    guest: bool,
    sid: Option<SessionId>,
    /// Without it a token counts as issued before every revocation.
    #[serde(default)]
    iat: f64,
    exp: i64,
}

fn yes() -> bool {
    true
}

/// What a refresh token says: the next of which session it gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refresh {
    pub player_id: PlayerId,
    pub session: SessionId,
    /// The token's number in its session; each counts once.
    pub generation: u32,
    pub expires_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct RefreshClaims {
    sub: PlayerId,
    sid: SessionId,
    #[serde(rename = "gen")]
    generation: u32,
    iat: i64,
    exp: i64,
    iss: String,
    aud: String,
}

impl Tokens {
    /// Tokens signed with `secret`, valid for `lifetime`.
    pub fn new(secret: &str, lifetime: Duration) -> Self {
        Self::rotated(secret, [], lifetime)
    }

    /// The same, and those signed with a previous secret are still read.
    pub fn rotated<'a>(secret: &'a str, previous: impl IntoIterator<Item = &'a str>, lifetime: Duration) -> Self {
        Self {
            lifetime,
            keys: Keys::new(secret, previous),
            of_sessions: key::rules(PARLOR, PARLOR),
            of_refreshing: key::rules(PARLOR, REFRESH),
            revocations: Revocations::default(),
        }
    }

    /// What no longer counts, though it was signed.
    pub fn revocations(&self) -> &Revocations {
        &self.revocations
    }

    /// How long a token is valid that is issued without saying how long.
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// A token for `identity`, and when it expires: the usual lifetime from `now`.
    pub fn issue(&self, identity: &Identity, now: Timestamp) -> (String, Timestamp) {
        self.issue_for(identity, now, self.lifetime)
    }

    /// A token for `identity` that is valid for `lifetime`, and when it expires.
    pub fn issue_for(&self, identity: &Identity, now: Timestamp, lifetime: Duration) -> (String, Timestamp) {
        let expires_at = whole_seconds(now + lifetime);
        let claims = ClaimsOut {
            sub: identity.player_id,
            name: &identity.nickname,
            guest: identity.guest,
            sid: identity.session,
            iat: seconds(now),
            exp: expires_at.0 / 1000,
            iss: PARLOR,
            aud: PARLOR,
        };
        (self.keys.sign(&claims), expires_at)
    }

    /// A new guest with their first token.
    ///
    /// # Errors
    /// When the nickname is not one.
    pub fn guest(&self, nickname: Option<&str>, now: Timestamp) -> Result<(Identity, String), Refusal> {
        let mut identity = Identity::new_guest(nickname, now, self.lifetime)?;
        let (token, expires_at) = self.issue(&identity, now);
        identity.expires_at = expires_at;
        Ok((identity, token))
    }

    /// Who a token says it is.
    ///
    /// # Errors
    /// Each of [`TokenError`]; nothing of such a token counts.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Identity, TokenError> {
        let claims: ClaimsIn = self.read(token, &self.of_sessions)?;
        let ClaimsIn { sub, name, guest, sid, iat, exp } = claims;
        let expires_at = Timestamp(exp.saturating_mul(1000));
        if expires_at <= now {
            return Err(TokenError::Expired);
        }
        let nickname = nickname::clean(&name).map_err(|_| TokenError::Malformed)?;
        let identity = Identity { player_id: sub, nickname, guest, session: sid, issued_at: millis(iat), expires_at };
        if self.revocations.covers(&identity) { Err(TokenError::Revoked) } else { Ok(identity) }
    }

    /// The refresh token that says this.
    pub fn refresh_token(&self, refresh: &Refresh, now: Timestamp) -> String {
        self.keys.sign(&RefreshClaims {
            sub: refresh.player_id,
            sid: refresh.session,
            generation: refresh.generation,
            iat: now.0.div_euclid(1000),
            exp: refresh.expires_at.0.div_euclid(1000),
            iss: PARLOR.to_owned(),
            aud: REFRESH.to_owned(),
        })
    }

    /// What a refresh token says. Whether its number still counts is for the store to say.
    ///
    /// # Errors
    /// Each of [`TokenError`] but `Revoked`.
    pub fn read_refresh(&self, token: &str, now: Timestamp) -> Result<Refresh, TokenError> {
        let claims: RefreshClaims = self.read(token, &self.of_refreshing)?;
        let RefreshClaims { sub, sid, generation, exp, .. } = claims;
        let expires_at = Timestamp(exp.saturating_mul(1000));
        if expires_at <= now {
            Err(TokenError::Expired)
        } else {
            Ok(Refresh { player_id: sub, session: sid, generation, expires_at })
        }
    }

    fn read<T: serde::de::DeserializeOwned>(&self, token: &str, rules: &Validation) -> Result<T, TokenError> {
        if token.len() > MAX_BYTES {
            return Err(TokenError::Malformed);
        }
        self.keys.read(token, rules)
    }
}

/// Exact: a double holds every millisecond of the next 285,000 years.
fn seconds(at: Timestamp) -> f64 {
    at.0 as f64 / 1000.0
}

/// What is no time at all counts as the beginning of time.
fn millis(seconds: f64) -> Timestamp {
    Timestamp((seconds * 1000.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{Algorithm, EncodingKey};
    use serde_json::{Value, json};

    use super::*;
    use crate::account::key::key_id;
    use crate::log::accounts::{Revoked, Subject};

    const NOW: Timestamp = Timestamp(1_795_228_800_123);
    const SECRET: &str = "a secret of these tests, long enough";

    fn tokens() -> Tokens {
        Tokens::new(SECRET, Duration::from_secs(3600))
    }

    /// A token with any header and claims, signed with `secret`.
    fn sign(header: &Value, claims: &Value, secret: &str) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let key = EncodingKey::from_secret(secret.as_bytes());
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
        format!("{message}.{signature}")
    }

    fn header() -> Value {
        json!({ "typ": "JWT", "alg": "HS256", "kid": key_id(SECRET) })
    }

    fn claims() -> Value {
        let exp = NOW.0 / 1000 + 60;
        json!({ "sub": PlayerId::random(), "name": "Ada", "guest": true, "iat": 1, "exp": exp, "iss": "parlor", "aud": "parlor" })
    }

    fn with(mut value: Value, key: &str, new: Value) -> Value {
        value[key] = new;
        value
    }

    #[test]
    fn a_token_says_who_it_was_issued_to_until_it_expires() {
        let tokens = tokens();
        let (identity, token) = tokens.guest(Some("Zoë 🦊"), NOW).unwrap();
        assert_eq!(tokens.verify(&token, NOW).as_ref(), Ok(&identity));
        assert_eq!(identity.expires_at, Timestamp(1_795_228_800_000) + Duration::from_secs(3600));
        assert!(tokens.verify(&token, identity.expires_at + Duration::from_millis(0)).is_err());
        assert!(tokens.verify(&token, Timestamp(identity.expires_at.0 - 1)).is_ok());
        assert_eq!(tokens.verify(&token, NOW + Duration::from_secs(3600)), Err(TokenError::Expired));
        assert_eq!(TokenError::Expired.code(), Code::AuthRequired);
        let other = Tokens::new("another secret that is long enough", Duration::from_secs(3600));
        assert!(other.verify(&token, NOW).is_err());
        assert!(token.len() < 600 && !format!("{tokens:?}").contains(SECRET));
    }

    #[test]
    fn tokens_signed_elsewhere_with_the_secret_count() {
        let mut bare = claims();
        bare.as_object_mut().unwrap().remove("guest");
        for (header, claims) in
            [(header(), claims()), (json!({ "alg": "HS256" }), bare), (header(), with(claims(), "aud", json!(["other", "parlor"])))]
        {
            let identity = tokens().verify(&sign(&header, &claims, SECRET), NOW).unwrap();
            assert!(identity.nickname == "Ada" && identity.guest);
        }
    }

    #[test]
    fn every_other_token_is_refused() {
        let good = sign(&header(), &claims(), SECRET);
        let (message, signature) = good.rsplit_once('.').unwrap();
        let (head, body) = message.split_once('.').unwrap();
        let altered = URL_SAFE_NO_PAD.encode(with(claims(), "name", json!("Eve")).to_string());
        let none = |alg: &str| URL_SAFE_NO_PAD.encode(json!({ "alg": alg, "typ": "JWT" }).to_string());
        let cases = [
            ("nothing", String::new()),
            ("dots", "..".into()),
            ("a word", "token".into()),
            ("truncated", good[..good.len() - 4].into()),
            ("no signature", format!("{message}.")),
            ("two parts", message.into()),
            ("four parts", format!("{good}.x")),
            ("altered claims", format!("{head}.{altered}.{signature}")),
            ("alg none", format!("{}.{body}.", none("none"))),
            ("alg None", format!("{}.{body}.", none("None"))),
            ("alg none with a signature", format!("{}.{body}.{signature}", none("none"))),
            ("another alg", sign(&with(header(), "alg", json!("HS512")), &claims(), SECRET)),
            ("alg RS256", sign(&with(header(), "alg", json!("RS256")), &claims(), SECRET)),
            ("another secret", sign(&header(), &claims(), "another secret that is long enough")),
            ("another kid", sign(&with(header(), "kid", json!("0123456789ab")), &claims(), SECRET)),
            ("crit", sign(&with(header(), "crit", json!(["exp"])), &claims(), SECRET)),
            ("another iss", sign(&header(), &with(claims(), "iss", json!("someone")), SECRET)),
            ("another aud", sign(&header(), &with(claims(), "aud", json!("someone")), SECRET)),
            ("no iss", sign(&header(), &with(claims(), "iss", json!(null)), SECRET)),
            ("no aud", sign(&header(), &with(claims(), "aud", json!(null)), SECRET)),
            ("no exp", sign(&header(), &with(claims(), "exp", json!(null)), SECRET)),
            ("exp as text", sign(&header(), &with(claims(), "exp", json!("9999999999")), SECRET)),
            ("expired", sign(&header(), &with(claims(), "exp", json!(NOW.0 / 1000)), SECRET)),
            ("long expired", sign(&header(), &with(claims(), "exp", json!(5)), SECRET)),
            ("sub is no id", sign(&header(), &with(claims(), "sub", json!("me")), SECRET)),
            ("no name", sign(&header(), &with(claims(), "name", json!("\u{202e}")), SECRET)),
            ("enormous", sign(&header(), &with(claims(), "name", json!("x".repeat(5_000))), SECRET)),
            ("not ASCII", "é.é.é".into()),
        ];
        assert!(tokens().verify(&good, NOW).is_ok());
        for (what, token) in cases {
            let error = tokens().verify(&token, NOW).expect_err(what);
            assert_eq!(error.code(), Code::AuthRequired, "{what}");
            assert_eq!(error == TokenError::Expired, what.contains("expired"), "{what}: {error}");
        }
    }

    #[test]
    fn after_the_secret_changed_tokens_of_the_previous_one_are_read_and_new_ones_are_signed_with_the_new() {
        let old = tokens();
        let (ada, token) = old.guest(Some("Ada"), NOW).unwrap();
        let new = Tokens::rotated("the next secret, long enough", [SECRET, "an even older secret"], Duration::from_secs(60));
        assert_eq!(new.verify(&token, NOW), Ok(ada.clone()));
        let bare = sign(&json!({ "alg": "HS256" }), &claims(), SECRET);
        assert!(new.verify(&bare, NOW).is_ok(), "without a kid every key is tried");
        let (fresh, _) = new.issue(&ada, NOW);
        assert!(new.verify(&fresh, NOW).is_ok() && old.verify(&fresh, NOW).is_err());
        let forgotten = Tokens::rotated("the next secret, long enough", [], Duration::from_secs(60));
        assert_eq!(forgotten.verify(&token, NOW), Err(TokenError::Malformed));
        assert_eq!(forgotten.verify(&bare, NOW), Err(TokenError::Forged));
    }

    #[test]
    fn refresh_tokens_and_session_tokens_do_not_stand_for_each_other() {
        let tokens = tokens();
        let (ada, token) = tokens.guest(Some("Ada"), NOW).unwrap();
        let expires_at = Timestamp(NOW.0 / 1000 * 1000 + 60_000);
        let refresh = Refresh { player_id: ada.player_id, session: SessionId::random(), generation: 7, expires_at };
        let refreshing = tokens.refresh_token(&refresh, NOW);
        assert_eq!(tokens.read_refresh(&refreshing, NOW), Ok(refresh));
        assert_eq!(tokens.read_refresh(&refreshing, expires_at), Err(TokenError::Expired));
        assert_eq!(tokens.read_refresh(&token, NOW), Err(TokenError::Malformed));
        assert_eq!(tokens.verify(&refreshing, NOW), Err(TokenError::Malformed));
    }

    #[test]
    fn revoked_tokens_do_not_count_though_they_are_signed() {
        let tokens = tokens();
        let (ada, token) = tokens.guest(Some("Ada"), NOW).unwrap();
        let no_iat = {
            let mut claims = claims();
            claims["sub"] = json!(ada.player_id);
            claims.as_object_mut().unwrap().remove("iat");
            claims
        };
        let foreign = sign(&header(), &no_iat, SECRET);
        assert!(tokens.verify(&foreign, NOW).is_ok());
        tokens.revocations().learn(Revoked { subject: Subject::Player(ada.player_id), at: NOW });
        assert_eq!(tokens.verify(&token, NOW), Err(TokenError::Revoked));
        assert_eq!(tokens.verify(&foreign, NOW), Err(TokenError::Revoked));
        let (later, _) = tokens.issue(&ada, Timestamp(NOW.0 + 1));
        assert!(tokens.verify(&later, NOW).is_ok());
    }
}
