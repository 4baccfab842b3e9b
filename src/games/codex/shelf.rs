//! The stories that a server has.

use super::check::{self, StoryProblem};
use super::story::Story;

/// The stories that come with the program.
const SHIPPED: [(&str, &str); 2] = [
    ("the-lamp-at-sallow-point.toml", include_str!("stories/the-lamp-at-sallow-point.toml")),
    ("the-orchard-under-ice.toml", include_str!("stories/the-orchard-under-ice.toml")),
];

/// Stories to choose from, the first one by default.
#[derive(Clone, Debug, PartialEq)]
pub struct Shelf {
    stories: Vec<Story>,
}

/// A shelf that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    #[error("{file}: {}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Story { file: String, problems: Vec<StoryProblem> },
    #[error("{file}: there is another story {id:?}")]
    Twice { file: String, id: String },
}

impl Default for Shelf {
    fn default() -> Self {
        let read = |(file, text): &(&str, &str)| {
            check::read(text).map_err(|problems| {
                // The tests read them all, so this cannot be reached by a build that passed.
                tracing::error!(file, ?problems, "a shipped story cannot be read");
            })
        };
        Self { stories: SHIPPED.iter().filter_map(|shipped| read(shipped).ok()).collect() }
    }
}

impl Shelf {
    /// Adds a story from a file's text.
    ///
    /// # Errors
    /// When it is not one, or its id is taken.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), ShelfError> {
        let story = check::read(text).map_err(|problems| ShelfError::Story { file: file.to_owned(), problems })?;
        if self.find(story.id.get_ref()).is_some() {
            return Err(ShelfError::Twice { file: file.to_owned(), id: story.id.into_inner() });
        }
        self.stories.push(story);
        Ok(())
    }

    /// A shelf with one story.
    pub fn of(story: Story) -> Self {
        Self { stories: vec![story] }
    }

    pub fn find(&self, id: &str) -> Option<&Story> {
        self.stories.iter().find(|story| story.id.get_ref() == id)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Story> {
        self.stories.iter()
    }
}
