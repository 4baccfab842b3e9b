//! The session ids that clients of several nodes get: Engine.IO's own, the node that gave it out, and a proof that it did.
//!
//! So the owner of a session stands in each of its requests, and nothing has to be kept or asked for; whoever makes an id up reaches
//! nobody, and Engine.IO's own id, which other parts of the protocol show, opens nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::id::NodeId;

/// Characters of an Engine.IO session id: 12 random bytes.
const BARE: usize = 16;
/// Characters of a node's name: 16 bytes.
const NODE: usize = 22;
/// Bytes of the proof. 72 bits: who guesses a million a second for a century finds none.
const PROOF_BYTES: usize = 9;
const PROOF: usize = 12;

/// What nodes prove things to each other with; each purpose has keys of its own.
pub struct Keys(Vec<Hmac<Sha256>>);

impl Keys {
    /// The first secret proves; all of them are believed.
    pub fn new<'a>(purpose: &str, secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let key = |secret: &str| {
            let derived = keyed(secret.as_bytes())?.chain_update(b"parlor between nodes: ").chain_update(purpose).finalize();
            keyed(&derived.into_bytes())
        };
        Self(secrets.into_iter().filter_map(key).collect())
    }

    pub(super) fn prove(&self, parts: &[&[u8]]) -> Option<[u8; 32]> {
        self.0.first().map(|key| over(key, parts).finalize().into_bytes().into())
    }

    /// Whether `proof`, or its beginning, is right; takes as long when it is not.
    pub(super) fn believe(&self, parts: &[&[u8]], proof: &[u8]) -> bool {
        self.0.iter().any(|key| over(key, parts).verify_truncated_left(proof).is_ok())
    }
}

fn keyed(key: &[u8]) -> Option<Hmac<Sha256>> {
    Hmac::new_from_slice(key).ok()
}

/// Each part with its length, so that no two lists of parts are one.
fn over(key: &Hmac<Sha256>, parts: &[&[u8]]) -> Hmac<Sha256> {
    parts.iter().fold(key.clone(), |mac, part| mac.chain_update((part.len() as u64).to_be_bytes()).chain_update(part))
}

/// Gives out session ids, and reads them.
pub struct Tickets {
    node: NodeId,
    keys: Keys,
}

impl Tickets {
    pub fn new<'a>(node: NodeId, secrets: impl IntoIterator<Item = &'a str>) -> Self {
        Self { node, keys: Keys::new("session", secrets) }
    }

    /// The id that a client gets for one of this node's sessions.
    pub fn issue(&self, bare: &str) -> Option<String> {
        let proof = self.keys.prove(&[bare.as_bytes(), self.node.0.as_bytes()])?;
        let node = URL_SAFE_NO_PAD.encode(self.node.0.as_bytes());
        Some(format!("{bare}{node}{}", URL_SAFE_NO_PAD.encode(&proof[..PROOF_BYTES])))
    }

    /// Whose session it is, and its own id there. None when no node has given it out.
    pub fn read<'a>(&self, ticket: &'a str) -> Option<(NodeId, &'a str)> {
        if ticket.len() != BARE + NODE + PROOF || !ticket.is_ascii() {
            return None;
        }
        let (bare, rest) = ticket.split_at(BARE);
        let (node, proof) = rest.split_at(NODE);
        let node = Uuid::from_slice(&URL_SAFE_NO_PAD.decode(node).ok()?).ok()?;
        let proof = URL_SAFE_NO_PAD.decode(proof).ok()?;
        self.keys.believe(&[bare.as_bytes(), node.as_bytes()], &proof).then_some((NodeId(node), bare))
    }

    /// The packet that opens a session, with the id that the client gets. None when it is not such a packet.
    pub fn stamp(&self, open: &str) -> Option<String> {
        const FIELD: &str = "\"sid\":\"";
        let at = open.find(FIELD)? + FIELD.len();
        let ticket = self.issue(open.get(at..at + BARE)?)?;
        let stamped = format!("{}{ticket}{}", &open[..at], &open[at + BARE..]);
        // Engine.IO 3 says how many characters follow.
        match stamped.split_once(':') {
            Some((count, packet)) if count.parse::<usize>().is_ok() => Some(format!("{}:{packet}", packet.chars().count())),
            _ => Some(stamped),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SID: &str = "AAAAbbbb-_00zz11";

    #[test]
    fn a_session_is_known_on_every_node_that_shares_the_secret() {
        let (here, there) = (NodeId::random(), NodeId::random());
        let mine = Tickets::new(here, ["the new secret", "the old secret"]);
        let ticket = mine.issue(SID).unwrap();
        assert!(ticket.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
        assert_eq!(mine.read(&ticket), Some((here, SID)));
        assert_eq!(Tickets::new(there, ["the new secret"]).read(&ticket), Some((here, SID)));
        let old = Tickets::new(there, ["the old secret"]);
        assert_eq!(old.read(&ticket), None);
        assert_eq!(mine.read(&old.issue(SID).unwrap()), Some((there, SID)), "while the secret is changed");
    }

    #[test]
    fn what_no_node_has_given_out_is_nobodys() {
        let tickets = Tickets::new(NodeId::random(), ["a secret"]);
        let ticket = tickets.issue(SID).unwrap();
        for at in 0..ticket.len() {
            let mut forged = ticket.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(tickets.read(&forged), None, "character {at}");
        }
        for forged in [SID, "", &ticket[1..], &ticket[..49], &format!("{ticket}A"), &"ä".repeat(25), &"=".repeat(50)] {
            assert_eq!(tickets.read(forged), None, "{forged}");
        }
    }

    #[test]
    fn the_packet_that_opens_a_session_carries_the_id() {
        let tickets = Tickets::new(NodeId::random(), ["a secret"]);
        let ticket = tickets.issue(SID).unwrap();
        let open = format!(r#"0{{"sid":"{SID}","upgrades":["websocket"]}}"#);
        let stamped = format!(r#"0{{"sid":"{ticket}","upgrades":["websocket"]}}"#);
        assert_eq!(tickets.stamp(&open), Some(stamped.clone()));
        let legacy = format!("{}:{open}", open.len());
        assert_eq!(tickets.stamp(&legacy), Some(format!("{}:{stamped}", stamped.len())));
        for other in ["", "2", r#"{"code":"0"}"#, r#"0{"sid":"ä"}"#, r#"0{"sid":"abc"#] {
            assert_eq!(tickets.stamp(other), None, "{other}");
        }
    }
}
