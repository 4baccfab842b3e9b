//! What may be asked of the map.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Tabletop;
use super::map::{Area, Fog, Map, Token, UnderFog, distance};
use super::people::Person;
use super::refusal::{Refusal, at_most, number, optional, text};
use super::rules::Event;
use super::wire::given;
use crate::game::Draft;
use crate::id::{Seat, Seq};

const SIDE_MAX: i64 = 200;
const NAME_MAX: usize = 80;
const UNIT_MAX: usize = 12;
const CELL_MAX: i64 = 1_000;
const CELL: u32 = 5;
const AREAS_AT_ONCE: usize = 50;
const AREAS_MAX: usize = 400;
const TOKENS_MAX: usize = 200;
const TOKEN_NAME_MAX: usize = 60;
const SIZE_MAX: i64 = 10;
const SPEED_MAX: i64 = 10_000;
const NOTES_MAX: usize = 500;
const PATH_MAX: usize = 50;

const NO_MAP: Refusal = Refusal::Illegal("there is no map");
const OUTSIDE: Refusal = Refusal::Illegal("that is outside of the map");

/// A wish for a map.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapAsk {
    pub width: u16,
    pub height: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cell: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background: Option<Uuid>,
    #[serde(default)]
    pub background_under_fog: UnderFog,
    #[serde(default)]
    pub keep: bool,
}

/// What changes of the fog.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FogAsk {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(default)]
    pub clear: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<Area>,
}

/// A new token, or what changes of one: what is left out stays, null takes away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenAsk {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_id: Option<Seq>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u8>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub owner: Option<Option<Seat>>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub color: Option<Option<String>>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub image_id: Option<Option<Uuid>>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub speed: Option<Option<u32>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

impl TokenAsk {
    /// Whether it asks for what an owner may change, and nothing else.
    fn is_look_only(&self) -> bool {
        let Self { token_id, color, image_id, .. } = self.clone();
        *self == Self { token_id, color, image_id, ..Self::default() }
    }

    fn apply(&self, table: &Tabletop, map: &Map, token: &mut Token) -> Result<(), Refusal> {
        if let Some(name) = &self.name {
            token.name = text("name", name, 1, TOKEN_NAME_MAX)?;
        }
        if let Some(size) = self.size {
            token.size = number("size", size, 1, SIZE_MAX)?;
        }
        if let Some(owner) = self.owner {
            owner.iter().try_for_each(|seat| table.other(*seat).map(drop))?;
            token.owner = owner;
        }
        if let Some(color) = &self.color {
            let is_color =
                |color: &String| color.len() == 7 && color.starts_with('#') && color.chars().skip(1).all(|c| c.is_ascii_hexdigit());
            if !color.as_ref().is_none_or(is_color) {
                return Err(Refusal::Invalid("a color is # and six hexadecimal digits"));
            }
            token.color.clone_from(color);
        }
        if let Some(speed) = self.speed {
            speed.iter().try_for_each(|speed| number("speed", *speed, 0, SPEED_MAX).map(drop))?;
            token.speed = speed;
        }
        if let Some(notes) = &self.notes {
            token.notes = text("notes", notes, 0, NOTES_MAX)?;
        }
        token.image_id = self.image_id.unwrap_or(token.image_id);
        token.hidden = self.hidden.unwrap_or(token.hidden);
        if fits(map, token.size, token.x, token.y) { Ok(()) } else { Err(OUTSIDE) }
    }
}

fn fits(map: &Map, size: u8, x: u16, y: u16) -> bool {
    let end = |at: u16| u32::from(at) + u32::from(size);
    end(x) <= u32::from(map.width) && end(y) <= u32::from(map.height)
}

impl Tabletop {
    fn open_map(&self) -> Result<&Map, Refusal> {
        self.map.as_ref().ok_or(NO_MAP)
    }

    /// A token that `seat` may know of.
    fn known_token(&self, seat: Seat, id: Seq) -> Result<&Token, Refusal> {
        let seen = |token: &&Token| self.is_dm(seat) || self.is_seen(token);
        self.token(id).filter(seen).ok_or(Refusal::Unknown("token"))
    }
}

pub(super) fn set_map(draft: &mut Draft<'_, Tabletop>, seat: Seat, player: Person, ask: &MapAsk) -> Result<(), Refusal> {
    draft.dm_only(seat, "change the map")?;
    let map = Map {
        width: number("width", ask.width, 1, SIDE_MAX)?,
        height: number("height", ask.height, 1, SIDE_MAX)?,
        name: optional("name", ask.name.as_ref(), NAME_MAX)?,
        cell: number("cell", ask.cell.unwrap_or(CELL), 1, CELL_MAX)?,
        unit: optional("unit", ask.unit.as_ref(), UNIT_MAX)?.unwrap_or_else(|| "ft".to_owned()),
        background: ask.background,
        background_under_fog: ask.background_under_fog,
    };
    let fog = if ask.keep { draft.fog.clone() } else { Fog { enabled: draft.fog.enabled, areas: vec![] } };
    let inside = |token: &Token| {
        let mut token = token.clone();
        token.size = token.size.min(u8::try_from(map.width.min(map.height)).unwrap_or(u8::MAX));
        token.x = token.x.min(map.width - u16::from(token.size));
        token.y = token.y.min(map.height - u16::from(token.size));
        draft.token_under(&token, &fog)
    };
    let tokens = if ask.keep { draft.tokens.iter().map(inside).collect() } else { vec![] };
    let dms = draft.dms();
    draft.record(Event::MapChanged { player, map, fog, tokens, dms });
    Ok(())
}

