//! A sample of what may be asked, and other secrets: what the property suite tries.

use uuid::Uuid;

use super::Tabletop;
use super::board::{FogAsk, MapAsk, TokenAsk};
use super::effects;
use super::feed::Item;
use super::fight::{CombatAsk, CombatantAsk, Step, TurnAsk};
use super::map::Area;
use super::polls;
use super::rolls::{self, Mode};
use super::seats;
use super::sheets;
use super::wire::Command;
use crate::chance::{Chance, Seed};
use crate::game::{Draft, Game, Input};
use crate::id::{Seat, Seq};
use crate::time::Timestamp;

/// A sample of the commands that would be accepted from `seat` now: with its things, all of them; with the continuum of texts, one each.
pub(super) fn legal(table: &Tabletop, seat: Seat) -> Vec<Command> {
    if table.person(seat).is_err() {
        return vec![];
    }
    let mut state = table.clone();
    let accepted = |command: &Command| {
        let (mut events, mut chance) = (vec![], Chance::new(Seed([0; 32]), [], 0));
        // Far in the log, so that what was said may be read.
        let mut draft = Draft::new(&mut state, &mut events, &mut chance, Timestamp(0), &()).after(Seq(1));
        let accepted = Tabletop::decide(&mut draft, Input::Play { seat, command: command.clone() }).is_ok();
        if !events.is_empty() {
            state = table.clone();
        }
        accepted
    };
    all(table).into_iter().filter(accepted).collect()
}

fn all(table: &Tabletop) -> Vec<Command> {
    let mut all = talk(table);
    all.extend(combat(table));
    all.extend(map(table));
    all.extend(at_table(table));
    all
}

fn roll(formula: &str, mode: Mode) -> Command {
    Command::DiceRoll(rolls::Ask { formula: formula.into(), mode: Some(mode), ..rolls::Ask::default() })
}

fn talk(table: &Tabletop) -> Vec<Command> {
    let mut all = vec![
        Command::DmNarration { narration: "You enter a dark cave".into() },
        Command::PlayerAction { action_type: "attack".into(), details: None },
        Command::Whisper { to: Seat(0), message: "psst".into() },
        Command::Whisper { to: Seat(1), message: "psst".into() },
        Command::MarkRead { seq: Seq(1) },
        Command::ShareImage { image_id: Uuid::from_u128(1), caption: None, to: Some(vec![Seat(0)]) },
        roll("1d20+5", Mode::Public),
        roll("4d6dl1", Mode::Gm),
        roll("1d20", Mode::Blind),
        roll("2d6!", Mode::Own),
        Command::DiceRoll(rolls::Ask { formula: "1d20".into(), result: Some(7), ..rolls::Ask::default() }),
    ];
    let rolls = table.feed.iter().filter(|entry| matches!(entry.item, Item::Roll(_)) && entry.seq.0 % 9 == 0);
    for entry in rolls {
        all.extend([true, false].map(|on| Command::React { to: entry.seq, emoji: "🎲".into(), on }));
    }
    all
}

fn combat(table: &Tabletop) -> Vec<Command> {
    let new = |name: &str, owner, hidden| {
        Command::CombatantAdd(CombatantAsk {
            name: Some(name.into()),
            owner,
            hp_max: Some(Some(20)),
            hidden: Some(hidden),
            ..CombatantAsk::default()
        })
    };
    let active = |active| Command::CombatUpdate { combat: CombatAsk { active: Some(active), ..CombatAsk::default() } };
    let mut all = vec![
        active(true),
        active(false),
        Command::TurnChange { turn: TurnAsk::Step(Step::Next) },
        Command::TurnChange { turn: TurnAsk::Step(Step::Previous) },
        Command::EndTurn,
        new("Ava", Some(Some(Seat(1))), false),
        new("Goblin", None, false),
        new("Lurker", None, true),
        Command::RollInitiative { combatant_id: None, formula: None },
    ];
    for combatant in &table.combat.combatants {
        let combatant_id = combatant.id;
        all.push(Command::RollInitiative { combatant_id: Some(combatant_id), formula: None });
        all.push(Command::HpChange { combatant_id, by: -3 });
        all.push(Command::EffectAdd(effects::Ask {
            combatant_id,
            name: "Bane".into(),
            rounds: Some(2),
            by: Some(combatant_id),
            concentration: true,
        }));
        all.push(Command::CombatantRemove { combatant_id });
        let hide = CombatantAsk { combatant_id: Some(combatant_id), hidden: Some(true), ..CombatantAsk::default() };
        all.push(Command::CombatantUpdate(hide));
        let effects = combatant.effects.iter().take(1);
        all.extend(effects.map(|effect| Command::EffectRemove { combatant_id, effect_id: effect.id }));
    }
    all
}

