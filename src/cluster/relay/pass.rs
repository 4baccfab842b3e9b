//! How a node knows that another passed a request on: the header says from whom it came, and proves it.
//!
//! The proof covers what is asked for, so it opens nothing else, and the client's address, on which limits depend.

use std::net::SocketAddr;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use http::{HeaderName, HeaderValue, Method, Uri};

use super::ticket::Keys;

/// On requests that one node passes to another.
pub const HEADER: HeaderName = HeaderName::from_static("parlor-relay");

/// Makes the header, and reads it.
pub struct Passes(Keys);

impl Passes {
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        Self(Keys::new("relay", secrets))
    }

    /// The header for a request that came from `peer`.
    pub fn write(&self, method: &Method, uri: &Uri, peer: SocketAddr) -> Option<HeaderValue> {
        let peer = peer.to_string();
        let proof = self.0.prove(&parts(method, uri, &peer))?;
        HeaderValue::try_from(format!("{peer} {}", HEXLOWER.encode_display(&proof))).ok()
    }

    /// From whom the request came; none when no node has passed it on.
    pub fn read(&self, method: &Method, uri: &Uri, header: &HeaderValue) -> Option<SocketAddr> {
        let (peer, hex) = header.to_str().ok()?.split_once(' ')?;
        let proof: [u8; 32] = HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()?.try_into().ok()?;
        let believed = self.0.believe(&parts(method, uri, peer), &proof);
        peer.parse().ok().filter(|_| believed)
    }
}

fn parts<'a>(method: &'a Method, uri: &'a Uri, peer: &'a str) -> [&'a [u8]; 4] {
    [method.as_str().as_bytes(), uri.path().as_bytes(), uri.query().unwrap_or_default().as_bytes(), peer.as_bytes()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_node_can_say_for_whom_it_asks() {
        let passes = Passes::new(["a secret"]);
        let uri: Uri = "/socket.io/?EIO=4&sid=x".parse().unwrap();
        for peer in ["203.0.113.7:1", "[2001:db8::1]:65535"] {
            let peer: SocketAddr = peer.parse().unwrap();
            let header = passes.write(&Method::GET, &uri, peer).unwrap();
            assert_eq!(passes.read(&Method::GET, &uri, &header), Some(peer));
            assert_eq!(Passes::new(["another", "a secret"]).read(&Method::GET, &uri, &header), Some(peer));
            assert_eq!(Passes::new(["another"]).read(&Method::GET, &uri, &header), None);
            assert_eq!(passes.read(&Method::POST, &uri, &header), None);
            let other: Uri = "/socket.io/?EIO=4&sid=y".parse().unwrap();
            assert_eq!(passes.read(&Method::GET, &other, &header), None);
            let text = header.to_str().unwrap();
            let moved = text.replacen(char::is_numeric, "9", 1);
            for forged in [moved.as_str(), "", &text[..20], &text[..text.len() - 2], &text.replace(' ', ""), &"é".repeat(80)] {
                let forged = HeaderValue::from_bytes(forged.as_bytes()).unwrap();
                assert_eq!(passes.read(&Method::GET, &uri, &forged), None, "{forged:?}");
            }
        }
    }
}
