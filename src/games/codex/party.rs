//! The party: who takes part, and what changes for them.

use serde::{Deserialize, Serialize};

use super::story::{Class, Story, When};
use super::talent::Talents;
use super::wire::ItemShown;
use crate::game::Participant;
use crate::id::{PlayerId, Seat};

/// A player with a character.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub seat: Seat,
    pub player_id: PlayerId,
    pub player_name: String,
    pub character_name: String,
    pub class_id: String,
    pub class_name: String,
    pub talents: Talents,
    pub health: u8,
    pub health_max: u8,
    pub items: Vec<ItemShown>,
    /// Whether turns wait for the player.
    pub here: bool,
    /// The first turn that the player takes part in.
    pub from_turn: u32,
}

/// How far a turn is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub choices_submitted: usize,
    /// Those who have chosen and those who are waited for.
    pub total_players: usize,
    pub all_submitted: bool,
    pub waiting_for: Vec<PlayerId>,
}

/// What somebody chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    pub seat: Seat,
    pub player_id: PlayerId,
    pub player_name: String,
    pub choice_id: String,
    pub text: String,
}

/// Something that a turn changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Change {
    Trust { by: i16 },
    Health { seat: Seat, by: i16 },
    Gained { seat: Seat, item: String },
    Lost { seat: Seat, item: String },
    Fell { seat: Seat },
}

impl Member {
    pub fn new(who: &Participant, class: &Class, story: &Story, from_turn: u32) -> Self {
        Self {
            seat: who.seat,
            player_id: who.player_id,
            player_name: who.nickname.clone(),
            character_name: who.nickname.clone(),
            class_id: class.id.get_ref().clone(),
            class_name: class.name.clone(),
            talents: class.talents,
            health: class.health,
            health_max: class.health,
            items: items_of(class, story),
            here: who.here,
            from_turn,
        }
    }

    /// The same player as another character.
    #[must_use]
    pub fn turned_into(&self, class: &Class, name: Option<String>, story: &Story) -> Self {
        let who = Participant { seat: self.seat, player_id: self.player_id, nickname: self.player_name.clone(), here: self.here };
        let character_name = name.unwrap_or_else(|| self.character_name.clone());
        Self { character_name, ..Self::new(&who, class, story, self.from_turn) }
    }

    pub fn stands(&self) -> bool {
        self.health > 0
    }

    /// Whether the member takes part in turn number `turn`.
    pub fn takes_part(&self, turn: u32) -> bool {
        self.stands() && self.from_turn <= turn
    }

    pub fn has(&self, item: &str) -> bool {
        self.items.iter().any(|own| own.item_id == item)
    }
}

/// What a class begins with.
pub fn items_of(class: &Class, story: &Story) -> Vec<ItemShown> {
    class.items.iter().filter_map(|id| item(story, id.get_ref())).collect()
}

/// An item by its id.
pub fn item(story: &Story, id: &str) -> Option<ItemShown> {
    story.item(id).map(|item| ItemShown { item_id: id.to_owned(), name: item.name.clone() })
}

/// What conditions are about besides a member.
#[derive(Clone, Copy)]
pub struct World<'a> {
    pub trust: u8,
    pub flags: &'a std::collections::BTreeSet<String>,
    pub party: &'a [Member],
}

impl World<'_> {
    /// Whether `when` holds for one member.
    pub fn allows(self, when: &When, member: &Member) -> bool {
        self.holds_around(when)
            && when.item.as_ref().is_none_or(|item| member.has(item.get_ref()))
            && when.class.as_ref().is_none_or(|class| member.class_id == *class.get_ref())
            && when.health_at_least.is_none_or(|least| member.health >= least)
            && when.health_below.is_none_or(|most| member.health < most)
    }

    /// Whether `when` holds for the party.
    pub fn holds(self, when: &When) -> bool {
        let standing = || self.party.iter().filter(|member| member.stands());
        let weakest = standing().map(|member| member.health).min().unwrap_or(0);
        self.holds_around(when)
            && when.item.as_ref().is_none_or(|item| standing().any(|member| member.has(item.get_ref())))
            && when.class.as_ref().is_none_or(|class| standing().any(|member| member.class_id == *class.get_ref()))
            && when.health_at_least.is_none_or(|least| weakest >= least)
            && when.health_below.is_none_or(|most| weakest < most)
    }

    fn holds_around(self, when: &When) -> bool {
        when.flag.as_ref().is_none_or(|flag| self.flags.contains(flag.get_ref()))
            && when.not_flag.as_ref().is_none_or(|flag| !self.flags.contains(flag.get_ref()))
            && when.trust_at_least.is_none_or(|least| self.trust >= least)
            && when.trust_below.is_none_or(|most| self.trust < most)
    }
}
