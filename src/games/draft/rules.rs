//! The rules: whose turn it is, what may be done, and what comes of it.

use serde::{Deserialize, Serialize};

use super::catalogue::{Card, Catalogue, Template};
use super::scoring;
use super::wire::{ByRole, CharacterView, Command, Results};
use super::{DraftGame, Options};
use crate::game::{Draft, Input, Outcome};
use crate::id::Seat;
use crate::refusal::{Code, Refused};

/// The guest's seat.
pub(super) const GUEST: Seat = Seat(1);

/// What a room plays with: ids only, for it is logged and kept per room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    pub template: Template,
    pub anime_pool_ids: Vec<u32>,
    /// The ids of all characters in the pot, ascending.
    pub pool: Vec<u32>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    Began,
    Drawn {
        seat: Seat,
        /// With the ratings by role, so that the event can be told by itself.
        character: CharacterView,
    },
    Placed {
        seat: Seat,
        character_id: u32,
        role_name: String,
        /// Whether both teams are whole now.
        #[serde(default)]
        is_complete: bool,
    },
    /// The player left for good; the other one wins.
    Forfeited {
        seat: Seat,
    },
}

/// A drawn character: whose, and where it was placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pick {
    pub seat: Seat,
    pub character: Card,
    /// The number of its role in the template; `None` while it is in hand.
    pub role: Option<u8>,
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no template {id}; there are {known}")]
    UnknownTemplate { id: u32, known: String },
    #[error("there is no series {id} for anime_pool_ids; there are {known}")]
    UnknownSeries { id: u32, known: String },
    #[error("anime_pool_ids is empty; leave it out to play with all series")]
    NoSeries,
    #[error("the chosen series have {have} characters, but two teams of template {template:?} need {need}")]
    PoolTooSmall { have: usize, need: usize, template: String },
    #[error("the draft has begun already")]
    AlreadyBegun,
    #[error("the draft has not begun")]
    NotBegun,
    #[error("the draft is over")]
    Over,
    #[error("this seat does not play")]
    NoSuchSeat,
    #[error("it is the other player's turn")]
    NotYourTurn,
    #[error("place the character in hand first")]
    HandFull,
    #[error("draw a character first")]
    HandEmpty,
    #[error("character {0} is not in hand")]
    NotInHand(u32),
    #[error("the template has no such role")]
    UnknownRole,
    #[error("this role is taken")]
    RoleTaken,
    #[error("the catalogue no longer has all characters of this room")]
    CatalogueChanged,
}

impl Refused for Refusal {
    fn code(&self) -> Code {
        match self {
            Self::UnknownTemplate { .. } | Self::UnknownSeries { .. } | Self::NoSeries | Self::PoolTooSmall { .. } => {
                Code::ValidationError
            }
            Self::AlreadyBegun | Self::Over => Code::RoomUnavailable,
            Self::NotBegun => Code::NotReady,
            Self::NoSuchSeat => Code::NotInGame,
            Self::NotYourTurn => Code::NotYourTurn,
            Self::HandFull | Self::HandEmpty | Self::NotInHand(_) | Self::UnknownRole | Self::RoleTaken => Code::IllegalMove,
            Self::CatalogueChanged => Code::Unavailable,
        }
    }
}

/// Resolves the host's choice against the catalogue.
///
/// # Errors
/// When it names what does not exist, or gives too few characters for two teams.
pub(super) fn set_up(options: &Options, catalogue: &Catalogue) -> Result<Setup, Refusal> {
    let known = |ids: &mut dyn Iterator<Item = u32>| ids.map(|id| id.to_string()).collect::<Vec<_>>().join(", ");
    let templates = catalogue.templates();
    let template = match options.template_id {
        None => templates.first(),
        Some(id) => templates.iter().find(|template| template.id == id),
    };
    let Some(template) = template.cloned() else {
        let id = options.template_id.unwrap_or(0);
        return Err(Refusal::UnknownTemplate { id, known: known(&mut templates.iter().map(|template| template.id)) });
    };

    let all = catalogue.series();
    let mut chosen = Vec::new();
    match &options.anime_pool_ids {
        None => chosen.extend(all),
        Some(ids) if ids.is_empty() => return Err(Refusal::NoSeries),
        Some(ids) => {
            for &id in ids {
                let Some(series) = all.iter().find(|series| series.id == id) else {
                    return Err(Refusal::UnknownSeries { id, known: known(&mut all.iter().map(|series| series.id)) });
                };
                if !chosen.contains(&series) {
                    chosen.push(series);
                }
            }
        }
    }

    let mut pool: Vec<_> = chosen.iter().flat_map(|series| &series.characters).map(|character| character.id).collect();
    pool.sort_unstable();
    let need = 2 * template.roles.len();
    if pool.len() < need {
        return Err(Refusal::PoolTooSmall { have: pool.len(), need, template: template.name });
    }
    Ok(Setup { template, anime_pool_ids: chosen.iter().map(|series| series.id).collect(), pool })
}

