//! What happens at the table: from requests to events, and from events to the state.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::combat::{CombatantNow, Turns};
use super::effects::{Effect, Tick};
use super::feed::{Entry, Item};
use super::map::{Area, Fog, Map, TokenNow};
use super::people::{Audience, Person, Sitting};
use super::polls::{self, Poll};
use super::refusal::Refusal;
use super::rolls::Rolled;
use super::sheets::{Change, Sheet};
use super::wire::Command;
use super::{Options, Tabletop, board, effects, fight, rolls, seats, sheets, talk};
use crate::game::{Draft, Input, Seats};
use crate::id::{PlayerId, Seat, Seq};
use crate::time::Timestamp;
use uuid::Uuid;

/// What happened. In the log for ever. What is secret carries who the DMs were.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    Began {
        settings: Options,
        dm: Seat,
        people: Vec<Sitting>,
        at: Timestamp,
    },
    Sat {
        player: Person,
        joined_at: Timestamp,
    },
    Away {
        player: Person,
    },
    Back {
        player: Person,
    },
    Told {
        entry: Box<Entry>,
    },
    Reacted {
        by: Person,
        to: Seq,
        emoji: String,
        on: bool,
        audience: Audience,
        blind: Option<Seat>,
    },
    Read {
        seat: Seat,
        player_id: PlayerId,
        read: Seq,
    },
    InitiativeRolled {
        player: Person,
        now: CombatantNow,
        rolled: Rolled,
        turns: Turns,
        dms: Seats,
    },
    CombatChanged {
        player: Person,
        active: bool,
        name: Option<String>,
        combatants: Vec<CombatantNow>,
        turns: Turns,
        dms: Seats,
    },
    TurnChanged {
        player: Person,
        turns: Turns,
        effects: Vec<Tick>,
        seen: bool,
        dms: Seats,
    },
    CombatantPut {
        player: Person,
        now: CombatantNow,
        was_hidden: Option<bool>,
        turns: Turns,
        dms: Seats,
    },
    CombatantGone {
        player: Person,
        combatant_id: Seq,
        hidden: bool,
        turns: Turns,
        dms: Seats,
    },
    HpChanged {
        player: Person,
        now: Box<CombatantNow>,
        by: i32,
        concentration_dc: Option<u32>,
        ended: Vec<Tick>,
        dms: Seats,
    },
    EffectAdded {
        player: Person,
        combatant_id: Seq,
        effect: Effect,
        hidden: bool,
        veiled: bool,
        ended: Vec<Tick>,
        dms: Seats,
    },
    EffectRemoved {
        player: Person,
        combatant_id: Seq,
        effect_id: Seq,
        hidden: bool,
        dms: Seats,
    },
    MapChanged {
        player: Person,
        map: Map,
        fog: Fog,
        tokens: Vec<TokenNow>,
        dms: Seats,
    },
    FogChanged {
        player: Person,
        enabled: bool,
        clear: bool,
        areas: Vec<Area>,
        background: Option<Uuid>,
        background_open: bool,
        appeared: Vec<TokenNow>,
        gone: Vec<Seq>,
        dms: Seats,
    },
    TokenPut {
        player: Person,
        now: TokenNow,
        was_seen: Option<bool>,
        dms: Seats,
    },
    TokenMoved {
        player: Person,
        now: TokenNow,
        from: (u16, u16),
        was_seen: bool,
        distance: u32,
        path: Vec<(u16, u16)>,
        open_path: bool,
        dms: Seats,
    },
    TokenGone {
        player: Person,
        token_id: Seq,
        was_seen: bool,
        dms: Seats,
    },
    SheetChanged {
        by: Person,
        seat: Seat,
        change: Change,
        private: bool,
        dms: Seats,
    },
    PollOpened {
        poll: Poll,
    },
    Voted {
        by: Person,
        seat: Seat,
        poll_id: Seq,
        choices: Vec<u8>,
        counts: Vec<u32>,
        voted: Vec<Seat>,
        secret: bool,
    },
    PollClosed {
        by: Person,
        poll: Poll,
    },
    SettingsChanged {
        player: Person,
        settings: Options,
        sheets: BTreeMap<Seat, Sheet>,
    },
    DmsChanged {
        player: Person,
        dm: Seat,
        co_dms: Seats,
        people: Vec<Person>,
    },
    Ended {
        player: Person,
        reason: String,
    },
}

