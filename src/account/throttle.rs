//! Guessing passwords is slow, and nobody can lock out somebody else.
//!
//! Wrong passwords are counted for each pair of account and address: after a few of them that address waits, longer each time, for that
//! account only. An address that tries many accounts runs out of tries of its own. And an account that many addresses try at once
//! answers newcomers slowly, but never an address from which it was signed in to before. All three are the same whether there is such an
//! account or not.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::json;

use crate::refusal::{Code, Refusal};
use crate::time::Timestamp;

/// Mistypings that cost nothing.
const FREE: u32 = 5;
/// The first wait; it doubles with each mistake …
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// … up to this.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// Mistakes are forgotten after this time without another.
const FORGOTTEN: Duration = Duration::from_secs(60 * 60);
/// Mistakes on one account, from addresses that are new to it, before newcomers wait for each other: far more than its owner makes.
const PER_ACCOUNT: u32 = 50;
/// How far apart newcomers are let through then: a thousand tries take more than an hour, however many addresses share the work.
const NEWCOMER_EVERY: Duration = Duration::from_secs(5);
/// How long an address is known to an account after a right password.
const KNOWN: Duration = Duration::from_secs(60 * 24 * 60 * 60);
/// Entries of each kind that are kept; beyond it the oldest half goes. About 4 MB.
const KEPT: usize = 65_536;

/// Counts mistakes. All in memory of one process: a restart forgives.
pub struct Throttle {
    on: bool,
    hasher: RandomState,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    pairs: HashMap<u64, Mistakes>,
    addresses: HashMap<u64, Mistakes>,
    accounts: HashMap<u64, Mistakes>,
    /// Pairs of account and address that had a right password, and when.
    known: HashMap<u64, Timestamp>,
}

#[derive(Clone, Copy, Default)]
struct Mistakes {
    count: u32,
    last: Timestamp,
    /// Nothing is tried before.
    until: Timestamp,
}

/// A try that was let through. It counts as a mistake until [`Throttle::right`] says otherwise, so that many at once gain nothing.
#[derive(Clone, Copy, Debug)]
pub struct Try {
    pair: u64,
    address: u64,
    account: u64,
}

impl Throttle {
    /// `on: false` lets everything through.
    pub fn new(on: bool) -> Self {
        Self { on, hasher: RandomState::new(), state: Mutex::default() }
    }

    /// Asks for a try at the account with this name.
    ///
    /// # Errors
    /// `RATE_LIMITED` with `retry_after_ms`.
    pub fn ask(&self, username: &str, address: IpAddr, now: Timestamp) -> Result<Try, Refusal> {
        let name = username.trim().to_ascii_lowercase();
        let address = network(address);
        let a_try = Try { pair: self.hash((&name, address)), address: self.hash(address), account: self.hash(&name) };
        if !self.on {
            return Ok(a_try);
        }
        let mut state = self.state.lock();
        let State { pairs, addresses, accounts, known } = &mut *state;
        let waits = [pairs.get(&a_try.pair), addresses.get(&a_try.address)].into_iter().flatten();
        let mut until = waits.map(|mistakes| mistakes.until).max().unwrap_or(now);
        let is_known = known.get(&a_try.pair).is_some_and(|at| *at + KNOWN > now);
        if let Some(account) = accounts.get_mut(&a_try.account).filter(|account| !is_known && account.count >= PER_ACCOUNT) {
            if until <= now && account.until <= now {
                account.until = now + NEWCOMER_EVERY;
            } else {
                until = until.max(account.until);
            }
        }
        if until > now {
            let ms = u64::try_from(until.since(now).as_millis()).unwrap_or(u64::MAX).max(1);
            let refusal = Refusal::new(Code::RateLimited, "too many wrong passwords; wait a little before the next try");
            return Err(refusal.with(json!({ "retry_after_ms": ms })));
        }
        one_more(pairs, a_try.pair, now, FREE);
        // One address may be a school: it waits after ten times as many, on whatever accounts.
        one_more(addresses, a_try.address, now, FREE * 10);
        if !is_known {
            one_more(accounts, a_try.account, now, u32::MAX);
        }
        Ok(a_try)
    }

    /// The password was right, or was not compared: the try costs nothing.
    pub fn right(&self, a_try: Try, now: Timestamp, compared: bool) {
        if !self.on {
            return;
        }
        let mut state = self.state.lock();
        let State { pairs, addresses, accounts, known } = &mut *state;
        for (all, key) in [(addresses, a_try.address), (accounts, a_try.account), (&mut *pairs, a_try.pair)] {
            if let Some(mistakes) = all.get_mut(&key) {
                mistakes.count = mistakes.count.saturating_sub(1);
            }
        }
        if compared {
            pairs.remove(&a_try.pair);
            make_room(known, |at| *at);
            known.insert(a_try.pair, now);
        }
    }

    fn hash(&self, value: impl Hash) -> u64 {
        self.hasher.hash_one(value)
    }
}

/// Counts a mistake; after more than `free` of them, each makes the wait longer.
fn one_more(all: &mut HashMap<u64, Mistakes>, key: u64, now: Timestamp, free: u32) {
    if !all.contains_key(&key) {
        make_room(all, |mistakes| mistakes.last);
    }
    let mistakes = all.entry(key).or_default();
    if mistakes.last + FORGOTTEN < now {
        *mistakes = Mistakes::default();
    }
    mistakes.count = mistakes.count.saturating_add(1);
    mistakes.last = now;
    if mistakes.count >= free {
        let doubled = (mistakes.count - free).min(16);
        mistakes.until = now + (FIRST_WAIT * (1 << doubled)).min(LONGEST_WAIT);
    }
}

