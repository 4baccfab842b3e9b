//! The suite is only worth something if it catches games that break their promises: a toy game that keeps them all, and one broken
//! toy per way of breaking them.

use std::cell::Cell;
use std::ops::RangeInclusive;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::{Law, conform, conform_within};
use crate::chance::Draw;
use crate::game::{Draft, Game, Input, Outcome, Seats, Viewer};
use crate::id::Seat;
use crate::refusal::{Code, Refused};

/// How a toy is broken; 0 is whole.
mod broken {
    pub const NOT: u8 = 0;
    pub const LISTS_TOO_MUCH: u8 = 1;
    pub const FORGETS_TURNS: u8 = 2;
    pub const LETS_STRANGERS_PLAY: u8 = 3;
    pub const RECORDS_THEN_REFUSES: u8 = 4;
    pub const DRAWS_THEN_REFUSES: u8 = 5;
    pub const EVOLVES_BY_MOOD: u8 = 6;
    pub const DECIDES_BY_MOOD: u8 = 7;
    pub const TRUSTS_THE_ORDER: u8 = 8;
    pub const FORGETS_A_FIELD: u8 = 9;
    pub const SPEAKS_STRANGELY: u8 = 10;
    pub const NEVER_ENDS: u8 = 11;
    pub const GOES_ON_AFTER_THE_END: u8 = 12;
    pub const CHANGES_ITS_END: u8 = 13;
    pub const HIDES_DRAWS: u8 = 14;
    pub const CLAIMS_OTHER_DRAWS: u8 = 15;
    pub const DENIES_SECRETS: u8 = 16;
    pub const SHOWS_SECRETS: u8 = 17;
    pub const TELLS_SECRETS: u8 = 18;
    pub const NEVER_SWAPS: u8 = 19;
    pub const WAITS_FOR_THE_WRONG_ONE: u8 = 20;
    pub const GETS_STUCK: u8 = 21;
    pub const BOT_CHEATS: u8 = 22;
    pub const BOT_SLEEPS: u8 = 23;
    pub const PANICS: u8 = 24;
    pub const NOTICE_IS_NO_OBJECT: u8 = 25;
    pub const REFUSES_THE_START: u8 = 26;
    pub const WAKES_FOR_EVER: u8 = 27;
    pub const TELLS_THE_HOSTS_SECRET: u8 = 28;
}
use broken::*;

thread_local! { static MOOD: Cell<u8> = const { Cell::new(0) }; }

fn mood() -> u8 {
    MOOD.with(|mood| {
        mood.set(mood.get().wrapping_mul(5).wrapping_add(3));
        mood.get() % 3
    })
}

