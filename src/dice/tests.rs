//! Reading, rolling, limits, and that nothing panics.

use proptest::prelude::*;

use super::*;

/// Rolls `formula` with these dice, each from 1; all must be used.
fn roll(formula: &str, dice: &[u32]) -> Roll {
    let formula = Formula::parse(formula).unwrap_or_else(|error| panic!("{formula}: {error}"));
    let mut next = dice.iter();
    let roll = formula.roll(&mut |_| next.next().map_or_else(|| panic!("{formula}: more dice than {dice:?}"), |die| die - 1));
    assert_eq!(next.next(), None, "{formula}: not all dice were used");
    roll
}

#[test]
fn formulas_come_to_what_is_documented() {
    for (formula, dice, total, text) in [
        ("7", &[][..], 7, "7 = 7"),
        ("d20", &[13], 13, "1d20 [13] = 13"),
        ("1d20+5", &[13], 18, "1d20 [13] + 5 = 18"),
        ("2D6 - 1", &[3, 4], 6, "2d6 [3, 4] - 1 = 6"),
        ("d%", &[100], 100, "1d100 [100] = 100"),
        ("2*3+4", &[], 10, "2 * 3 + 4 = 10"),
        ("2*(3+4)", &[], 14, "2 * (3 + 4) = 14"),
        ("-(2d4) + 10", &[1, 4], 5, "-(2d4 [1, 4]) + 10 = 5"),
        ("10-4-3", &[], 3, "10 - 4 - 3 = 3"),
        ("10/4*2", &[], 4, "10 / 4 * 2 = 4"),
        ("7/2", &[], 3, "7 / 2 = 3"),
        ("-7/2", &[], -4, "-7 / 2 = -4"),
        ("7/-2", &[], -4, "7 / -2 = -4"),
        ("-8/2", &[], -4, "-8 / 2 = -4"),
        ("4d6kh3", &[6, 1, 5, 4], 15, "4d6kh3 [6, (1), 5, 4] = 15"),
        ("4d6dl", &[6, 1, 5, 4], 15, "4d6dl1 [6, (1), 5, 4] = 15"),
        ("4d6kl2", &[6, 1, 5, 4], 5, "4d6kl2 [(6), 1, (5), 4] = 5"),
        ("4d6dh2", &[6, 1, 5, 4], 5, "4d6dh2 [(6), 1, (5), 4] = 5"),
        ("3d6kh", &[4, 4, 4], 4, "3d6kh1 [4, (4), (4)] = 4"),
        ("2d6kh5", &[1, 2], 3, "2d6kh5 [1, 2] = 3"),
        ("2d6dl5", &[1, 2], 0, "2d6dl5 [(1), (2)] = 0"),
        ("2d6dl0", &[1, 2], 3, "2d6dl0 [1, 2] = 3"),
        ("d20adv+2", &[7, 12], 14, "2d20kh1 [(7), 12] + 2 = 14"),
        ("(d20  dis) + 2", &[7, 12], 9, "(2d20kl1 [7, (12)]) + 2 = 9"),
        ("d20 + 2 dis", &[7, 12], 9, "2d20kl1 [7, (12)] + 2 = 9"),
        ("adv", &[7, 12], 12, "2d20kh1 [(7), 12] = 12"),
        ("dis - 1", &[7, 12], 6, "2d20kl1 [7, (12)] - 1 = 6"),
        ("2d6!", &[6, 2, 6, 3], 17, "2d6!=6 [6!, 6!, 3, 2] = 17"),
        ("d6!>4", &[5, 6, 4], 15, "1d6!>4 [5!, 6!, 4] = 15"),
        ("2d6r", &[1, 4, 1, 3], 7, "2d6r=1 [(1), (1), 3, 4] = 7"),
        ("2d6ro<=2", &[2, 1, 1, 6], 7, "2d6ro<=2 [(2), 1, (1), 6] = 7"),
        ("2d6r1!kh1", &[1, 3, 6, 5], 6, "2d6r=1!=6kh1 [(1), 6!, (5), (3)] = 6"),
        ("1d8 + 2d4 * 2", &[8, 1, 2], 14, "1d8 [8] + 2d4 [1, 2] * 2 = 14"),
    ] {
        let rolled = roll(formula, dice);
        assert_eq!((rolled.total, rolled.text.as_str()), (total, text), "{formula}");
        let again = Formula::parse(&rolled.formula).unwrap();
        assert_eq!(again.to_string(), rolled.formula, "{formula}: its plainest form reads as itself");
    }
}

