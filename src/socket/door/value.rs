//! One value in MessagePack and in JSON, turned into each other without a tree in between.
//!
//! What JSON cannot say becomes what `JSON.stringify` would have made of it in a default-parser client: `undefined` is left out of objects
//! and `null` in arrays, NaN and infinities are `null`, dates are ISO strings. Binary values, which such a client could only send as
//! attachments and which no command of ours takes, become [`BINARY`], so that validation refuses them by name instead of the connection
//! ending. Integers keep all 64 bits; a float that holds a whole number is written as one, as JavaScript would. Integer keys become
//! strings; other keys that are not strings are malformed. Invalid UTF-8 is replaced, as the decoder on Node does.

use std::fmt::{self, Write};

use jiff::Timestamp;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// Why bytes are not a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("it ends too early")]
    Truncated,
    #[error("bytes follow its end")]
    Trailing,
    #[error("its values are nested too deeply")]
    TooDeep,
    #[error("it is too large as text")]
    TooLarge,
    #[error("a key is neither a string nor an integer")]
    Key,
    #[error("it is not MessagePack")]
    Marker,
    #[error("it is not a Socket.IO packet")]
    Packet,
}

/// What stands in JSON for bytes and for extension types other than dates.
pub const BINARY: &str = r#"{"_binary":true}"#;

/// How deeply values may be nested; what serde_json allows for text, so that both kinds of clients meet one limit.
const MAX_DEPTH: usize = 127;

/// The largest whole number up to which every whole number is exact in a float.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// What a marker announces: scalars with their value, containers with their length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Head<'a> {
    Nil,
    /// notepack's extension for JavaScript's `undefined`.
    Undefined,
    /// notepack's extension for JavaScript's `Date`, in milliseconds.
    Date(i64),
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Str(&'a [u8]),
    /// Bytes, or an extension type that means nothing here.
    Opaque,
    Array(usize),
    Map(usize),
}

/// Reads MessagePack from a slice; it never looks past the end and never reserves what a length merely claims.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Malformed::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    /// A big-endian number of `width` bytes, at most 8.
    fn uint(&mut self, width: usize) -> Result<u64, Malformed> {
        Ok(self.take(width)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn len(&mut self, width: usize) -> Result<usize, Malformed> {
        usize::try_from(self.uint(width)?).map_err(|_| Malformed::Truncated)
    }

    fn opaque(&mut self, len: usize) -> Result<Head<'a>, Malformed> {
        self.take(len).map(|_| Head::Opaque)
    }

    fn ext(&mut self, len: usize) -> Result<Head<'a>, Malformed> {
        let kind = self.take(1)?[0];
        match (kind, len) {
            (0, 1) => self.take(1).map(|_| Head::Undefined),
            (0, 8) => self.uint(8).map(|millis| Head::Date(millis as i64)),
            _ => self.opaque(len),
        }
    }

    /// The next value, or the beginning of the next container.
    pub(super) fn head(&mut self) -> Result<Head<'a>, Malformed> {
        let marker = self.take(1)?[0];
        Ok(match marker {
            0x00..=0x7f => Head::Unsigned(marker.into()),
            0x80..=0x8f => Head::Map((marker & 0x0f).into()),
            0x90..=0x9f => Head::Array((marker & 0x0f).into()),
            0xa0..=0xbf => Head::Str(self.take((marker & 0x1f).into())?),
            0xc0 => Head::Nil,
            0xc1 => return Err(Malformed::Marker),
            0xc2 | 0xc3 => Head::Bool(marker == 0xc3),
            0xc4..=0xc6 => {
                let len = self.len(1 << (marker - 0xc4))?;
                self.opaque(len)?
            }
            0xc7..=0xc9 => {
                let len = self.len(1 << (marker - 0xc7))?;
                self.ext(len)?
            }
            0xca => Head::Float(f32::from_bits(self.uint(4)? as u32).into()),
            0xcb => Head::Float(f64::from_bits(self.uint(8)?)),
            0xcc..=0xcf => Head::Unsigned(self.uint(1 << (marker - 0xcc))?),
            0xd0 => Head::Signed((self.uint(1)? as i8).into()),
            0xd1 => Head::Signed((self.uint(2)? as i16).into()),
            0xd2 => Head::Signed((self.uint(4)? as i32).into()),
            0xd3 => Head::Signed(self.uint(8)? as i64),
            0xd4..=0xd8 => self.ext(1 << (marker - 0xd4))?,
            0xd9..=0xdb => {
                let len = self.len(1 << (marker - 0xd9))?;
                Head::Str(self.take(len)?)
            }
            0xdc | 0xdd => Head::Array(self.len(2 << (marker - 0xdc))?),
            0xde | 0xdf => Head::Map(self.len(2 << (marker - 0xde))?),
            0xe0..=0xff => Head::Signed((marker as i8).into()),
        })
    }

    /// Writes the next value to `out` as JSON, which may grow to `limit` bytes, and says what it was.
    pub(super) fn json(&mut self, out: &mut String, limit: usize, depth: usize) -> Result<Head<'a>, Malformed> {
        let head = self.head()?;
        match head {
            Head::Array(_) | Head::Map(_) if depth > MAX_DEPTH => return Err(Malformed::TooDeep),
            Head::Nil | Head::Undefined => out.push_str("null"),
            Head::Bool(yes) => out.push_str(if yes { "true" } else { "false" }),
            Head::Unsigned(number) => push(out, number),
            Head::Signed(number) => push(out, number),
            Head::Float(number) => float(out, number),
            Head::Date(millis) => date(out, millis),
            Head::Str(bytes) => string(out, &String::from_utf8_lossy(bytes)),
            Head::Opaque => out.push_str(BINARY),
            Head::Array(len) => {
                out.push('[');
                for index in 0..len {
                    if index > 0 {
                        out.push(',');
                    }
                    self.json(out, limit, depth + 1)?;
                }
                out.push(']');
            }
            Head::Map(len) => {
                out.push('{');
                let mut first = true;
                for _ in 0..len {
                    let start = out.len();
                    if !first {
                        out.push(',');
                    }
                    self.key(out)?;
                    out.push(':');
                    match self.json(out, limit, depth + 1)? {
                        Head::Undefined => out.truncate(start),
                        _ => first = false,
                    }
                }
                out.push('}');
            }
        }
        if out.len() > limit { Err(Malformed::TooLarge) } else { Ok(head) }
    }

    fn key(&mut self, out: &mut String) -> Result<(), Malformed> {
        match self.head()? {
            Head::Str(bytes) => string(out, &String::from_utf8_lossy(bytes)),
            Head::Unsigned(number) => string(out, &number.to_string()),
            Head::Signed(number) => string(out, &number.to_string()),
            _ => return Err(Malformed::Key),
        }
        Ok(())
    }
}

