//! Backgammon's pages: the play page, and its results, positions and events as the wire gives them, turned into columns and sentences.

use std::fmt::Write;

use askama::Template;
use serde::Deserialize;
use serde_json::Value;

use super::{ScoreColumn, ScoreLine, Shell, Stage, Tell};
use crate::id::RoomCode;

/// `GET /play/CODE` of backgammon: a shell that `static/backgammon.js` fills.
#[derive(Template)]
#[template(path = "play/backgammon.html")]
pub struct BackgammonPage {
    pub shell: Shell,
    pub code: RoomCode,
    pub title: String,
    /// "host" (white), "guest" (black) or "spectator".
    pub role: String,
}

impl BackgammonPage {
    /// Whose panel is nearer: one's own; white's for those who watch.
    fn near(&self) -> &'static str {
        if self.role == "guest" { "black" } else { "white" }
    }

    fn far(&self) -> &'static str {
        if self.role == "guest" { "white" } else { "black" }
    }
}

/// The two sides and the roles that play them, in the order of their seats.
const SIDES: [(&str, &str); 2] = [("white", "host"), ("black", "guest")];

/// What this module reads of the state.
#[derive(Deserialize)]
struct State {
    board_state: Board,
    current_player: Option<String>,
    position_id: String,
    match_id: String,
    pips: Both<u32>,
    phase: String,
    match_length: u16,
    score: Both<u16>,
}

#[derive(Deserialize)]
struct Board {
    points: Vec<Point>,
    bar: Both<u8>,
    borne_off: Both<u8>,
    dice: Vec<u8>,
    doubling_cube: u16,
}

#[derive(Deserialize)]
struct Point {
    count: u8,
    color: Option<String>,
}

#[derive(Deserialize)]
struct Both<T> {
    white: T,
    black: T,
}

/// The board of a replay: data for `static/backgammon-replay.js`, which draws it, and the position in words.
#[derive(Template)]
#[template(path = "replay/backgammon.html")]
struct Diagram {
    code: String,
    /// The state as JSON, without what only a player needs.
    state: String,
    /// The event that led here, as JSON: what it moved is marked.
    last: String,
    names: [String; 2],
    position_id: String,
    match_id: String,
    /// One line per side.
    words: Vec<String>,
    /// The levels of bots to play on against, weakest first.
    bots: Vec<String>,
    /// Whether there is a game to play on from here.
    open: bool,
    /// Who is on roll, for people.
    on_roll: String,
}

/// A `state` in a replay. `names` are those of host and guest, `bots` the levels that play; `last` is the event that led to the
/// state, with its payload.
///
/// # Errors
/// When `state` is not one of backgammon.
pub fn stage(
    code: RoomCode,
    state: &Value,
    names: [&str; 2],
    bots: &[&str],
    last: Option<(&str, &Value)>,
) -> Result<Stage, serde_json::Error> {
    let read = State::deserialize(state)?;
    let mut shown = state.clone();
    if let Some(fields) = shown.as_object_mut() {
        for only_for_players in ["legal_moves", "legal_steps", "rules", "games"] {
            fields.remove(only_for_players);
        }
    }
    let last = last.map_or(Value::Null, |(event, data)| {
        serde_json::json!({ "event": event, "player": data["player"], "move": data["move"], "dice": data["dice"], "moves": data["moves"] })
    });
    let on_roll = read.current_player.as_deref().and_then(|side| SIDES.iter().position(|(known, _)| *known == side));
    let diagram = Diagram {
        code: code.to_string(),
        state: shown.to_string(),
        last: last.to_string(),
        names: names.map(str::to_owned),
        bots: bots.iter().map(|level| (*level).to_owned()).collect(),
        words: vec![in_words(&read, "white", names[0]), in_words(&read, "black", names[1]), table_in_words(&read)],
        open: on_roll.is_some() && read.phase != "doubled",
        on_roll: on_roll.map_or("nobody", |at| names[at]).to_owned(),
        position_id: read.position_id,
        match_id: read.match_id,
    };
    Ok(Stage {
        html: diagram.render().unwrap_or_default(),
        style: Some("/static/backgammon.css"),
        script: Some("/static/backgammon-replay.js"),
    })
}

/// Where a side's checkers are, by its own numbers.
fn in_words(state: &State, side: &str, name: &str) -> String {
    let (board, white) = (&state.board_state, side == "white");
    let mut places: Vec<(usize, u8)> = (1..)
        .zip(&board.points)
        .filter(|(_, point)| point.color.as_deref() == Some(side))
        .map(|(number, point)| (if white { number } else { 25 - number }, point.count))
        .collect();
    places.sort_unstable_by(|a, b| b.cmp(a));
    let of = |both: &Both<u8>| if white { both.white } else { both.black };
    let mut said = format!("{name} ({side}), {} pips:", if white { state.pips.white } else { state.pips.black });
    // Writing to a string cannot fail.
    if of(&board.bar) > 0 {
        let _ = write!(said, " {} on the bar;", of(&board.bar));
    }
    for (number, count) in places {
        let _ = write!(said, " {count} on {number};");
    }
    let _ = write!(said, " {} off.", of(&board.borne_off));
    said
}

fn table_in_words(state: &State) -> String {
    let board = &state.board_state;
    let dice = board.dice.iter().map(u8::to_string).collect::<Vec<_>>().join(" and ");
    let dice = if dice.is_empty() { "not rolled".to_owned() } else { dice };
    let score = match state.match_length {
        1 => String::new(),
        length => format!(" Score {}–{} in a match to {length}.", state.score.white, state.score.black),
    };
    format!("Dice: {dice}. Cube at {}.{score}", board.doubling_cube)
}

/// Tells a game: turns in the usual notation.
pub struct Turns;

