//! Events as viewers are told them: an allow-list, from the event alone.

use serde::Serialize;
use std::collections::BTreeMap;
use strum::IntoStaticStr;
use uuid::Uuid;

use super::Options;
use super::combat::{self, CombatShown, CombatantNow, CombatantShown, Health, Turn, Turns};
use super::effects::{self, EffectShown, TickShown};
use super::feed::{EntryShown, Item};
use super::map::{Area, Fog, MapShown, TokenNow, TokenShown};
use super::people::{Eye, PersonShown};
use super::polls::PollShown;
use super::rolls::{RollShown, Rolled};
use super::rules::Event;
use super::sheets::{Change, SheetShown, is_open};
use crate::dice::Pool;
use crate::game::Viewer;
use crate::id::{PlayerId, Seat, Seq};

/// A place on the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    pub x: u16,
    pub y: u16,
}

/// What happened, as a viewer is told it.
#[derive(Clone, Debug, PartialEq, Serialize, IntoStaticStr)]
#[serde(untagged)]
#[strum(serialize_all = "snake_case")]
pub enum Notice {
    SessionBegan {
        settings: Options,
        dm: Seat,
        players: Vec<PersonShown>,
    },
    TableJoined {
        player: PersonShown,
    },
    TableAway {
        player: PersonShown,
    },
    TableBack {
        player: PersonShown,
    },
    DmNarration(EntryShown),
    PlayerAction(EntryShown),
    Whisper(EntryShown),
    ImageShared(EntryShown),
    DiceRoll(EntryShown),
    ChatMessage(EntryShown),
    Reaction {
        player: PersonShown,
        to: Seq,
        emoji: String,
        on: bool,
    },
    ReadReceipt {
        player_id: PlayerId,
        seat: Seat,
        read: Seq,
    },
    InitiativeRolled {
        player: PersonShown,
        combatant: CombatantShown,
        turn: Option<Turn>,
        formula: String,
        result: Option<i64>,
        rolls: Vec<i64>,
        modifier: Option<i64>,
        dice: Vec<Pool>,
        text: Option<String>,
    },
    CombatUpdate {
        player: PersonShown,
        combat: CombatShown,
        turn: Option<Turn>,
    },
    TurnChange {
        player: PersonShown,
        turn: Option<Turn>,
        effects: Vec<TickShown>,
    },
    CombatantAdded {
        player: PersonShown,
        combatant: CombatantShown,
        turn: Option<Turn>,
    },
    CombatantUpdated {
        player: PersonShown,
        combatant: CombatantShown,
        turn: Option<Turn>,
    },
    CombatantRemoved {
        player: PersonShown,
        combatant_id: Seq,
        turn: Option<Turn>,
    },
    HpChanged {
        player: PersonShown,
        combatant_id: Seq,
        by: Option<i32>,
        hp: Option<i32>,
        hp_max: Option<i32>,
        state: Option<Health>,
        concentration_dc: Option<u32>,
        ended: Vec<TickShown>,
    },
    EffectAdded {
        player: PersonShown,
        combatant_id: Seq,
        effect: EffectShown,
        ended: Vec<TickShown>,
    },
    /// Of an effect on a hidden one others see what ended by it.
    EffectsEnded {
        ended: Vec<TickShown>,
    },
    EffectRemoved {
        player: PersonShown,
        combatant_id: Seq,
        effect_id: Seq,
    },
    MapChanged {
        player: PersonShown,
        map: MapShown,
        fog: Fog,
        tokens: Vec<TokenShown>,
    },
    FogChanged {
        player: PersonShown,
        enabled: bool,
        clear: bool,
        areas: Vec<Area>,
        background: Option<Uuid>,
        appeared: Vec<TokenShown>,
        gone: Vec<Seq>,
    },
    TokenAdded {
        player: PersonShown,
        token: TokenShown,
    },
    TokenUpdated {
        player: PersonShown,
        token: TokenShown,
    },
    TokenMoved {
        player: PersonShown,
        token_id: Seq,
        from: Place,
        x: u16,
        y: u16,
        distance: Option<u32>,
        path: Option<Vec<(u16, u16)>>,
        moved: u32,
        seen: bool,
    },
    TokenRemoved {
        player: PersonShown,
        token_id: Seq,
    },
    SheetUpdated {
        player: PersonShown,
        seat: Seat,
        #[serde(flatten)]
        change: Change,
    },
    PollOpened {
        player: PersonShown,
        poll: PollShown,
    },
    PollVoted {
        player: PersonShown,
        poll_id: Seq,
        choices: Option<Vec<u8>>,
        counts: Option<Vec<u32>>,
        voted: Vec<Seat>,
    },
    PollClosed {
        player: PersonShown,
        poll: PollShown,
    },
    SettingsChanged {
        player: PersonShown,
        settings: Options,
        sheets: Option<Vec<SheetShown>>,
    },
    DmChanged {
        player: PersonShown,
        dm: Seat,
        co_dms: Vec<Seat>,
        players: Vec<PersonShown>,
    },
    SessionEnded {
        player: PersonShown,
        reason: String,
    },
}

