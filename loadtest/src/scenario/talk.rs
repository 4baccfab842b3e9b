//! Chat: messages that carry when they were due.

use anyhow::Result;

use super::{Bot, Command, Game, Style};
use crate::check::Broken;
use crate::client::{Client, MARK, Rules};

/// Two sit at an AniFight table, the others watch, all talk.
pub const CHAT: Game = Game {
    rules: Rules { namespace: "/draft", own_events: &[], own_keys: &[] },
    style: Style::Talk,
    senders: u32::MAX,
    start: None,
    own_rate: None,
    bot: |_, client| Box::new(Talker { client, said: 0, heard: 0 }),
};

/// Says one thing after another.
pub struct Talker {
    client: u32,
    said: u64,
    /// The last of its own messages that it was told.
    heard: u64,
}

impl Bot for Talker {
    fn heard(&mut self, name: &str, payload: &[u8], client: &Client) -> Result<()> {
        if name == "chat_message"
            && let Some(number) = own_number(payload, self.client)
        {
            if number <= self.heard {
                client.broken(Broken::Duplicate, || format!("message {number} of client {} was applied twice", self.client));
            }
            self.heard = self.heard.max(number);
        }
        Ok(())
    }

    fn ready(&self) -> bool {
        true
    }

    fn act(&mut self, due: u64) -> Command {
        self.said += 1;
        let (client, said, mark) = (self.client, self.said, char::from(MARK));
        let payload = format!("{{\"message\":\"#{client}.{said} good evening {mark}{due}\",\"command_id\":\"{client}.{said}\"}}");
        Command { event: "chat_message", payload }
    }
}

/// The number of a message if `client` of this room said it: `#client.number …`.
fn own_number(payload: &[u8], client: u32) -> Option<u64> {
    let tail = &payload[payload.len().saturating_sub(140)..];
    let at = tail.iter().rposition(|&byte| byte == b'#')?;
    let text = std::str::from_utf8(&tail[at + 1..]).ok()?;
    let (who, number) = text.split(' ').next()?.split_once('.')?;
    if who.parse() == Ok(client) { number.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_messages_are_known_by_their_number() {
        let payload = br##"{"player":{"nickname":"Load 3"},"message":"#3.17 good evening @123","seq":3,"timestamp":"2026-11-21T10:35:51.130Z"}"##;
        assert_eq!(own_number(payload, 3), Some(17));
        assert_eq!(own_number(payload, 4), None);
        assert_eq!(own_number(b"{\"message\":\"#3\"}", 3), None);
        assert_eq!(own_number(b"", 3), None);
    }

    #[test]
    fn each_message_is_another() {
        let mut talker = (CHAT.bot)(1, 5);
        assert_eq!(talker.act(9).payload, r##"{"message":"#5.1 good evening @9","command_id":"5.1"}"##);
        assert_eq!(talker.act(10).payload, r##"{"message":"#5.2 good evening @10","command_id":"5.2"}"##);
    }
}