pub(super) fn decide(draft: &mut Draft<'_, Tabletop>, input: Input<Command>) -> Result<(), Refusal> {
    match input {
        Input::Start => seats::begin(draft),
        Input::Play { seat, command } => {
            let by = draft.person(seat)?;
            play(draft, seat, by, command)?;
        }
        Input::Absent(seat) => seats::left(draft, seat),
        Input::Returned(seat) => seats::came(draft, seat),
        Input::Wake => {}
    }
    Ok(())
}

fn play(draft: &mut Draft<'_, Tabletop>, seat: Seat, by: Person, command: Command) -> Result<(), Refusal> {
    match command {
        Command::DmNarration { narration } => talk::narrate(draft, seat, by, &narration),
        Command::PlayerAction { action_type, details } => talk::act(draft, by, &action_type, details),
        Command::Whisper { to, message } => talk::whisper(draft, seat, by, to, &message),
        Command::React { to, emoji, on } => talk::react(draft, seat, by, to, &emoji, on),
        Command::MarkRead { seq } => talk::mark_read(draft, seat, seq),
        Command::ShareImage { image_id, caption, to } => talk::share(draft, seat, by, image_id, caption.as_ref(), to.as_ref()),
        Command::DiceRoll(ask) => rolls::roll(draft, seat, by, &ask),
        Command::CombatUpdate { combat } => fight::update(draft, seat, by, &combat),
        Command::TurnChange { turn } => fight::turn(draft, seat, by, &turn),
        Command::EndTurn => fight::end_turn(draft, seat, by),
        Command::CombatantAdd(ask) => fight::add(draft, seat, by, &ask),
        Command::CombatantUpdate(ask) => fight::change(draft, seat, by, &ask),
        Command::CombatantRemove { combatant_id } => fight::remove(draft, seat, by, combatant_id),
        Command::RollInitiative { combatant_id, formula } => {
            fight::roll_initiative(draft, seat, by, combatant_id, formula.as_ref())
        }
        Command::HpChange { combatant_id, by: points } => fight::change_hp(draft, seat, by, combatant_id, points),
        Command::EffectAdd(ask) => effects::add(draft, seat, by, &ask),
        Command::EffectRemove { combatant_id, effect_id } => effects::remove(draft, seat, by, combatant_id, effect_id),
        Command::MapSet(ask) => board::set_map(draft, seat, by, &ask),
        Command::FogSet(ask) => board::set_fog(draft, seat, by, &ask),
        Command::TokenAdd(ask) => board::add(draft, seat, by, &ask),
        Command::TokenMove { token_id, x, y, path } => board::shift(draft, seat, by, token_id, (x, y), &path),
        Command::TokenUpdate(ask) => board::change(draft, seat, by, &ask),
        Command::TokenRemove { token_id } => board::remove(draft, seat, by, token_id),
        Command::SheetUpdate(ask) => sheets::update(draft, seat, by, &ask),
        Command::PollCreate(ask) => polls::create(draft, seat, by, &ask),
        Command::PollVote { poll_id, choices } => polls::vote(draft, seat, by, poll_id, &choices),
        Command::PollClose { poll_id } => polls::close(draft, seat, by, poll_id),
        Command::SettingsUpdate(ask) => seats::settings(draft, seat, by, &ask),
        Command::DmHandOver { to } => seats::hand_over(draft, seat, by, to),
        Command::CoDm { seat: other, on } => seats::co_dm(draft, seat, by, other, on),
        Command::DmClaim => seats::claim(draft, seat, by),
        Command::EndSession { reason } => seats::end(draft, seat, by, reason.as_ref()),
    }
}