/// Keeps a map within its bound: the half that is oldest goes.
fn make_room<T>(all: &mut HashMap<u64, T>, age: impl Fn(&T) -> Timestamp) {
    if all.len() < KEPT {
        return;
    }
    let mut ages: Vec<_> = all.values().map(&age).collect();
    let middle = ages.len() / 2;
    let (_, median, _) = ages.select_nth_unstable(middle);
    let (median, mut left) = (*median, KEPT / 2);
    all.retain(|_, entry| {
        let stays = age(entry) >= median && left > 0;
        left -= usize::from(stays);
        stays
    });
}

/// Who has an IPv6 address has a whole /64 of them.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6((ip.to_bits() >> 64 << 64).into()),
        ip => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_228_800_000);

    fn ip(n: u32) -> IpAddr {
        IpAddr::V4((0x0a00_0000 + n).into())
    }

    /// Tries wrong passwords until refused; how many went through.
    fn guess(throttle: &Throttle, name: &str, ip: IpAddr, now: Timestamp, most: u32) -> u32 {
        u32::try_from((0..most).take_while(|_| throttle.ask(name, ip, now).is_ok()).count()).unwrap()
    }

    #[test]
    fn an_address_waits_longer_after_each_mistake_on_an_account() {
        let throttle = Throttle::new(true);
        assert_eq!(guess(&throttle, "ada", ip(1), NOW, 100), FREE);
        let mut now = NOW;
        let mut before = Duration::ZERO;
        for _ in 0..12 {
            let refusal = throttle.ask("ADA ", ip(1), now).unwrap_err();
            let wait = Duration::from_millis(refusal.details.unwrap()["retry_after_ms"].as_u64().unwrap());
            assert!(refusal.code == Code::RateLimited && wait >= before && wait <= LONGEST_WAIT, "{wait:?}");
            (before, now) = (wait, now + wait);
            throttle.ask("ada", ip(1), now).unwrap();
        }
        assert_eq!(before, LONGEST_WAIT);
        assert!(throttle.ask("ben", ip(1), now).is_ok(), "another account from the same address");
        assert!(throttle.ask("ada", ip(2), now).is_ok(), "the owner, elsewhere");
        assert_eq!(guess(&throttle, "ada", ip(1), now + FORGOTTEN * 2, 100), FREE, "forgotten");
    }

    #[test]
    fn a_right_password_makes_up_for_mistakes() {
        let throttle = Throttle::new(true);
        for _ in 0..10 {
            assert_eq!(guess(&throttle, "ada", ip(1), NOW, FREE - 1), FREE - 1);
            let one = throttle.ask("ada", ip(1), NOW).unwrap();
            throttle.right(one, NOW, true);
        }
    }

    #[test]
    fn many_addresses_slow_down_newcomers_and_not_the_owner() {
        let throttle = Throttle::new(true);
        let home = ip(7);
        throttle.right(throttle.ask("ada", home, NOW).unwrap(), NOW, true);
        let through = (100..10_000).map(|n| guess(&throttle, "ada", ip(n), NOW, 1)).sum::<u32>();
        assert_eq!(through, PER_ACCOUNT + 1);
        assert!(throttle.ask("ada", ip(5), NOW).is_err(), "a newcomer waits");
        assert!(throttle.ask("ada", home, NOW).is_ok(), "the owner does not");
        assert!(throttle.ask("ben", ip(5), NOW).is_ok(), "nor does anybody else");
        let later = NOW + NEWCOMER_EVERY;
        throttle.right(throttle.ask("ada", ip(5), later).unwrap(), later, true);
        assert!(throttle.ask("ada", ip(5), later).is_ok(), "known from then on");
    }

    #[test]
    fn an_address_that_tries_many_accounts_runs_out_of_tries() {
        let throttle = Throttle::new(true);
        let through = (0..1_000).map(|n| guess(&throttle, &format!("name{n}"), ip(1), NOW, 1)).sum::<u32>();
        assert_eq!(through, FREE * 10);
        assert!(throttle.ask("ada", ip(2), NOW).is_ok());
        let v6 = |n: u128| IpAddr::V6((0x2001_0db8_u128 << 96 | n).into());
        let through = (0..1_000).map(|n| guess(&throttle, &format!("name{n}"), v6(n), NOW, 1)).sum::<u32>();
        assert_eq!(through, FREE * 10, "a whole IPv6 network counts as one address");
    }

    #[test]
    fn memory_has_a_bound() {
        let throttle = Throttle::new(true);
        for n in 0..150_000 {
            guess(&throttle, &format!("name{n}"), ip(n), NOW + Duration::from_millis(u64::from(n)), 1);
        }
        let state = throttle.state.lock();
        assert!(state.pairs.len() <= KEPT && state.addresses.len() <= KEPT && state.accounts.len() <= KEPT);
    }

    #[test]
    fn switched_off_it_lets_everything_through() {
        assert_eq!(guess(&Throttle::new(false), "ada", ip(1), NOW, 1_000), 1_000);
    }
}
