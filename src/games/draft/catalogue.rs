//! Who can be drawn and into which roles: the series with their characters, and the templates.
//!
//! A catalogue is JSON (`docs/games/draft.md` describes it). One ships with the game; another may be put in its place.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::wire::ByRole;

/// The catalogue that ships with the game.
const SHIPPED: &str = include_str!("catalogue.json");

/// Ratings go from 1 to this.
pub const MAX_RATING: u8 = 100;
/// How many roles a template may have: two give a choice, and more than twelve do not fit a phone.
pub const ROLES: std::ops::RangeInclusive<usize> = 2..=12;
/// How many characters a catalogue may have: the ids of a room's pool are logged and kept per room.
pub const MAX_CHARACTERS: usize = 1_000;
/// How long a name may be, in characters: it is drawn on a card.
pub const MAX_NAME: usize = 80;
/// How long a text may be, in characters: it travels with every drawn card.
pub const MAX_TEXT: usize = 300;

/// A named list of roles, which both players fill. The order of roles counts: neighbours give synergy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    pub id: u32,
    pub name: String,
    pub roles: Vec<String>,
}

/// A character as the log keeps it when it is drawn: nothing else needs to be looked up later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    pub id: u32,
    pub name: String,
    pub anime_id: u32,
    /// The name of the series.
    pub anime: String,
    pub about: String,
    /// One rating per role of the room's template, in that order.
    pub ratings: Vec<u8>,
}

impl Card {
    /// The rating in the template's role number `role`; 0 when there is none.
    pub fn rating(&self, role: usize) -> u32 {
        self.ratings.get(role).copied().map_or(0, u32::from)
    }
}

/// A series: where characters come from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Series {
    pub id: u32,
    pub name: String,
    #[serde(default)]
    pub about: String,
    pub characters: Vec<Character>,
}

/// A character as the catalogue has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Character {
    pub id: u32,
    pub name: String,
    #[serde(default)]
    pub about: String,
    ratings: BTreeMap<String, u8>,
}

impl Character {
    /// The rating in a role that some template names.
    pub fn rating(&self, role: &str) -> Option<u8> {
        self.ratings.get(role).copied()
    }

    /// The ratings in the roles of a template, with their names.
    pub fn ratings(&self, template: &Template) -> ByRole<u8> {
        ByRole(template.roles.iter().filter_map(|role| Some((role.clone(), self.rating(role)?))).collect())
    }
}

