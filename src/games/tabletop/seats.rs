//! The table itself: who comes and goes, who leads, its settings, its end.

use serde::{Deserialize, Serialize};

use super::map::Diagonals;
use super::people::{Person, Role, Sitting};
use super::refusal::{Refusal, at_most, optional, text};
use super::rules::Event;
use super::{Options, Tabletop};
use crate::game::{Draft, Participant, Seats};
use crate::id::Seat;
use crate::time::Timestamp;

const CO_DMS_MAX: usize = 4;
const REASON_MAX: usize = 200;
pub(super) const TITLE_MAX: usize = 80;

/// Which options change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spectators: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dm_reads_whispers: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_sheets: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforce_speed: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub players_may_poll: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub players_may_share: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagonals: Option<Diagonals>,
}

impl Ask {
    fn over(&self, old: &Options) -> Result<Options, Refusal> {
        Ok(Options {
            title: self.title.as_ref().map_or(Ok(old.title.clone()), |title| text("title", title, 0, TITLE_MAX))?,
            spectators: self.spectators.unwrap_or(old.spectators),
            dm_reads_whispers: self.dm_reads_whispers.unwrap_or(old.dm_reads_whispers),
            private_sheets: self.private_sheets.unwrap_or(old.private_sheets),
            enforce_speed: self.enforce_speed.unwrap_or(old.enforce_speed),
            players_may_poll: self.players_may_poll.unwrap_or(old.players_may_poll),
            players_may_share: self.players_may_share.unwrap_or(old.players_may_share),
            diagonals: self.diagonals.unwrap_or(old.diagonals),
        })
    }
}

fn sitting(participant: &Participant, at: Timestamp) -> Sitting {
    Sitting {
        seat: participant.seat,
        player_id: participant.player_id,
        nickname: participant.nickname.clone(),
        here: participant.here,
        joined_at: at,
        read: crate::id::Seq(0),
        messages: 0,
        rolls: 0,
    }
}

pub(super) fn begin(draft: &mut Draft<'_, Tabletop>) {
    let at = draft.now();
    let people = draft.participants().iter().map(|participant| sitting(participant, at)).collect();
    let settings = draft.settings.clone();
    draft.record(Event::Began { settings, dm: Seat::HOST, people, at });
}

/// Whether the session runs.
fn runs(table: &Tabletop) -> bool {
    table.began.is_some() && table.ended.is_none()
}

pub(super) fn left(draft: &mut Draft<'_, Tabletop>, seat: Seat) {
    if let Some(sitting) = draft.sitting(seat).filter(|sitting| sitting.here && runs(draft)) {
        let player = draft.person_of(sitting);
        draft.record(Event::Away { player });
    }
}

/// A connection dropped, or is there again.
pub(super) fn linked(draft: &mut Draft<'_, Tabletop>, seat: Seat, here: bool) {
    if here && draft.sitting(seat).is_some() {
        came(draft, seat);
    } else if !here && seat == draft.dm {
        left(draft, seat);
    }
}

/// Somebody is back, or has just taken a seat.
pub(super) fn came(draft: &mut Draft<'_, Tabletop>, seat: Seat) {
    if !runs(draft) {
        return;
    }
    if let Some(sitting) = draft.sitting(seat) {
        if !sitting.here {
            let player = draft.person_of(sitting);
            draft.record(Event::Back { player });
        }
        return;
    }
    if let Some(new) = draft.participants().into_iter().find(|participant| participant.seat == seat) {
        let player = Person {
            player_id: new.player_id,
            nickname: new.nickname,
            seat: Some(seat),
            role: draft.role_of(seat),
            character_name: None,
        };
        let joined_at = draft.now();
        draft.record(Event::Sat { player, joined_at });
    }
}

