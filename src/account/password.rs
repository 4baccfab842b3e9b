//! Passwords: argon2id, away from the tasks that serve everybody, and only so many at once.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;

use crate::id::entropy;
use crate::refusal::{Code, Refusal};

/// Shortest password, in characters. Longer would drive people to write it down; what is common is refused besides.
pub const MIN_CHARS: usize = 8;
/// Longest, in characters and in bytes: room for any sentence, and no way to make the server hash megabytes.
pub const MAX_CHARS: usize = 128;
const MAX_BYTES: usize = 512;
/// Requests that may wait for their turn. At 30 ms each the last one waits a second on two threads.
const WAITING_MAX: usize = 64;
/// Passes over the memory, as OWASP recommends with 19 MiB.
const PASSES: u32 = 2;

/// What is tried first by whoever guesses.
const COMMON: [&str; 24] = [
    "password",
    "passw0rd",
    "password1",
    "password123",
    "12345678",
    "123456789",
    "1234567890",
    "87654321",
    "11111111",
    "00000000",
    "88888888",
    "12341234",
    "qwertyui",
    "qwertyuiop",
    "qwerty123",
    "asdfghjkl",
    "abcd1234",
    "abc12345",
    "iloveyou",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "letmein1",
];

/// Whether this can be a password, for somebody with this name.
///
/// # Errors
/// `VALIDATION_ERROR` when it is too short, too long, among the commonest, or the name.
pub fn check(password: &str, username: &str) -> Result<(), Refusal> {
    let chars = password.chars().count();
    if chars < MIN_CHARS {
        return Err(Refusal::invalid("password should have at least 8 characters"));
    }
    if chars > MAX_CHARS || password.len() > MAX_BYTES {
        return Err(Refusal::invalid("password should have at most 128 characters"));
    }
    let lower = password.to_lowercase();
    let one = password.chars().next();
    if COMMON.contains(&lower.as_str()) || lower == username.to_lowercase() || password.chars().all(|c| Some(c) == one) {
        return Err(Refusal::invalid("password should be less easy to guess"));
    }
    Ok(())
}

/// Hashes and compares passwords.
pub struct Passwords {
    argon: Argon2<'static>,
    /// Compared with when there is no account: the answer takes as long as with one.
    dummy: String,
    turns: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Passwords {
    /// Hashes that take `memory_kib` each, at most `at_once` at a time.
    ///
    /// # Errors
    /// When argon2 takes no such size.
    pub fn new(memory_kib: u32, at_once: usize) -> anyhow::Result<Self> {
        let params = Params::new(memory_kib, PASSES, 1, None).map_err(|error| anyhow::anyhow!("argon2: {error}"))?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody: [u8; 16] = entropy();
        let dummy = hash(&argon, &nobody).map_err(|error| anyhow::anyhow!("argon2: {error}"))?;
        let turns = Arc::new(Semaphore::new(at_once.max(1)));
        Ok(Self { argon, dummy, turns, waiting: Arc::new(Semaphore::new(WAITING_MAX)) })
    }

    /// The hash of a new password, as a PHC string.
    ///
    /// # Errors
    /// `BUSY` when too many wait already.
    pub async fn hash(&self, password: &str) -> Result<String, Refusal> {
        let (argon, password) = (self.argon.clone(), password.to_owned());
        self.take_turn(move || hash(&argon, password.as_bytes())).await?.map_err(|error| {
            tracing::error!(%error, "a password could not be hashed");
            Refusal::new(Code::InternalError, "the password could not be kept")
        })
    }

    /// Whether `password` is the one of `stored`; without one it is compared with nobody's, for the same time, and is not.
    ///
    /// # Errors
    /// `BUSY` when too many wait already.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<bool, Refusal> {
        // Longer ones cannot be right, but are compared as everything else is.
        let password: String = password.chars().take(MAX_CHARS + 1).collect();
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.dummy).to_owned();
        let argon = self.argon.clone();
        let right = self.take_turn(move || {
            PasswordHash::new(&stored).is_ok_and(|stored| argon.verify_password(password.as_bytes(), &stored).is_ok())
        });
        Ok(right.await? && known)
    }

    /// Whether a hash was made at other costs than today's: then it is made anew when the password is at hand.
    pub fn is_outdated(&self, stored: &str) -> bool {
        let Ok(stored) = PasswordHash::new(stored) else { return true };
        Params::try_from(&stored).is_ok_and(|params| {
            let now = self.argon.params();
            (params.m_cost(), params.t_cost(), params.p_cost()) != (now.m_cost(), now.t_cost(), now.p_cost())
        })
    }

    async fn take_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
        let Ok(_place) = self.waiting.try_acquire() else { return Err(crate::room::directory::busy()) };
        let Ok(turn) = Arc::clone(&self.turns).acquire_owned().await else { return Err(crate::room::directory::busy()) };
        let done = tokio::task::spawn_blocking(move || {
            // The turn ends with the work, also when nobody waits for it any more.
            let _turn = turn;
            work()
        });
        done.await.map_err(|_| Refusal::new(Code::InternalError, "a password could not be compared"))
    }
}

