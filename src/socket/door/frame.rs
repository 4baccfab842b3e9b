//! The frames of a WebSocket (RFC 6455, section 5.2), as far as the door has to know them.

use bytes::BytesMut;

/// The largest payload of a control frame, and of Engine.IO's own packets from a client.
pub const SMALL: usize = 125;

/// What a frame holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    Continuation,
    Text,
    Binary,
    Control,
    Reserved,
}

/// The head of a WebSocket frame (RFC 6455, section 5.2).
pub struct Frame {
    pub fin: bool,
    pub opcode: Opcode,
    pub mask: Option<[u8; 4]>,
    /// How long the head is.
    pub header: usize,
    /// How long the payload is.
    pub len: usize,
}

impl Frame {
    /// The head at the beginning of `bytes`, once it is all there.
    pub fn read(bytes: &[u8]) -> Option<Frame> {
        let (&first, &second) = (bytes.first()?, bytes.get(1)?);
        let (len, at) = match second & 0x7f {
            126 => (u64::from(u16::from_be_bytes(*bytes[2..].first_chunk()?)), 4),
            127 => (u64::from_be_bytes(*bytes[2..].first_chunk()?), 10),
            len => (len.into(), 2),
        };
        let mask = if second & 0x80 == 0 { None } else { Some(*bytes[at..].first_chunk()?) };
        let opcode = match first & 0x7f {
            0 => Opcode::Continuation,
            1 => Opcode::Text,
            2 => Opcode::Binary,
            8..=10 => Opcode::Control,
            // Reserved bits included: no extension is ever agreed on.
            _ => Opcode::Reserved,
        };
        let header = at + mask.map_or(0, |mask| mask.len());
        // A length that does not fit is as good as one beyond every limit; half of the range keeps sums safe.
        let len = usize::try_from(len).unwrap_or(usize::MAX).min(usize::MAX / 2);
        Some(Frame { fin: first & 0x80 != 0, opcode, mask, header, len })
    }

    /// Where the frame ends.
    pub fn end(&self) -> usize {
        self.header + self.len
    }

    /// The byte at position `at` of the payload, without the mask.
    pub fn unmask(&self, byte: u8, at: usize) -> u8 {
        self.mask.map_or(byte, |mask| byte ^ mask[at % 4])
    }

    /// Takes the mask off a payload.
    pub fn unmask_all(&self, payload: &mut [u8]) {
        if let Some(mask) = self.mask {
            payload.chunks_mut(4).for_each(|chunk| chunk.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask));
        }
    }
}

/// Appends a frame's head. A client's frames must be masked; a mask of zeros changes nothing.
pub fn header(out: &mut BytesMut, first: u8, len: usize, masked: bool) {
    let bit = if masked { 0x80 } else { 0 };
    out.extend_from_slice(&[first]);
    match len {
        0..=125 => out.extend_from_slice(&[bit | len as u8]),
        126..=0xffff => {
            out.extend_from_slice(&[bit | 126]);
            out.extend_from_slice(&(len as u16).to_be_bytes());
        }
        _ => {
            out.extend_from_slice(&[bit | 127]);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    if masked {
        out.extend_from_slice(&[0; 4]);
    }
}
