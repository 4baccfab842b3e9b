//! Lets two players of backgammon play many games and says who won how often. Cubeless single games, with a fixed seed; each pair of games
//! has the same dice with the sides exchanged.
//!
//! ```text
//! cargo run --release --example backgammon_arena -- expert skilled --games 1000
//! cargo run --release --example backgammon_arena -- expert pubeval --pubeval numbers.txt --games 1000
//! ```
//!
//! Players are the four levels; `0-ply`, `1-ply` and `2-ply`, which are the networks with that much search and no doubt; and `pubeval`,
//! the linear evaluation that Gerald Tesauro published as a benchmark. Its 244 numbers are not in this repository: `--pubeval` names a file
//! with them, first the 122 for contact, then the 122 for races, separated by anything but digits, signs and dots.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use clap::Parser;
use parlor::games::backgammon::ai::cube::Cube;
use parlor::games::backgammon::ai::level::{Level, Situation, choose_play};
use parlor::games::backgammon::ai::net::Nets;
use parlor::games::backgammon::ai::search::{Depth, rank};
use parlor::games::backgammon::ai::stakes::{Stakes, Worth};
use parlor::games::backgammon::board::{Board, Side};
use parlor::games::backgammon::plays::{Dice, plays};

#[derive(Parser)]
struct Arguments {
    /// The first player: beginner, casual, skilled, expert, 0-ply, 1-ply, 2-ply or pubeval.
    first: String,
    second: String,
    #[arg(long, default_value_t = 1_000)]
    games: u32,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The file of pubeval's numbers.
    #[arg(long)]
    pubeval: Option<PathBuf>,
    /// Other weights than the shipped ones, for 0-ply, 1-ply and 2-ply.
    #[arg(long)]
    weights: Option<PathBuf>,
}

enum Player {
    Level(Level),
    Search(Box<Nets>, Depth),
    Pubeval(Vec<f32>),
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let players = [player(&arguments.first, &arguments)?, player(&arguments.second, &arguments)?];
    let (mut wins, mut points) = (0, 0);
    let mut spent = [(Duration::ZERO, Duration::ZERO, 0); 2];
    for game in 0..arguments.games {
        // Games 2n and 2n + 1 have the same dice.
        let dice = Luck(arguments.seed.wrapping_mul(1_000_003).wrapping_add(u64::from(game / 2)));
        let white = usize::from(game % 2 == 1);
        let (winner, worth) = play([&players[white], &players[1 - white]], dice, white, &mut spent);
        let first_won = (winner == Side::White) == (white == 0);
        wins += u32::from(first_won);
        points += if first_won { i32::from(worth) } else { -i32::from(worth) };
    }
    let games = f64::from(arguments.games);
    let share = f64::from(wins) / games;
    println!(
        "{} against {}: {wins} of {} games won ({:.1} % ± {:.1}), {:+.3} points per game",
        arguments.first,
        arguments.second,
        arguments.games,
        100.0 * share,
        100.0 * (share * (1.0 - share) / games).sqrt(),
        f64::from(points) / games,
    );
    for (name, (sum, most, moves)) in [&arguments.first, &arguments.second].into_iter().zip(spent) {
        println!(
            "{name}: {:.3} ms per move, at most {:.1} ms",
            sum.as_secs_f64() * 1e3 / f64::from(moves),
            most.as_secs_f64() * 1e3
        );
    }
    Ok(())
}

