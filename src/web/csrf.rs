//! Forms: a hidden field `csrf` that only a page made for the same session can hold, and the `Origin` of the request.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use sha2::Sha256;

use super::origin::OriginPolicy;
use crate::id::{PlayerId, entropy};
use crate::refusal::{Code, Refusal};

/// The name of the hidden field.
pub const FIELD: &str = "csrf";

const NONCE: usize = 8;
const TAG: usize = 32;

/// Makes and checks form tokens: a nonce, and an HMAC of nonce and player. The nonce makes each page's token differ, so that
/// compressed pages tell nothing of it.
#[derive(Clone)]
pub struct Csrf(Hmac<Sha256>);

impl fmt::Debug for Csrf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Csrf(…)")
    }
}

impl Csrf {
    /// `secret` is the one that signs sessions; the purpose is mixed in, so that neither can stand for the other.
    pub fn new(secret: &str) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
        mac.update(b"parlor csrf|");
        Self(mac)
    }

    /// The value of the hidden field on a page for `player`.
    pub fn token(&self, player: PlayerId) -> String {
        let nonce: [u8; NONCE] = entropy();
        let mut bytes = [0; NONCE + TAG];
        bytes[..NONCE].copy_from_slice(&nonce);
        bytes[NONCE..].copy_from_slice(&self.mac(&nonce, player).finalize().into_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Checks a form that `player` sent by cookie.
    ///
    /// # Errors
    /// `FORBIDDEN` when it was not one of our pages for this player.
    pub fn check(&self, player: PlayerId, field: Option<&str>, headers: &HeaderMap, origins: &OriginPolicy) -> Result<(), Refusal> {
        if origins.allows_form(headers) && field.is_some_and(|field| self.matches(player, field)) {
            Ok(())
        } else {
            Err(Refusal::new(Code::Forbidden, "this form is out of date; reload the page and send it again"))
        }
    }

    fn matches(&self, player: PlayerId, field: &str) -> bool {
        let mut bytes = [0; NONCE + TAG];
        match URL_SAFE_NO_PAD.decode_slice(field, &mut bytes) {
            // Compares in constant time.
            Ok(length) if length == bytes.len() => self.mac(&bytes[..NONCE], player).verify_slice(&bytes[NONCE..]).is_ok(),
            _ => false,
        }
    }

    fn mac(&self, nonce: &[u8], player: PlayerId) -> Hmac<Sha256> {
        self.0.clone().chain_update(nonce).chain_update(player.0.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_counts_for_the_player_it_was_made_for_only() {
        let (csrf, ada, origins) = (Csrf::new("a secret"), PlayerId::random(), OriginPolicy::default());
        let headers = HeaderMap::new();
        let token = csrf.token(ada);
        assert_ne!(token, csrf.token(ada));
        assert!(csrf.check(ada, Some(&token), &headers, &origins).is_ok());
        let mut altered = token.clone().into_bytes();
        altered[20] ^= 1;
        let altered = String::from_utf8(altered).unwrap();
        let long = "A".repeat(10_000);
        for (player, field) in [
            (PlayerId::random(), Some(token.as_str())),
            (ada, Some(&altered)),
            (ada, Some(&token[..20])),
            (ada, Some("")),
            (ada, Some("é")),
            (ada, Some(&long)),
            (ada, Some(&Csrf::new("another").token(ada))),
            (ada, None),
        ] {
            assert_eq!(csrf.check(player, field, &headers, &origins).unwrap_err().code, Code::Forbidden, "{field:?}");
        }
        let mut foreign = HeaderMap::new();
        foreign.insert("origin", "http://evil.example".parse().unwrap());
        foreign.insert("host", "127.0.0.1:3000".parse().unwrap());
        assert!(csrf.check(ada, Some(&token), &foreign, &origins).is_err());
    }
}
