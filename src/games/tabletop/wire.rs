//! What clients ask for, and the state as they are shown it.

use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use super::board::{FogAsk, MapAsk, TokenAsk};
use super::combat::{self, CombatShown, PlaceShown, Turn};
use super::feed::{Item, Json, Remembered};
use super::fight::{CombatAsk, CombatantAsk, TurnAsk};
use super::map::{Fog, MapShown, TokenShown};
use super::people::{Eye, PersonShown};
use super::polls::PollShown;
use super::sheets::SheetShown;
use super::{Options, Tabletop, effects, polls, rolls, seats, sheets};
use crate::game::Viewer;
use crate::id::{Seat, Seq};
use crate::time::Timestamp;

/// Entries of chat and rolls that the state shows.
const TALK_SHOWN: usize = 50;
/// And of the others.
const OTHERS_SHOWN: usize = 30;
const WHISPERS_SHOWN: usize = 200;

/// Tells what is left out from what is null.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

fn yes() -> bool {
    true
}

/// What a player may ask for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    DmNarration {
        narration: String,
    },
    PlayerAction {
        action_type: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        details: Option<Json>,
    },
    Whisper {
        to: Seat,
        message: String,
    },
    React {
        to: Seq,
        emoji: String,
        #[serde(default = "yes")]
        on: bool,
    },
    MarkRead {
        seq: Seq,
    },
    ShareImage {
        image_id: Uuid,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caption: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Vec<Seat>>,
    },
    DiceRoll(rolls::Ask),
    CombatUpdate {
        combat: CombatAsk,
    },
    TurnChange {
        turn: TurnAsk,
    },
    EndTurn,
    CombatantAdd(CombatantAsk),
    CombatantUpdate(CombatantAsk),
    CombatantRemove {
        combatant_id: Seq,
    },
    RollInitiative {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        combatant_id: Option<Seq>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        formula: Option<String>,
    },
    HpChange {
        combatant_id: Seq,
        by: i32,
    },
    EffectAdd(effects::Ask),
    EffectRemove {
        combatant_id: Seq,
        effect_id: Seq,
    },
    MapSet(MapAsk),
    FogSet(FogAsk),
    TokenAdd(TokenAsk),
    TokenMove {
        token_id: Seq,
        x: u16,
        y: u16,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        path: Vec<(u16, u16)>,
    },
    TokenUpdate(TokenAsk),
    TokenRemove {
        token_id: Seq,
    },
    SheetUpdate(sheets::Ask),
    PollCreate(polls::Ask),
    PollVote {
        poll_id: Seq,
        choices: Vec<u8>,
    },
    PollClose {
        poll_id: Seq,
    },
    SettingsUpdate(seats::Ask),
    DmHandOver {
        to: Seat,
    },
    CoDm {
        seat: Seat,
        on: bool,
    },
    DmClaim,
    EndSession {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// Somebody at the table as the state shows them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SittingShown {
    #[serde(flatten)]
    pub player: PersonShown,
    pub here: bool,
    pub joined_at: Timestamp,
    pub read: Seq,
}

/// The state as a viewer may know it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct View {
    pub players: Vec<SittingShown>,
    pub dm: Seat,
    pub co_dms: Vec<Seat>,
    pub my_seat: Option<Seat>,
    pub my_role: &'static str,
    pub settings: Options,
    pub chat: Vec<Remembered>,
    pub rolls: Vec<Remembered>,
    pub narrations: Vec<Remembered>,
    pub actions: Vec<Remembered>,
    pub images: Vec<Remembered>,
    pub whispers: Vec<Remembered>,
    pub turn: Option<Turn>,
    pub combat: CombatShown,
    pub initiative: Vec<PlaceShown>,
    pub map: Option<MapShown>,
    pub fog: Fog,
    pub tokens: Vec<TokenShown>,
    pub sheets: Vec<SheetShown>,
    pub polls: Vec<PollShown>,
}

impl Tabletop {
    pub(super) fn shown(&self, viewer: Viewer) -> View {
        let eye = Eye::of(viewer, self.dms());
        let my_role = match viewer {
            Viewer::Seat(seat) => self.role_of(seat).into(),
            Viewer::Spectator | Viewer::Omniscient => "spectator",
        };
        let person = |sitting: &super::people::Sitting| SittingShown {
            player: self.person_of(sitting).into(),
            here: sitting.here,
            joined_at: sitting.joined_at,
            read: sitting.read,
        };
        let combat = &self.combat;
        let turn = combat.turns.shown(eye);
        let shown = combat::shown(combat.active, combat.name.as_ref(), &self.combatants_now(), &combat.turns, eye);
        let current = turn.as_ref().and_then(|turn| turn.combatant_id);
        let place = |combatant: &combat::CombatantShown| PlaceShown {
            combatant_id: combatant.combatant_id,
            name: combatant.name.clone(),
            initiative: combatant.initiative,
            current: current == Some(combatant.combatant_id),
        };
        let last = |count, is| self.feed.last(viewer, count, is);
        let private = self.settings.private_sheets;
        View {
            players: self.people.iter().map(person).collect(),
            dm: self.dm,
            co_dms: self.co_dms.iter().collect(),
            my_seat: eye.seat,
            my_role,
            settings: self.settings.clone(),
            chat: last(TALK_SHOWN, |item| matches!(item, Item::Chat { .. })),
            rolls: last(TALK_SHOWN, |item| matches!(item, Item::Roll(_))),
            narrations: last(OTHERS_SHOWN, |item| matches!(item, Item::Narration { .. })),
            actions: last(OTHERS_SHOWN, |item| matches!(item, Item::Action { .. })),
            images: last(OTHERS_SHOWN, |item| matches!(item, Item::Image { .. })),
            whispers: last(WHISPERS_SHOWN, |item| matches!(item, Item::Whisper { .. })),
            initiative: shown.combatants.iter().map(place).collect(),
            turn,
            combat: shown,
            map: self.map.as_ref().map(|map| map.shown(self.fog.enabled, eye)),
            fog: self.fog.clone(),
            tokens: self.tokens.iter().map(|t| self.token_now(t)).filter(|t| t.is_seen(eye)).map(|t| t.shown(eye)).collect(),
            sheets: self.sheets.iter().map(|(seat, sheet)| sheet.shown(*seat, eye, private)).collect(),
            polls: self.polls.iter().map(|poll| poll.shown(viewer)).collect(),
        }
    }
}
