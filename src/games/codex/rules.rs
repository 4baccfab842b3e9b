//! The rules: what may be asked, and what comes of it.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::party::{Member, Progress, World};
use super::resolve::{Turn, resolve};
use super::shelf::Shelf;
use super::story::{Ending, Scene, Story};
use super::wire::{ChoiceShown, ClassShown, Command, EndingShown, Resolution, Scenario, StoryShown};
use super::{Codex, Options, party};
use crate::game::{Draft, Input, Participant};
use crate::id::{PlayerId, Seat};
use crate::refusal::{Code, Refused};

/// The longest name of a character, in characters: as long as a player's.
const NAME_MAX: usize = 24;

/// What a room plays with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    pub story_id: String,
    pub story_title: String,
    /// How long a turn waits, in seconds; for ever when 0.
    pub turn_seconds: u32,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    Began {
        story: StoryShown,
        party: Vec<Member>,
        trust: u8,
    },
    /// A scene is next: for clients that load what it is.
    Announced {
        scenario_id: String,
        theme: String,
        turn_number: u32,
    },
    Opened {
        scenario: Scenario,
        progress: Progress,
    },
    Chose {
        seat: Seat,
        choice_id: String,
        player_id: PlayerId,
        player_name: String,
        progress: Progress,
    },
    BecameCharacter {
        member: Member,
        /// Who may take which choice of this scene now.
        open_to: Vec<(String, Vec<Seat>)>,
    },
    Joined {
        member: Member,
    },
    Away {
        seat: Seat,
        player_id: PlayerId,
        player_name: String,
        progress: Progress,
    },
    Back {
        seat: Seat,
        player_id: PlayerId,
        player_name: String,
        progress: Progress,
    },
    /// Nobody may choose any more.
    Closed {
        turn_number: u32,
        scenario_id: String,
        timed_out: bool,
    },
    Resolved {
        resolution: Resolution,
        trust: u8,
        flags: BTreeSet<String>,
        party: Vec<Member>,
    },
    Ended {
        ending: EndingShown,
    },
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no story {id:?}; there are {known}")]
    UnknownStory { id: String, known: String },
    #[error("turn_seconds is 0 (no deadline) or 10 to 86400")]
    TurnSeconds,
    #[error("the story has begun already")]
    AlreadyBegun,
    #[error("the story has not begun")]
    NotBegun,
    #[error("the story is over")]
    Over,
    #[error("you are not in the party")]
    NotInParty,
    #[error("you watch until the next turn")]
    Watching,
    #[error("your character has fallen")]
    Fallen,
    #[error("this scene has no such choice")]
    UnknownChoice,
    #[error("your character cannot choose this")]
    NotForYou,
    #[error("this story has no such class")]
    UnknownClass,
    #[error("a character is chosen before one's first choice")]
    CharacterSettled,
    #[error("a name has 1 to {NAME_MAX} visible characters")]
    Name,
    #[error("this server no longer has the story as it was")]
    StoryGone,
}

impl Refused for Refusal {
    fn code(&self) -> Code {
        match self {
            Self::UnknownStory { .. } | Self::TurnSeconds | Self::UnknownClass | Self::Name | Self::UnknownChoice => {
                Code::ValidationError
            }
            Self::AlreadyBegun | Self::Over => Code::RoomUnavailable,
            Self::NotBegun => Code::NotReady,
            Self::NotInParty => Code::NotInGame,
            Self::Watching => Code::NotYourTurn,
            Self::Fallen | Self::NotForYou | Self::CharacterSettled => Code::IllegalMove,
            Self::StoryGone => Code::Unavailable,
        }
    }
}

/// Resolves the host's choice.
///
/// # Errors
/// When it names what does not exist.
pub(super) fn set_up(options: &Options, shelf: &Shelf) -> Result<Setup, Refusal> {
    let story = match &options.story_id {
        None => shelf.iter().next(),
        Some(id) => shelf.find(id),
    };
    let Some(story) = story else {
        let known = shelf.iter().map(|story| story.id.get_ref().as_str()).collect::<Vec<_>>().join(", ");
        return Err(Refusal::UnknownStory { id: options.story_id.clone().unwrap_or_default(), known });
    };
    if options.turn_seconds != 0 && !(10..=86_400).contains(&options.turn_seconds) {
        return Err(Refusal::TurnSeconds);
    }
    Ok(Setup { story_id: story.id.get_ref().clone(), story_title: story.title.clone(), turn_seconds: options.turn_seconds })
}

