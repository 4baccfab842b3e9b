//! GNU Backgammon in text mode (Debian's `gnubg`), as a process of its own.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use parlor::games::backgammon::board::Side;
use parlor::games::backgammon::export::export;
use parlor::games::backgammon::table::{Phase, What};
use parlor::games::backgammon::{Options, View};

use crate::support::Played;

/// What it says to these commands.
fn gnubg(home: &Path, commands: &str) -> String {
    let known = ["/usr/games/gnubg", "/usr/bin/gnubg", "/usr/local/bin/gnubg"];
    let program = std::env::var("PARLOR_GNUBG")
        .ok()
        .or_else(|| known.iter().find(|path| Path::new(path).exists()).map(|path| (*path).into()));
    let program = program.expect("GNU Backgammon is missing: `scripts/need.sh gnubg` installs it, or name it in PARLOR_GNUBG");
    let mut child = Command::new(program)
        .args(["--tty", "--quiet", "--no-rc"])
        .env("HOME", home)
        .current_dir(home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let commands = format!("{commands}\n");
    let writer = std::thread::spawn(move || stdin.write_all(commands.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    for complaint in ["llegal", "nrecogni", "annot", "rror", "nvalid", "xpected", "WARNING", "orrupt"] {
        let line = said.lines().find(|line| line.contains(complaint));
        assert_eq!(line, None, "gnubg complains");
    }
    said
}

/// What its raw board says of ours: black is its player `root`, and numbers the points as black does.
fn expected(view: &View) -> Vec<i32> {
    let board = &view.table.board;
    (0..=25u8)
        .map(|point| {
            let black = if point == 0 { 0 } else { i32::from(board.on(Side::Black, point)) };
            let white = if point == 25 { 0 } else { i32::from(board.on(Side::White, 25 - point)) };
            black - white
        })
        .collect()
}

#[test]
fn gnubg_reads_our_ids_and_shows_the_same_board() {
    let mut views = vec![];
    for seed in 0..6 {
        let options = Options { match_length: if seed % 2 == 0 { 5 } else { 1 }, jacoby: seed == 3, ..Options::default() };
        let mut played = Played::start(&options, seed);
        while views.len() < 60 * (usize::from(seed) + 1) && played.step() {
            // It refuses IDs with an offered double or resignation, and knows no half turns.
            if matches!(played.view().phase, Phase::Rolling | Phase::Moving)
                && played.view().resign_offer.is_none()
                && played.view().turn_moves.is_empty()
            {
                views.push(played.view());
            }
        }
    }
    assert!(views.len() > 300, "{}", views.len());
    // It must neither play for a side nor hasten anything.
    let mut commands = "set output rawboard on\nset player 0 human\nset player 1 human\n".to_owned();
    for hasty in ["roll", "move", "bearoff", "doubles", "crawford", "game"] {
        commands += &format!("set automatic {hasty} {}\n", if hasty == "doubles" { "0" } else { "off" });
    }
    for view in &views {
        commands += &format!("set gnubgid {}:{}\nshow gnubgid\nshow board\n", view.position_id, view.match_id);
    }
    let home = tempfile::tempdir().unwrap();
    let said = gnubg(home.path(), &commands);
    // Boards are also drawn unasked, before an ID is confirmed: the one asked for follows the confirmation.
    let answers: Vec<&str> = said.split("Setting GNUbg ID ").skip(1).collect();
    assert_eq!(answers.len(), views.len());
    for (view, answer) in views.iter().zip(answers) {
        let id = format!("{}:{}", view.position_id, view.match_id);
        assert!(answer.starts_with(&id), "{id} {answer}");
        let raw = answer.lines().find(|line| line.starts_with("board:")).unwrap();
        let fields: Vec<&str> = raw.split(':').collect();
        let numbers: Vec<i32> = fields[3..].iter().map(|field| field.parse().unwrap()).collect();
        let [white, black] = [view.score.white, view.score.black].map(i32::from);
        let length = if view.match_length > 1 { i32::from(view.match_length) } else { 0 };
        assert_eq!(numbers[..3], [length, black, white], "match and score of {id}: {raw}");
        assert_eq!(numbers[3..29], expected(view), "the board of {id}: {raw}");
        let shown = answer.lines().find_map(|line| line.split_once("GNUbg ID: ")).map(|(_, shown)| shown.trim());
        assert!(shown.is_none_or(|shown| shown == id), "{id} reads back as {shown:?}");
    }
}

/// The moves and the results of a `.mat` file, however they are laid out.
fn told(mat: &str) -> Vec<String> {
    let mut told = vec![];
    for line in mat.lines().skip_while(|line| !line.contains("Game 1")) {
        if line.contains("Wins") {
            told.push(line.split_whitespace().take(2).collect::<Vec<_>>().join(" "));
        } else if let Some((_, words)) = line.split_once(')') {
            let words = words.replace("25/", "bar/").replace("/0", "/off").replace(['*', ':'], " ");
            let mut turn: Vec<String> = vec![];
            for word in words.split_whitespace().filter(|word| !["Cannot", "Move", "=>"].contains(word)) {
                // Two dice begin a turn; within it the order of moves is free.
                if word.len() == 2 && word.bytes().all(|b| (b'1'..=b'6').contains(&b)) || word.ends_with('s') {
                    turn.sort();
                    told.append(&mut turn);
                    told.push(word.to_owned());
                } else {
                    turn.extend(single_steps(word));
                }
            }
            turn.sort();
            told.append(&mut turn);
        }
    }
    told
}

/// `8/4(2)` is two moves, and `24/18/13` too.
fn single_steps(word: &str) -> Vec<String> {
    let (path, times) = match word.split_once('(') {
        Some((path, times)) => (path, times.trim_end_matches(')').parse().unwrap_or(1)),
        None => (word, 1),
    };
    let stops: Vec<&str> = path.split('/').collect();
    let steps: Vec<String> = stops.windows(2).map(|pair| format!("{}/{}", pair[0], pair[1])).collect();
    (0..times).flat_map(|_| steps.clone()).collect()
}

#[test]
fn gnubg_imports_our_files_and_writes_the_same_moves() {
    for seed in 0..8u8 {
        let match_length = [1, 1, 3, 5, 7, 1, 2, 9][usize::from(seed)];
        let played = Played::start(&Options { match_length, jacoby: seed == 5, ..Options::default() }, seed).finish();
        let games = played.events.iter().filter(|event| matches!(event.what, What::GameEnded { .. })).count();
        let record = played.record();
        let home = tempfile::tempdir().unwrap();
        let mat = export(&record, "mat").unwrap();
        std::fs::write(home.path().join("ours.mat"), &mat).unwrap();
        std::fs::write(home.path().join("ours.sgf"), export(&record, "sgf").unwrap()).unwrap();
        let keep = std::env::var_os("PARLOR_KEEP_EXPORTS");
        if let Some(folder) = keep {
            std::fs::copy(home.path().join("ours.mat"), Path::new(&folder).join(format!("{seed}.mat"))).unwrap();
            std::fs::copy(home.path().join("ours.sgf"), Path::new(&folder).join(format!("{seed}.sgf"))).unwrap();
        }
        let commands = "import mat ours.mat\nexport match mat from-mat.mat\nload match ours.sgf\nexport match mat from-sgf.mat\n";
        let said = gnubg(home.path(), commands);
        for source in ["from-mat.mat", "from-sgf.mat"] {
            let theirs =
                std::fs::read_to_string(home.path().join(source)).unwrap_or_else(|error| panic!("{source}: {error}\n{said}"));
            assert_eq!(told(&theirs), told(&mat), "seed {seed}, {source}:\n{theirs}\nours:\n{mat}");
            assert_eq!(theirs.matches("Wins").count(), games, "{source}");
        }
    }
}
