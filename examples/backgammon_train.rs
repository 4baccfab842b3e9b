//! Makes the weights of the backgammon networks, from nothing but games of the networks against themselves.
//!
//! ```text
//! cargo run --release --example backgammon_train -- --games 400000 --out src/games/backgammon/ai/weights.bin
//! ```
//!
//! This is temporal-difference learning as in TD-Gammon. Both sides play what the networks of the moment like best. When a game is over,
//! each of its positions is taught, from the last to the first, what came after it: a mixture of what the networks thought one turn
//! later and of what followed (the λ-return). The same arguments make the same games; the same machine makes the same weights.
//!
//! In one game of seven the first plays are random, so that also positions occur that good players avoid.

use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;
use parlor::games::backgammon::ai::features::Inputs;
use parlor::games::backgammon::ai::net::{Net, Nets, Odds, squash};
use parlor::games::backgammon::board::{Board, Side};
use parlor::games::backgammon::plays::plays;

#[derive(Parser)]
struct Arguments {
    /// Games to play.
    #[arg(long, default_value_t = 400_000)]
    games: u64,
    /// Where the weights go: every 20,000 games, and in the end.
    #[arg(long)]
    out: PathBuf,
    /// Begin with these weights instead of random ones.
    #[arg(long)]
    from: Option<PathBuf>,
    #[arg(long, default_value_t = 20_240)]
    seed: u64,
    /// The size of a step in the beginning; it shrinks by the same factor from game to game.
    #[arg(long, default_value_t = 0.02)]
    step: f32,
    /// The size of a step in the end.
    #[arg(long, default_value_t = 0.0005)]
    last_step: f32,
    /// How much of what was learnt comes from what followed later, rather than from the next evaluation: in the beginning.
    #[arg(long, default_value_t = 0.6)]
    lambda: f32,
    /// The same from a tenth of the games on.
    #[arg(long, default_value_t = 0.2)]
    last_lambda: f32,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut luck = Luck(arguments.seed);
    let mut nets = match &arguments.from {
        Some(path) => Nets::from_bytes(&std::fs::read(path)?)?,
        None => random_nets(&mut luck),
    };
    let began = Instant::now();
    let mut turns = 0u64;
    let mut surprise = 0.0;
    for game in 0..arguments.games {
        let done = game as f32 / arguments.games as f32;
        let step = arguments.step * (arguments.last_step / arguments.step).powf(done);
        let lambda = if done < 0.1 { arguments.lambda } else { arguments.last_lambda };
        let lesson = play(&nets, &mut luck);
        turns += lesson.positions.len() as u64;
        surprise += f64::from(learn(&mut nets, &lesson, step, lambda));
        if (game + 1) % 20_000 == 0 || game + 1 == arguments.games {
            std::fs::write(&arguments.out, nets.to_bytes())?;
            println!(
                "{:>8} games  {:>5.1} turns each  {:>6.4} mean surprise  {:>5.0} s",
                game + 1,
                turns as f64 / 20_000.0,
                surprise / turns as f64,
                began.elapsed().as_secs_f32(),
            );
            (turns, surprise) = (0, 0.0);
        }
    }
    Ok(())
}

/// One position as somebody came to it, before rolling.
struct Seen {
    inputs: Inputs,
    race: bool,
    thought: [f32; 5],
}

struct Lesson {
    positions: Vec<Seen>,
    /// How it ended, for the side that would have been on roll.
    end: Odds,
}

fn play(nets: &Nets, luck: &mut Luck) -> Lesson {
    let mut board = Board::opening();
    let mut side = Side::White;
    let mut positions = Vec::with_capacity(64);
    let random_plays = if luck.below(7) == 0 { 2 + luck.below(14) } else { 0 };
    for turn in 0.. {
        if let Some(winner) = board.winner() {
            let end = Odds::settled(winner == side, board.worth(winner));
            return Lesson { positions, end };
        }
        let race = !board.contact();
        let inputs = Inputs::of(&board, side);
        let thought = if race { nets.race.forward(&inputs).1 } else { nets.contact.forward(&inputs).1 };
        positions.push(Seen { inputs, race, thought });
        let dice = (1 + luck.below(6) as u8, 1 + luck.below(6) as u8);
        let choices = plays(&board, side, dice);
        let chosen = if turn < random_plays {
            choices.get(luck.below(choices.len() as u32) as usize)
        } else {
            let worth = |board: &Board| nets.evaluate(board, side.other()).equity();
            choices.iter().map(|play| (play, worth(&play.result))).min_by(|a, b| a.1.total_cmp(&b.1)).map(|(play, _)| play)
        };
        board = chosen.map_or(board, |play| play.result);
        side = side.other();
    }
    unreachable!("a game ends")
}

/// Teaches each position what followed; says how far off the networks were, summed.
fn learn(nets: &mut Nets, lesson: &Lesson, step: f32, lambda: f32) -> f32 {
    let mut truth = lesson.end.to_array();
    let mut next = truth;
    let mut surprise = 0.0;
    for seen in lesson.positions.iter().rev() {
        // Of the side that was on roll one turn later, so the other way round.
        let mixed: [f32; 5] = std::array::from_fn(|n| (1.0 - lambda) * next[n] + lambda * truth[n]);
        truth = Odds::from_array(mixed).flipped().to_array();
        surprise += (truth[0] - seen.thought[0]).abs();
        if seen.race {
            nudge(&mut nets.race, &seen.inputs, &truth, step);
        } else {
            nudge(&mut nets.contact, &seen.inputs, &truth, step);
        }
        next = seen.thought;
    }
    surprise
}

/// One step towards `truth` for these inputs, along the gradient of the cross entropy.
fn nudge<const H: usize>(net: &mut Net<H>, inputs: &Inputs, truth: &[f32; 5], step: f32) {
    let (sums, outputs) = net.forward(inputs);
    let mut blame = [0.0f32; H];
    for ((row, bias), (output, truth)) in net.output.iter_mut().zip(&mut net.output_bias).zip(outputs.iter().zip(truth)) {
        let pull = step * (truth - output);
        *bias += pull;
        for ((weight, blame), sum) in row.iter_mut().zip(&mut blame).zip(&sums) {
            *blame += pull * *weight;
            *weight += pull * squash(*sum);
        }
    }
    for (blame, sum) in blame.iter_mut().zip(&sums) {
        let flat = 1.0 + sum.abs();
        *blame /= flat * flat;
    }
    for (bias, blame) in net.input_bias.iter_mut().zip(&blame) {
        *bias += blame;
    }
    for (index, value) in inputs.iter() {
        if let Some(row) = net.input.get_mut(index) {
            for (weight, blame) in row.iter_mut().zip(&blame) {
                *weight += value * blame;
            }
        }
    }
}

fn random_nets(luck: &mut Luck) -> Nets {
    let mut nets = Nets { contact: Net::zero(), race: Net::zero() };
    for weight in nets.contact.weights_mut().chain(nets.race.weights_mut()) {
        *weight = (luck.below(20_001) as f32 / 10_000.0 - 1.0) * 0.1;
    }
    nets
}

/// SplitMix64: luck that can be had again.
struct Luck(u64);

impl Luck {
    fn below(&mut self, sides: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 32).wrapping_mul(u64::from(sides)).wrapping_shr(32) as u32
    }
}
