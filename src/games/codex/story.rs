//! What a story is: scenes, choices, what they lead to, endings, and who can be played. Written as a TOML file; `check` holds it to
//! the rules that `docs/writing-stories.md` gives.

use serde::Deserialize;
use toml::Spanned;

use super::talent::{Talent, Talents};

/// A name that the checker may have to point at: it knows where in the file it stands.
pub type Name = Spanned<String>;

/// A story, as its file says it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    pub id: Name,
    pub title: String,
    /// One or two sentences for those who choose a story.
    pub summary: String,
    /// What is read before the first scene.
    pub intro: String,
    /// The scene that it begins with.
    pub first: Name,
    /// The ending when nobody is left standing.
    pub fallen: Name,
    /// The party's trust at the start, 0 to 100.
    #[serde(default = "middling")]
    pub trust: u8,
    #[serde(rename = "class")]
    pub classes: Vec<Class>,
    #[serde(default, rename = "item")]
    pub items: Vec<Item>,
    #[serde(rename = "scene")]
    pub scenes: Vec<Scene>,
    #[serde(rename = "ending")]
    pub endings: Vec<Ending>,
}

fn middling() -> u8 {
    50
}

/// Who one can be.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    pub id: Name,
    pub name: String,
    pub about: String,
    /// At the start, and at most: 1 to 12.
    pub health: u8,
    pub talents: Talents,
    #[serde(default)]
    pub items: Vec<Name>,
}

/// Something to have.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub id: Name,
    pub name: String,
}

/// A turn of the story.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scene {
    pub id: Name,
    pub title: String,
    pub theme: String,
    pub text: String,
    #[serde(rename = "choice")]
    pub choices: Vec<Choice>,
}

/// What a player may choose in a scene.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    pub id: Name,
    pub text: String,
    /// What it takes.
    pub talent: Talent,
    /// The score that it takes, 0 to 40: with 0 it cannot fail.
    #[serde(default)]
    pub difficulty: u8,
    #[serde(default)]
    pub tone: Tone,
    /// Who may choose it: everybody, if left out.
    pub needs: Option<When>,
    /// What comes to everybody who chose it, whatever the party does.
    #[serde(default)]
    pub own: Own,
    pub success: Branch,
    /// What happens when it fails; may be left out when `difficulty` is 0.
    pub failure: Option<Branch>,
}

/// How a choice feels: what bots go by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    Bold,
    #[default]
    Even,
    Careful,
}

/// A condition; all that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// For a choice: the chooser has it. Elsewhere: anybody who stands.
    pub item: Option<Name>,
    /// For a choice: the chooser is one. Elsewhere: anybody who stands.
    pub class: Option<Name>,
    pub flag: Option<Name>,
    pub not_flag: Option<Name>,
    pub trust_at_least: Option<u8>,
    pub trust_below: Option<u8>,
    /// For a choice: the chooser's health. Elsewhere: that of the weakest who stands.
    pub health_at_least: Option<u8>,
    pub health_below: Option<u8>,
}

/// What a choice does to those who chose it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Own {
    pub health: i8,
}

/// How the party's choice turns out.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// What is told; `{leader}` is the one whose talent counted most.
    pub text: String,
    #[serde(default)]
    pub trust: i8,
    #[serde(default)]
    pub health: Health,
    /// Items that the leader gets.
    #[serde(default)]
    pub give: Vec<Name>,
    /// Items that are lost, whoever has them.
    #[serde(default)]
    pub take: Vec<Name>,
    #[serde(default)]
    pub set: Vec<Name>,
    #[serde(default)]
    pub clear: Vec<Name>,
    /// Where it goes on under a condition: the first that holds.
    #[serde(default)]
    pub detours: Vec<Detour>,
    /// Where it goes on else: a scene or an ending.
    pub next: Name,
}

/// Changes of health, by what one chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Health {
    pub all: i8,
    /// Those who chose what was done, besides `all`.
    #[serde(rename = "for")]
    pub supporters: i8,
    /// Those who chose otherwise, besides `all`.
    pub against: i8,
    /// The leader, besides the others.
    pub leader: i8,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detour {
    pub when: When,
    pub to: Name,
}

/// How it ends.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    pub id: Name,
    pub title: String,
    pub text: String,
    /// Whether those who stand have won.
    pub victory: bool,
    /// What is told besides, under a condition.
    #[serde(default, rename = "epilogue")]
    pub epilogues: Vec<Epilogue>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Epilogue {
    pub when: When,
    pub text: String,
}

impl Story {
    pub fn scene(&self, id: &str) -> Option<&Scene> {
        self.scenes.iter().find(|scene| scene.id.get_ref() == id)
    }

    pub fn ending(&self, id: &str) -> Option<&Ending> {
        self.endings.iter().find(|ending| ending.id.get_ref() == id)
    }

    pub fn class(&self, id: &str) -> Option<&Class> {
        self.classes.iter().find(|class| class.id.get_ref() == id)
    }

    pub fn item(&self, id: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.id.get_ref() == id)
    }
}

impl Choice {
    /// Both ways in which it may turn out.
    pub fn branches(&self) -> impl Iterator<Item = &Branch> {
        [Some(&self.success), self.failure.as_ref()].into_iter().flatten()
    }
}

impl Branch {
    /// Everywhere it may lead.
    pub fn targets(&self) -> impl Iterator<Item = &Name> {
        self.detours.iter().map(|detour| &detour.to).chain([&self.next])
    }
}
