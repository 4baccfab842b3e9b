//! Who asks: by `Authorization: Bearer TOKEN`, or by the `parlor_session` cookie that our pages set.

use std::time::Duration;

use axum_extra::extract::cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, header};

use crate::account::Identity;
use crate::account::token::Tokens;
use crate::refusal::{Code, Refusal};
use crate::time::Timestamp;

/// The name of the session cookie.
pub const SESSION: &str = "parlor_session";

/// How somebody proved who they are. What browsers add by themselves (a cookie) needs protection against forged forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Bearer,
    Cookie,
}

/// Who asks. `None` is nobody we know: no credentials, or a cookie that has run out.
///
/// # Errors
/// `AUTH_REQUIRED` for a bearer token that does not count: whoever sends one means to be that player. A bad cookie is as none, because
/// the browser would send it forever and no script could take it back.
pub fn who(headers: &HeaderMap, tokens: &Tokens, now: Timestamp) -> Result<Option<(Identity, Source)>, Refusal> {
    if let Some(token) = bearer(headers)? {
        return Ok(Some((tokens.verify(token, now)?, Source::Bearer)));
    }
    let identity = session(headers).and_then(|token| tokens.verify(token, now).ok());
    Ok(identity.map(|identity| (identity, Source::Cookie)))
}

/// The token in `Authorization`.
///
/// # Errors
/// `AUTH_REQUIRED` when the header is there and is something else.
pub fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let token =
        value.to_str().ok().and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    match token {
        Some((_, token)) => Ok(Some(token.trim())),
        None => Err(Refusal::new(Code::AuthRequired, "Authorization should be `Bearer TOKEN`")),
    }
}

/// The token in the session cookie.
pub fn session(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(SESSION)?.strip_prefix('='))
}

/// The `Set-Cookie` that keeps `token` for `lifetime`; `secure` when browsers reach us by https.
pub fn keep(token: &str, lifetime: Duration, secure: bool) -> HeaderValue {
    set(token, i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX), secure)
}

/// The `Set-Cookie` that ends the session.
pub fn forget(secure: bool) -> HeaderValue {
    set("", 0, secure)
}

fn set(value: &str, max_age: i64, secure: bool) -> HeaderValue {
    // The cookie library takes durations of a crate that we do not use otherwise: the attribute is added as text.
    let cookie = Cookie::build((SESSION, value)).path("/").http_only(true).same_site(SameSite::Lax).secure(secure);
    let text = format!("{}; Max-Age={max_age}", cookie.build());
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("parlor_session=; Path=/; Max-Age=0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_228_800_000);

    fn headers(lines: &[(header::HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn the_bearer_token_comes_before_the_cookie() {
        let tokens = Tokens::new("a secret of these tests", Duration::from_secs(60));
        let (ada, a) = tokens.guest(Some("Ada"), NOW).unwrap();
        let (bob, b) = tokens.guest(Some("Bob"), NOW).unwrap();
        let cookie = format!("theme=dark; parlor_session={b}; x=y");
        let auth = format!("bearer {a}");
        let both = headers(&[(header::AUTHORIZATION, &auth), (header::COOKIE, &cookie)]);
        assert_eq!(who(&both, &tokens, NOW).unwrap(), Some((ada, Source::Bearer)));
        let one = headers(&[(header::COOKIE, "first=1"), (header::COOKIE, &cookie)]);
        assert_eq!(who(&one, &tokens, NOW).unwrap(), Some((bob, Source::Cookie)));
        assert_eq!(who(&one, &tokens, NOW + Duration::from_secs(61)).unwrap(), None);
        assert_eq!(who(&headers(&[]), &tokens, NOW).unwrap(), None);
    }

    #[test]
    fn a_bad_bearer_token_is_refused_and_a_bad_cookie_is_none() {
        let tokens = Tokens::new("a secret of these tests", Duration::from_secs(60));
        for auth in ["Bearer", "Bearer nonsense", "Basic YTpi", "nonsense"] {
            let error = who(&headers(&[(header::AUTHORIZATION, auth)]), &tokens, NOW).unwrap_err();
            assert_eq!(error.code, Code::AuthRequired, "{auth}");
        }
        for cookie in ["parlor_session=nonsense", "parlor_session=", "parlor_sessionx=a", "xparlor_session=a", ";;="] {
            assert_eq!(who(&headers(&[(header::COOKIE, cookie)]), &tokens, NOW), Ok(None), "{cookie}");
        }
    }

    #[test]
    fn the_cookie_is_out_of_reach_for_scripts_and_other_sites() {
        let plain = keep("a.b.c", Duration::from_secs(60), false);
        let plain = plain.to_str().unwrap();
        for part in ["parlor_session=a.b.c", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=60"] {
            assert!(plain.contains(part), "{plain}");
        }
        assert!(!plain.contains("Secure") && keep("a", Duration::ZERO, true).to_str().unwrap().contains("Secure"));
        assert!(forget(true).to_str().unwrap().contains("Max-Age=0"));
    }
}