/// Decides what a request comes to.
///
/// # Errors
/// When the rules do not allow it; nothing was recorded then.
pub(super) fn decide(draft: &mut Draft<'_, DraftGame>, input: Input<Command>) -> Result<(), Refusal> {
    match input {
        Input::Start if draft.started => Err(Refusal::AlreadyBegun),
        Input::Start => {
            draft.record(Event::Began);
            Ok(())
        }
        Input::Play { seat, command } => {
            draft.may_move(seat)?;
            match command {
                Command::DrawCharacter => draw(draft, seat),
                Command::PlaceCharacter { character_id, role_name } => {
                    draft.may_place(character_id, &role_name)?;
                    let is_complete =
                        draft.picks.iter().filter(|pick| pick.role.is_some()).count() + 1 == 2 * draft.setup.template.roles.len();
                    draft.record(Event::Placed { seat, character_id, role_name, is_complete });
                    Ok(())
                }
            }
        }
        Input::Absent(seat) => {
            if draft.in_progress() && seat <= GUEST {
                draft.record(Event::Forfeited { seat });
            }
            Ok(())
        }
        Input::Returned(_) | Input::Wake => Ok(()),
    }
}

fn draw(draft: &mut Draft<'_, DraftGame>, seat: Seat) -> Result<(), Refusal> {
    if draft.in_hand().is_some() {
        return Err(Refusal::HandFull);
    }
    let catalogue = draft.assets();
    let left: Vec<u32> = draft.remaining().collect();
    // Asked before drawing, for a draw that was made cannot be refused: the catalogue may have been replaced since the start.
    if left.is_empty() || !catalogue.has_cards(&left, &draft.setup.template) {
        return Err(Refusal::CatalogueChanged);
    }
    let at = draft.draw(u32::try_from(left.len()).unwrap_or(u32::MAX));
    let card = left.get(at as usize).and_then(|&id| catalogue.card(id, &draft.setup.template));
    let Some(card) = card else { return Err(Refusal::CatalogueChanged) };
    let character = CharacterView::new(&card, &draft.setup.template);
    draft.record(Event::Drawn { seat, character });
    Ok(())
}

impl DraftGame {
    pub(super) fn apply(&mut self, event: &Event) {
        match event {
            Event::Began => self.started = true,
            Event::Drawn { seat, character } => {
                self.turn = *seat;
                self.picks.push(Pick { seat: *seat, character: character.card(), role: None });
            }
            Event::Placed { seat, character_id, role_name, .. } => {
                let role = self.role_number(role_name);
                let in_hand = |pick: &&mut Pick| pick.seat == *seat && pick.character.id == *character_id && pick.role.is_none();
                if let Some(pick) = self.picks.iter_mut().rev().find(in_hand) {
                    pick.role = role;
                }
                self.turn = other(*seat);
            }
            Event::Forfeited { seat } => self.forfeited = self.forfeited.or(Some(*seat)),
        }
    }

    /// Whether `seat` may do something now.
    fn may_move(&self, seat: Seat) -> Result<(), Refusal> {
        if seat > GUEST {
            Err(Refusal::NoSuchSeat)
        } else if self.is_over() {
            Err(Refusal::Over)
        } else if !self.started {
            Err(Refusal::NotBegun)
        } else if self.turn != seat {
            Err(Refusal::NotYourTurn)
        } else {
            Ok(())
        }
    }

