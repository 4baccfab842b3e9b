//! AniFight: two players draw characters and place them into the roles of a team. The better team wins.
//!
//! `rules` says what may be done, `scoring` what a team is worth, `catalogue` who there is; `wire` holds the words that clients see,
//! `bot` plays along. All of it is described for players and clients in `docs/games/draft.md`.

mod bot;
pub mod catalogue;
mod rules;
pub mod scoring;
#[cfg(test)]
mod tests;
pub mod wire;

use std::ops::RangeInclusive;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::chance::Draw;
use crate::game::{Draft, Game, Input, Outcome, Seats, Viewer};
use crate::id::Seat;

pub use catalogue::{Card, Catalogue, CatalogueError};
pub use rules::{Event, Pick, Refusal, Setup};
pub use wire::{Command, Notice, View};

/// What the host may choose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Options {
    /// Which list of roles to fill; the catalogue's first when left out.
    pub template_id: Option<u32>,
    /// The series whose characters are in the pot; all when left out.
    pub anime_pool_ids: Option<Vec<u32>>,
}

/// The state of a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftGame {
    setup: Setup,
    started: bool,
    turn: Seat,
    /// All characters drawn so far, in order.
    picks: Vec<Pick>,
    forfeited: Option<Seat>,
}

impl Game for DraftGame {
    const NAME: &'static str = "draft";
    const TITLE: &'static str = "AniFight";
    const SUMMARY: &'static str = "Two players draw characters by turns and place them where they fit best: the better team wins.";
    const SEATS: RangeInclusive<u8> = 2..=2;
    const BOTS: &'static [&'static str] = bot::LEVELS;

    type Options = Options;
    type Assets = Catalogue;
    type Setup = Setup;
    type Command = Command;
    type Event = Event;
    type View = View;
    type Notice = Notice;
    type Refusal = Refusal;

    fn setup(options: &Options, _seats: u8, catalogue: &Catalogue) -> Result<Setup, Refusal> {
        rules::set_up(options, catalogue)
    }

    fn open(setup: &Setup) -> Self {
        Self { setup: setup.clone(), started: false, turn: Seat::HOST, picks: vec![], forfeited: None }
    }

    fn decide(draft: &mut Draft<'_, Self>, input: Input<Command>) -> Result<(), Refusal> {
        rules::decide(draft, input)
    }

    fn evolve(&mut self, event: &Event) {
        self.apply(event);
    }

    fn view(&self, _viewer: Viewer) -> View {
        let template = &self.setup.template;
        let show = |pick: &Pick| wire::CharacterView::new(&pick.character, template);
        View {
            template_id: template.id,
            template: wire::TemplateView { name: template.name.clone(), roles: template.roles.clone() },
            anime_pool_ids: self.setup.anime_pool_ids.clone(),
            current_turn: rules::role_of(self.turn),
            drawn_character: self.in_hand().map(show),
            host_placements: self.placements(Seat::HOST),
            guest_placements: self.placements(rules::GUEST),
            drawn_characters: self.picks.iter().map(show).collect(),
            remaining_count: self.remaining().count(),
            is_started: self.started,
            is_complete: self.is_complete(),
            is_over: self.is_over(),
        }
    }

    fn notice(event: &Event, _viewer: Viewer) -> Option<Notice> {
        Some(match event {
            Event::Began => Notice::DraftBegan { current_turn: rules::role_of(Seat::HOST) },
            Event::Drawn { seat, character } => {
                Notice::CharacterDrawn { character: character.clone(), player_role: rules::role_of(*seat) }
            }
            Event::Placed { seat, character_id, role_name, is_complete } => Notice::CharacterPlaced {
                character_id: *character_id,
                role_name: role_name.clone(),
                player_role: rules::role_of(*seat),
                is_complete: *is_complete,
            },
            Event::Forfeited { seat } => Notice::PlayerForfeited { player_role: rules::role_of(*seat) },
        })
    }

    fn outcome(&self) -> Option<Outcome> {
        self.outcome_now()
    }

    fn to_act(&self) -> Seats {
        if self.in_progress() { Seats::one(self.turn) } else { Seats::NONE }
    }

    fn legal(&self, seat: Seat) -> Vec<Command> {
        self.legal_commands(seat)
    }

    fn draws(&self, event: &Event) -> Vec<Draw> {
        let Event::Drawn { character, .. } = event else { return vec![] };
        let sides = u32::try_from(self.remaining().count()).unwrap_or(u32::MAX);
        // A character that could not be drawn claims a value that no draw has, so that the claim fails.
        let at = self.remaining().position(|id| id == character.id).and_then(|at| u32::try_from(at).ok());
        vec![Draw { sides, value: at.unwrap_or(u32::MAX) }]
    }

    fn catalogue(assets: &Catalogue) -> serde_json::Value {
        serde_json::json!({
            "templates": assets.templates(),
            "series": assets.series().iter().map(|series| serde_json::json!({
                "id": series.id, "name": series.name, "about": series.about, "characters": series.characters.len(),
            })).collect::<Vec<_>>(),
        })
    }

    fn bot(view: &View, seat: Seat, level: &str, luck: &mut dyn FnMut(u32) -> u32) -> Option<Command> {
        bot::choose(view, seat, rules::role_of(seat), level, luck)
    }
}
