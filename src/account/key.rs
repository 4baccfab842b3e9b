//! The secrets that sign tokens: one that signs, and previous ones that are still read.

use std::collections::HashSet;

use data_encoding::HEXLOWER;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::token::TokenError;

/// The keys, prepared once.
pub struct Keys {
    header: Header,
    signing: EncodingKey,
    /// The current one first.
    reading: Vec<(String, DecodingKey)>,
}

impl Keys {
    pub fn new<'a>(secret: &'a str, previous: impl IntoIterator<Item = &'a str>) -> Self {
        let reading = std::iter::once(secret).chain(previous);
        Self {
            header: Header { kid: Some(key_id(secret)), ..Header::new(Algorithm::HS256) },
            signing: EncodingKey::from_secret(secret.as_bytes()),
            reading: reading.map(|secret| (key_id(secret), DecodingKey::from_secret(secret.as_bytes()))).collect(),
        }
    }

    /// Names the secret that signs.
    pub fn current(&self) -> &str {
        self.header.kid.as_deref().unwrap_or_default()
    }

    pub fn sign(&self, claims: &impl Serialize) -> String {
        jsonwebtoken::encode(&self.header, claims, &self.signing).expect("HS256 signs these claims with any key")
    }

    /// What a token claims, if one of the keys signed it and it keeps `rules`.
    ///
    /// # Errors
    /// `Malformed` or `Forged`.
    pub fn read<T: DeserializeOwned>(&self, token: &str, rules: &Validation) -> Result<T, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed)?;
        // `crit` names extensions that a reader must understand; we understand none.
        if header.alg != Algorithm::HS256 || header.crit.is_some() {
            return Err(TokenError::Malformed);
        }
        let named = |key: &&(String, DecodingKey)| header.kid.as_ref().is_none_or(|kid| *kid == key.0);
        let mut wrong = TokenError::Malformed;
        for (_, key) in self.reading.iter().filter(named) {
            match jsonwebtoken::decode::<T>(token, key, rules) {
                Ok(read) => return Ok(read.claims),
                Err(error) if matches!(error.kind(), ErrorKind::InvalidSignature) => wrong = TokenError::Forged,
                Err(_) => return Err(TokenError::Malformed),
            }
        }
        Err(wrong)
    }
}

/// What a token of this issuer for this audience has to be.
pub fn rules(issuer: &str, audience: &str) -> Validation {
    let mut rules = Validation::new(Algorithm::HS256);
    rules.required_spec_claims = HashSet::from(["exp", "iss", "aud", "sub"].map(String::from));
    rules.set_issuer(&[issuer]);
    rules.set_audience(&[audience]);
    // Compared where the time is told.
    rules.validate_exp = false;
    rules
}

/// Names a secret without telling it.
pub fn key_id(secret: &str) -> String {
    let digest = Sha256::new().chain_update("parlor key id|").chain_update(secret).finalize();
    HEXLOWER.encode(&digest[..6])
}
