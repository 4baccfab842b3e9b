//! `parlor story check`: what writers of stories are told.

use super::{parlor, stderr, stdout};

const GOOD: &str = include_str!("../../src/games/codex/stories/the-lamp-at-sallow-point.toml");

/// What the program says of a file with this text: its exit code and standard output.
fn checked(text: &str) -> (Option<i32>, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("story.toml");
    std::fs::write(&path, text).unwrap();
    let output = parlor(&["story", "check", path.to_str().unwrap()], &[]);
    assert_eq!(stderr(&output), "");
    let told = stdout(&output).replace(&format!("{}:", path.display()), "");
    (output.status.code(), told)
}

/// The number of the first line that contains `text`.
fn line_of(story: &str, text: &str) -> usize {
    story.lines().position(|line| line.contains(text)).unwrap_or_else(|| panic!("no {text}")) + 1
}

#[test]
fn a_good_story_is_summed_up() {
    let (code, told) = checked(GOOD);
    assert_eq!(code, Some(0), "{told}");
    for part in [" scenes, ", " endings, ", " classes, ", " turns\n"] {
        assert!(told.contains(part), "{told}");
    }
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_ends_with_1() {
    for (what, from, by, named) in [
        ("a scene that is not there", "next = \"door\"", "next = \"nowhere\"", "nowhere"),
        ("a key that is unknown", "difficulty = 13", "dificulty = 13", "dificulty"),
        ("a wrong type", "difficulty = 13", "difficulty = \"hard\"", "expected u8"),
        ("a talent that is none", "talent = \"might\"", "talent = \"luck\"", "luck"),
    ] {
        let story = GOOD.replacen(from, by, 1);
        let (code, told) = checked(&story);
        assert_eq!(code, Some(1), "{what}: {told}");
        let line = line_of(&story, by);
        let near = told
            .lines()
            .filter_map(|said| said.split_once(": "))
            .any(|(at, said)| at.parse().is_ok_and(|at: usize| at.abs_diff(line) <= 6) && said.contains(named));
        assert!(near, "{what} in line {line}: {told}");
    }
}

#[test]
fn every_problem_is_told_not_only_the_first() {
    let story =
        GOOD.replacen("next = \"door\"", "next = \"nowhere-one\"", 1).replacen("give = [\"oil\"]", "give = [\"nothing\"]", 1);
    let (code, told) = checked(&story);
    assert!(code == Some(1) && told.contains("nowhere-one") && told.contains("nothing"), "{told}");
}

#[test]
fn what_is_no_story_is_told_with_its_line() {
    for (text, line) in [("id = \"x\"\ntitle = \n", 2), ("", 1), ("[[scenes]]\n", 1)] {
        let (code, told) = checked(text);
        assert_eq!(code, Some(1), "{text:?}: {told}");
        let first = told.lines().next().and_then(|said| said.split(':').next()).and_then(|at| at.parse::<usize>().ok());
        assert_eq!(first, Some(line), "{text:?}: {told}");
    }
}

#[test]
fn a_file_that_is_not_there_or_no_text_is_named() {
    let output = parlor(&["story", "check", "/nowhere/story.toml"], &[]);
    assert!(output.status.code() == Some(2) && stderr(&output).contains("/nowhere/story.toml"), "{}", stderr(&output));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("story.toml");
    std::fs::write(&path, b"id = \"\xff\xfe\"").unwrap();
    let output = parlor(&["story", "check", path.to_str().unwrap()], &[]);
    assert!(output.status.code() == Some(2) && stderr(&output).contains("story.toml"), "{}", stderr(&output));
    let nothing = parlor(&["story", "check"], &[]);
    assert!(nothing.status.code() == Some(2) && stderr(&nothing).contains("FILE"), "{}", stderr(&nothing));
}
