//! What is kept of a handshake.
//!
//! The server keeps each connection's first request for as long as the connection lives, and every header in it, and its address, is a
//! window into the buffer that the request was read into: 16 KiB for an idle player, of which a few hundred bytes are of use.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Uri};

/// Gives the request a place of its own, so that the buffer it came in can go. Of the extensions only the peer's address stays.
pub fn detach(parts: &mut Parts) {
    parts.headers = copy(&parts.headers);
    if let Ok(uri) = Uri::try_from(parts.uri.to_string()) {
        parts.uri = uri;
    }
    let peer = parts.extensions.remove::<ConnectInfo<SocketAddr>>();
    parts.extensions = Extensions::new();
    if let Some(peer) = peer {
        parts.extensions.insert(peer);
    }
}

/// The same headers, all in one piece of memory.
fn copy(headers: &HeaderMap) -> HeaderMap {
    let mut whole = BytesMut::with_capacity(headers.values().map(HeaderValue::len).sum());
    headers.values().for_each(|value| whole.extend_from_slice(value.as_bytes()));
    let whole = whole.freeze();
    let mut copied = HeaderMap::with_capacity(headers.keys_len());
    let mut at = 0;
    for (name, value) in headers {
        let bytes: Bytes = whole.slice(at..at + value.len());
        at += value.len();
        // A name that is not a standard one may be a window, too.
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_maybe_shared(bytes)) {
            copied.append(name, value);
        }
    }
    copied
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_is_the_same_afterwards_and_lets_its_buffer_go() {
        let buffer = Bytes::from("/socket.io/?EIO=4 example.org a=1; b=2 first second".as_bytes().to_vec());
        let value = |range: std::ops::Range<usize>| HeaderValue::from_maybe_shared(buffer.slice(range)).unwrap();
        let uri = Uri::from_maybe_shared(buffer.slice(0..17)).unwrap();
        let mut request = http::Request::builder()
            .uri(uri)
            .header("host", value(18..29))
            .header("cookie", value(30..38))
            .header("x-forwarded-for", value(39..44))
            .header("x-forwarded-for", value(45..51))
            .body(())
            .unwrap();
        let peer: SocketAddr = "10.0.0.1:1".parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let original = axum::extract::OriginalUri(request.uri().clone());
        request.extensions_mut().insert(original);
        let (mut parts, ()) = request.into_parts();
        let (headers, uri) = (parts.headers.clone(), parts.uri.clone());
        detach(&mut parts);
        assert_eq!((&parts.headers, &parts.uri), (&headers, &uri));
        assert_eq!(parts.headers.get_all("x-forwarded-for").iter().collect::<Vec<_>>(), ["first", "second"]);
        assert_eq!(parts.extensions.get::<ConnectInfo<SocketAddr>>().unwrap().0, peer);
        drop((headers, uri));
        assert!(buffer.is_unique(), "something still holds the buffer");
    }
}
