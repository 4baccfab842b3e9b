//! Session tokens: JWTs signed with HS256.
//!
//! Claims: `sub` (the player's id), `name`, `guest`, `iat`, `exp`, `iss` and `aud` (both `parlor`). The header's `kid` names the secret
//! without telling it. Whoever shares the secret may sign such tokens too; theirs may leave out `kid`.

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Identity, nickname, whole_seconds};
use crate::id::PlayerId;
use crate::refusal::{Code, Refusal, Refused};
use crate::time::Timestamp;

/// Longest token that is looked at, in bytes. Ours have about 400.
pub const MAX_BYTES: usize = 4096;
const PARLOR: &str = "parlor";

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
}

impl Refused for TokenError {
    fn code(&self) -> Code {
        Code::AuthRequired
    }
}

/// Signs and reads tokens. Its keys are prepared once; it is shared by reference.
pub struct Tokens {
    lifetime: Duration,
    header: Header,
    signing: EncodingKey,
    reading: DecodingKey,
    rules: Validation,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("kid", &self.header.kid).finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct ClaimsOut<'a> {
    sub: PlayerId,
    name: &'a str,
    guest: bool,
    iat: i64,
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
    exp: i64,
}

fn yes() -> bool {
    true
}

impl Tokens {
    /// Tokens signed with `secret`, valid for `lifetime`.
    pub fn new(secret: &str, lifetime: Duration) -> Self {
        let mut rules = Validation::new(Algorithm::HS256);
        rules.required_spec_claims = HashSet::from(["exp", "iss", "aud", "sub"].map(String::from));
        rules.set_issuer(&[PARLOR]);
        rules.set_audience(&[PARLOR]);
        // Compared here, with the time we are told.
        rules.validate_exp = false;
        let header = Header { kid: Some(key_id(secret)), ..Header::new(Algorithm::HS256) };
        let (signing, reading) = (EncodingKey::from_secret(secret.as_bytes()), DecodingKey::from_secret(secret.as_bytes()));
        Self { lifetime, header, signing, reading, rules }
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
            iat: now.0.div_euclid(1000),
            exp: expires_at.0 / 1000,
            iss: PARLOR,
            aud: PARLOR,
        };
        let token = jsonwebtoken::encode(&self.header, &claims, &self.signing);
        (token.expect("HS256 signs these claims with any key"), expires_at)
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
        if token.len() > MAX_BYTES {
            return Err(TokenError::Malformed);
        }
        let read = jsonwebtoken::decode::<ClaimsIn>(token, &self.reading, &self.rules).map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => TokenError::Forged,
            _ => TokenError::Malformed,
        })?;
        let foreign_key = read.header.kid.is_some() && read.header.kid != self.header.kid;
        // `crit` names extensions that a reader must understand; we understand none.
        if foreign_key || read.header.crit.is_some() {
            return Err(TokenError::Malformed);
        }
        let ClaimsIn { sub, name, guest, exp } = read.claims;
        let expires_at = Timestamp(exp.saturating_mul(1000));
        if expires_at <= now {
            return Err(TokenError::Expired);
        }
        let nickname = nickname::clean(&name).map_err(|_| TokenError::Malformed)?;
        Ok(Identity { player_id: sub, nickname, guest, expires_at })
    }
}

/// Names a secret without telling it.
fn key_id(secret: &str) -> String {
    let digest = Sha256::new().chain_update("parlor key id|").chain_update(secret).finalize();
    digest[..6].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use super::*;

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
}