#[test]
fn what_cannot_be_read_is_named_with_its_place() {
    for (formula, message) in [
        ("", "character 1: there is nothing to roll"),
        ("   ", "character 4: there is nothing to roll"),
        ("2d", "character 3: expected the number of sides, or %, found the end"),
        ("2dx", "character 3: expected the number of sides, or %, found 'x'"),
        ("2d6+", "character 5: expected a number, dice such as 2d6, or a bracket, found the end"),
        ("2d6 + * 3", "character 7: expected a number, dice such as 2d6, or a bracket, found '*'"),
        ("2d6 3", "character 5: expected + - * / or the end, found '3'"),
        ("2d6\u{7}", "character 4: expected + - * / or the end, found a character that cannot be seen"),
        ("ä", "character 1: expected a number, dice such as 2d6, or a bracket, found 'ä'"),
        ("1.5", "character 2: expected + - * / or the end, found '.'"),
        ("(2d6", "character 1: this bracket is never closed"),
        ("2+(1+(3)", "character 3: this bracket is never closed"),
        ("2d6)", "character 4: expected + - * / or the end, found ')'"),
        ("d0", "character 2: a die has at least 1 side"),
        ("0d6", "character 1: roll at least 1 die"),
        ("1001d6", "character 1: a formula has at most 1000 dice"),
        ("500d6+501d6", "character 7: a formula has at most 1000 dice"),
        ("999d6 + 1d20 adv", "character 9: a formula has at most 1000 dice"),
        ("999d6 + (1d20) adv", "character 16: a formula has at most 1000 dice"),
        ("1000001", "character 1: numbers go up to 1000000"),
        ("d99999999999999999999", "character 2: numbers go up to 1000000"),
        ("4d6k3", "character 4: keep is kh (highest) or kl (lowest)"),
        ("4d6kh0", "character 6: keep at least 1 die"),
        ("4d6kh3dl1", "character 7: these dice have kh, kl, dh or dl already"),
        ("4d6r1ro2", "character 6: these dice have r or ro already"),
        ("4d6!!", "character 5: these dice have ! already"),
        ("d1!", "character 3: every face would explode"),
        ("d6!>0", "character 3: every face would explode"),
        ("d6r<=6", "character 3: every face would be rolled again; ro rolls once more only"),
        ("d6!>", "character 5: expected a number, found the end"),
        ("2d20adv", "character 5: adv and dis need exactly one single die, such as d20"),
        ("d20+d20+1 adv", "character 11: adv and dis need exactly one single die, such as d20"),
        ("5 adv", "character 3: adv and dis need exactly one single die, such as d20"),
        ("d20adv adv", "character 8: adv and dis need exactly one single die, such as d20"),
        ("1/0", "character 2: the divisor could be 0"),
        ("6/(d6-3)", "character 2: the divisor could be 0"),
        ("6/(2d6dl2)", "character 2: the divisor could be 0"),
        ("1000000*1000000*2", "character 16: this could come to more than 1000000000000"),
    ] {
        let error = Formula::parse(formula).expect_err(formula);
        assert_eq!(error.to_string(), message, "{formula}");
    }
    assert_eq!(Formula::parse(&"1+".repeat(101)).unwrap_err(), DiceError { at: 201, problem: Problem::TooLong });
}

