//! The evaluation: two small networks with one hidden layer, one for positions with contact and one for races.
//!
//! The weights were made by `examples/backgammon_train.rs`, from games of the networks against themselves.

use std::sync::LazyLock;

use super::super::board::{Board, CHECKERS, Side};
use super::features::{INPUTS, Inputs};

/// Hidden units for positions with contact.
pub const CONTACT: usize = 96;
/// Hidden units for races.
pub const RACE: usize = 40;
/// What the file of weights begins with.
const MAGIC: &[u8; 8] = b"PARLBG01";

/// The chances of one side, each from 0 to 1. A backgammon counts as a gammon, too, and both as a win.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Odds {
    pub win: f32,
    pub win_gammon: f32,
    pub win_backgammon: f32,
    pub lose_gammon: f32,
    pub lose_backgammon: f32,
}

impl Odds {
    /// Of a game that is over; `points` is what the winner gets, 1 to 3.
    pub fn settled(won: bool, points: u8) -> Self {
        let [gammon, backgammon] = [2, 3].map(|least| if points >= least { 1.0 } else { 0.0 });
        let odds = Self { win: 1.0, win_gammon: gammon, win_backgammon: backgammon, ..Self::default() };
        if won { odds } else { odds.flipped() }
    }

    /// The same for the other side.
    #[must_use]
    pub fn flipped(self) -> Self {
        Self {
            win: 1.0 - self.win,
            win_gammon: self.lose_gammon,
            win_backgammon: self.lose_backgammon,
            lose_gammon: self.win_gammon,
            lose_backgammon: self.win_backgammon,
        }
    }

    /// Points per game without a cube, from -3 to 3.
    pub fn equity(self) -> f32 {
        2.0 * self.win - 1.0 + self.win_gammon + self.win_backgammon - self.lose_gammon - self.lose_backgammon
    }

    /// The same with another chance to win, and gammons in proportion.
    #[must_use]
    pub fn with_win(self, win: f32) -> Self {
        let (won, lost) = (win / self.win.max(1e-6), (1.0 - win) / (1.0 - self.win).max(1e-6));
        let scaled = Self {
            win,
            win_gammon: self.win_gammon * won,
            win_backgammon: self.win_backgammon * won,
            lose_gammon: self.lose_gammon * lost,
            lose_backgammon: self.lose_backgammon * lost,
        };
        scaled.within()
    }

    /// What is possible of it: each no more than what it is part of.
    fn within(mut self) -> Self {
        self.win_gammon = self.win_gammon.min(self.win);
        self.win_backgammon = self.win_backgammon.min(self.win_gammon);
        self.lose_gammon = self.lose_gammon.min(1.0 - self.win);
        self.lose_backgammon = self.lose_backgammon.min(self.lose_gammon);
        self
    }

    pub fn from_array([win, win_gammon, win_backgammon, lose_gammon, lose_backgammon]: [f32; 5]) -> Self {
        Self { win, win_gammon, win_backgammon, lose_gammon, lose_backgammon }
    }

    pub fn to_array(self) -> [f32; 5] {
        [self.win, self.win_gammon, self.win_backgammon, self.lose_gammon, self.lose_backgammon]
    }
}

/// One hidden layer of `H` units.
#[derive(Clone, Debug)]
pub struct Net<const H: usize> {
    /// From each input to each hidden unit.
    pub input: Vec<[f32; H]>,
    pub input_bias: [f32; H],
    /// From each hidden unit to each of the five outputs.
    pub output: [[f32; H]; 5],
    pub output_bias: [f32; 5],
}

impl<const H: usize> Net<H> {
    /// All weights zero.
    pub fn zero() -> Self {
        Self { input: vec![[0.0; H]; INPUTS], input_bias: [0.0; H], output: [[0.0; H]; 5], output_bias: [0.0; 5] }
    }

