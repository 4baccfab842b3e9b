//! How often one address may do something costly.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use serde_json::json;

use crate::id::PlayerId;
use crate::refusal::{Code, Refusal};

/// Addresses share this many buckets, so memory has a bound whoever asks: at most about 4 MB. With 1,000 busy addresses a new one
/// shares its bucket with another in 1.5 % of cases. Which share is chosen by chance at start, and cannot be aimed at.
const BUCKETS: u64 = 65_536;

/// Buckets that are full again are dropped after this many checks.
const SWEEP_EVERY: u32 = 4_096;

/// A limit by address.
pub struct AddressLimit {
    limiter: Option<DefaultKeyedRateLimiter<u16>>,
    hasher: RandomState,
    checks: AtomicU32,
    clock: DefaultClock,
}

impl AddressLimit {
    /// `burst` at once, then one more after each `every`; `on: false` allows everything.
    pub fn new(burst: NonZeroU32, every: Duration, on: bool) -> Self {
        let quota = Quota::with_period(every).filter(|_| on).map(|quota| quota.allow_burst(burst));
        Self {
            limiter: quota.map(RateLimiter::keyed),
            hasher: RandomState::new(),
            checks: AtomicU32::new(0),
            clock: DefaultClock::default(),
        }
    }

    /// Counts one attempt of this address.
    ///
    /// # Errors
    /// `RATE_LIMITED` with `retry_after_ms`; the attempt does not count then.
    pub fn check(&self, ip: IpAddr) -> Result<(), Refusal> {
        let hash = match ip.to_canonical() {
            IpAddr::V4(ip) => self.hasher.hash_one(ip),
            // Who has an IPv6 address has a whole /64 of them.
            IpAddr::V6(ip) => self.hasher.hash_one(ip.to_bits() >> 64),
        };
        self.count(hash, "too many from this address; wait a little")
    }

    /// Counts one attempt of this player, from wherever they ask.
    ///
    /// # Errors
    /// As [`check`](AddressLimit::check).
    pub fn check_player(&self, player: PlayerId) -> Result<(), Refusal> {
        self.count(self.hasher.hash_one(player), "too many events; slow down")
    }

    fn count(&self, hash: u64, message: &'static str) -> Result<(), Refusal> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        if self.checks.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            limiter.retain_recent();
        }
        let bucket = u16::try_from(hash % BUCKETS).unwrap_or(0);
        limiter.check_key(&bucket).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
            Refusal::new(Code::RateLimited, message).with(json!({ "retry_after_ms": ms }))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(on: bool) -> AddressLimit {
        AddressLimit::new(NonZeroU32::new(3).unwrap(), Duration::from_secs(3600), on)
    }

    #[test]
    fn an_address_may_burst_and_must_then_wait() {
        let limit = limit(true);
        let ip = "203.0.113.7".parse().unwrap();
        assert!((0..3).all(|_| limit.check(ip).is_ok()));
        let refusal = limit.check(ip).unwrap_err();
        let wait = refusal.details.unwrap()["retry_after_ms"].as_u64().unwrap();
        assert!(refusal.code == Code::RateLimited && (3_590_000..=3_600_000).contains(&wait), "{wait}");
        assert!(limit.check("::ffff:203.0.113.7".parse().unwrap()).is_err(), "the same address in another form");
    }

    #[test]
    fn a_whole_ipv6_network_counts_as_one_address() {
        let limit = limit(true);
        let allowed = (0..100u128).filter(|n| limit.check(IpAddr::V6((0x2001_0db8_u128 << 96 | n).into())).is_ok()).count();
        assert_eq!(allowed, 3);
    }

    #[test]
    fn many_addresses_take_bounded_memory_and_mostly_do_not_meet() {
        let limit = limit(true);
        let allowed = (0..1_000u32).filter(|n| limit.check(IpAddr::V4((0x0a00_0000 + n).into())).is_ok()).count();
        assert_eq!(allowed, 1_000, "a burst of three leaves room for those who share");
        (0..200_000u32).for_each(|n| drop(limit.check(IpAddr::V4((0x0b00_0000 + n).into()))));
        assert!(limit.limiter.as_ref().unwrap().len() <= 65_536);
    }

    #[test]
    fn players_are_counted_one_by_one() {
        let limit = limit(true);
        let [ada, ben] = [PlayerId::random(), PlayerId::random()];
        assert_eq!((0..9).filter(|_| limit.check_player(ada).is_ok()).count(), 3);
        assert!(limit.check_player(ben).is_ok());
    }

    #[test]
    fn switched_off_it_allows_everything() {
        let limit = limit(false);
        assert!((0..100).all(|_| limit.check("203.0.113.7".parse().unwrap()).is_ok()));
    }
}
