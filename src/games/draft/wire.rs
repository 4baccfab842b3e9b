//! The words of the game on the wire: what is asked, told and shown.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use strum::IntoStaticStr;

use super::catalogue::{Card, Template};
use crate::id::Seat;

/// What a player may ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Takes a character from the pool, by chance. A payload is accepted and ignored: the server knows what is left.
    DrawCharacter,
    /// Puts the character in hand into one of the player's own free roles.
    PlaceCharacter { character_id: u32, role_name: String },
}

/// One value per role, in the template's order; an object in JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByRole<T>(pub Vec<(String, T)>);

impl<T: Copy> ByRole<T> {
    pub fn get(&self, role: &str) -> Option<T> {
        self.0.iter().find(|(name, _)| name == role).map(|&(_, value)| value)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ByRole<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder(PhantomData)).map(ByRole)
    }
}

/// Reads an object in the order in which it was written.
struct InOrder<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for InOrder<T> {
    type Value = Vec<(String, T)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a value per role")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(entry) = map.next_entry()? {
            values.push(entry);
        }
        Ok(values)
    }
}

impl<T: Serialize> Serialize for ByRole<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (role, value) in &self.0 {
            map.serialize_entry(role, value)?;
        }
        map.end()
    }
}

/// A drawn character, as everybody sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CharacterView {
    pub id: u32,
    pub name: String,
    pub anime_id: u32,
    pub anime: String,
    pub about: String,
    /// From 1 to 100, for the roles of this room's template.
    pub ratings: ByRole<u8>,
}

impl CharacterView {
    pub fn new(card: &Card, template: &Template) -> Self {
        Self {
            id: card.id,
            name: card.name.clone(),
            anime_id: card.anime_id,
            anime: card.anime.clone(),
            about: card.about.clone(),
            ratings: ByRole(template.roles.iter().cloned().zip(card.ratings.iter().copied()).collect()),
        }
    }

    /// As the state keeps it: the ratings in the template's order, without the names of the roles.
    pub fn card(&self) -> Card {
        Card {
            id: self.id,
            name: self.name.clone(),
            anime_id: self.anime_id,
            anime: self.anime.clone(),
            about: self.about.clone(),
            ratings: self.ratings.0.iter().map(|(_, rating)| *rating).collect(),
        }
    }
}

/// What happened, as everybody is told it.
#[derive(Clone, Debug, PartialEq, Serialize, IntoStaticStr)]
#[serde(untagged)]
#[strum(serialize_all = "snake_case")]
pub enum Notice {
    /// The host may draw.
    DraftBegan {
        current_turn: &'static str,
    },
    CharacterDrawn {
        character: CharacterView,
        player_role: &'static str,
    },
    CharacterPlaced {
        character_id: u32,
        role_name: String,
        player_role: &'static str,
        /// Whether that was the last free role of the game.
        is_complete: bool,
    },
    PlayerForfeited {
        player_role: &'static str,
    },
}

/// The template as clients see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TemplateView {
    pub name: String,
    pub roles: Vec<String>,
}

/// The whole state. Nothing is hidden: what is left in the pool is known to everybody, and which comes next to nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct View {
    pub template_id: u32,
    pub template: TemplateView,
    pub anime_pool_ids: Vec<u32>,
    /// Who draws or places next; meaningless once the game is over.
    pub current_turn: &'static str,
    /// The character in the hand of whose turn it is.
    pub drawn_character: Option<CharacterView>,
    pub host_placements: ByRole<u32>,
    pub guest_placements: ByRole<u32>,
    /// All characters drawn so far, in order.
    pub drawn_characters: Vec<CharacterView>,
    pub remaining_count: usize,
    pub is_started: bool,
    /// Whether all roles of both players are filled.
    pub is_complete: bool,
    pub is_over: bool,
}

impl View {
    /// The placements of one player.
    pub fn placements(&self, seat: Seat) -> &ByRole<u32> {
        if seat == Seat::HOST { &self.host_placements } else { &self.guest_placements }
    }
}

/// The game's account of its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Results {
    /// `host`, `guest` or `draw`.
    pub winner: &'static str,
    pub host: SideResult,
    pub guest: SideResult,
}

/// What one player's team is worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SideResult {
    pub total: u32,
    /// Every role of the template, in its order.
    pub roles: Vec<RoleResult>,
}

/// What one role is worth. An empty one, after a forfeit, has no character and no points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoleResult {
    pub role_name: String,
    pub character_id: Option<u32>,
    pub character_name: Option<String>,
    pub rating: u32,
    pub synergy: u32,
    pub points: u32,
}