pub(super) fn set_fog(draft: &mut Draft<'_, Tabletop>, seat: Seat, player: Person, ask: &FogAsk) -> Result<(), Refusal> {
    draft.dm_only(seat, "change the fog")?;
    let map = draft.open_map()?;
    at_most("areas at a time", ask.areas.len(), AREAS_AT_ONCE)?;
    for area in &ask.areas {
        number("w", area.w, 1, SIDE_MAX)?;
        number("h", area.h, 1, SIDE_MAX)?;
        if area.x >= map.width || area.y >= map.height {
            return Err(OUTSIDE);
        }
    }
    let mut fog = draft.fog.clone();
    fog.enabled = ask.enabled.unwrap_or(fog.enabled);
    fog.lay(ask.clear, &ask.areas);
    at_most("areas of fog", fog.areas.len(), AREAS_MAX)?;
    let now = || draft.tokens.iter().map(|token| (draft.is_seen(token), draft.token_under(token, &fog)));
    let appeared = now().filter(|(before, now)| !before && now.seen).map(|(_, now)| now).collect();
    let gone = now().filter(|(before, now)| *before && !now.seen).map(|(_, now)| now.token.id).collect();
    let (enabled, clear, areas) = (fog.enabled, ask.clear, ask.areas.clone());
    let (background, background_open, dms) = (map.background, map.is_background_open(enabled), draft.dms());
    draft.record(Event::FogChanged { player, enabled, clear, areas, background, background_open, appeared, gone, dms });
    Ok(())
}

pub(super) fn add(draft: &mut Draft<'_, Tabletop>, seat: Seat, player: Person, ask: &TokenAsk) -> Result<(), Refusal> {
    draft.dm_only(seat, "add tokens")?;
    let map = draft.open_map()?;
    at_most("tokens", draft.tokens.len() + 1, TOKENS_MAX)?;
    let (Some(name), Some(x), Some(y)) = (ask.name.clone(), ask.x, ask.y) else {
        return Err(Refusal::Invalid("a token has a name, x and y"));
    };
    let mut token = Token {
        id: draft.seq(),
        name,
        x,
        y,
        size: 1,
        owner: None,
        color: None,
        image_id: None,
        speed: None,
        moved: 0,
        hidden: false,
        notes: String::new(),
    };
    ask.apply(draft, map, &mut token)?;
    let (now, dms) = (draft.token_now(&token), draft.dms());
    draft.record(Event::TokenPut { player, now, was_seen: None, dms });
    Ok(())
}

pub(super) fn change(draft: &mut Draft<'_, Tabletop>, seat: Seat, player: Person, ask: &TokenAsk) -> Result<(), Refusal> {
    let id = ask.token_id.ok_or(Refusal::Invalid("token_id is missing"))?;
    let before = draft.known_token(seat, id)?.clone();
    draft.owner_only(seat, before.owner, "token")?;
    if ask.x.is_some() || ask.y.is_some() {
        return Err(Refusal::Invalid("tokens are moved by token_move"));
    }
    if !ask.is_look_only() {
        draft.dm_only(seat, "change more than the look of a token")?;
    }
    let mut after = before.clone();
    ask.apply(draft, draft.open_map()?, &mut after)?;
    if after != before {
        let (now, was_seen, dms) = (draft.token_now(&after), Some(draft.is_seen(&before)), draft.dms());
        draft.record(Event::TokenPut { player, now, was_seen, dms });
    }
    Ok(())
}

pub(super) fn shift(
    draft: &mut Draft<'_, Tabletop>,
    seat: Seat,
    player: Person,
    id: Seq,
    to: (u16, u16),
    path: &[(u16, u16)],
) -> Result<(), Refusal> {
    let before = draft.known_token(seat, id)?.clone();
    draft.owner_only(seat, before.owner, "token")?;
    let map = draft.open_map()?;
    at_most("corners on the way", path.len(), PATH_MAX)?;
    if !path.iter().chain([&to]).all(|&(x, y)| fits(map, before.size, x, y)) {
        return Err(OUTSIDE);
    }
    let from = (before.x, before.y);
    let way: Vec<_> = [from].into_iter().chain(path.iter().copied()).chain([to]).collect();
    let distance = distance(&way, draft.settings.diagonals).saturating_mul(map.cell);
    let mut after = before.clone();
    (after.x, after.y) = to;
    if draft.combat.active && !draft.is_dm(seat) {
        after.moved = before.moved.saturating_add(distance);
        if let Some(speed) = before.speed.filter(|speed| draft.settings.enforce_speed && after.moved > *speed) {
            return Err(Refusal::TooFar { left: speed.saturating_sub(before.moved), distance });
        }
    }
    let (now, was_seen, dms) = (draft.token_now(&after), draft.is_seen(&before), draft.dms());
    // Where a token went under the fog is not for all.
    let open_path = after.owner.is_some() || !draft.fog.enabled;
    let path = path.to_vec();
    draft.record(Event::TokenMoved { player, now, from, was_seen, distance, path, open_path, dms });
    Ok(())
}

pub(super) fn remove(draft: &mut Draft<'_, Tabletop>, seat: Seat, player: Person, id: Seq) -> Result<(), Refusal> {
    draft.dm_only(seat, "remove tokens")?;
    let was_seen = draft.is_seen(draft.known_token(seat, id)?);
    let dms = draft.dms();
    draft.record(Event::TokenGone { player, token_id: id, was_seen, dms });
    Ok(())
}