fn map(table: &Tabletop) -> Vec<Command> {
    let token = |name: &str, owner, hidden| {
        let (name, at) = (Some(name.into()), Some(2));
        Command::TokenAdd(TokenAsk { name, x: at, y: at, owner, hidden: Some(hidden), ..TokenAsk::default() })
    };
    let area = |revealed| Area { x: 0, y: 0, w: 3, h: 3, revealed };
    let fog = |enabled, revealed| Command::FogSet(FogAsk { enabled: Some(enabled), clear: false, areas: vec![area(revealed)] });
    let mut all = vec![
        Command::MapSet(MapAsk { width: 10, height: 8, background: Some(Uuid::from_u128(2)), keep: true, ..MapAsk::default() }),
        fog(true, true),
        fog(true, false),
        fog(false, false),
        token("Ava", Some(Some(Seat(1))), false),
        token("Goblin", None, false),
        token("Lurker", None, true),
    ];
    for token in &table.tokens {
        let token_id = token.id;
        all.push(Command::TokenMove { token_id, x: 1, y: 1, path: vec![(4, 4)] });
        all.push(Command::TokenMove { token_id, x: 7, y: 5, path: vec![] });
        all.push(Command::TokenRemove { token_id });
        let show = TokenAsk { token_id: Some(token_id), hidden: Some(false), ..TokenAsk::default() };
        all.push(Command::TokenUpdate(show));
    }
    all
}

fn at_table(table: &Tabletop) -> Vec<Command> {
    let poll = |secret| {
        let options = vec!["Left".into(), "Right".into()];
        Command::PollCreate(polls::Ask { question: "Which way?".into(), options, secret, multiple: false })
    };
    let private = |private| Command::SettingsUpdate(seats::Ask { private_sheets: Some(private), ..seats::Ask::default() });
    let stats = [("str".to_owned(), Some(12))].into_iter().collect();
    let mut all = vec![
        poll(true),
        poll(false),
        private(true),
        private(false),
        Command::SheetUpdate(sheets::Ask { name: Some("Ava".into()), stats: Some(stats), ..sheets::Ask::default() }),
        Command::CoDm { seat: Seat(1), on: true },
        Command::CoDm { seat: Seat(1), on: false },
        Command::DmHandOver { to: Seat(0) },
        Command::DmHandOver { to: Seat(1) },
        Command::DmClaim,
    ];
    // Not before there was a fight: sessions of the suite are to be long enough.
    if table.rounds >= 1 {
        all.push(Command::EndSession { reason: None });
    }
    for poll in &table.polls {
        all.push(Command::PollVote { poll_id: poll.id, choices: vec![1] });
        all.push(Command::PollVote { poll_id: poll.id, choices: vec![] });
        all.push(Command::PollClose { poll_id: poll.id });
    }
    all
}

/// Other results of one's own rolls and other votes in secret, and of a DM who leads alone, other places of hidden tokens.
pub(super) fn with_other_secrets(table: &Tabletop, of: Seat) -> Option<Tabletop> {
    let mut other = table.clone();
    let own = |entry: &super::feed::Entry| {
        let mine = super::people::Audience::Only(crate::game::Seats::one(of));
        entry.audience == mine && matches!(entry.item, Item::Roll(_))
    };
    if let Some(entry) = other.feed.last_mut(own)
        && let Item::Roll(rolled) = &mut entry.item
    {
        rolled.result += 1;
    }
    for poll in other.polls.iter_mut().filter(|poll| poll.open && poll.secret) {
        poll.votes.entry(of).and_modify(|choices| choices.iter_mut().for_each(|choice| *choice ^= 1));
    }
    if table.dm == of && table.co_dms == crate::game::Seats::NONE {
        for token in other.tokens.iter_mut().filter(|token| token.hidden) {
            token.x = if token.x == 3 { 4 } else { 3 };
        }
    }
    (other != *table).then_some(other)
}
