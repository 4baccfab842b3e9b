//! Narration, actions, whispers, images, reactions and receipts.

use uuid::Uuid;

use super::Tabletop;
use super::feed::{Entry, Item, Json};
use super::people::{Audience, Person};
use super::refusal::{Refusal, at_most, optional, text};
use super::rules::Event;
use crate::game::{Draft, Seats, Viewer};
use crate::id::{Seat, Seq};

const NARRATION_MAX: usize = 4_000;
const ACTION_MAX: usize = 40;
const DETAILS_MAX: usize = 2_000;
const WHISPER_MAX: usize = 500;
const CAPTION_MAX: usize = 200;
const EMOJI_MAX: usize = 16;
const EMOJI_EACH: usize = 12;

fn tell(draft: &mut Draft<'_, Tabletop>, by: Person, audience: Audience, item: Item) {
    let (seq, at) = (draft.seq(), draft.now());
    draft.record(Event::Told { entry: Box::new(Entry { seq, at, by, audience, blind: None, item, reactions: vec![] }) });
}

pub(super) fn narrate(draft: &mut Draft<'_, Tabletop>, seat: Seat, by: Person, narration: &str) -> Result<(), Refusal> {
    draft.dm_only(seat, "send narration")?;
    let narration = text("narration", narration, 1, NARRATION_MAX)?;
    tell(draft, by, Audience::All, Item::Narration { narration });
    Ok(())
}

pub(super) fn act(draft: &mut Draft<'_, Tabletop>, by: Person, action: &str, details: Option<Json>) -> Result<(), Refusal> {
    let action_type = text("action_type", action, 1, ACTION_MAX)?;
    if details.as_ref().is_some_and(|details| details.len() > DETAILS_MAX) {
        return Err(Refusal::Invalid("details are at most 2000 bytes of JSON"));
    }
    if !details.as_ref().is_none_or(Json::is_readable) {
        return Err(Refusal::Invalid("details are JSON of numbers that fit a double, whole characters and at most 64 levels"));
    }
    tell(draft, by, Audience::All, Item::Action { action_type, details });
    Ok(())
}

pub(super) fn whisper(draft: &mut Draft<'_, Tabletop>, seat: Seat, by: Person, to: Seat, message: &str) -> Result<(), Refusal> {
    let other = draft.other(to)?;
    if to == seat {
        return Err(Refusal::Invalid("a whisper is for somebody else"));
    }
    let message = text("message", message, 1, WHISPER_MAX)?;
    let dm_reads = draft.settings.dm_reads_whispers;
    let start = if dm_reads { draft.dms() } else { Seats::NONE };
    let audience = Audience::Private(start.with(seat).with(to));
    tell(draft, by, audience, Item::Whisper { to: other, message, dm_reads });
    Ok(())
}

pub(super) fn share(
    draft: &mut Draft<'_, Tabletop>,
    seat: Seat,
    by: Person,
    image_id: Uuid,
    caption: Option<&String>,
    to: Option<&Vec<Seat>>,
) -> Result<(), Refusal> {
    if !draft.settings.players_may_share {
        draft.dm_only(seat, "share images")?;
    }
    let caption = optional("caption", caption, CAPTION_MAX)?;
    let to = to.map(|to| seats(draft, to)).transpose()?;
    let audience = match &to {
        None => Audience::All,
        Some(to) => Audience::Private(to.iter().fold(draft.dms().with(seat), |seats, seat| seats.with(*seat))),
    };
    tell(draft, by, audience, Item::Image { image_id, caption, to });
    Ok(())
}

/// Seats that are taken, each once.
fn seats(table: &Tabletop, named: &[Seat]) -> Result<Vec<Seat>, Refusal> {
    at_most("seats", named.len(), table.people.len())?;
    named.iter().try_for_each(|seat| table.other(*seat).map(drop))?;
    Ok(named.iter().fold(Seats::NONE, |seats, seat| seats.with(*seat)).iter().collect())
}

pub(super) fn react(
    draft: &mut Draft<'_, Tabletop>,
    seat: Seat,
    by: Person,
    to: Seq,
    emoji: &str,
    on: bool,
) -> Result<(), Refusal> {
    let emoji = text("emoji", emoji, 1, EMOJI_MAX)?;
    if emoji.chars().any(char::is_whitespace) {
        return Err(Refusal::Invalid("an emoji has no spaces"));
    }
    let entry = draft.feed.find(to, Viewer::Seat(seat)).ok_or(Refusal::Unknown("message"))?;
    let known = entry.reactions.iter().find(|(known, _)| *known == emoji);
    if known.is_some_and(|(_, seats)| seats.contains(seat)) == on {
        // It is so already.
        return Ok(());
    }
    if known.is_none() {
        at_most("different emoji on a message", entry.reactions.len() + 1, EMOJI_EACH)?;
    }
    let (audience, blind) = (entry.audience, entry.blind);
    draft.record(Event::Reacted { by, to, emoji, on, audience, blind });
    Ok(())
}

pub(super) fn mark_read(draft: &mut Draft<'_, Tabletop>, seat: Seat, read: Seq) -> Result<(), Refusal> {
    if read >= draft.seq() {
        return Err(Refusal::Invalid("there is no such event yet"));
    }
    let Some(sitting) = draft.sitting(seat) else { return Err(Refusal::NotAtTable) };
    let (before, player_id) = (sitting.read, sitting.player_id);
    if read > before {
        draft.record(Event::Read { seat, player_id, read });
    }
    Ok(())
}
