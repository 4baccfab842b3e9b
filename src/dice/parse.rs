//! Reading a formula, from left to right.

use super::formula::{Compare, Formula, Node, Op, Pick, Reroll, Spec};
use super::{DICE_MAX, DiceError, LENGTH_MAX, NUMBER_MAX, Problem, range};

impl Formula {
    /// Reads a formula; case and spaces do not count.
    ///
    /// # Errors
    /// What is wrong, and at which character.
    pub fn parse(text: &str) -> Result<Self, DiceError> {
        let chars: Vec<char> = text.chars().take(LENGTH_MAX + 1).map(|c| c.to_ascii_lowercase()).collect();
        if chars.len() > LENGTH_MAX {
            return Err(DiceError { at: LENGTH_MAX + 1, problem: Problem::TooLong });
        }
        let mut reader = Reader { chars, next: 0, pools: vec![], dice: 0 };
        reader.skip_spaces();
        if reader.next == reader.chars.len() {
            return Err(reader.error(Problem::Empty));
        }
        let root = reader.sum()?;
        reader.way_of_all()?;
        reader.skip_spaces();
        if reader.next < reader.chars.len() {
            return Err(reader.error(Problem::ExpectedOperator(reader.found())));
        }
        let range = range::of(&root, &reader.pools)?;
        Ok(Self { root, pools: reader.pools, range })
    }
}

struct Reader {
    chars: Vec<char>,
    next: usize,
    pools: Vec<Spec>,
    /// In all pools.
    dice: u32,
}

type Read<T> = Result<T, DiceError>;

impl Reader {
    fn sum(&mut self) -> Read<Node> {
        let mut left = self.product()?;
        while let Some((op, at)) = self.operator(&[('+', Op::Add), ('-', Op::Subtract)]) {
            let right = Box::new(self.product()?);
            left = Node::Both { op, at, left: Box::new(left), right };
        }
        Ok(left)
    }

    fn product(&mut self) -> Read<Node> {
        let mut left = self.value()?;
        while let Some((op, at)) = self.operator(&[('*', Op::Multiply), ('/', Op::Divide)]) {
            let right = Box::new(self.value()?);
            left = Node::Both { op, at, left: Box::new(left), right };
        }
        Ok(left)
    }

    fn value(&mut self) -> Read<Node> {
        self.skip_spaces();
        let at = self.next;
        if self.take("-") {
            return Ok(Node::Negative(Box::new(self.value()?)));
        }
        if self.take("+") {
            return self.value();
        }
        if self.take("(") {
            let inner = self.sum()?;
            self.skip_spaces();
            if !self.take(")") {
                let problem = if self.next == self.chars.len() {
                    return Err(DiceError { at: at + 1, problem: Problem::Unclosed });
                } else {
                    Problem::ExpectedOperator(self.found())
                };
                return Err(self.error(problem));
            }
            return Ok(Node::Bracket(Box::new(inner)));
        }
        if self.peek_way().is_some() {
            // `adv` alone is a d20 with advantage.
            return self.dice(1, 20, at);
        }
        match self.number()? {
            Some(count) if self.take_d() => self.sides(count, at),
            Some(number) => Ok(Node::Number(i64::from(number))),
            None if self.take_d() => self.sides(1, at),
            None => Err(self.error(Problem::ExpectedValue(self.found()))),
        }
    }

    /// The `d` of dice, not that of `dis`.
    fn take_d(&mut self) -> bool {
        self.peek_way().is_none() && self.take("d")
    }

    /// After `Nd`.
    fn sides(&mut self, count: u32, at: usize) -> Read<Node> {
        let here = self.next;
        let sides =
            if self.take("%") { 100 } else { self.number()?.ok_or_else(|| self.error(Problem::ExpectedSides(self.found())))? };
        if sides == 0 {
            return Err(DiceError { at: here + 1, problem: Problem::NoSides });
        }
        self.dice(count, sides, at)
    }

    /// After `NdS`: what is to be done with the dice.
    fn dice(&mut self, count: u32, sides: u32, at: usize) -> Read<Node> {
        let here = |problem| Err(DiceError { at: at + 1, problem });
        if count == 0 {
            return here(Problem::NoDice);
        }
        self.pools.push(Spec { count, sides, pick: None, explode: None, reroll: None, at: at + 1 });
        while self.modifier()? {}
        self.dice = self.dice.saturating_add(self.pools.last().map_or(0, |pool| pool.count));
        if self.dice > DICE_MAX {
            return here(Problem::TooManyDice);
        }
        Ok(Node::Dice(self.pools.len() - 1))
    }

