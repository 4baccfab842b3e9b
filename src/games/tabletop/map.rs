//! The map: cells, tokens and fog, and what is seen of them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Tabletop;
use super::people::Eye;
use crate::id::{Seat, Seq};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Map {
    pub name: Option<String>,
    /// In cells.
    pub width: u16,
    pub height: u16,
    /// How many units a cell is long.
    pub cell: u32,
    pub unit: String,
    pub background: Option<Uuid>,
    pub background_under_fog: UnderFog,
}

/// What becomes of the picture of the map while there is fog.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnderFog {
    /// Nobody but the DMs is told which it is.
    #[default]
    Hidden,
    Shown,
}

/// A map in the words of the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MapShown {
    pub name: Option<String>,
    pub width: u16,
    pub height: u16,
    pub cell: u32,
    pub unit: String,
    pub background: Option<Uuid>,
    pub background_under_fog: UnderFog,
    pub background_withheld: bool,
}

impl Map {
    /// Whether others than DMs may know the picture.
    pub fn is_background_open(&self, fog: bool) -> bool {
        !fog || self.background_under_fog == UnderFog::Shown
    }

    pub fn shown(&self, fog: bool, eye: Eye) -> MapShown {
        let open = eye.dm || self.is_background_open(fog);
        MapShown {
            name: self.name.clone(),
            width: self.width,
            height: self.height,
            cell: self.cell,
            unit: self.unit.clone(),
            background: self.background.filter(|_| open),
            background_under_fog: self.background_under_fog,
            background_withheld: !open && self.background.is_some(),
        }
    }
}

/// Cells from which the fog was lifted, or on which it was laid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    pub x: u16,
    pub y: u16,
    pub w: u16,
    pub h: u16,
    pub revealed: bool,
}

impl Area {
    fn has(&self, x: u16, y: u16) -> bool {
        let within = |at: u16, from: u16, length: u16| at >= from && u32::from(at) < u32::from(from) + u32::from(length);
        within(x, self.x, self.w) && within(y, self.y, self.h)
    }

    fn covers(&self, other: &Area) -> bool {
        let end = |from: u16, length: u16| u32::from(from) + u32::from(length);
        self.x <= other.x
            && self.y <= other.y
            && end(self.x, self.w) >= end(other.x, other.w)
            && end(self.y, self.h) >= end(other.y, other.h)
    }
}

/// Where there is fog: a cell is as the last area over it says, and covered when there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fog {
    pub enabled: bool,
    pub areas: Vec<Area>,
}

impl Fog {
    pub fn covers(&self, x: u16, y: u16) -> bool {
        self.enabled && !self.areas.iter().rev().find(|area| area.has(x, y)).is_some_and(|area| area.revealed)
    }

    /// Lays areas over what is there; what lies wholly under a later one is forgotten.
    pub fn lay(&mut self, clear: bool, areas: &[Area]) {
        if clear {
            self.areas.clear();
        }
        for area in areas {
            self.areas.retain(|old| !area.covers(old));
            self.areas.push(*area);
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    pub id: Seq,
    pub name: String,
    pub x: u16,
    pub y: u16,
    /// In cells each way.
    pub size: u8,
    pub owner: Option<Seat>,
    pub color: Option<String>,
    pub image_id: Option<Uuid>,
    /// In units.
    pub speed: Option<u32>,
    pub moved: u32,
    pub hidden: bool,
    pub notes: String,
}

/// A token with what decides how others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenNow {
    pub token: Token,
    /// Whether others than DMs see it.
    pub seen: bool,
    pub combatant: Option<Seq>,
    pub combatant_hidden: bool,
}

/// A token in the words of the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenShown {
    pub token_id: Seq,
    pub name: String,
    pub x: u16,
    pub y: u16,
    pub size: u8,
    pub owner: Option<Seat>,
    pub color: Option<String>,
    pub image_id: Option<Uuid>,
    pub speed: Option<u32>,
    pub moved: u32,
    pub combatant_id: Option<Seq>,
    pub hidden: bool,
    pub seen: bool,
    pub notes: Option<String>,
}

impl TokenNow {
    pub fn is_seen(&self, eye: Eye) -> bool {
        eye.dm || self.seen
    }

    pub fn shown(&self, eye: Eye) -> TokenShown {
        let token = self.token.clone();
        TokenShown {
            token_id: token.id,
            name: token.name,
            x: token.x,
            y: token.y,
            size: token.size,
            owner: token.owner,
            color: token.color,
            image_id: token.image_id,
            speed: token.speed,
            moved: token.moved,
            combatant_id: self.combatant.filter(|_| eye.dm || !self.combatant_hidden),
            hidden: token.hidden,
            seen: self.seen,
            notes: Some(token.notes).filter(|_| eye.dm),
        }
    }
}

/// How far diagonal steps are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Diagonals {
    /// One cell.
    #[default]
    One,
    /// One cell and two by turns.
    Alternate,
}

/// The way along `points`, in cells.
pub fn distance(points: &[(u16, u16)], diagonals: Diagonals) -> u32 {
    let leg = |pair: &[(u16, u16)]| match pair {
        [from, to] => {
            let (dx, dy) = (u32::from(from.0.abs_diff(to.0)), u32::from(from.1.abs_diff(to.1)));
            let diagonal = dx.min(dy);
            let extra = if diagonals == Diagonals::Alternate { diagonal / 2 } else { 0 };
            dx.max(dy) + extra
        }
        _ => 0,
    };
    points.windows(2).map(leg).sum()
}

impl Tabletop {
    pub(super) fn token(&self, id: Seq) -> Option<&Token> {
        self.tokens.iter().find(|token| token.id == id)
    }

    /// Whether others than DMs see the token.
    pub(super) fn is_seen(&self, token: &Token) -> bool {
        is_seen(token, &self.fog)
    }

    pub(super) fn token_now(&self, token: &Token) -> TokenNow {
        self.token_under(token, &self.fog)
    }

    /// As it would be under another fog.
    pub(super) fn token_under(&self, token: &Token, fog: &Fog) -> TokenNow {
        let combatant = self.combat.combatants.iter().find(|combatant| combatant.token == Some(token.id));
        TokenNow {
            token: token.clone(),
            seen: is_seen(token, fog),
            combatant: combatant.map(|combatant| combatant.id),
            combatant_hidden: combatant.is_some_and(|combatant| combatant.hidden),
        }
    }

    pub(super) fn put_token(&mut self, token: &Token) {
        match self.tokens.iter_mut().find(|old| old.id == token.id) {
            Some(old) => *old = token.clone(),
            None => self.tokens.push(token.clone()),
        }
    }
}

fn is_seen(token: &Token, fog: &Fog) -> bool {
    let size = u16::from(token.size);
    let cells = (0..size).flat_map(|dy| (0..size).map(move |dx| (dx, dy)));
    let bare = |(dx, dy)| !fog.covers(token.x.saturating_add(dx), token.y.saturating_add(dy));
    !token.hidden && (token.owner.is_some() || cells.into_iter().any(bare))
}