fn player(name: &str, arguments: &Arguments) -> anyhow::Result<Player> {
    let search = |depth| -> anyhow::Result<Player> {
        let nets = match &arguments.weights {
            Some(path) => Nets::from_bytes(&std::fs::read(path)?)?,
            None => Nets::shipped().clone(),
        };
        Ok(Player::Search(Box::new(nets), depth))
    };
    match name {
        "0-ply" => search(Depth::STATIC),
        "1-ply" => search(Depth { plies: 1, ..Depth::FULL }),
        "2-ply" => search(Depth::FULL),
        "pubeval" => {
            let path = arguments.pubeval.as_ref().context("pubeval needs the file of its numbers: --pubeval FILE")?;
            let text = std::fs::read_to_string(path)?;
            let numbers = text.split(|c: char| !c.is_ascii_digit() && !"+-.".contains(c)).filter(|word| !word.is_empty());
            let numbers: Vec<f32> = numbers.map(str::parse).collect::<Result<_, _>>()?;
            ensure!(numbers.len() == 244, "{} has {} numbers instead of 244", path.display(), numbers.len());
            Ok(Player::Pubeval(numbers))
        }
        name => match name.parse() {
            Ok(level) => Ok(Player::Level(level)),
            Err(_) => bail!("there is no player {name}"),
        },
    }
}

/// One game; who won, and what it was worth. `first` is which of the two on record plays white.
fn play(sides: [&Player; 2], mut dice: Luck, first: usize, spent: &mut [(Duration, Duration, u32); 2]) -> (Side, u8) {
    let mut thoughts = Luck(dice.0 ^ 0xabcd_ef01);
    let mut board = Board::opening();
    let mut opening = (0, 0);
    while opening.0 == opening.1 {
        opening = dice.roll();
    }
    let mut side = if opening.0 > opening.1 { Side::White } else { Side::Black };
    let mut roll = opening;
    loop {
        let began = Instant::now();
        board = decide(sides[side.index()], &board, side, roll, &mut thoughts);
        let record = &mut spent[side.index() ^ first];
        let took = began.elapsed();
        *record = (record.0 + took, record.1.max(took), record.2 + 1);
        if let Some(winner) = board.winner() {
            return (winner, board.worth(winner));
        }
        side = side.other();
        roll = dice.roll();
    }
}

fn decide(player: &Player, board: &Board, side: Side, dice: Dice, luck: &mut Luck) -> Board {
    match player {
        Player::Level(level) => {
            let at =
                Situation { board: *board, side, cube: Cube { value: 1, mine: None }, stakes: Stakes::Money { jacoby: false } };
            choose_play(*level, &at, dice, &mut |n| luck.below(n)).map_or(*board, |play| play.result)
        }
        Player::Search(nets, depth) => {
            rank(nets, board, side, dice, &Worth::POINTS, *depth).first().map_or(*board, |best| best.play.result)
        }
        Player::Pubeval(numbers) => {
            let weights = if board.contact() { &numbers[..122] } else { &numbers[122..] };
            let best = plays(board, side, dice).into_iter().map(|play| (pubeval(weights, &play.result, side), play.result));
            best.max_by(|a, b| a.0.total_cmp(&b.0)).map_or(*board, |(_, board)| board)
        }
    }
}

/// How pubeval likes a position after `side`'s play: five inputs for each point, one for their bar, one for my checkers off.
fn pubeval(weights: &[f32], board: &Board, side: Side) -> f32 {
    let (mine, theirs) = (board.of(side), board.of(side.other()));
    if mine[0] == 15 {
        return f32::MAX;
    }
    let mut score = -f32::from(theirs[25]) / -2.0 * weights[120] + f32::from(mine[0]) / 15.0 * weights[121];
    for (n, point) in (1..=24usize).rev().enumerate() {
        let weights = &weights[5 * n..5 * n + 5];
        let count = mine[point];
        score += if theirs[25 - point] == 1 { weights[0] } else { 0.0 };
        score += if count == 1 { weights[1] } else { 0.0 };
        score += if count >= 2 { weights[2] } else { 0.0 };
        score += if count == 3 { weights[3] } else { 0.0 };
        score += if count >= 4 { f32::from(count - 3) / 2.0 * weights[4] } else { 0.0 };
    }
    score
}

/// SplitMix64: luck that can be had again.
struct Luck(u64);

impl Luck {
    fn below(&mut self, sides: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((((z ^ (z >> 31)) >> 32) * u64::from(sides)) >> 32) as u32
    }

    fn roll(&mut self) -> Dice {
        (1 + self.below(6) as u8, 1 + self.below(6) as u8)
    }
}