/// Decides what a request comes to.
///
/// # Errors
/// When the rules do not allow it; nothing was recorded then.
pub(super) fn decide(draft: &mut Draft<'_, Codex>, input: Input<Command>) -> Result<(), Refusal> {
    match input {
        Input::Start => start(draft),
        Input::Play { seat, command } => {
            draft.member(seat)?;
            match command {
                Command::MakeChoice { choice_id } => choose(draft, seat, choice_id),
                Command::ChooseCharacter { class_id, name } => become_character(draft, seat, &class_id, name),
                Command::ChoiceSubmitted | Command::ScenarioGenerated | Command::TurnResolved => Ok(()),
            }
        }
        Input::Absent(seat) => {
            if let Ok(member) = draft.member(seat)
                && member.here
            {
                let (player_id, player_name) = (member.player_id, member.player_name.clone());
                let progress = draft.progress_if(|member| (member.seat == seat).then_some(false), None);
                draft.record(Event::Away { seat, player_id, player_name, progress });
                go_on(draft);
            }
            Ok(())
        }
        Input::Returned(seat) => {
            returned(draft, seat);
            Ok(())
        }
        Input::Wake => {
            if draft.deadline().is_some_and(|deadline| deadline <= draft.now()) {
                close(draft, true);
            }
            Ok(())
        }
    }
}

/// The classes go round in the order of the seats.
fn class_for(story: &Story, nth: usize) -> Option<&super::story::Class> {
    story.classes.get(nth % story.classes.len().max(1))
}

fn start(draft: &mut Draft<'_, Codex>) -> Result<(), Refusal> {
    if draft.story.is_some() {
        return Err(Refusal::AlreadyBegun);
    }
    let story = draft.assets().find(&draft.setup.story_id).ok_or(Refusal::StoryGone)?;
    let participants = draft.participants();
    let member = |(nth, who): (usize, &Participant)| Some(Member::new(who, class_for(story, nth)?, story, 1));
    let party: Vec<Member> = participants.iter().enumerate().filter_map(member).collect();
    let first = story.scene(story.first.get_ref()).ok_or(Refusal::StoryGone)?;
    draft.record(Event::Began { story: shown(story), party, trust: story.trust.min(100) });
    open(draft, first, 1);
    Ok(())
}

/// A story as those who play it see it.
fn shown(story: &Story) -> StoryShown {
    let class = |class: &super::story::Class| ClassShown {
        class_id: class.id.get_ref().clone(),
        name: class.name.clone(),
        about: class.about.clone(),
        health: class.health,
        talents: class.talents,
        items: party::items_of(class, story),
    };
    StoryShown {
        story_id: story.id.get_ref().clone(),
        title: story.title.clone(),
        intro: story.intro.clone(),
        classes: story.classes.iter().map(class).collect(),
    }
}

/// Opens a scene as turn number `turn_number`.
fn open(draft: &mut Draft<'_, Codex>, scene: &Scene, turn_number: u32) {
    let theme = scene.theme.clone();
    let scenario_id = scene.id.get_ref().clone();
    draft.record(Event::Announced { scenario_id: scenario_id.clone(), theme: theme.clone(), turn_number });
    let wait = Duration::from_secs(draft.setup.turn_seconds.into());
    let deadline = (!wait.is_zero()).then(|| draft.now() + wait);
    let story = draft.assets().find(&draft.setup.story_id);
    let mut choices: Vec<ChoiceShown> = scene
        .choices
        .iter()
        .map(|choice| ChoiceShown {
            choice_id: choice.id.get_ref().clone(),
            text: choice.text.clone(),
            talent: choice.talent,
            tone: choice.tone,
            open_to: draft.open_to(choice, turn_number, None),
            needs: story.map(|story| needs(story, choice)).unwrap_or_default(),
        })
        .collect();
    // What nobody can do is not even a thought.
    choices.retain(|choice| !choice.open_to.is_empty());
    let scenario =
        Scenario { scenario_id, theme, turn_number, title: scene.title.clone(), text: scene.text.clone(), choices, deadline };
    let progress = draft.progress_at(turn_number);
    draft.record(Event::Opened { scenario, progress });
}

/// What a choice takes, for people.
fn needs(story: &Story, choice: &super::story::Choice) -> String {
    let Some(when) = &choice.needs else { return String::new() };
    let item = when.item.as_ref().and_then(|id| story.item(id.get_ref())).map(|item| item.name.clone());
    let class = when.class.as_ref().and_then(|id| story.class(id.get_ref())).map(|class| class.name.clone());
    item.into_iter().chain(class).collect::<Vec<_>>().join(", ")
}

fn choose(draft: &mut Draft<'_, Codex>, seat: Seat, choice_id: String) -> Result<(), Refusal> {
    draft.may_choose(seat, &choice_id)?;
    if draft.chosen.get(&seat) == Some(&choice_id) {
        return Ok(());
    }
    let closes = draft.progress_if(|_| None, Some(seat)).all_submitted;
    if closes {
        // Asked before anything is recorded: a turn that cannot be resolved does not take its last choice.
        current_scene(draft)?;
    }
    let member = draft.member(seat)?;
    let (player_id, player_name) = (member.player_id, member.player_name.clone());
    let progress = draft.progress_if(|_| None, Some(seat));
    draft.record(Event::Chose { seat, choice_id, player_id, player_name, progress });
    go_on(draft);
    Ok(())
}

