//! Arcane Codex: a party chooses each turn of a story, everybody in secret, and sees together what comes of it.
//!
//! `story` is what a story's file holds and `check` what can be wrong with it; `shelf` has the stories. `rules` says what may be done,
//! `resolve` what a turn comes to, `party` who takes part; `wire` holds the words that clients see, `recap` the account at the end, `bot`
//! plays along. For players and clients: `docs/games/codex.md`; for authors: `docs/writing-stories.md`.

mod bot;
pub mod check;
pub mod party;
mod recap;
mod resolve;
mod rules;
pub mod shelf;
pub mod story;
pub mod talent;
#[cfg(test)]
mod tests;
pub mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::game::{Draft, Game, Input, Outcome, Seats, Viewer};
use crate::id::Seat;
use crate::time::Timestamp;
use party::{Member, Progress, World};
pub use rules::{Event, Refusal, Setup};
pub use shelf::{Shelf, ShelfError};
use story::Choice;
pub use wire::{Command, Notice, View};
use wire::{EndingShown, MemberShown, Resolution, Scenario, StoryShown};

/// What the host may choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Options {
    /// Which story to play; the first one when left out.
    pub story_id: Option<String>,
    /// How many seconds a turn waits for those who have not chosen: 10 to 86400, or 0 for ever.
    #[schemars(title = "Seconds per turn", range(min = 0, max = 86400))]
    pub turn_seconds: u32,
}

impl Default for Options {
    fn default() -> Self {
        // Enough to read a page and talk it over.
        Self { story_id: None, turn_seconds: 300 }
    }
}

/// The state of a story being played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Codex {
    setup: Setup,
    /// `None` before the start.
    story: Option<StoryShown>,
    trust: u8,
    flags: BTreeSet<String>,
    party: Vec<Member>,
    /// The scene that is open for choices.
    scenario: Option<Scenario>,
    /// What each has chosen this turn: a secret until it is over.
    chosen: BTreeMap<Seat, String>,
    history: Vec<Resolution>,
    ending: Option<EndingShown>,
}