/// What is wrong with a catalogue, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    #[error("the catalogue cannot be read: {0}")]
    NotACatalogue(String),
    #[error("the catalogue has no {0}")]
    Empty(&'static str),
    #[error("the catalogue has {0} characters, more than {MAX_CHARACTERS}")]
    TooBig(usize),
    #[error("{what} id {id} is used twice, by {first:?} and {second:?}")]
    SameId { what: &'static str, id: u32, first: String, second: String },
    #[error("{entry}: the {field} must have 1 to {max} characters")]
    BadText { entry: String, field: &'static str, max: usize },
    #[error("template {template}: it has {count} roles, but must have {} to {}", ROLES.start(), ROLES.end())]
    BadRoleCount { template: String, count: usize },
    #[error("template {template}: role {role:?} is named twice")]
    SameRole { template: String, role: String },
    #[error("series {series}: it has no characters")]
    NoCharacters { series: String },
    #[error("character {character}: no rating for role {role:?}, which template {template} uses")]
    MissingRating { character: String, role: String, template: String },
    #[error("character {character}: the rating for role {role:?} is {rating}, but must be 1 to {MAX_RATING}")]
    BadRating { character: String, role: String, rating: u8 },
}

/// All templates and series. Whoever holds one may rely on it: it was checked.
#[derive(Clone, Debug)]
pub struct Catalogue {
    templates: Vec<Template>,
    series: Vec<Series>,
    /// Where a character is: which series, and which of its characters.
    places: HashMap<u32, (usize, usize)>,
}

impl Default for Catalogue {
    fn default() -> Self {
        Self::from_json(SHIPPED).expect("the shipped catalogue is checked by a test")
    }
}

#[derive(Deserialize)]
struct File {
    templates: Vec<Template>,
    series: Vec<Series>,
}

impl Catalogue {
    /// Reads and checks a catalogue.
    ///
    /// # Errors
    /// The first thing that is wrong with it, naming the entry.
    pub fn from_json(json: &str) -> Result<Self, CatalogueError> {
        let File { templates, series } =
            serde_json::from_str(json).map_err(|error| CatalogueError::NotACatalogue(error.to_string()))?;
        check_templates(&templates)?;
        check_series(&series)?;
        let mut places = HashMap::new();
        for (s, from) in series.iter().enumerate() {
            for (c, character) in from.characters.iter().enumerate() {
                check_character(character, &templates)?;
                if let Some((s, c)) = places.insert(character.id, (s, c)) {
                    let first = series[s].characters[c].name.clone();
                    return Err(CatalogueError::SameId {
                        what: "character",
                        id: character.id,
                        first,
                        second: character.name.clone(),
                    });
                }
            }
        }
        if places.len() > MAX_CHARACTERS {
            return Err(CatalogueError::TooBig(places.len()));
        }
        Ok(Self { templates, series, places })
    }

    /// Never empty; the first is the default.
    pub fn templates(&self) -> &[Template] {
        &self.templates
    }

    /// Never empty.
    pub fn series(&self) -> &[Series] {
        &self.series
    }

    pub fn character(&self, id: u32) -> Option<&Character> {
        self.place(id).map(|(_, character)| character)
    }

    /// The character as a card with ratings for the template's roles; `None` when the catalogue lacks the character or a rating.
    pub fn card(&self, id: u32, template: &Template) -> Option<Card> {
        let (series, character) = self.place(id)?;
        let ratings = template.roles.iter().map(|role| character.rating(role)).collect::<Option<_>>()?;
        Some(Card {
            id,
            name: character.name.clone(),
            anime_id: series.id,
            anime: series.name.clone(),
            about: character.about.clone(),
            ratings,
        })
    }

    /// Whether [`Catalogue::card`] has an answer for all of `ids`.
    pub fn has_cards(&self, ids: &[u32], template: &Template) -> bool {
        // Every character was checked to have ratings for the catalogue's own templates: then only the ids are asked for.
        let own = self.templates.iter().any(|own| own.roles == template.roles);
        let rated = |character: &Character| own || template.roles.iter().all(|role| character.rating(role).is_some());
        ids.iter().all(|&id| self.character(id).is_some_and(rated))
    }

    fn place(&self, id: u32) -> Option<(&Series, &Character)> {
        let &(s, c) = self.places.get(&id)?;
        let series = self.series.get(s)?;
        Some((series, series.characters.get(c)?))
    }
}

fn check_templates(templates: &[Template]) -> Result<(), CatalogueError> {
    if templates.is_empty() {
        return Err(CatalogueError::Empty("templates"));
    }
    unique("template", templates.iter().map(|template| (template.id, template.name.as_str())))?;
    for template in templates {
        let entry = || label(template.id, &template.name);
        check_text(&template.name, MAX_NAME, "name", || format!("template {}", entry()))?;
        if !ROLES.contains(&template.roles.len()) {
            return Err(CatalogueError::BadRoleCount { template: entry(), count: template.roles.len() });
        }
        let mut seen = BTreeSet::new();
        for role in &template.roles {
            check_text(role, MAX_NAME, "name of a role", || format!("template {}", entry()))?;
            if !seen.insert(role) {
                return Err(CatalogueError::SameRole { template: entry(), role: role.clone() });
            }
        }
    }
    Ok(())
}

fn check_series(series: &[Series]) -> Result<(), CatalogueError> {
    if series.is_empty() {
        return Err(CatalogueError::Empty("series"));
    }
    unique("series", series.iter().map(|series| (series.id, series.name.as_str())))?;
    for from in series {
        check_text(&from.name, MAX_NAME, "name", || format!("series {}", label(from.id, &from.name)))?;
        if from.characters.is_empty() {
            return Err(CatalogueError::NoCharacters { series: label(from.id, &from.name) });
        }
    }
    Ok(())
}

fn check_character(character: &Character, templates: &[Template]) -> Result<(), CatalogueError> {
    let entry = || label(character.id, &character.name);
    check_text(&character.name, MAX_NAME, "name", || format!("character {}", entry()))?;
    if character.about.chars().count() > MAX_TEXT {
        return Err(CatalogueError::BadText { entry: format!("character {}", entry()), field: "text", max: MAX_TEXT });
    }
    for template in templates {
        for role in &template.roles {
            if character.rating(role).is_none() {
                let template = label(template.id, &template.name);
                return Err(CatalogueError::MissingRating { character: entry(), role: role.clone(), template });
            }
        }
    }
    match character.ratings.iter().find(|(_, rating)| !(1..=MAX_RATING).contains(rating)) {
        Some((role, &rating)) => Err(CatalogueError::BadRating { character: entry(), role: role.clone(), rating }),
        None => Ok(()),
    }
}

fn check_text(text: &str, max: usize, field: &'static str, entry: impl Fn() -> String) -> Result<(), CatalogueError> {
    if text.trim().is_empty() || text.chars().count() > max {
        return Err(CatalogueError::BadText { entry: entry(), field, max });
    }
    Ok(())
}

fn unique<'a>(what: &'static str, entries: impl Iterator<Item = (u32, &'a str)>) -> Result<(), CatalogueError> {
    let mut names = BTreeMap::new();
    for (id, second) in entries {
        if let Some(first) = names.insert(id, second) {
            return Err(CatalogueError::SameId { what, id, first: first.to_owned(), second: second.to_owned() });
        }
    }
    Ok(())
}

fn label(id: u32, name: &str) -> String {
    format!("{id} ({name})")
}