    /// Whether the player whose turn it is may place this character there.
    fn may_place(&self, character_id: u32, role_name: &str) -> Result<(), Refusal> {
        let pick = self.in_hand().ok_or(Refusal::HandEmpty)?;
        if pick.character.id != character_id {
            return Err(Refusal::NotInHand(character_id));
        }
        let role = self.role_number(role_name).ok_or(Refusal::UnknownRole)?;
        if self.holder(self.turn, usize::from(role)).is_some() { Err(Refusal::RoleTaken) } else { Ok(()) }
    }

    pub(super) fn legal_commands(&self, seat: Seat) -> Vec<Command> {
        if self.may_move(seat).is_err() {
            return vec![];
        }
        let Some(pick) = self.in_hand() else { return vec![Command::DrawCharacter] };
        let free = self.setup.template.roles.iter().enumerate().filter(|&(role, _)| self.holder(seat, role).is_none());
        free.map(|(_, name)| Command::PlaceCharacter { character_id: pick.character.id, role_name: name.clone() }).collect()
    }

    /// The ids that can still be drawn, ascending: draw number `n` of chance takes the one at that position.
    pub(super) fn remaining(&self) -> impl Iterator<Item = u32> + '_ {
        self.setup.pool.iter().copied().filter(|&id| self.picks.iter().all(|pick| pick.character.id != id))
    }

    pub(super) fn in_hand(&self) -> Option<&Pick> {
        self.picks.iter().rev().find(|pick| pick.seat == self.turn && pick.role.is_none())
    }

    pub(super) fn in_progress(&self) -> bool {
        self.started && !self.is_over()
    }

    pub(super) fn is_over(&self) -> bool {
        self.forfeited.is_some() || self.is_complete()
    }

    pub(super) fn is_complete(&self) -> bool {
        [Seat::HOST, GUEST].into_iter().all(|seat| self.team(seat).iter().all(Option::is_some))
    }

    pub(super) fn placements(&self, seat: Seat) -> ByRole<u32> {
        let placed = self.setup.template.roles.iter().zip(self.team(seat));
        ByRole(placed.filter_map(|(role, card)| Some((role.clone(), card?.id))).collect())
    }

    pub(super) fn outcome_now(&self) -> Option<Outcome> {
        if !self.is_over() {
            return None;
        }
        let sides = [Seat::HOST, GUEST].map(|seat| scoring::side(&self.setup.template, &self.team(seat)));
        let (reason, winner) = match self.forfeited {
            Some(seat) => (if seat == Seat::HOST { "Host disconnected" } else { "Guest disconnected" }, Some(other(seat))),
            None => {
                let winner = match sides[0].total.cmp(&sides[1].total) {
                    std::cmp::Ordering::Greater => Some(Seat::HOST),
                    std::cmp::Ordering::Less => Some(GUEST),
                    std::cmp::Ordering::Equal => None,
                };
                ("Game completed", winner)
            }
        };
        let [host, guest] = sides;
        let results = Results { winner: winner.map_or("draw", role_of), host, guest };
        Some(Outcome {
            reason: reason.to_owned(),
            winners: winner.into_iter().collect(),
            results: serde_json::to_value(results).unwrap_or_default(),
        })
    }

    /// Who stands in each role.
    fn team(&self, seat: Seat) -> Vec<Option<&Card>> {
        (0..self.setup.template.roles.len()).map(|role| self.holder(seat, role)).collect()
    }

    fn holder(&self, seat: Seat, role: usize) -> Option<&Card> {
        let there = |pick: &&Pick| pick.seat == seat && pick.role.map(usize::from) == Some(role);
        self.picks.iter().find(there).map(|pick| &pick.character)
    }

    fn role_number(&self, name: &str) -> Option<u8> {
        self.setup.template.roles.iter().position(|role| role == name).and_then(|at| u8::try_from(at).ok())
    }
}

/// What the wire calls the player in `seat`.
pub(super) fn role_of(seat: Seat) -> &'static str {
    if seat == Seat::HOST { "host" } else { "guest" }
}

fn other(seat: Seat) -> Seat {
    if seat == Seat::HOST { GUEST } else { Seat::HOST }
}
