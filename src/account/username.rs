//! The name to sign in with. Plain ASCII, so that no two look alike; what others see is the nickname.

use crate::refusal::Refusal;

/// Fewest and most characters; no longer than a nickname, so that it can be one.
pub const MIN_CHARS: usize = 3;
pub const MAX_CHARS: usize = 24;

/// The name as it was chosen, if it can be one.
///
/// # Errors
/// `VALIDATION_ERROR` unless it has 3 to 24 letters without accents, digits, `_`, `.` or `-`, the first of them a letter or a digit.
pub fn check(text: &str) -> Result<&str, Refusal> {
    let text = text.trim();
    let fits = (MIN_CHARS..=MAX_CHARS).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
    let wrong = "username should have 3 to 24 characters: letters a to z, digits, _ . - and a letter or digit first";
    if fits { Ok(text) } else { Err(Refusal::invalid(wrong)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_short() {
        for good in ["ada", "Ada_Lovelace-1815.x", " ada ", "007", "abcdefghijklmnopqrstuvwx"] {
            assert_eq!(check(good), Ok(good.trim()), "{good}");
        }
        for bad in
            ["", "ab", "zoë", "ａｄａ", "ada lovelace", "_ada", "-rf", ".ssh", "a/b/c", "ada\0", "abcdefghijklmnopqrstuvwxy", "аda"]
        {
            assert!(check(bad).is_err(), "{bad:?}");
        }
    }
}