impl Tabletop {
    pub(super) fn apply(&mut self, event: &Event) {
        match event {
            Event::Began { settings, dm, people, at } => {
                (self.settings, self.dm, self.people) = (settings.clone(), *dm, people.clone());
                self.began = Some(*at);
            }
            Event::Sat { player, joined_at } => self.sit(player, *joined_at),
            Event::Away { player } => self.set_here(player, false),
            Event::Back { player } => self.set_here(player, true),
            Event::Told { entry } => self.remember(entry),
            Event::Reacted { by, to, emoji, on, .. } => {
                by.seat.iter().for_each(|seat| self.feed.react(*to, *seat, emoji, *on));
            }
            Event::Read { seat, read, .. } => {
                self.sitting_mut(*seat).into_iter().for_each(|sitting| sitting.read = *read);
            }
            Event::InitiativeRolled { now, turns, .. } | Event::CombatantPut { now, turns, .. } => {
                self.combat.put(&now.combatant);
                self.combat.turns = turns.clone();
            }
            Event::CombatChanged { active, name, combatants, turns, .. } => {
                (self.combat.active, self.combat.name) = (*active, name.clone());
                self.combat.combatants = combatants.iter().map(|now| now.combatant.clone()).collect();
                self.turn_to(turns);
            }
            Event::TurnChanged { turns, effects, .. } => {
                self.combat.apply(effects);
                self.turn_to(turns);
            }
            Event::CombatantGone { combatant_id, turns, .. } => {
                self.combat.combatants.retain(|combatant| combatant.id != *combatant_id);
                self.combat.turns = turns.clone();
            }
            Event::HpChanged { now, ended, .. } => {
                self.combat.put(&now.combatant);
                self.combat.apply(ended);
            }
            Event::EffectAdded { combatant_id, effect, ended, .. } => {
                self.combat.apply(ended);
                self.combat.find_mut(*combatant_id).into_iter().for_each(|on| on.effects.push(effect.clone()));
            }
            Event::EffectRemoved { combatant_id, effect_id, .. } => {
                let on = self.combat.find_mut(*combatant_id);
                on.into_iter().for_each(|on| on.effects.retain(|effect| effect.id != *effect_id));
            }
            Event::MapChanged { map, fog, tokens, .. } => {
                (self.map, self.fog) = (Some(map.clone()), fog.clone());
                self.tokens = tokens.iter().map(|now| now.token.clone()).collect();
                self.drop_links();
            }
            Event::FogChanged { enabled, clear, areas, .. } => {
                self.fog.enabled = *enabled;
                self.fog.lay(*clear, areas);
            }
            Event::TokenPut { now, .. } | Event::TokenMoved { now, .. } => self.put_token(&now.token),
            Event::TokenGone { token_id, .. } => {
                self.tokens.retain(|token| token.id != *token_id);
                self.drop_links();
            }
            Event::SheetChanged { seat, change, .. } => self.sheets.entry(*seat).or_default().apply(change),
            Event::PollOpened { poll } | Event::PollClosed { poll, .. } => self.put_poll(poll),
            Event::Voted { seat, poll_id, choices, .. } => {
                let poll = self.polls.iter_mut().find(|poll| poll.id == *poll_id);
                poll.into_iter().for_each(|poll| poll.vote(*seat, choices));
            }
            Event::SettingsChanged { settings, .. } => self.settings = settings.clone(),
            Event::DmsChanged { dm, co_dms, .. } => (self.dm, self.co_dms) = (*dm, *co_dms),
            Event::Ended { player, reason } => {
                self.ended.get_or_insert_with(|| (player.clone(), reason.clone()));
            }
        }
    }

    /// Whoever has the turn now has not moved in it; those who are in no order move by the turns of others.
    fn turn_to(&mut self, turns: &Turns) {
        self.combat.turns = turns.clone();
        self.rounds = self.rounds.max(turns.turn.as_ref().map_or(0, |turn| turn.round));
        let whose = turns.turn.as_ref().and_then(|turn| turn.combatant_id);
        for token in &mut self.tokens {
            let combatant = self.combat.combatants.iter().find(|combatant| combatant.token == Some(token.id));
            if combatant.is_none_or(|combatant| Some(combatant.id) == whose) {
                token.moved = 0;
            }
        }
    }

    /// Combatants lose tokens that are gone.
    fn drop_links(&mut self) {
        for combatant in &mut self.combat.combatants {
            combatant.token = combatant.token.filter(|id| self.tokens.iter().any(|token| token.id == *id));
        }
    }

    fn put_poll(&mut self, poll: &Poll) {
        match self.polls.iter_mut().find(|old| old.id == poll.id) {
            Some(old) => *old = poll.clone(),
            None => self.polls.push(poll.clone()),
        }
        while self.polls.len() > polls::KEPT {
            // There are never as many open ones.
            let oldest = self.polls.iter().position(|poll| !poll.open).unwrap_or(0);
            self.polls.remove(oldest);
        }
    }

    pub(super) fn remember(&mut self, entry: &Entry) {
        let sitting = entry.by.seat.and_then(|seat| self.sitting_mut(seat));
        match &entry.item {
            Item::Roll(rolled) => {
                sitting.into_iter().for_each(|sitting| sitting.rolls = sitting.rolls.saturating_add(1));
                self.best = self.best.saturating_add(rolled.twenties(20));
                self.worst = self.worst.saturating_add(rolled.twenties(1));
            }
            Item::Chat { .. } => sitting.into_iter().for_each(|sitting| sitting.messages = sitting.messages.saturating_add(1)),
            _ => {}
        }
        self.feed.push(entry.clone());
    }
}