/// Two players add to a total, by a die or by as much as their secret number; who reaches 30 wins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Toy<const B: u8> {
    turn: Seat,
    total: u32,
    /// 1 to 3; 0 before the start.
    secrets: [u8; 2],
    absent: bool,
    #[serde(skip)]
    forgotten: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct NoOptions {}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Ask {
    Roll,
    Add {
        by: u8,
    },
    #[serde(rename = "Sing Loudly")]
    Sing,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Fact {
    Dealt { seat: Seat, secret: u8 },
    Rolled { seat: Seat, value: u8 },
    Added { seat: Seat, by: u8 },
    Left,
}

#[derive(Clone, Serialize)]
struct Shown {
    turn: Seat,
    total: u32,
    secrets: [Option<u8>; 2],
}

#[derive(Serialize, IntoStaticStr)]
#[serde(untagged)]
#[strum(serialize_all = "snake_case")]
enum Told {
    Dealt { seat: Seat, secret: Option<u8> },
    Moved { seat: Seat, by: u8 },
    Left {},
    Nothing,
}

#[derive(Debug, thiserror::Error)]
#[error("no")]
struct No;

impl Refused for No {
    fn code(&self) -> Code {
        Code::IllegalMove
    }
}

impl<const B: u8> Toy<B> {
    fn over(&self) -> bool {
        self.total >= 30
    }
}

impl<const B: u8> Game for Toy<B> {
    const NAME: &'static str = "toy";
    const TITLE: &'static str = "Toy";
    const SUMMARY: &'static str = "A toy.";
    const SEATS: RangeInclusive<u8> = 2..=2;
    const SECRETS: bool = B != DENIES_SECRETS;
    const BOTS: &'static [&'static str] = &["only"];

    type Options = NoOptions;
    type Assets = ();
    type Setup = ();
    type Command = Ask;
    type Event = Fact;
    type View = Shown;
    type Notice = Told;
    type Refusal = No;

    fn setup(_: &NoOptions, _: u8, (): &()) -> Result<(), No> {
        Ok(())
    }

    fn open((): &()) -> Self {
        Self { turn: Seat(0), total: 0, secrets: [0; 2], absent: false, forgotten: 0 }
    }

    fn decide(draft: &mut Draft<'_, Self>, input: Input<Ask>) -> Result<(), No> {
        match input {
            Input::Start if B == REFUSES_THE_START => Err(No),
            Input::Start => {
                for seat in [Seat(0), Seat(1)] {
                    let secret = draft.draw(3) as u8 + 1;
                    draft.record(Fact::Dealt { seat, secret });
                }
                Ok(())
            }
            Input::Absent(_) if B == CHANGES_ITS_END => {
                draft.record(Fact::Left);
                Ok(())
            }
            Input::Play { seat, command } => {
                if B == DRAWS_THEN_REFUSES {
                    draft.draw(6);
                }
                let lenient = match B {
                    FORGETS_TURNS => seat.0 < 2 && !draft.over() && draft.secrets[0] > 0,
                    LETS_STRANGERS_PLAY => seat.0 == 2 && command == Ask::Roll,
                    _ => false,
                };
                if !lenient && (command == Ask::Add { by: 9 } || !draft.legal(seat).contains(&command)) {
                    if B == RECORDS_THEN_REFUSES {
                        draft.record(Fact::Left);
                    }
                    return Err(No);
                }
                let fact = match command {
                    Ask::Roll => Fact::Rolled { seat, value: draft.draw(6) as u8 + 1 },
                    Ask::Add { by } if B == DECIDES_BY_MOOD => Fact::Added { seat, by: by + mood() },
                    Ask::Add { by } => Fact::Added { seat, by },
                    Ask::Sing => Fact::Left,
                };
                draft.record(fact);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn evolve(&mut self, event: &Fact) {
        match *event {
            Fact::Dealt { seat, secret } => self.secrets[seat.index() % 2] = secret,
            Fact::Rolled { seat, value: by } | Fact::Added { seat, by } => {
                if B == TRUSTS_THE_ORDER {
                    assert_eq!(self.turn, seat, "this cannot happen");
                }
                if B != NEVER_ENDS {
                    self.total = self.total.saturating_add(u32::from(by));
                }
                if B == EVOLVES_BY_MOOD {
                    self.total += u32::from(mood());
                }
                if B == FORGETS_A_FIELD {
                    self.forgotten += 1;
                }
                self.turn = Seat(1 - seat.0 % 2);
            }
            Fact::Left => self.absent = true,
        }
    }

    fn view(&self, viewer: Viewer) -> Shown {
        assert!(B != PANICS || self.total < 20, "too much");
        let sees = |seat| viewer == Viewer::Omniscient || viewer == Viewer::Seat(Seat(seat)) || B == SHOWS_SECRETS;
        let secrets = [0, 1].map(|seat| sees(seat).then_some(self.secrets[usize::from(seat)]));
        Shown { turn: self.turn, total: self.total, secrets }
    }

    fn notice(event: &Fact, viewer: Viewer) -> Option<Told> {
        Some(match *event {
            Fact::Dealt { seat, secret } => {
                let sees = viewer == Viewer::Omniscient
                    || viewer == Viewer::Seat(seat)
                    || B == TELLS_SECRETS
                    || B == TELLS_THE_HOSTS_SECRET && seat == Seat(0);
                Told::Dealt { seat, secret: sees.then_some(secret) }
            }
            Fact::Rolled { .. } if B == NOTICE_IS_NO_OBJECT => Told::Nothing,
            Fact::Rolled { seat, value: by } | Fact::Added { seat, by } => Told::Moved { seat, by },
            Fact::Left => Told::Left {},
        })
    }

    fn outcome(&self) -> Option<Outcome> {
        let reason = if self.absent { "left" } else { "done" }.to_owned();
        self.over().then(|| Outcome { reason, winners: vec![Seat(1 - self.turn.0 % 2)], results: serde_json::Value::Null })
    }

    fn to_act(&self) -> Seats {
        match B {
            _ if self.over() || self.secrets[0] == 0 => Seats::NONE,
            GETS_STUCK if self.total > 9 => Seats::NONE,
            WAITS_FOR_THE_WRONG_ONE => Seats::one(Seat(1 - self.turn.0 % 2)),
            _ => Seats::one(self.turn),
        }
    }

    fn wake_at(&self) -> Option<crate::time::Timestamp> {
        (B == WAKES_FOR_EVER && !self.over()).then_some(crate::time::Timestamp(5))
    }

    fn legal(&self, seat: Seat) -> Vec<Ask> {
        let over = self.over() && B != GOES_ON_AFTER_THE_END;
        if over || self.secrets[0] == 0 || seat != self.turn || B == GETS_STUCK && self.total > 9 {
            return vec![];
        }
        let adds = (1..=self.secrets[seat.index() % 2]).map(|by| Ask::Add { by });
        let more = match B {
            LISTS_TOO_MUCH => vec![Ask::Add { by: 9 }],
            SPEAKS_STRANGELY => vec![Ask::Sing],
            _ => vec![],
        };
        [Ask::Roll].into_iter().chain(adds).chain(more).collect()
    }

    fn draws(&self, event: &Fact) -> Vec<Draw> {
        match *event {
            Fact::Rolled { .. } if B == HIDES_DRAWS => vec![],
            Fact::Rolled { value, .. } if B == CLAIMS_OTHER_DRAWS => vec![Draw { sides: 20, value: u32::from(value) - 1 }],
            Fact::Dealt { secret, .. } => vec![Draw { sides: 3, value: u32::from(secret).wrapping_sub(1) }],
            Fact::Rolled { value, .. } => vec![Draw { sides: 6, value: u32::from(value).wrapping_sub(1) }],
            _ => vec![],
        }
    }

    fn bot(view: &Shown, seat: Seat, _: &str, luck: &mut dyn FnMut(u32) -> u32) -> Option<Ask> {
        if view.turn != seat || view.total >= 30 || B == BOT_SLEEPS {
            return None;
        }
        let most = view.secrets[seat.index()].unwrap_or(1);
        let by = if B == BOT_CHEATS { 7 } else { luck(u32::from(most)) as u8 + 1 };
        Some(Ask::Add { by })
    }

    fn with_other_secrets(&self, of: Seat) -> Option<Self> {
        if B == DENIES_SECRETS || B == NEVER_SWAPS || self.secrets[of.index()] == 0 {
            return None;
        }
        let mut other = self.clone();
        other.secrets[of.index()] = self.secrets[of.index()] % 3 + 1;
        Some(other)
    }
}

fn check<const B: u8>(expected: Law) {
    let breach = conform::<Toy<B>>(3).expect_err("the suite should have caught this toy");
    assert_eq!(breach.law, expected, "break {B}: {breach}");
}

#[test]
fn a_game_that_keeps_its_promises_passes_and_everything_was_tried() {
    let report = conform::<Toy<NOT>>(10).unwrap();
    assert_eq!(report.ended, 30, "three games per trial");
    assert!(report.steps > 200 && report.refused > 1_000 && report.draws > 100 && report.swaps > 200, "{report:?}");
}

#[test]
fn each_broken_promise_is_caught_and_named() {
    check::<LISTS_TOO_MUCH>(Law::LegalIsAccepted);
    check::<FORGETS_TURNS>(Law::IllegalIsRefused);
    check::<LETS_STRANGERS_PLAY>(Law::IllegalIsRefused);
    check::<RECORDS_THEN_REFUSES>(Law::RefusalLeavesNothing);
    check::<DRAWS_THEN_REFUSES>(Law::RefusalLeavesNothing);
    check::<EVOLVES_BY_MOOD>(Law::ReplayIsLive);
    check::<DECIDES_BY_MOOD>(Law::SameSeedSameLog);
    check::<TRUSTS_THE_ORDER>(Law::EvolveIsTotal);
    check::<FORGETS_A_FIELD>(Law::RoundTrips);
    check::<SPEAKS_STRANGELY>(Law::RoundTrips);
    check::<NEVER_ENDS>(Law::Ends);
    check::<GOES_ON_AFTER_THE_END>(Law::EndIsEnd);
    check::<CHANGES_ITS_END>(Law::EndIsEnd);
    check::<HIDES_DRAWS>(Law::DrawsAreClaimed);
    check::<CLAIMS_OTHER_DRAWS>(Law::DrawsAreClaimed);
    check::<DENIES_SECRETS>(Law::OpenGamesAreOneForAll);
    check::<SHOWS_SECRETS>(Law::SecretsStay);
    check::<NEVER_SWAPS>(Law::SecretsStay);
    check::<WAITS_FOR_THE_WRONG_ONE>(Law::SomebodyCanGoOn);
    check::<GETS_STUCK>(Law::SomebodyCanGoOn);
    check::<WAKES_FOR_EVER>(Law::SomebodyCanGoOn);
    check::<BOT_CHEATS>(Law::BotsPlayByTheRules);
    check::<BOT_SLEEPS>(Law::BotsPlayByTheRules);
    check::<PANICS>(Law::NoPanic);
    check::<NOTICE_IS_NO_OBJECT>(Law::SpeaksInObjects);
    check::<REFUSES_THE_START>(Law::Opens);
}

#[test]
fn a_secret_told_with_the_event_that_makes_it_is_caught() {
    check::<TELLS_SECRETS>(Law::SecretsStay);
    check::<TELLS_THE_HOSTS_SECRET>(Law::SecretsStay);
}

#[test]
fn a_game_without_an_end_passes_when_no_bound_is_asked() {
    let report = conform_within::<Toy<NEVER_ENDS>>(2, None).unwrap();
    assert_eq!(report.ended, 0);
}
