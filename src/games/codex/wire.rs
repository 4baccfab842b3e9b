//! The words of the game on the wire: what is asked, told and shown.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::party::{Change, Chosen, Member, Progress};
use super::story::Tone;
use super::talent::{Talent, Talents};
use crate::id::{PlayerId, Seat};
use crate::time::Timestamp;

/// What a player may ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Chooses in secret; another one until all have chosen.
    MakeChoice { choice_id: String },
    /// Who one is, before one's first turn is over.
    ChooseCharacter {
        class_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// Clients that make their choice by HTTP say so here. Everybody was told already: accepted, and nothing comes of it.
    ChoiceSubmitted,
    /// The same, of clients that report a new scene.
    ScenarioGenerated,
    /// The same, of clients that report the end of a turn.
    TurnResolved,
}

/// A story as those who play it see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryShown {
    pub story_id: String,
    pub title: String,
    pub intro: String,
    pub classes: Vec<ClassShown>,
}

/// Who one can be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassShown {
    pub class_id: String,
    pub name: String,
    pub about: String,
    pub health: u8,
    pub talents: Talents,
    pub items: Vec<ItemShown>,
}

/// Something to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemShown {
    pub item_id: String,
    pub name: String,
}

/// A scene, as everybody sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scenario {
    pub scenario_id: String,
    pub theme: String,
    /// From 1.
    pub turn_number: u32,
    pub title: String,
    pub text: String,
    pub choices: Vec<ChoiceShown>,
    /// When the turn ends without those who have not chosen by then.
    pub deadline: Option<Timestamp>,
}

/// A choice that somebody here may take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChoiceShown {
    pub choice_id: String,
    pub text: String,
    pub talent: Talent,
    pub tone: Tone,
    /// Seats that may take it.
    pub open_to: Vec<Seat>,
    /// What it takes, for people: an item, a class. Empty when everybody may.
    pub needs: String,
}

/// How a turn came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    pub turn_number: u32,
    pub scenario_id: String,
    pub theme: String,
    pub title: String,
    /// What each chose.
    pub choices: Vec<Chosen>,
    /// What the party did.
    pub choice_id: String,
    pub choice_text: String,
    /// Whose talent counted most; nobody's when nobody chose.
    pub leader: Option<Seat>,
    pub score: u32,
    pub difficulty: u32,
    pub success: bool,
    pub text: String,
    /// Whether the deadline ended the turn.
    pub timed_out: bool,
    pub changes: Vec<Change>,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndingShown {
    pub ending_id: String,
    pub title: String,
    pub text: String,
    pub victory: bool,
}

/// What happened, as a viewer is told it.
#[derive(Clone, Debug, PartialEq, Serialize, IntoStaticStr)]
#[serde(untagged)]
#[strum(serialize_all = "snake_case")]
pub enum Notice {
    StoryBegan {
        story: StoryShown,
        party: Vec<Member>,
        trust: u8,
    },
    ScenarioGenerated {
        scenario_id: String,
        theme: String,
        turn_number: u32,
    },
    NewScenario {
        #[serde(flatten)]
        scenario: Scenario,
        #[serde(flatten)]
        progress: Progress,
    },
    /// Somebody made a choice, perhaps another one. Which, only they are told, as `my_choice`.
    PlayerChose {
        player_id: PlayerId,
        player_name: String,
        seat: Seat,
        #[serde(flatten)]
        progress: Progress,
        #[serde(skip_serializing_if = "Option::is_none")]
        my_choice: Option<String>,
    },
    CharacterChosen {
        member: Member,
        /// Who may take which choice now.
        open_to: Vec<(String, Vec<Seat>)>,
    },
    /// Somebody took a seat in the middle of the story: watches until the next turn.
    PartyJoined {
        member: Member,
    },
    /// The turn does not wait for them any more.
    PlayerSkipped {
        player_id: PlayerId,
        player_name: String,
        seat: Seat,
        #[serde(flatten)]
        progress: Progress,
    },
    PlayerBack {
        player_id: PlayerId,
        player_name: String,
        seat: Seat,
        #[serde(flatten)]
        progress: Progress,
    },
    TurnResolved {
        turn_number: u32,
        scenario_id: String,
        timed_out: bool,
    },
    TurnResolution {
        #[serde(flatten)]
        resolution: Resolution,
        trust: u8,
        party: Vec<Member>,
    },
    StoryEnded {
        #[serde(flatten)]
        ending: EndingShown,
    },
}

/// The state as a viewer may know it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct View {
    pub story: Option<StoryShown>,
    pub story_id: String,
    pub story_title: String,
    pub turn_seconds: u32,
    pub scenario: Option<Scenario>,
    #[serde(flatten)]
    pub progress: Progress,
    /// What the viewer has chosen this turn.
    pub my_choice: Option<String>,
    pub trust: u8,
    pub party: Vec<MemberShown>,
    /// Every turn so far.
    pub history: Vec<Resolution>,
    pub ending: Option<EndingShown>,
}

/// A member of the party as the state shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MemberShown {
    #[serde(flatten)]
    pub member: Member,
    pub has_chosen: bool,
    /// Whether the member takes part in this turn: late joiners do from the next one on, the fallen no more.
    pub takes_part: bool,
}