/// `event` as `viewer` may know it.
pub(super) fn tell(event: &Event, viewer: Viewer) -> Option<Notice> {
    let eye = |dms| Eye::of(viewer, dms);
    Some(match event.clone() {
        Event::Began { settings, dm, people, .. } => {
            let person = |sitting: super::people::Sitting| {
                let role = if sitting.seat == dm { super::people::Role::Dm } else { super::people::Role::Player };
                let (player_id, nickname, seat) = (sitting.player_id, sitting.nickname, Some(sitting.seat));
                super::people::Person { player_id, nickname, seat, role, character_name: None }.into()
            };
            Notice::SessionBegan { settings, dm, players: people.into_iter().map(person).collect() }
        }
        Event::Sat { player, .. } => Notice::TableJoined { player: player.into() },
        Event::Away { player } => Notice::TableAway { player: player.into() },
        Event::Back { player } => Notice::TableBack { player: player.into() },
        Event::Told { entry } => {
            let shown = entry.shown(viewer)?;
            match entry.item {
                Item::Chat { .. } => Notice::ChatMessage(shown),
                Item::Narration { .. } => Notice::DmNarration(shown),
                Item::Action { .. } => Notice::PlayerAction(shown),
                Item::Whisper { .. } => Notice::Whisper(shown),
                Item::Image { .. } => Notice::ImageShared(shown),
                Item::Roll(_) => Notice::DiceRoll(shown),
            }
        }
        Event::Reacted { by, to, emoji, on, audience, blind } => {
            let sees = audience.admits(viewer) || matches!(viewer, Viewer::Seat(seat) if blind == Some(seat));
            if !sees {
                return None;
            }
            Notice::Reaction { player: by.into(), to, emoji, on }
        }
        Event::Read { seat, player_id, read } => Notice::ReadReceipt { player_id, seat, read },
        Event::InitiativeRolled { player, now, rolled, turns, dms } => {
            let eye = eye(dms);
            if !now.is_seen(eye) {
                return None;
            }
            initiative(player.into(), &now, rolled, &turns, eye)
        }
        Event::CombatChanged { player, active, name, combatants, turns, dms } => {
            let eye = eye(dms);
            let combat = combat::shown(active, name.as_ref(), &combatants, &turns, eye);
            Notice::CombatUpdate { player: player.into(), combat, turn: turns.shown(eye) }
        }
        Event::TurnChanged { player, turns, effects, seen, dms } => {
            let eye = eye(dms);
            let ticks = effects::shown(&effects, eye);
            if !eye.dm && !seen && ticks.is_empty() {
                return None;
            }
            Notice::TurnChange { player: player.into(), turn: turns.shown(eye), effects: ticks }
        }
        Event::CombatantPut { player, now, was_hidden, turns, dms } => put(player.into(), &now, was_hidden, &turns, eye(dms))?,
        Event::CombatantGone { player, combatant_id, hidden, turns, dms } => {
            let eye = eye(dms);
            if hidden && !eye.dm {
                return None;
            }
            Notice::CombatantRemoved { player: player.into(), combatant_id, turn: turns.shown(eye) }
        }
        Event::HpChanged { player, now, by, concentration_dc, ended, dms } => {
            let eye = eye(dms);
            let ended = effects::shown(&ended, eye);
            if !now.is_seen(eye) {
                return ended_only(ended);
            }
            let open = now.combatant.shows_hp(eye);
            let shown = now.shown(eye);
            Notice::HpChanged {
                player: player.into(),
                combatant_id: shown.combatant_id,
                by: Some(by).filter(|_| open),
                hp: shown.hp,
                hp_max: shown.hp_max,
                state: shown.state,
                concentration_dc: concentration_dc.filter(|_| open),
                ended,
            }
        }
        Event::EffectAdded { player, combatant_id, effect, hidden, veiled, ended, dms } => {
            let eye = eye(dms);
            let ended = effects::shown(&ended, eye);
            if hidden && !eye.dm {
                return ended_only(ended);
            }
            Notice::EffectAdded { player: player.into(), combatant_id, effect: effect.shown(veiled && !eye.dm), ended }
        }
        Event::EffectRemoved { player, combatant_id, effect_id, hidden, dms } => {
            if hidden && !eye(dms).dm {
                return None;
            }
            Notice::EffectRemoved { player: player.into(), combatant_id, effect_id }
        }
        Event::MapChanged { player, map, fog, tokens, dms } => {
            let eye = eye(dms);
            let map = map.shown(fog.enabled, eye);
            Notice::MapChanged { player: player.into(), map, fog, tokens: shown(&tokens, eye) }
        }
        Event::FogChanged { player, enabled, clear, areas, background, background_open, appeared, gone, dms } => {
            let eye = eye(dms);
            let background = background.filter(|_| eye.dm || background_open);
            let appeared = shown(&appeared, eye);
            Notice::FogChanged { player: player.into(), enabled, clear, areas, background, appeared, gone }
        }
        Event::TokenPut { player, now, was_seen, dms } => token_put(player.into(), &now, was_seen, eye(dms))?,
        Event::TokenMoved { player, now, from: (x, y), was_seen, distance, path, open_path, dms } => {
            let (eye, player) = (eye(dms), player.into());
            if !(eye.dm || was_seen && now.seen) {
                return token_put(player, &now, Some(was_seen), eye);
            }
            let open = eye.dm || open_path;
            Notice::TokenMoved {
                player,
                token_id: now.token.id,
                from: Place { x, y },
                x: now.token.x,
                y: now.token.y,
                distance: Some(distance).filter(|_| open),
                path: Some(path).filter(|_| open),
                moved: now.token.moved,
                seen: now.seen,
            }
        }
        Event::TokenGone { player, token_id, was_seen, dms } => {
            if !was_seen && !eye(dms).dm {
                return None;
            }
            Notice::TokenRemoved { player: player.into(), token_id }
        }
        Event::SheetChanged { by, seat, change, private, dms } => {
            let open = is_open(seat, eye(dms), private);
            let change = if open { change } else { Change { name: Some(change.name?), ..Change::default() } };
            Notice::SheetUpdated { player: by.into(), seat, change }
        }
        Event::PollOpened { poll } => Notice::PollOpened { player: poll.by.clone().into(), poll: poll.shown(viewer) },
        Event::Voted { by, seat, poll_id, choices, counts, voted, secret } => {
            let told = !secret || viewer == Viewer::Omniscient;
            Notice::PollVoted {
                player: by.into(),
                poll_id,
                choices: Some(choices).filter(|_| told || viewer == Viewer::Seat(seat)),
                counts: Some(counts).filter(|_| told),
                voted,
            }
        }
        Event::PollClosed { by, poll } => Notice::PollClosed { player: by.into(), poll: poll.shown(viewer) },
        Event::SettingsChanged { player, settings, sheets } => {
            Notice::SettingsChanged { player: player.into(), settings, sheets: all_sheets(&sheets, viewer) }
        }
        Event::DmsChanged { player, dm, co_dms, people } => Notice::DmChanged {
            player: player.into(),
            dm,
            co_dms: co_dms.iter().collect(),
            players: people.into_iter().map(PersonShown::from).collect(),
        },
        Event::Ended { player, reason } => Notice::SessionEnded { player: player.into(), reason },
    })
}