fn push(out: &mut String, value: impl fmt::Display) {
    // Writing to a string cannot fail.
    let _ = write!(out, "{value}");
}

fn float(out: &mut String, number: f64) {
    if number.fract() == 0.0 && number.abs() <= EXACT {
        push(out, number as i64);
    } else {
        // serde_json's shortest form that reads back as the same number, and `null` for NaN and infinities.
        push(out, serde_json::Value::from(number));
    }
}

fn date(out: &mut String, millis: i64) {
    match Timestamp::from_millisecond(millis) {
        Ok(time) => push(out, format_args!("\"{}\"", time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"))),
        Err(_) => out.push_str("null"),
    }
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x00..=0x1f => "",
            _ => continue,
        };
        // Only ASCII is escaped, so these are character boundaries.
        out.push_str(&text[plain..at]);
        plain = at + 1;
        if escape.is_empty() {
            push(out, format_args!("\\u{byte:04x}"));
        } else {
            out.push_str(escape);
        }
    }
    out.push_str(&text[plain..]);
    out.push('"');
}

/// Appends a string's header and its bytes.
pub(super) fn write_str(out: &mut Vec<u8>, text: &str) {
    let len = text.len();
    match len {
        0..=31 => out.push(0xa0 | len as u8),
        32..=0xff => out.extend([0xd9, len as u8]),
        0x100..=0xffff => {
            out.push(0xda);
            out.extend((len as u16).to_be_bytes());
        }
        // A packet of 4 GiB does not get here.
        _ => {
            out.push(0xdb);
            out.extend((len as u32).to_be_bytes());
        }
    }
    out.extend(text.as_bytes());
}

/// Appends a number in the shortest form.
pub(super) fn write_uint(out: &mut Vec<u8>, number: u64) {
    match number {
        0..=0x7f => out.push(number as u8),
        0x80..=0xff => out.extend([0xcc, number as u8]),
        0x100..=0xffff => {
            out.push(0xcd);
            out.extend((number as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.push(0xce);
            out.extend((number as u32).to_be_bytes());
        }
        _ => {
            out.push(0xcf);
            out.extend(number.to_be_bytes());
        }
    }
}

fn write_negative(out: &mut Vec<u8>, number: i64) {
    if number >= -32 {
        out.push(number as u8);
    } else if let Ok(number) = i8::try_from(number) {
        out.extend([0xd0, number as u8]);
    } else if let Ok(number) = i16::try_from(number) {
        out.push(0xd1);
        out.extend(number.to_be_bytes());
    } else if let Ok(number) = i32::try_from(number) {
        out.push(0xd2);
        out.extend(number.to_be_bytes());
    } else {
        out.push(0xd3);
        out.extend(number.to_be_bytes());
    }
}

/// Writes the header of a container whose `count` is known only now, in place of the one byte kept for it at `at`.
fn close(out: &mut Vec<u8>, at: usize, count: usize, (short, long): (u8, u8)) {
    match count {
        0..=15 => out[at] = short | count as u8,
        16..=0xffff => {
            out[at] = long;
            out.splice(at + 1..at + 1, (count as u16).to_be_bytes());
        }
        _ => {
            out[at] = long + 1;
            out.splice(at + 1..at + 1, (count as u32).to_be_bytes());
        }
    }
}

/// Appends JSON text as MessagePack.
///
/// # Errors
/// When `json` is not JSON.
pub(super) fn from_json(json: &str, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    let mut text = serde_json::Deserializer::from_str(json);
    Encode(out).deserialize(&mut text)?;
    text.end()
}

struct Encode<'a>(&'a mut Vec<u8>);

impl<'de> DeserializeSeed<'de> for Encode<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Encode<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.push(0xc0);
        Ok(())
    }

    fn visit_bool<E>(self, yes: bool) -> Result<(), E> {
        self.0.push(if yes { 0xc3 } else { 0xc2 });
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        write_uint(self.0, number);
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        match u64::try_from(number) {
            Ok(number) => write_uint(self.0, number),
            Err(_) => write_negative(self.0, number),
        }
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.0.push(0xcb);
        self.0.extend(number.to_be_bytes());
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        write_str(self.0, text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let at = self.0.len();
        self.0.push(0);
        let mut count = 0;
        while items.next_element_seed(Encode(self.0))?.is_some() {
            count += 1;
        }
        close(self.0, at, count, (0x90, 0xdc));
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let at = self.0.len();
        self.0.push(0);
        let mut count = 0;
        while entries.next_key_seed(Encode(self.0))?.is_some() {
            entries.next_value_seed(Encode(self.0))?;
            count += 1;
        }
        close(self.0, at, count, (0x80, 0xde));
        Ok(())
    }
}