#[test]
fn limits_hold_and_what_passes_them_is_said() {
    let exploding = Formula::parse("2d6!").unwrap().roll(&mut |sides| sides - 1);
    let pool = &exploding.pools[0];
    assert_eq!(pool.dice.len(), 2 + EXPLOSIONS_MAX as usize);
    assert!(exploding.limited && !pool.dice.last().unwrap().exploded);
    assert_eq!(exploding.total, Formula::parse("2d6!").unwrap().range().1);

    let rerolling = Formula::parse("1000d6r<6").unwrap().roll(&mut |_| 0);
    assert_eq!(rerolling.pools[0].dice.len(), (DICE_MAX + REROLLS_MAX) as usize);
    assert!(rerolling.limited);
    assert!(!roll("2d6ro", &[1, 1, 1, 1]).limited, "rerolling once is no limit");

    let longest = format!("{}1", "-".repeat(LENGTH_MAX - 1));
    assert_eq!(roll(&longest, &[]).total, -1);
    let deepest = format!("{}1{}", "(".repeat(99), ")".repeat(99));
    assert_eq!(roll(&deepest, &[]).total, 1);
}

#[test]
fn draws_come_back_in_the_order_in_which_they_were_made() {
    let mut made = vec![];
    let mut seed = 1u32;
    let rolled = Formula::parse("6d4r1!kh2 + 3d8!>5 - d20adv").unwrap().roll(&mut |sides| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let value = (seed >> 8) % sides;
        made.push((sides, value));
        value
    });
    assert_eq!(rolled.draws().collect::<Vec<_>>(), made);
    assert!(made.len() > 11, "some were rerolled or exploded: {made:?}");
}

#[test]
fn a_roll_reads_back_from_json_and_says_only_what_is_so() {
    let rolled = roll("2d6r1! + 1", &[1, 2, 6, 3]);
    let json = serde_json::to_value(&rolled).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "formula": "2d6r=1!=6 + 1",
            "total": 12,
            "text": "2d6r=1!=6 [(1), 6!, 3, 2] + 1 = 12",
            "pools": [{ "notation": "2d6r=1!=6", "sides": 6, "subtotal": 11, "dice": [
                { "value": 1, "rerolled": true },
                { "value": 6, "origin": "reroll", "exploded": true },
                { "value": 3, "origin": "explosion" },
                { "value": 2 },
            ] }],
        })
    );
    assert_eq!(serde_json::from_value::<Roll>(json).unwrap(), rolled);
}

/// Something that looks like a formula, and is one about every other time.
fn formula() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => (1u32..12, 1u32..30).prop_map(|(n, sides)| format!("{n}d{sides}")),
        2 => (0u32..40).prop_map(|n| n.to_string()),
        3 => prop::sample::select(vec!["+", "-", "*", "/", " ", "+ ", "* "]).prop_map(str::to_owned),
        2 => prop::sample::select(vec!["kh2", "kl", "dh", "dl3", "!", "!>3", "r", "ro<3", "r<=2", "adv", " dis"]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["(", ")", "d%", "d", "999999", "k", "0"]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 1..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn whatever_is_read_rolls_within_its_range_and_its_parts_add_up(text in formula(), seed: u32) {
        if let Ok(formula) = Formula::parse(&text) {
            let mut state = seed;
            let mut made = 0usize;
            let rolled = formula.roll(&mut |sides| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                made += 1;
                (state >> 8) % sides
            });
            let (low, high) = formula.range();
            prop_assert!(low <= rolled.total && rolled.total <= high, "{text}: {} is not in {low}..={high}", rolled.total);
            prop_assert_eq!(rolled.draws().count(), made);
            prop_assert!(made <= (DICE_MAX + REROLLS_MAX + EXPLOSIONS_MAX) as usize);
            for pool in &rolled.pools {
                let sum: i64 = pool.dice.iter().filter(|die| die.counts()).map(|die| i64::from(die.value)).sum();
                prop_assert_eq!(sum, pool.subtotal);
                prop_assert!(pool.dice.iter().all(|die| (1..=pool.sides).contains(&die.value)));
            }
            prop_assert_eq!(Formula::parse(&rolled.formula).map(|again| again.to_string()), Ok(rolled.formula.clone()), "{}", text);
        }
    }

    #[test]
    fn no_text_and_no_luck_makes_it_panic(text in "\\PC{0,40}|[0-9d+*/()khl!ro<>=%adv\\- ]{0,220}", luck: u32) {
        match Formula::parse(&text) {
            Ok(formula) => drop(formula.roll(&mut |_| luck)),
            Err(error) => prop_assert!((1..=LENGTH_MAX + 1).contains(&error.at), "{error}"),
        }
    }
}
