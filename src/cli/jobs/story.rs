//! `parlor story check`: what is wrong with a story, line by line.

use std::path::Path;

use anyhow::Context;

use super::{Answer, DIFFERS};
use crate::games::codex::check::{lengths, read};

/// Reads the story in `file`.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn check(file: &Path) -> anyhow::Result<Answer> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    Ok(match read(&text) {
        Ok(story) => {
            let (shortest, longest) = lengths(&story);
            let (scenes, endings, classes) = (story.scenes.len(), story.endings.len(), story.classes.len());
            let title = &story.title;
            Answer::from(format!("{title}: {scenes} scenes, {endings} endings, {classes} classes, {shortest} to {longest} turns\n"))
        }
        Err(problems) => {
            let lines = problems.iter().map(|problem| format!("{}:{}: {}\n", file.display(), problem.line, problem.what));
            Answer { text: lines.collect(), code: DIFFERS }
        }
    })
}