    /// The sums at the hidden units, and the outputs as chances of the side on roll.
    pub fn forward(&self, inputs: &Inputs) -> ([f32; H], [f32; 5]) {
        let mut sums = self.input_bias;
        for (index, value) in inputs.iter() {
            let row = &self.input[index];
            for (sum, weight) in sums.iter_mut().zip(row) {
                *sum += value * weight;
            }
        }
        let hidden = sums.map(squash);
        let mut outputs = self.output_bias;
        for (output, row) in outputs.iter_mut().zip(&self.output) {
            let mut lanes = [0.0f32; 8];
            for (weights, values) in row.chunks_exact(8).zip(hidden.chunks_exact(8)) {
                for lane in 0..8 {
                    lanes[lane] += weights[lane] * values[lane];
                }
            }
            *output = 1.0 / (1.0 + (-(*output + lanes.iter().sum::<f32>())).exp());
        }
        (sums, outputs)
    }

    /// Every weight, in the order of the file.
    pub fn weights(&self) -> impl Iterator<Item = &f32> {
        let (input, output) = (self.input.iter().flatten(), self.output.iter().flatten());
        input.chain(&self.input_bias).chain(output).chain(&self.output_bias)
    }

    /// Every weight, in the order of the file.
    pub fn weights_mut(&mut self) -> impl Iterator<Item = &mut f32> {
        let (input, output) = (self.input.iter_mut().flatten(), self.output.iter_mut().flatten());
        input.chain(&mut self.input_bias).chain(output).chain(&mut self.output_bias)
    }
}

/// What a hidden unit makes of its sum: between -1 and 1, of plain arithmetic, so that all machines agree.
pub fn squash(sum: f32) -> f32 {
    sum / (1.0 + sum.abs())
}

/// The evaluation of positions.
#[derive(Clone, Debug)]
pub struct Nets {
    pub contact: Net<CONTACT>,
    pub race: Net<RACE>,
}

/// These are not weights.
#[derive(Debug, thiserror::Error)]
#[error("not a file of weights for {INPUTS} inputs and {CONTACT} and {RACE} hidden units")]
pub struct NotWeights;

impl Nets {
    /// The networks that ship with the game.
    pub fn shipped() -> &'static Self {
        static NETS: LazyLock<Nets> = LazyLock::new(|| {
            // A test reads the file; were it broken all the same, every position would seem even.
            Nets::from_bytes(include_bytes!("weights.bin")).unwrap_or_else(|_| Nets { contact: Net::zero(), race: Net::zero() })
        });
        &NETS
    }

    /// Reads a file of weights.
    ///
    /// # Errors
    /// When it is not one, or one of another shape.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotWeights> {
        let mut nets = Self { contact: Net::zero(), race: Net::zero() };
        let (numbers, rest) = bytes.strip_prefix(MAGIC).ok_or(NotWeights)?.as_chunks::<4>();
        let mut numbers = numbers.iter().map(|four| f32::from_le_bytes(*four));
        for weight in nets.contact.weights_mut().chain(nets.race.weights_mut()) {
            *weight = numbers.next().filter(|number| number.is_finite()).ok_or(NotWeights)?;
        }
        if rest.is_empty() && numbers.next().is_none() { Ok(nets) } else { Err(NotWeights) }
    }

    /// The file of these weights.
    pub fn to_bytes(&self) -> Vec<u8> {
        let weights = self.contact.weights().chain(self.race.weights());
        MAGIC.iter().copied().chain(weights.flat_map(|weight| weight.to_le_bytes())).collect()
    }

    /// The chances of the side on roll, before it has rolled. Exact when the game is over.
    pub fn evaluate(&self, board: &Board, on_roll: Side) -> Odds {
        if let Some(winner) = board.winner() {
            return Odds::settled(winner == on_roll, board.worth(winner));
        }
        let inputs = Inputs::of(board, on_roll);
        let outputs = if board.contact() { self.contact.forward(&inputs).1 } else { self.race.forward(&inputs).1 };
        possible(board, on_roll, Odds::from_array(outputs))
    }
}

/// `odds` without what cannot happen any more.
pub fn possible(board: &Board, on_roll: Side, mut odds: Odds) -> Odds {
    // Who has borne off a checker loses no gammon; who has none left behind in the other's home, and need not fear the bar, no backgammon.
    if board.borne_off(on_roll) > 0 {
        odds.lose_gammon = 0.0;
    }
    if board.borne_off(on_roll.other()) > 0 {
        odds.win_gammon = 0.0;
    }
    debug_assert!(board.borne_off(on_roll) < CHECKERS);
    odds.within()
}