impl Game for Codex {
    const NAME: &'static str = "codex";
    const TITLE: &'static str = "Arcane Codex";
    const SUMMARY: &'static str =
        "A party of up to eight walks through a story: everybody chooses in secret, and all see what comes of it.";
    const SEATS: RangeInclusive<u8> = 1..=8;
    const SECRETS: bool = true;
    const OPEN_SEATS: bool = true;
    const BOTS: &'static [&'static str] = bot::LEVELS;

    type Options = Options;
    type Assets = Shelf;
    type Setup = Setup;
    type Command = Command;
    type Event = Event;
    type View = View;
    type Notice = Notice;
    type Refusal = Refusal;

    fn setup(options: &Options, _seats: u8, shelf: &Shelf) -> Result<Setup, Refusal> {
        rules::set_up(options, shelf)
    }

    fn open(setup: &Setup) -> Self {
        Self {
            setup: setup.clone(),
            story: None,
            trust: 0,
            flags: BTreeSet::new(),
            party: vec![],
            scenario: None,
            chosen: BTreeMap::new(),
            history: vec![],
            ending: None,
        }
    }

    fn decide(draft: &mut Draft<'_, Self>, input: Input<Command>) -> Result<(), Refusal> {
        rules::decide(draft, input)
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::Began { story, party, trust } => {
                (self.story, self.party, self.trust) = (Some(story.clone()), party.clone(), *trust);
            }
            Event::Announced { .. } => {}
            Event::Opened { scenario, .. } => self.scenario = Some(scenario.clone()),
            Event::Chose { seat, choice_id, .. } => drop(self.chosen.insert(*seat, choice_id.clone())),
            Event::BecameCharacter { member, open_to } => self.become_character(member, open_to),
            Event::Joined { member } => self.party.push(member.clone()),
            Event::Away { seat, .. } => self.set_here(*seat, false),
            Event::Back { seat, .. } => self.set_here(*seat, true),
            Event::Closed { .. } => {}
            Event::Resolved { resolution, trust, flags, party } => {
                (self.trust, self.flags, self.party) = (*trust, flags.clone(), party.clone());
                self.history.push(resolution.clone());
                self.scenario = None;
                self.chosen.clear();
            }
            Event::Ended { ending } => {
                self.ending.get_or_insert_with(|| ending.clone());
                self.scenario = None;
                self.chosen.clear();
            }
        }
    }

    fn view(&self, viewer: Viewer) -> View {
        let my_choice = match viewer {
            Viewer::Seat(seat) => self.chosen.get(&seat).cloned(),
            Viewer::Spectator | Viewer::Omniscient => None,
        };
        let turn = self.turn();
        let member = |member: &Member| MemberShown {
            member: member.clone(),
            has_chosen: self.chosen.contains_key(&member.seat),
            takes_part: member.takes_part(turn),
        };
        View {
            story: self.story.clone(),
            story_id: self.setup.story_id.clone(),
            story_title: self.setup.story_title.clone(),
            turn_seconds: self.setup.turn_seconds,
            scenario: self.scenario.clone(),
            progress: self.progress(),
            my_choice,
            trust: self.trust,
            party: self.party.iter().map(member).collect(),
            history: self.history.clone(),
            ending: self.ending.clone(),
        }
    }

    fn notice(event: &Event, viewer: Viewer) -> Option<Notice> {
        Some(match event.clone() {
            Event::Began { story, party, trust } => Notice::StoryBegan { story, party, trust },
            Event::Announced { scenario_id, theme, turn_number } => Notice::ScenarioGenerated { scenario_id, theme, turn_number },
            Event::Opened { scenario, progress } => Notice::NewScenario { scenario, progress },
            Event::Chose { seat, choice_id, player_id, player_name, progress } => {
                let my_choice = (viewer == Viewer::Seat(seat)).then_some(choice_id);
                Notice::PlayerChose { player_id, player_name, seat, progress, my_choice }
            }
            Event::BecameCharacter { member, open_to } => Notice::CharacterChosen { member, open_to },
            Event::Joined { member } => Notice::PartyJoined { member },
            Event::Away { seat, player_id, player_name, progress } => {
                Notice::PlayerSkipped { player_id, player_name, seat, progress }
            }
            Event::Back { seat, player_id, player_name, progress } => Notice::PlayerBack { player_id, player_name, seat, progress },
            Event::Closed { turn_number, scenario_id, timed_out } => Notice::TurnResolved { turn_number, scenario_id, timed_out },
            // Flags are the story's own memory: knowing them would give away what is still to come.
            Event::Resolved { resolution, trust, party, .. } => Notice::TurnResolution { resolution, trust, party },
            Event::Ended { ending } => Notice::StoryEnded { ending },
        })
    }

    fn outcome(&self) -> Option<Outcome> {
        self.ending.as_ref().map(|ending| recap::outcome(ending, &self.party, self.trust, &self.history))
    }

    fn to_act(&self) -> Seats {
        self.waited_for().fold(Seats::NONE, |seats, member| seats.with(member.seat))
    }

    fn wake_at(&self) -> Option<Timestamp> {
        self.deadline()
    }

    fn legal(&self, seat: Seat) -> Vec<Command> {
        if self.member(seat).is_err() {
            return vec![];
        }
        let choices = self.scenario.iter().flat_map(|scenario| &scenario.choices);
        let choices = choices.filter(|choice| self.may_choose(seat, &choice.choice_id).is_ok());
        let classes = self.story.iter().flat_map(|story| &story.classes).filter(|_| self.may_become(seat).is_ok());
        choices
            .map(|choice| Command::MakeChoice { choice_id: choice.choice_id.clone() })
            .chain(classes.map(|class| Command::ChooseCharacter { class_id: class.class_id.clone(), name: None }))
            .chain([Command::ChoiceSubmitted, Command::ScenarioGenerated, Command::TurnResolved])
            .collect()
    }

    fn catalogue(shelf: &Shelf) -> serde_json::Value {
        let story = |story: &story::Story| {
            let (shortest, longest) = check::lengths(story);
            serde_json::json!({
                "id": story.id.get_ref(), "title": story.title, "summary": story.summary,
                "scenes": story.scenes.len(), "endings": story.endings.len(), "turns": [shortest, longest],
                "classes": story.classes.iter().map(|class| &class.name).collect::<Vec<_>>(),
            })
        };
        serde_json::json!({ "stories": shelf.iter().map(story).collect::<Vec<_>>() })
    }

    fn bot(view: &View, seat: Seat, level: &str, luck: &mut dyn FnMut(u32) -> u32) -> Option<Command> {
        bot::choose(view, seat, level, luck)
    }

    /// Another choice, where there is one.
    fn with_other_secrets(&self, of: Seat) -> Option<Self> {
        let mine = self.chosen.get(&of)?;
        let open = self.scenario.iter().flat_map(|scenario| &scenario.choices).filter(|choice| choice.open_to.contains(&of));
        let other = open.map(|choice| &choice.choice_id).find(|id| *id != mine)?.clone();
        let mut swapped = self.clone();
        swapped.chosen.insert(of, other);
        Some(swapped)
    }
}

impl Codex {
    /// The number of the turn that is open, or of the last one.
    fn turn(&self) -> u32 {
        let last = || self.history.last().map_or(0, |resolution| resolution.turn_number);
        self.scenario.as_ref().map_or_else(last, |scenario| scenario.turn_number)
    }