impl Tell for Turns {
    fn tell(&mut self, event: &str, data: &Value, _: &str, name: &dyn Fn(&str) -> String) -> Option<String> {
        let side = data["player"].as_str().or_else(|| data["absent"].as_str()).or_else(|| data["result"]["winner"].as_str());
        let who = || side.map_or_else(|| "Somebody".to_owned(), |side| name(role_of(side)));
        let white = side == Some("white");
        let dice = || {
            let mut dice: Vec<u64> = data["dice"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
            dice.sort_unstable_by(|a, b| b.cmp(a));
            dice.iter().map(u64::to_string).collect::<String>()
        };
        let kind = || data["kind"].as_str().unwrap_or("single").to_owned();
        Some(match event {
            "opening_roll" => format!("Game {}: {} begins with {}", data["game_number"], who(), dice()),
            "position_set" => format!("From a given position; {} is on roll", who()),
            "dice_rolled" => format!("{} rolled {}", who(), dice()),
            "move_made" => format!("{}: {}", who(), notation(white, std::slice::from_ref(&data["move"]))),
            "move_undone" => format!("{} took back {}", who(), notation(white, std::slice::from_ref(&data["move"]))),
            "turn_ended" => {
                let moves = data["moves"].as_array().map_or(&[][..], Vec::as_slice);
                let said = if moves.is_empty() { "no play".to_owned() } else { notation(white, moves) };
                format!("{} played {}: {said}", who(), dice())
            }
            "turn_reopened" | "turn_taken_back" => format!("{}’s turn goes on", who()),
            "undo_requested" => format!("{} asks to take the turn back", who()),
            "undo_declined" => format!("{} lets the turn stand", who()),
            "double_offered" => format!("{} doubles to {}", who(), data["new_stake"]),
            "double_accepted" => format!("{} takes", who()),
            "double_declined" => format!("{} passes", who()),
            "resign_offered" => format!("{} offers to resign a {}", who(), kind()),
            "resign_accepted" => format!("{} accepts", who()),
            "resign_declined" => format!("{} plays on", who()),
            "win_claimable" => format!("{} is away; the win may be claimed", who()),
            "player_back" => format!("{} is back", who()),
            "game_over" => {
                let points = data["result"]["points"].as_u64().unwrap_or(0);
                format!("{} wins {}", who(), counted(points))
            }
            _ => return None,
        })
    }
}

fn role_of(side: &str) -> &'static str {
    if side == "black" { "guest" } else { "host" }
}

fn counted(points: u64) -> String {
    if points == 1 { "1 point".to_owned() } else { format!("{points} points") }
}

/// Moves by the numbers of the side that made them: `8/5 6/5*`.
fn notation(white: bool, moves: &[Value]) -> String {
    let named = |point: &Value| match point.as_u64().map(|point| if white { point } else { 25_u64.saturating_sub(point) }) {
        Some(25) => "bar".to_owned(),
        Some(0) => "off".to_owned(),
        Some(point) => point.to_string(),
        None => "?".to_owned(),
    };
    let mut moves: Vec<&Value> = moves.iter().collect();
    let own = |made: &Value| made["from_point"].as_u64().map(|point| if white { point } else { 25_u64.saturating_sub(point) });
    moves.sort_by_key(|made| std::cmp::Reverse(own(made)));
    let said = moves.iter().map(|made| {
        let hit = if made["is_hit"] == true { "*" } else { "" };
        format!("{}/{}{hit}", named(&made["from_point"]), named(&made["to_point"]))
    });
    said.collect::<Vec<_>>().join(" ")
}

/// What this module reads of the results.
#[derive(Deserialize)]
struct Results {
    winner: String,
    match_length: u16,
    games: Vec<Game>,
}

#[derive(Deserialize)]
struct Game {
    game_number: u16,
    winner: String,
    kind: String,
    ended_by: String,
    cube: u16,
    points: u16,
    score: [u16; 2],
}

/// The headline and the columns of `results`: the points, and the games that brought them. `names` are those of host and guest, `you` is the
/// visitor's role.
///
/// # Errors
/// When `results` are not those of backgammon.
pub fn results(results: &Value, names: [&str; 2], you: Option<&str>) -> Result<(String, Vec<ScoreColumn>), serde_json::Error> {
    let results = Results::deserialize(results)?;
    let what = if results.match_length == 1 { "" } else { " the match" };
    let score = results.games.last().map_or([0; 2], |game| game.score);
    let mut headline = String::new();
    let columns = SIDES.into_iter().zip(names).zip(score).map(|(((side, role), name), total)| {
        let winner = results.winner == side;
        if winner {
            headline = if you == Some(role) { format!("You win{what}") } else { format!("{name} wins{what}") };
        }
        ScoreColumn {
            key: role.to_owned(),
            name: name.to_owned(),
            you: you == Some(role),
            winner,
            total: total.to_string(),
            lines: results.games.iter().map(|game| line(game, side)).collect(),
        }
    });
    let columns = columns.collect();
    Ok((headline, columns))
}

/// One game in the column of `side`.
fn line(game: &Game, side: &str) -> ScoreLine {
    let won = game.winner == side;
    let what = match (won, game.kind.as_str()) {
        (false, _) => "lost",
        (true, "gammon") => "won a gammon",
        (true, "backgammon") => "won a backgammon",
        (true, _) => "won",
    };
    let how = match game.ended_by.as_str() {
        "double_declined" => "double passed",
        "resigned" => "resigned",
        "timeout" => "on time",
        "claimed" => "claimed",
        _ => "borne off",
    };
    ScoreLine {
        label: format!("Game {}", game.game_number),
        what: what.to_owned(),
        note: format!("{how}, cube at {}", game.cube),
        points: if won { game.points.to_string() } else { "0".to_owned() },
    }
}
