//! Which pages may talk to us: used for sockets, the API and forms.

use http::{HeaderMap, HeaderName, header};

use crate::config::Config;
use crate::config::value::{Origin, Origins, PublicUrl};

/// What the `Origin` of a request means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No page asks, or one of our own by a plain GET: browsers add the header to everything else.
    Absent,
    /// One of our own pages.
    Same,
    /// A page that the settings name.
    Listed,
    /// Any other page, while the settings allow all.
    Foreign,
    /// A page that may not.
    Refused,
}

impl Verdict {
    pub fn is_allowed(self) -> bool {
        self != Self::Refused
    }

    /// Whether a cookie may say who asks. For a foreign page it must not: it would act as whoever looks at it.
    pub fn trusts_cookies(self) -> bool {
        matches!(self, Self::Absent | Self::Same | Self::Listed)
    }
}

/// The settings about origins.
#[derive(Clone, Debug, Default)]
pub struct OriginPolicy {
    public: Option<PublicUrl>,
    origins: Origins,
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

impl OriginPolicy {
    pub fn new(config: &Config) -> Self {
        Self { public: config.public_url.clone(), origins: config.allowed_origins.clone() }
    }

    /// Judges a request by its `Origin` and `Host`.
    pub fn judge(&self, headers: &HeaderMap) -> Verdict {
        let mut given = headers.get_all(header::ORIGIN).iter();
        let Some(origin) = given.next() else { return Verdict::Absent };
        let others = if self.origins.any { Verdict::Foreign } else { Verdict::Refused };
        // `null` and whatever else is not an origin belongs to nobody.
        let Some(origin) = origin.to_str().ok().and_then(|text| text.parse::<Origin>().ok()) else { return others };
        if given.next().is_some() {
            return Verdict::Refused;
        }
        if self.is_own(&origin, headers) {
            Verdict::Same
        } else if self.origins.listed.contains(&origin) {
            Verdict::Listed
        } else {
            others
        }
    }

    /// Judges a request that changes something on behalf of a cookie: only our own pages may.
    pub fn allows_form(&self, headers: &HeaderMap) -> bool {
        match self.judge(headers) {
            Verdict::Same => true,
            Verdict::Absent => headers.get(SEC_FETCH_SITE).is_none_or(|site| site == "same-origin" || site == "none"),
            Verdict::Listed | Verdict::Foreign | Verdict::Refused => false,
        }
    }

    /// Whether a name in `Host` may stand in links: one that the settings know.
    pub fn knows_host(&self, host: &str) -> bool {
        self.origins.listed.iter().any(|origin| origin.authority().eq_ignore_ascii_case(host))
    }

    fn is_own(&self, origin: &Origin, headers: &HeaderMap) -> bool {
        if let Some(public) = &self.public {
            if origin == public.origin() {
                return true;
            }
            // A page of the same name without encryption can be anybody's.
            if public.is_https() && origin.authority() == public.origin().authority() {
                return false;
            }
        }
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        host.is_some_and(|host| {
            let scheme = if origin.is_https() { "https" } else { "http" };
            format!("{scheme}://{host}").parse::<Origin>().is_ok_and(|own| own == *origin)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(public: Option<&str>, origins: &str) -> OriginPolicy {
        OriginPolicy { public: public.map(|url| url.parse().unwrap()), origins: origins.parse().unwrap() }
    }

    fn headers(host: &str, origin: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if !origin.is_empty() {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_our_own_pages_and_listed_ones_may_connect() {
        let local = policy(None, "http://app.example:8080");
        let public = policy(Some("https://play.example"), "");
        for (policy, host, origin, verdict) in [
            (&local, "127.0.0.1:3000", "", Verdict::Absent),
            (&local, "127.0.0.1:3000", "http://127.0.0.1:3000", Verdict::Same),
            (&local, "LOCALHOST:3000", "http://localhost:3000", Verdict::Same),
            (&local, "box.local", "http://box.local", Verdict::Same),
            (&local, "box.local:443", "https://box.local", Verdict::Same),
            (&local, "[::1]:3000", "http://[::1]:3000", Verdict::Same),
            (&local, "127.0.0.1:3000", "http://localhost:3000", Verdict::Refused),
            (&local, "127.0.0.1:3000", "http://127.0.0.1:3001", Verdict::Refused),
            (&local, "127.0.0.1:3000", "http://127.0.0.1", Verdict::Refused),
            (&local, "127.0.0.1:3000", "http://app.example:8080", Verdict::Listed),
            (&local, "127.0.0.1:3000", "http://app.example:8081", Verdict::Refused),
            (&local, "127.0.0.1:3000", "http://evil.example", Verdict::Refused),
            (&local, "127.0.0.1:3000", "http://127.0.0.1:3000.evil.example", Verdict::Refused),
            (&local, "127.0.0.1:3000", "http://evil@127.0.0.1:3000", Verdict::Refused),
            (&local, "127.0.0.1:3000", "null", Verdict::Refused),
            (&local, "127.0.0.1:3000", "http://127.0.0.1:3000/", Verdict::Refused),
            (&public, "10.0.0.2:3000", "https://play.example", Verdict::Same),
            (&public, "play.example", "http://play.example", Verdict::Refused),
            (&public, "10.0.0.2:3000", "http://10.0.0.2:3000", Verdict::Same),
            (&public, "play.example", "https://play.example.evil", Verdict::Refused),
        ] {
            assert_eq!(policy.judge(&headers(host, origin)), verdict, "{origin} at {host}");
        }
    }

    #[test]
    fn a_star_allows_every_page_but_no_cookies() {
        let open = policy(None, "*");
        for origin in ["https://any.example", "null"] {
            let verdict = open.judge(&headers("127.0.0.1:3000", origin));
            assert!(verdict == Verdict::Foreign && verdict.is_allowed() && !verdict.trusts_cookies());
        }
        assert!(open.judge(&headers("127.0.0.1:3000", "http://127.0.0.1:3000")).trusts_cookies());
    }

    #[test]
    fn forms_are_taken_from_our_own_pages_only() {
        let policy = policy(None, "http://app.example, *");
        assert!(policy.allows_form(&headers("a:1", "http://a:1")));
        assert!(policy.allows_form(&headers("a:1", "")));
        assert!(!policy.allows_form(&headers("a:1", "http://app.example")));
        assert!(!policy.allows_form(&headers("a:1", "null")));
        let mut cross = headers("a:1", "");
        cross.insert(SEC_FETCH_SITE, "cross-site".parse().unwrap());
        assert!(!policy.allows_form(&cross));
    }

    #[test]
    fn two_origins_in_one_request_are_refused() {
        let mut twice = headers("a:1", "http://a:1");
        twice.append(header::ORIGIN, "http://evil.example".parse().unwrap());
        assert_eq!(policy(None, "").judge(&twice), Verdict::Refused);
    }
}