    fn deadline(&self) -> Option<Timestamp> {
        self.scenario.as_ref().filter(|_| self.ending.is_none()).and_then(|scenario| scenario.deadline)
    }

    /// The member in `seat` of a story that goes on.
    fn member(&self, seat: Seat) -> Result<&Member, Refusal> {
        if self.ending.is_some() {
            return Err(Refusal::Over);
        }
        if self.story.is_none() {
            return Err(Refusal::NotBegun);
        }
        self.party.iter().find(|member| member.seat == seat).ok_or(Refusal::NotInParty)
    }

    fn may_choose(&self, seat: Seat, choice_id: &str) -> Result<(), Refusal> {
        let member = self.member(seat)?;
        let scenario = self.scenario.as_ref().ok_or(Refusal::Watching)?;
        if !member.stands() {
            return Err(Refusal::Fallen);
        }
        if !member.takes_part(scenario.turn_number) {
            return Err(Refusal::Watching);
        }
        let choice = scenario.choices.iter().find(|choice| choice.choice_id == choice_id).ok_or(Refusal::UnknownChoice)?;
        if choice.open_to.contains(&seat) { Ok(()) } else { Err(Refusal::NotForYou) }
    }

    fn may_become(&self, seat: Seat) -> Result<&Member, Refusal> {
        let member = self.member(seat)?;
        if self.scenario.is_none() || member.from_turn < self.turn() || self.chosen.contains_key(&seat) {
            return Err(Refusal::CharacterSettled);
        }
        Ok(member)
    }

    /// The seats that may take `choice` in turn number `turn`, with `instead` in the place of the member in its seat.
    fn open_to(&self, choice: &Choice, turn: u32, instead: Option<&Member>) -> Vec<Seat> {
        let world = World { trust: self.trust, flags: &self.flags, party: &self.party };
        let members = self.party.iter().map(|member| instead.filter(|other| other.seat == member.seat).unwrap_or(member));
        let may = |member: &&Member| member.takes_part(turn) && choice.needs.as_ref().is_none_or(|when| world.allows(when, member));
        members.filter(may).map(|member| member.seat).collect()
    }

    /// Members who are here, take part, and have not chosen.
    fn waited_for(&self) -> impl Iterator<Item = &Member> {
        let turn = self.scenario.as_ref().map(|scenario| scenario.turn_number);
        let waits = move |member: &&Member| {
            turn.is_some_and(|turn| member.takes_part(turn)) && member.here && !self.chosen.contains_key(&member.seat)
        };
        self.party.iter().filter(waits)
    }

    /// How far the turn is.
    fn progress(&self) -> Progress {
        self.progress_if(|_| None, None)
    }

    /// How far it will be when some come or go, and one more has chosen.
    fn progress_if(&self, here: impl Fn(&Member) -> Option<bool>, chooses: Option<Seat>) -> Progress {
        let Some(scenario) = &self.scenario else { return Progress::default() };
        let chosen = |member: &Member| self.chosen.contains_key(&member.seat) || chooses == Some(member.seat);
        let taking_part = || self.party.iter().filter(|member| member.takes_part(scenario.turn_number));
        let choices_submitted = taking_part().filter(|member| chosen(member)).count();
        let waiting = taking_part().filter(|member| !chosen(member) && here(member).unwrap_or(member.here));
        let waiting_for: Vec<_> = waiting.map(|member| member.player_id).collect();
        let total_players = choices_submitted + waiting_for.len();
        Progress { choices_submitted, total_players, all_submitted: choices_submitted > 0 && waiting_for.is_empty(), waiting_for }
    }

    /// How far turn number `turn` is when it opens.
    fn progress_at(&self, turn: u32) -> Progress {
        let waiting_for: Vec<_> =
            self.party.iter().filter(|member| member.takes_part(turn) && member.here).map(|member| member.player_id).collect();
        Progress { choices_submitted: 0, total_players: waiting_for.len(), all_submitted: false, waiting_for }
    }

    fn set_here(&mut self, seat: Seat, here: bool) {
        for member in self.party.iter_mut().filter(|member| member.seat == seat) {
            member.here = here;
        }
    }

    fn become_character(&mut self, member: &Member, open_to: &[(String, Vec<Seat>)]) {
        for old in self.party.iter_mut().filter(|old| old.seat == member.seat) {
            *old = member.clone();
        }
        if let Some(scenario) = &mut self.scenario {
            for choice in &mut scenario.choices {
                let now = open_to.iter().find(|(id, _)| *id == choice.choice_id);
                choice.open_to = now.map(|(_, seats)| seats.clone()).unwrap_or_default();
            }
        }
    }
}
