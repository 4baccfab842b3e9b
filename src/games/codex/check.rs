//! Reading a story, and everything that can be wrong with one: each problem with its line.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

use super::story::{Branch, Name, Story, When};
use super::talent::TALENT_MAX;

/// The largest file of a story.
pub const BYTES_MAX: usize = 256 * 1024;
/// The longest text in it, in characters: several screens of a phone.
pub const TEXT_MAX: usize = 4_000;
/// The longest title, name, theme or choice, in characters: a few lines of a phone.
pub const LINE_MAX: usize = 200;
/// The longest way through a story, in scenes.
pub const TURNS_MAX: usize = 60;
/// The most choices of a scene: what fits a phone, and few enough to weigh.
pub const CHOICES_MAX: usize = 6;
/// The most scenes and endings together.
pub const PLACES_MAX: usize = 200;
/// The most classes, and the most items, of a story.
pub const LIST_MAX: usize = 50;
/// The most health.
pub const HEALTH_MAX: u8 = 12;

/// Something wrong in a story's file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct StoryProblem {
    /// From 1.
    pub line: usize,
    pub what: String,
}

/// Reads a story.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file.
pub fn read(text: &str) -> Result<Story, Vec<StoryProblem>> {
    let at = |line, what| Err(vec![StoryProblem { line, what }]);
    if text.len() > BYTES_MAX {
        return at(1, format!("a story has at most {BYTES_MAX} bytes"));
    }
    let story: Story = match toml::from_str(text) {
        Ok(story) => story,
        Err(error) => {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            return at(line, error.message().to_owned());
        }
    };
    let mut checker = Checker { text, story: &story, problems: BTreeSet::new() };
    checker.check();
    let problems: Vec<_> = checker.problems.into_iter().collect();
    if problems.is_empty() { Ok(story) } else { Err(problems) }
}

/// How many turns the shortest and the longest way through a story have, that was [`read`].
pub fn lengths(story: &Story) -> (usize, usize) {
    let mut known = HashMap::new();
    lengths_from(story, story.first.get_ref(), &mut known)
}

fn lengths_from<'a>(story: &'a Story, id: &'a str, known: &mut HashMap<&'a str, (usize, usize)>) -> (usize, usize) {
    let Some(scene) = story.scene(id) else { return (0, 0) };
    if let Some(found) = known.get(id) {
        return *found;
    }
    let (mut least, mut most) = (usize::MAX, 0);
    for to in scene.choices.iter().flat_map(|choice| choice.branches()).flat_map(Branch::targets) {
        let (shortest, longest) = lengths_from(story, to.get_ref(), known);
        (least, most) = (least.min(shortest + 1), most.max(longest + 1));
    }
    known.insert(id, (least, most));
    (least, most)
}

fn line_of(text: &str, byte: usize) -> usize {
    text.as_bytes().iter().take(byte).filter(|&&b| b == b'\n').count() + 1
}

struct Checker<'a> {
    text: &'a str,
    story: &'a Story,
    problems: BTreeSet<StoryProblem>,
}

impl<'a> Checker<'a> {
    fn wrong(&mut self, span: Range<usize>, what: impl Into<String>) {
        let line = line_of(self.text, span.start);
        self.problems.insert(StoryProblem { line, what: what.into() });
    }

    fn check(&mut self) {
        self.names();
        self.people();
        for scene in &self.story.scenes {
            self.scene(scene);
        }
        self.endings();
        self.flags();
        self.ways();
    }

    /// Ids are unique, and everything has a length that fits a screen.
    fn names(&mut self) {
        let story = self.story;
        self.id(&story.id);
        let all = story.id.span();
        self.lines(all.clone(), &[("title", &story.title)]);
        self.texts(all.clone(), &[("summary", &story.summary), ("intro", &story.intro)]);
        if story.trust > 100 {
            self.wrong(all.clone(), "trust is 0 to 100");
        }
        let places = story.scenes.iter().map(|scene| &scene.id).chain(story.endings.iter().map(|ending| &ending.id));
        self.unique("scene or ending", &places.collect::<Vec<_>>());
        self.unique("class", &story.classes.iter().map(|class| &class.id).collect::<Vec<_>>());
        self.unique("item", &story.items.iter().map(|item| &item.id).collect::<Vec<_>>());
        if story.scenes.len() + story.endings.len() > PLACES_MAX {
            self.wrong(all.clone(), format!("a story has at most {PLACES_MAX} scenes and endings"));
        }
        if story.scenes.is_empty() || story.endings.is_empty() {
            self.wrong(all, "a story has at least 1 scene and 1 ending");
        }
    }