pub(super) fn settings(draft: &mut Draft<'_, Tabletop>, seat: Seat, player: Person, ask: &Ask) -> Result<(), Refusal> {
    draft.dm_only(seat, "change the settings")?;
    let settings = ask.over(&draft.settings)?;
    if settings != draft.settings {
        let opened = draft.settings.private_sheets && !settings.private_sheets;
        let sheets = if opened { draft.sheets.clone() } else { Default::default() };
        draft.record(Event::SettingsChanged { player, settings, sheets });
    }
    Ok(())
}

/// What only the DM in person may do.
fn head_only(table: &Tabletop, seat: Seat, what: &'static str) -> Result<(), Refusal> {
    match table.role_of(seat) {
        Role::Dm => Ok(()),
        Role::CoDm => Err(Refusal::HeadOnly(what)),
        Role::Player | Role::Spectator => Err(Refusal::DmOnly(what)),
    }
}

fn lead(draft: &mut Draft<'_, Tabletop>, player: Person, dm: Seat, co_dms: Seats) {
    let mut after = (**draft).clone();
    (after.dm, after.co_dms) = (dm, co_dms);
    let people = after.people.iter().map(|sitting| after.person_of(sitting)).collect();
    draft.record(Event::DmsChanged { player, dm, co_dms, people });
}

pub(super) fn hand_over(draft: &mut Draft<'_, Tabletop>, seat: Seat, player: Person, to: Seat) -> Result<(), Refusal> {
    head_only(draft, seat, "hand over the table")?;
    draft.other(to)?;
    if to != seat {
        let co_dms = draft.co_dms.without(to);
        lead(draft, player, to, co_dms);
    }
    Ok(())
}

pub(super) fn co_dm(draft: &mut Draft<'_, Tabletop>, seat: Seat, player: Person, other: Seat, on: bool) -> Result<(), Refusal> {
    let resigns = seat == other && !on && draft.co_dms.contains(seat);
    if !resigns {
        head_only(draft, seat, "choose co-DMs")?;
    }
    draft.other(other)?;
    if other == draft.dm {
        return Err(Refusal::Invalid("the DM is no co-DM"));
    }
    if draft.co_dms.contains(other) != on {
        let co_dms = if on { draft.co_dms.with(other) } else { draft.co_dms.without(other) };
        at_most("co-DMs", co_dms.iter().count(), CO_DMS_MAX)?;
        let dm = draft.dm;
        lead(draft, player, dm, co_dms);
    }
    Ok(())
}

pub(super) fn claim(draft: &mut Draft<'_, Tabletop>, seat: Seat, player: Person) -> Result<(), Refusal> {
    if draft.role_of(seat) != Role::CoDm {
        return Err(Refusal::Invalid("only a co-DM can take over, when the DM is away"));
    }
    if draft.sitting(draft.dm).is_some_and(|dm| dm.here) {
        return Err(Refusal::Illegal("the DM is here"));
    }
    // Whoever led before may lead along when they are back.
    let co_dms = draft.co_dms.without(seat).with(draft.dm);
    lead(draft, player, seat, co_dms);
    Ok(())
}

pub(super) fn end(draft: &mut Draft<'_, Tabletop>, seat: Seat, player: Person, reason: Option<&String>) -> Result<(), Refusal> {
    head_only(draft, seat, "end the session")?;
    let reason = optional("reason", reason, REASON_MAX)?.unwrap_or_else(|| "The DM ended the session".to_owned());
    draft.record(Event::Ended { player, reason });
    Ok(())
}

impl Tabletop {
    pub(super) fn sit(&mut self, player: &Person, joined_at: Timestamp) {
        let Some(seat) = player.seat else { return };
        self.people.retain(|sitting| sitting.seat != seat);
        let participant = Participant { seat, player_id: player.player_id, nickname: player.nickname.clone(), here: true };
        self.people.push(sitting(&participant, joined_at));
        self.people.sort_by_key(|sitting| sitting.seat);
    }

    pub(super) fn set_here(&mut self, player: &Person, here: bool) {
        let sitting = player.seat.and_then(|seat| self.sitting_mut(seat));
        sitting.into_iter().for_each(|sitting| sitting.here = here);
    }
}