fn initiative(player: PersonShown, now: &CombatantNow, rolled: Rolled, turns: &Turns, eye: Eye) -> Notice {
    let RollShown { player, formula, result, rolls, modifier, dice, text, .. } = rolled.shown(player, true);
    let (combatant, turn) = (now.shown(eye), turns.shown(eye));
    Notice::InitiativeRolled { player, combatant, turn, formula, result, rolls, modifier, dice, text }
}

/// A combatant is new, has changed, comes in sight or passes out of it.
fn put(player: PersonShown, now: &CombatantNow, was_hidden: Option<bool>, turns: &Turns, eye: Eye) -> Option<Notice> {
    let (combatant, turn) = (now.shown(eye), turns.shown(eye));
    let was_seen = was_hidden.map(|hidden| eye.dm || !hidden);
    match (was_seen, now.is_seen(eye)) {
        (None | Some(false), true) => Some(Notice::CombatantAdded { player, combatant, turn }),
        (Some(true), true) => Some(Notice::CombatantUpdated { player, combatant, turn }),
        (Some(true), false) => Some(Notice::CombatantRemoved { player, combatant_id: now.combatant.id, turn }),
        (None | Some(false), false) => None,
    }
}

/// The same of a token.
fn token_put(player: PersonShown, now: &TokenNow, was_seen: Option<bool>, eye: Eye) -> Option<Notice> {
    let token = now.shown(eye);
    match (was_seen.map(|seen| eye.dm || seen), now.is_seen(eye)) {
        (None | Some(false), true) => Some(Notice::TokenAdded { player, token }),
        (Some(true), true) => Some(Notice::TokenUpdated { player, token }),
        (Some(true), false) => Some(Notice::TokenRemoved { player, token_id: now.token.id }),
        (None | Some(false), false) => None,
    }
}

fn ended_only(ended: Vec<TickShown>) -> Option<Notice> {
    (!ended.is_empty()).then_some(Notice::EffectsEnded { ended })
}

fn shown(tokens: &[TokenNow], eye: Eye) -> Vec<TokenShown> {
    tokens.iter().filter(|token| token.is_seen(eye)).map(|token| token.shown(eye)).collect()
}

fn all_sheets(sheets: &BTreeMap<Seat, super::sheets::Sheet>, viewer: Viewer) -> Option<Vec<SheetShown>> {
    if sheets.is_empty() {
        return None;
    }
    let eye = Eye::of(viewer, crate::game::Seats::NONE);
    Some(sheets.iter().map(|(seat, sheet)| sheet.shown(*seat, eye, false)).collect())
}
