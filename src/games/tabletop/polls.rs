//! Polls: questions to the table, voted on openly or in secret.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Tabletop;
use super::people::{Person, PersonShown};
use super::refusal::{Refusal, at_most, text};
use super::rules::Event;
use crate::game::{Draft, Viewer};
use crate::id::{Seat, Seq};

const QUESTION_MAX: usize = 200;
const OPTION_MAX: usize = 80;
const OPTIONS_MAX: usize = 10;
const OPEN_MAX: usize = 5;
/// Polls that the state remembers.
pub(super) const KEPT: usize = 10;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poll {
    pub id: Seq,
    pub by: Person,
    pub question: String,
    pub options: Vec<String>,
    pub secret: bool,
    pub multiple: bool,
    pub open: bool,
    pub votes: BTreeMap<Seat, Vec<u8>>,
}

/// A wish for a poll.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    pub question: String,
    pub options: Vec<String>,
    #[serde(default)]
    pub secret: bool,
    #[serde(default)]
    pub multiple: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VoteShown {
    pub seat: Seat,
    pub choices: Vec<u8>,
}

/// A poll in the words of the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PollShown {
    pub poll_id: Seq,
    pub player: PersonShown,
    pub question: String,
    pub options: Vec<String>,
    pub secret: bool,
    pub multiple: bool,
    pub open: bool,
    pub counts: Option<Vec<u32>>,
    pub votes: Option<Vec<VoteShown>>,
    pub voted: Vec<Seat>,
    pub my_choices: Option<Vec<u8>>,
}

impl Poll {
    pub fn counts(&self) -> Vec<u32> {
        let count = |n: usize| self.votes.values().flatten().filter(|choice| usize::from(**choice) == n).count();
        (0..self.options.len()).map(|n| u32::try_from(count(n)).unwrap_or(u32::MAX)).collect()
    }

    pub fn vote(&mut self, seat: Seat, choices: &[u8]) {
        if choices.is_empty() {
            self.votes.remove(&seat);
        } else {
            self.votes.insert(seat, choices.to_vec());
        }
    }

    pub fn shown(&self, viewer: Viewer) -> PollShown {
        let told = !self.secret || !self.open || viewer == Viewer::Omniscient;
        let mine = match viewer {
            Viewer::Seat(seat) => self.votes.get(&seat).cloned(),
            Viewer::Spectator | Viewer::Omniscient => None,
        };
        let votes = || self.votes.iter().map(|(seat, choices)| VoteShown { seat: *seat, choices: choices.clone() }).collect();
        PollShown {
            poll_id: self.id,
            player: self.by.clone().into(),
            question: self.question.clone(),
            options: self.options.clone(),
            secret: self.secret,
            multiple: self.multiple,
            open: self.open,
            counts: told.then(|| self.counts()),
            votes: told.then(votes),
            voted: self.votes.keys().copied().collect(),
            my_choices: mine,
        }
    }
}

pub(super) fn create(draft: &mut Draft<'_, Tabletop>, seat: Seat, by: Person, ask: &Ask) -> Result<(), Refusal> {
    if !draft.settings.players_may_poll {
        draft.dm_only(seat, "open polls")?;
    }
    let question = text("question", &ask.question, 1, QUESTION_MAX)?;
    at_most("options", ask.options.len(), OPTIONS_MAX)?;
    let options = ask.options.iter().map(|option| text("an option", option, 1, OPTION_MAX)).collect::<Result<Vec<_>, _>>()?;
    let distinct = options.iter().enumerate().all(|(n, option)| !options[..n].contains(option));
    if options.len() < 2 || !distinct {
        return Err(Refusal::Invalid("a poll has 2 to 10 different options"));
    }
    at_most("open polls", draft.polls.iter().filter(|poll| poll.open).count() + 1, OPEN_MAX)?;
    let (secret, multiple) = (ask.secret, ask.multiple);
    let poll = Poll { id: draft.seq(), by, question, options, secret, multiple, open: true, votes: BTreeMap::new() };
    draft.record(Event::PollOpened { poll });
    Ok(())
}

fn find(table: &Tabletop, id: Seq) -> Result<&Poll, Refusal> {
    let poll = table.polls.iter().find(|poll| poll.id == id).ok_or(Refusal::Unknown("poll"))?;
    if poll.open { Ok(poll) } else { Err(Refusal::Illegal("the poll is closed")) }
}

pub(super) fn vote(draft: &mut Draft<'_, Tabletop>, seat: Seat, by: Person, id: Seq, choices: &[u8]) -> Result<(), Refusal> {
    let mut after = find(draft, id)?.clone();
    let mut choices = choices.to_vec();
    choices.sort_unstable();
    choices.dedup();
    if choices.iter().any(|choice| usize::from(*choice) >= after.options.len()) {
        return Err(Refusal::Unknown("option"));
    }
    if choices.len() > 1 && !after.multiple {
        return Err(Refusal::Invalid("this poll takes one choice"));
    }
    if after.votes.get(&seat).map_or(&[][..], Vec::as_slice) == choices {
        // It is so already.
        return Ok(());
    }
    after.vote(seat, &choices);
    let (counts, voted, secret) = (after.counts(), after.votes.keys().copied().collect(), after.secret);
    draft.record(Event::Voted { by, seat, poll_id: id, choices, counts, voted, secret });
    Ok(())
}

pub(super) fn close(draft: &mut Draft<'_, Tabletop>, seat: Seat, by: Person, id: Seq) -> Result<(), Refusal> {
    let mut poll = find(draft, id)?.clone();
    draft.owner_only(seat, poll.by.seat, "poll")?;
    poll.open = false;
    draft.record(Event::PollClosed { by, poll });
    Ok(())
}