    fn modifier(&mut self) -> Read<bool> {
        let start = self.next;
        let Some(mut pool) = self.pools.last().cloned() else { return Ok(false) };
        let again = |what| Err(DiceError { at: start + 1, problem: Problem::Twice(what) });
        if self.take("!") {
            if pool.explode.is_some() {
                return again("!");
            }
            let when = self.compare()?.unwrap_or(Compare::Equal(pool.sides));
            if when.matches_all(pool.sides) {
                return Err(DiceError { at: start + 1, problem: Problem::AlwaysExplodes });
            }
            pool.explode = Some(when);
        } else if self.take("ro") || self.take("r") {
            if pool.reroll.is_some() {
                return again("r or ro");
            }
            let once = self.chars[self.next - 1] == 'o';
            let when = self.compare()?.unwrap_or(Compare::Equal(1));
            if !once && when.matches_all(pool.sides) {
                return Err(DiceError { at: start + 1, problem: Problem::AlwaysRerolls });
            }
            pool.reroll = Some(Reroll { when, once });
        } else if let Some(way) = self.peek_way() {
            self.skip_spaces();
            if pool.count != 1 || pool.pick.is_some() {
                return Err(self.error(Problem::WayNeedsOneDie));
            }
            self.next += WAY_LENGTH;
            (pool.count, pool.pick) = (2, Some(way));
        } else if let Some(pick) = self.pick()? {
            if pool.pick.is_some() {
                return again("kh, kl, dh or dl");
            }
            pool.pick = Some(pick);
        } else {
            return Ok(false);
        }
        if let Some(last) = self.pools.last_mut() {
            *last = pool;
        }
        Ok(true)
    }

    fn pick(&mut self) -> Read<Option<Pick>> {
        type Make = fn(u32) -> Pick;
        let kinds: [(&str, Make); 4] =
            [("kh", Pick::KeepHighest), ("kl", Pick::KeepLowest), ("dh", Pick::DropHighest), ("dl", Pick::DropLowest)];
        let Some((_, make)) = kinds.into_iter().find(|(word, _)| self.take(word)) else {
            return if self.peek("k") { Err(self.error(Problem::HalfKeep)) } else { Ok(None) };
        };
        let at = self.next;
        let pick = make(self.number()?.unwrap_or(1));
        if matches!(pick, Pick::KeepHighest(0) | Pick::KeepLowest(0)) {
            return Err(DiceError { at: at + 1, problem: Problem::KeepsNone });
        }
        Ok(Some(pick))
    }

    /// `adv` or `dis` after the whole formula belongs to its only single die: `d20 + 5 adv`.
    fn way_of_all(&mut self) -> Read<()> {
        self.skip_spaces();
        let Some(way) = self.peek_way() else { return Ok(()) };
        let problem = self.error(Problem::WayNeedsOneDie);
        let mut single = self.pools.iter_mut().filter(|pool| pool.count == 1 && pool.pick.is_none());
        let (Some(pool), None) = (single.next(), single.next()) else { return Err(problem) };
        (pool.count, pool.pick) = (2, Some(way));
        if self.dice == DICE_MAX {
            return Err(DiceError { problem: Problem::TooManyDice, ..problem });
        }
        self.next += WAY_LENGTH;
        Ok(())
    }

    fn peek_way(&self) -> Option<Pick> {
        let ways = [("adv", Pick::KeepHighest(1)), ("dis", Pick::KeepLowest(1))];
        ways.into_iter().find(|(word, _)| self.peek(word)).map(|(_, pick)| pick)
    }

    /// `=3`, `<3`, `<=3`, `>3`, `>=3`, or `3` for `=3`.
    fn compare(&mut self) -> Read<Option<Compare>> {
        type Make = fn(u32) -> Compare;
        let signs: [(&str, Make); 5] = [
            ("<=", Compare::LessOrEqual),
            (">=", Compare::GreaterOrEqual),
            ("<", Compare::Less),
            (">", Compare::Greater),
            ("=", Compare::Equal),
        ];
        match signs.into_iter().find(|(sign, _)| self.take(sign)) {
            Some((_, make)) => match self.number()? {
                Some(number) => Ok(Some(make(number))),
                None => Err(self.error(Problem::ExpectedNumber(self.found()))),
            },
            None => Ok(self.number()?.map(Compare::Equal)),
        }
    }

    fn number(&mut self) -> Read<Option<u32>> {
        let start = self.next;
        let mut number = 0u32;
        while let Some(digit) = self.chars.get(self.next).and_then(|c| c.to_digit(10)) {
            number = number.saturating_mul(10).saturating_add(digit);
            self.next += 1;
        }
        if number > NUMBER_MAX {
            return Err(DiceError { at: start + 1, problem: Problem::NumberTooLarge });
        }
        Ok((self.next > start).then_some(number))
    }

    fn operator(&mut self, among: &[(char, Op)]) -> Option<(Op, usize)> {
        self.skip_spaces();
        let found = *self.chars.get(self.next)?;
        let (_, op) = among.iter().find(|(sign, _)| *sign == found)?;
        self.next += 1;
        Some((*op, self.next))
    }

    fn skip_spaces(&mut self) {
        while self.chars.get(self.next).is_some_and(|c| c.is_whitespace()) {
            self.next += 1;
        }
    }

    /// Whether `word` comes next, perhaps after spaces.
    fn peek(&self, word: &str) -> bool {
        self.chars[self.next..].iter().copied().skip_while(|c| c.is_whitespace()).take(word.len()).eq(word.chars())
    }

    fn take(&mut self, word: &str) -> bool {
        let takes = self.peek(word);
        if takes {
            self.skip_spaces();
            self.next += word.len();
        }
        takes
    }

    fn found(&self) -> String {
        match self.chars.get(self.next) {
            None => String::from("the end"),
            Some(c) if c.is_control() => String::from("a character that cannot be seen"),
            Some(c) => format!("{c:?}"),
        }
    }

    fn error(&self, problem: Problem) -> DiceError {
        DiceError { at: self.next + 1, problem }
    }
}

/// `adv` and `dis`.
const WAY_LENGTH: usize = 3;