fn become_character(draft: &mut Draft<'_, Codex>, seat: Seat, class_id: &str, name: Option<String>) -> Result<(), Refusal> {
    let member = draft.may_become(seat)?;
    let story = draft.assets().find(&draft.setup.story_id).ok_or(Refusal::StoryGone)?;
    let class = story.class(class_id).ok_or(Refusal::UnknownClass)?;
    let name = name.map(|name| check_name(&name)).transpose()?;
    let member = member.turned_into(class, name, story);
    let turn = draft.turn();
    let scene = current_scene(draft)?;
    let open_to = scene.choices.iter().map(|choice| (choice.id.get_ref().clone(), draft.open_to(choice, turn, Some(&member))));
    let open_to = open_to.filter(|(_, seats)| !seats.is_empty()).collect();
    draft.record(Event::BecameCharacter { member, open_to });
    Ok(())
}

fn check_name(name: &str) -> Result<String, Refusal> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = (1..=NAME_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits { Ok(name) } else { Err(Refusal::Name) }
}

/// The open scene in the story's file.
fn current_scene<'a>(draft: &Draft<'a, Codex>) -> Result<&'a Scene, Refusal> {
    let story = draft.assets().find(&draft.setup.story_id).ok_or(Refusal::StoryGone)?;
    let scenario = draft.scenario.as_ref().ok_or(Refusal::StoryGone)?;
    story.scene(&scenario.scenario_id).ok_or(Refusal::StoryGone)
}

/// Somebody is back, or has just come.
fn returned(draft: &mut Draft<'_, Codex>, seat: Seat) {
    if draft.story.is_none() || draft.ending.is_some() {
        return;
    }
    if let Ok(member) = draft.member(seat) {
        if !member.here {
            let (player_id, player_name) = (member.player_id, member.player_name.clone());
            let progress = draft.progress_if(|member| (member.seat == seat).then_some(true), None);
            draft.record(Event::Back { seat, player_id, player_name, progress });
        }
        return;
    }
    let participants = draft.participants();
    let Some(who) = participants.iter().find(|who| who.seat == seat) else { return };
    let Some(story) = draft.assets().find(&draft.setup.story_id) else { return };
    if let Some(class) = class_for(story, seat.index()) {
        let member = Member::new(who, class, story, draft.turn() + 1);
        draft.record(Event::Joined { member });
    }
}

/// Resolves the turn when nobody is waited for any more, and somebody has chosen.
fn go_on(draft: &mut Draft<'_, Codex>) {
    if draft.progress().all_submitted {
        close(draft, false);
    }
}

fn close(draft: &mut Draft<'_, Codex>, timed_out: bool) {
    let Some(scenario) = draft.scenario.clone() else { return };
    let turn_number = scenario.turn_number;
    draft.record(Event::Closed { turn_number, scenario_id: scenario.scenario_id, timed_out });
    let Ok(scene) = current_scene(draft) else { return lost(draft) };
    let Some(story) = draft.assets().find(&draft.setup.story_id) else { return lost(draft) };
    let votes: Vec<(Seat, String)> = draft.chosen.iter().map(|(seat, choice)| (*seat, choice.clone())).collect();
    let world = World { trust: draft.trust, flags: &draft.flags, party: &draft.party };
    let Some(Turn { resolution, trust, flags, party, next }) = resolve(story, scene, world, turn_number, &votes, timed_out) else {
        return lost(draft);
    };
    draft.record(Event::Resolved { resolution, trust, flags, party });
    match (story.scene(&next), story.ending(&next)) {
        (Some(scene), _) => open(draft, scene, turn_number + 1),
        (None, Some(ending)) => finish(draft, ending),
        (None, None) => lost(draft),
    }
}

fn finish(draft: &mut Draft<'_, Codex>, ending: &Ending) {
    let world = World { trust: draft.trust, flags: &draft.flags, party: &draft.party };
    let also = ending.epilogues.iter().filter(|epilogue| world.holds(&epilogue.when)).map(|epilogue| epilogue.text.trim());
    let text = std::iter::once(ending.text.trim()).chain(also).collect::<Vec<_>>().join("\n\n");
    let (ending_id, title) = (ending.id.get_ref().clone(), ending.title.clone());
    draft.record(Event::Ended { ending: EndingShown { ending_id, title, text, victory: ending.victory } });
}

/// The story's file was changed or taken away while it was played.
fn lost(draft: &mut Draft<'_, Codex>) {
    draft.record(Event::Ended {
        ending: EndingShown {
            ending_id: "lost".into(),
            title: "The last page is missing".into(),
            text: "This server no longer has the story as it was when you began.".into(),
            victory: false,
        },
    });
}