    fn unique(&mut self, what: &str, ids: &[&'a Name]) {
        let mut seen = HashSet::new();
        for id in ids {
            self.id(id);
            if !seen.insert(id.get_ref()) {
                self.wrong(id.span(), format!("there is another {what} {:?}", id.get_ref()));
            }
        }
    }

    fn id(&mut self, id: &Name) {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        if id.get_ref().is_empty() || id.get_ref().len() > 40 || !id.get_ref().chars().all(plain) {
            self.wrong(id.span(), format!("{:?} should be 1 to 40 of a-z, 0-9, - and _", id.get_ref()));
        }
    }

    fn lines(&mut self, at: Range<usize>, all: &[(&str, &str)]) {
        self.bounded(at, all, LINE_MAX);
    }

    fn texts(&mut self, at: Range<usize>, all: &[(&str, &str)]) {
        self.bounded(at, all, TEXT_MAX);
    }

    fn bounded(&mut self, at: Range<usize>, all: &[(&str, &str)], max: usize) {
        for (what, text) in all {
            if text.trim().is_empty() || text.chars().count() > max {
                self.wrong(at.clone(), format!("{what} has 1 to {max} characters"));
            }
            if text.chars().any(|c| c.is_control() && c != '\n') {
                self.wrong(at.clone(), format!("{what} has a control character"));
            }
        }
    }

    fn people(&mut self) {
        let story = self.story;
        if story.classes.is_empty() || story.classes.len() > LIST_MAX || story.items.len() > LIST_MAX {
            self.wrong(story.id.span(), format!("a story has 1 to {LIST_MAX} classes and at most {LIST_MAX} items"));
        }
        for class in &story.classes {
            self.lines(class.id.span(), &[("name", &class.name), ("about", &class.about)]);
            if !(1..=HEALTH_MAX).contains(&class.health) {
                self.wrong(class.id.span(), format!("health is 1 to {HEALTH_MAX}"));
            }
            if class.talents.all().iter().any(|&talent| talent > TALENT_MAX) {
                self.wrong(class.id.span(), format!("a talent is 0 to {TALENT_MAX}"));
            }
            class.items.iter().for_each(|item| self.item(item));
        }
        for item in &story.items {
            self.lines(item.id.span(), &[("name", &item.name)]);
        }
    }

    fn item(&mut self, id: &Name) {
        if self.story.item(id.get_ref()).is_none() {
            self.wrong(id.span(), format!("there is no item {:?}", id.get_ref()));
        }
    }

    fn place(&mut self, id: &Name) {
        if self.story.scene(id.get_ref()).is_none() && self.story.ending(id.get_ref()).is_none() {
            self.wrong(id.span(), format!("there is no scene or ending {:?}", id.get_ref()));
        }
    }

    fn when(&mut self, when: &When) {
        when.item.iter().for_each(|item| self.item(item));
        for class in when.class.iter().filter(|class| self.story.class(class.get_ref()).is_none()) {
            self.wrong(class.span(), format!("there is no class {:?}", class.get_ref()));
        }
    }

    fn scene(&mut self, scene: &'a super::story::Scene) {
        let here = scene.id.span();
        self.lines(here.clone(), &[("title", &scene.title), ("theme", &scene.theme)]);
        self.texts(here.clone(), &[("text", &scene.text)]);
        if !(2..=CHOICES_MAX).contains(&scene.choices.len()) {
            self.wrong(
                here.clone(),
                format!("scene {:?} has {} choices, not 2 to {CHOICES_MAX}", scene.id.get_ref(), scene.choices.len()),
            );
        }
        if scene.choices.iter().all(|choice| choice.needs.is_some()) {
            self.wrong(here, format!("scene {:?} has no choice that everybody may take", scene.id.get_ref()));
        }
        self.unique("choice", &scene.choices.iter().map(|choice| &choice.id).collect::<Vec<_>>());
        for choice in &scene.choices {
            let here = choice.id.span();
            self.lines(here.clone(), &[("text", &choice.text)]);
            if choice.difficulty > 40 {
                self.wrong(here.clone(), "difficulty is 0 to 40");
            }
            if choice.difficulty > 0 && choice.failure.is_none() {
                self.wrong(here.clone(), format!("choice {:?} can fail, but has no failure", choice.id.get_ref()));
            }
            if choice.difficulty == 0 && choice.failure.is_some() {
                self.wrong(here.clone(), format!("choice {:?} has a failure, but difficulty 0", choice.id.get_ref()));
            }
            choice.needs.iter().for_each(|when| self.when(when));
            choice.branches().for_each(|branch| self.branch(here.clone(), branch));
        }
    }

    fn branch(&mut self, here: Range<usize>, branch: &'a Branch) {
        self.texts(branch.next.span(), &[("text", &branch.text)]);
        let without = branch.text.replace("{leader}", "");
        if without.contains(['{', '}']) {
            self.wrong(here, "the only thing that may stand in { } is leader");
        }
        branch.give.iter().chain(&branch.take).for_each(|item| self.item(item));
        branch.detours.iter().for_each(|detour| self.when(&detour.when));
        branch.targets().for_each(|to| self.place(to));
    }

    fn endings(&mut self) {
        let story = self.story;
        for ending in &story.endings {
            self.lines(ending.id.span(), &[("title", &ending.title)]);
            self.texts(ending.id.span(), &[("text", &ending.text)]);
            for epilogue in &ending.epilogues {
                self.when(&epilogue.when);
                self.texts(ending.id.span(), &[("epilogue", &epilogue.text)]);
            }
        }
        if story.ending(story.fallen.get_ref()).is_none_or(|ending| ending.victory) {
            self.wrong(story.fallen.span(), "fallen names an ending without victory");
        }
        if story.scene(story.first.get_ref()).is_none() {
            self.wrong(story.first.span(), format!("there is no scene {:?}", story.first.get_ref()));
        }
    }

    /// What is asked for is set somewhere.
    fn flags(&mut self) {
        let story = self.story;
        let branches: Vec<&Branch> =
            story.scenes.iter().flat_map(|scene| &scene.choices).flat_map(|choice| choice.branches()).collect();
        let set: HashSet<&String> = branches.iter().flat_map(|branch| &branch.set).map(Name::get_ref).collect();
        let choices = story.scenes.iter().flat_map(|scene| &scene.choices);
        let whens = choices
            .filter_map(|choice| choice.needs.as_ref())
            .chain(branches.iter().flat_map(|branch| &branch.detours).map(|detour| &detour.when))
            .chain(story.endings.iter().flat_map(|ending| &ending.epilogues).map(|epilogue| &epilogue.when));
        let asked = whens.flat_map(|when| when.flag.iter().chain(&when.not_flag));
        for flag in asked.chain(branches.iter().flat_map(|branch| &branch.clear)) {
            if !set.contains(flag.get_ref()) {
                self.wrong(flag.span(), format!("nothing ever sets the flag {:?}", flag.get_ref()));
            }
        }
    }

    /// Every place can be reached, and no scene comes twice: so every story ends.
    fn ways(&mut self) {
        let story = self.story;
        let mut walk = Walk { story, done: HashMap::new(), open: vec![], loops: vec![] };
        let longest = walk.from(story.first.get_ref());
        let (mut reached, loops): (HashSet<&str>, _) = (walk.done.keys().copied().collect(), walk.loops);
        reached.insert(story.fallen.get_ref());
        for back in loops {
            self.wrong(back.span(), format!("scene {:?} could come a second time", back.get_ref()));
        }
        let places = story.scenes.iter().map(|scene| &scene.id).chain(story.endings.iter().map(|ending| &ending.id));
        for place in places.filter(|place| !reached.contains(place.get_ref().as_str())) {
            self.wrong(place.span(), format!("nothing leads to {:?}", place.get_ref()));
        }
        if longest > TURNS_MAX {
            self.wrong(story.first.span(), format!("the longest way has {longest} scenes; {TURNS_MAX} are the most"));
        }
    }
}

/// A walk over all ways, deepest first.
struct Walk<'a> {
    story: &'a Story,
    /// Places whose ways are all known, with the longest of them.
    done: HashMap<&'a str, usize>,
    open: Vec<&'a str>,
    /// Where a way leads back to a scene it came from.
    loops: Vec<&'a Name>,
}

impl<'a> Walk<'a> {
    fn from(&mut self, id: &'a str) -> usize {
        if let Some(longest) = self.done.get(id) {
            return *longest;
        }
        let mut longest = 0;
        if let Some(scene) = self.story.scene(id) {
            self.open.push(id);
            for to in scene.choices.iter().flat_map(|choice| choice.branches()).flat_map(Branch::targets) {
                if self.open.contains(&to.get_ref().as_str()) {
                    self.loops.push(to);
                } else {
                    longest = longest.max(1 + self.from(to.get_ref()));
                }
            }
            self.open.pop();
        }
        self.done.insert(id, longest);
        longest
    }
}