fn hash(argon: &Argon2<'_>, password: &[u8]) -> argon2::password_hash::Result<String> {
    let salt: [u8; 16] = entropy();
    PasswordHasher::<PasswordHash>::hash_password_with_salt(argon, password, &salt).map(|hash| hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cheap() -> Passwords {
        Passwords::new(64, 2).unwrap()
    }

    #[test]
    fn short_long_and_common_passwords_are_refused() {
        for good in ["correct horse", "zażółć gęślą", "        x", &"long ".repeat(25)] {
            assert!(check(good, "ada").is_ok(), "{good}");
        }
        let (long, heavy) = ("x1".repeat(65), "\u{1f600}a".repeat(64) + &"\u{1f600}".repeat(60));
        for bad in ["", "short", "1234567", "PassWord", "aaaaaaaaaa", "Lovelace", &long, &heavy] {
            assert!(check(bad, "lovelace").is_err(), "{bad:?}");
        }
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let passwords = cheap();
        let [one, two] = [passwords.hash("correct horse").await.unwrap(), passwords.hash("correct horse").await.unwrap()];
        assert!(one != two && one.starts_with("$argon2id$v=19$m=64,t=2,p=1$"), "{one}");
        assert!(passwords.verify("correct horse", Some(&one)).await.unwrap());
        for wrong in ["", "correct", "correct horse ", "Correct horse", &"x".repeat(10_000)] {
            assert!(!passwords.verify(wrong, Some(&one)).await.unwrap());
        }
        assert!(!passwords.verify("correct horse", None).await.unwrap());
        assert!(!passwords.verify("correct horse", Some("nonsense")).await.unwrap());
    }

    #[tokio::test]
    async fn hashes_of_other_costs_still_fit_and_are_outdated() {
        let (old, new) = (cheap(), Passwords::new(128, 1).unwrap());
        let stored = old.hash("correct horse").await.unwrap();
        assert!(new.verify("correct horse", Some(&stored)).await.unwrap());
        assert!(new.is_outdated(&stored) && !old.is_outdated(&stored) && new.is_outdated("nonsense"));
    }

    #[tokio::test]
    async fn who_finds_too_many_waiting_is_told_so_and_nobody_waits_forever() {
        let passwords = Arc::new(cheap());
        let tasks: Vec<_> = (0..400)
            .map(|_| {
                let passwords = Arc::clone(&passwords);
                tokio::spawn(async move { passwords.verify("x", None).await })
            })
            .collect();
        let mut busy = 0;
        for task in tasks {
            if let Err(refusal) = task.await.unwrap() {
                assert_eq!(refusal.code, Code::Busy);
                busy += 1;
            }
        }
        assert!(busy < 400);
        assert!(!passwords.verify("x", None).await.unwrap(), "places are free again");
    }
}
