//! Following redirects, one span for each hop.

use std::{
    cell::Cell,
    fmt,
    time::{Duration, Instant},
};

use reqwest::{
    Method, Request, Response, StatusCode, Url, Version,
    header::{
        AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, Entry, HeaderMap,
        HeaderName, HeaderValue, LOCATION, PROXY_AUTHORIZATION, REFERER, TRANSFER_ENCODING,
        WWW_AUTHENTICATE,
    },
    redirect::Policy,
};
/// How many redirects reqwest follows by default.
const MAX: usize = 10;

/// How a client follows redirects, and what it must hold for that.
///
/// reqwest clones the headers of a request for every hop, so that those of the first hop's
/// span would go on to any host. And it adds its default headers to whatever it sends, so
/// that credentials among them must not be given to it.
#[derive(Clone, Debug)]
pub(crate) struct Redirects {
    pub(crate) max: usize,
    pub(crate) referer: bool,
    pub(crate) timeout: Option<Duration>,
    pub(crate) default_headers: HeaderMap,
}

impl Default for Redirects {
    fn default() -> Self {
        Self {
            max: MAX,
            referer: true,
            timeout: None,
            default_headers: HeaderMap::new(),
        }
    }
}

impl Redirects {
    /// Starts with a request that the caller made.
    pub(crate) fn hops(&self, request: &mut Request) -> Hops {
        if !self.default_headers.is_empty() {
            self.add_default_headers(request.headers_mut());
        }
        let deadline = Deadline::new(request.timeout().copied().or(self.timeout));
        Hops {
            max: self.max,
            referer: self.referer,
            deadline,
            sent: 0,
        }
    }

    fn add_default_headers(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.default_headers {
            if let Entry::Vacant(entry) = headers.entry(name) {
                entry.insert(value.clone());
            }
        }
    }
}

/// The hops of one request.
pub(crate) struct Hops {
    max: usize,
    referer: bool,
    deadline: Deadline,
    /// How many hops were sent, the one on its way included.
    sent: u32,
}

impl Hops {
    /// Notes a hop that is about to be sent. Returns how many were sent before.
    pub(crate) fn sends(&mut self) -> u32 {
        let followed = self.sent;
        self.sent = self.sent.saturating_add(1);
        followed
    }

    /// Says whether the hop on its way is the last that may be sent.
    pub(crate) fn is_last(&self) -> bool {
        usize::try_from(self.sent).is_ok_and(|sent| sent > self.max)
    }

    /// Makes the next hop, if the response asks for one.
    pub(crate) fn next(&self, again: &mut Option<Again>, response: &Response) -> Option<Request> {
        if !response.status().is_redirection() {
            return None;
        }
        let mut next = again.take()?.next(response, self.referer)?;
        self.deadline.limit(&mut next);
        Some(next)
    }
}

/// Makes the policy of a client whose redirects are followed by [`Hops`].
///
/// It never lets reqwest follow one. It only makes the error for too many, which nobody else
/// can make.
pub(crate) fn policy() -> Policy {
    Policy::custom(|hop| {
        if IS_LAST.get() {
            hop.error(TooManyRedirects)
        } else {
            hop.stop()
        }
    })
}

thread_local! {
    /// Whether the request that is being polled may not be followed by another.
    static IS_LAST: Cell<bool> = const { Cell::new(false) };
}

/// Tells the policy, which runs inside a poll, if the hop is the last: until it is dropped.
pub(crate) struct Told {
    before: bool,
}

impl Told {
    pub(crate) fn new(is_last: bool) -> Self {
        Self {
            before: IS_LAST.replace(is_last),
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        IS_LAST.set(self.before);
    }
}

#[derive(Debug)]
struct TooManyRedirects;

impl fmt::Display for TooManyRedirects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("too many redirects")
    }
}

impl std::error::Error for TooManyRedirects {}

/// What the next hop needs of this one.
pub(crate) struct Again {
    method: Method,
    headers: HeaderMap,
    version: Version,
    body: Repeat,
}

enum Repeat {
    Empty,
    /// A request that is only kept for its body.
    Body(Box<Request>),
    /// A stream, which is gone.
    Gone,
}

impl Again {
    /// Keeps it before the trace headers of this hop are added.
    pub(crate) fn of(request: &Request) -> Self {
        let body = match request.body() {
            None => Repeat::Empty,
            Some(_) => request
                .try_clone()
                .map_or(Repeat::Gone, |kept| Repeat::Body(Box::new(kept))),
        };
        Self {
            method: request.method().clone(),
            headers: match request.headers() {
                none if none.is_empty() => HeaderMap::new(),
                some => some.clone(),
            },
            version: request.version(),
            body,
        }
    }

    /// Makes the request that the response asks for. `None` if it is not a redirect, or one
    /// that cannot be followed: reqwest gives such a response to the caller, too.
    ///
    /// Source: RFC 9110, section 15.4, and the WHATWG's fetch standard, section 4.4.
    fn next(mut self, response: &Response, referer: bool) -> Option<Request> {
        let drop_body = match response.status() {
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            StatusCode::SEE_OTHER => true,
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => false,
            _ => return None,
        };
        let from = response.url();
        let to = location(response)?;
        if drop_body {
            if self.method != Method::HEAD {
                self.method = Method::GET;
            }
            self.body = Repeat::Empty;
            for name in [
                CONTENT_TYPE,
                CONTENT_LENGTH,
                CONTENT_ENCODING,
                TRANSFER_ENCODING,
            ] {
                self.headers.remove(name);
            }
        }
        remove_credentials(&mut self.headers, from, &to);
        if referer && let Some(value) = referer_of(from, &to) {
            self.headers.insert(REFERER, value);
        }
        let body = match self.body {
            Repeat::Empty => None,
            Repeat::Body(mut kept) => kept.body_mut().take(),
            Repeat::Gone => return None,
        };
        let mut next = Request::new(self.method, to);
        *next.headers_mut() = self.headers;
        *next.version_mut() = self.version;
        *next.body_mut() = body;
        Some(next)
    }
}

/// The time that all hops have together.
struct Deadline {
    started: Option<Instant>,
    timeout: Duration,
}

impl Deadline {
    fn new(timeout: Option<Duration>) -> Self {
        Self {
            started: timeout.map(|_| Instant::now()),
            timeout: timeout.unwrap_or_default(),
        }
    }

    fn limit(&self, request: &mut Request) {
        if let Some(started) = self.started {
            *request.timeout_mut() = Some(self.timeout.saturating_sub(started.elapsed()));
        }
    }
}

fn location(response: &Response) -> Option<Url> {
    let location = response.headers().get(LOCATION)?;
    response
        .url()
        .join(std::str::from_utf8(location.as_bytes()).ok()?)
        .ok()
}

/// Removes what must not reach another host: the same headers as reqwest.
fn remove_credentials(headers: &mut HeaderMap, from: &Url, to: &Url) {
    let origin = |url: &Url| {
        (
            url.scheme().to_owned(),
            url.host_str().map(str::to_owned),
            url.port_or_known_default(),
        )
    };
    if origin(from) == origin(to) {
        return;
    }
    let cookie2 = HeaderName::from_static("cookie2");
    for name in [
        AUTHORIZATION,
        COOKIE,
        cookie2,
        PROXY_AUTHORIZATION,
        WWW_AUTHENTICATE,
    ] {
        headers.remove(name);
    }
}

/// Makes `Referer`: the URL without credentials and fragment, never from `https` to `http`.
fn referer_of(from: &Url, to: &Url) -> Option<HeaderValue> {
    if from.scheme() == "https" && to.scheme() == "http" {
        return None;
    }
    let mut referer = from.clone();
    referer.set_username("").ok()?;
    referer.set_password(None).ok()?;
    referer.set_fragment(None);
    HeaderValue::from_str(referer.as_str()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limited(timeout: Option<u64>, passed: u64) -> Option<Duration> {
        let mut request = Request::new(Method::GET, "http://a.test/".parse().unwrap());
        let mut deadline = Deadline::new(timeout.map(Duration::from_secs));
        let earlier = |now: Instant| now.checked_sub(Duration::from_secs(passed)).unwrap();
        deadline.started = deadline.started.map(earlier);
        deadline.limit(&mut request);
        request.timeout().copied()
    }

    #[test]
    fn a_hop_gets_the_time_that_the_ones_before_have_left() {
        assert_eq!(limited(None, 100), None);
        let left = limited(Some(100), 40).unwrap();
        assert!(
            left <= Duration::from_mins(1) && left > Duration::from_secs(50),
            "{left:?}"
        );
        assert_eq!(limited(Some(100), 200), Some(Duration::ZERO));
    }

    #[test]
    fn credentials_are_removed_where_scheme_host_or_port_differ() {
        for (from, to, kept) in [
            ("http://a.test/1", "http://a.test/2", true),
            ("http://a.test/", "http://A.test:80/", true),
            ("https://a.test/", "https://a.test:443/", true),
            ("http://a.test/", "https://a.test/", false),
            ("http://a.test/", "http://a.test:81/", false),
            ("http://a.test/", "http://b.test/", false),
            ("http://a.test/", "http://x.a.test/", false),
        ] {
            let names = [
                "authorization",
                "cookie",
                "cookie2",
                "proxy-authorization",
                "www-authenticate",
            ];
            let mut headers: HeaderMap = names
                .into_iter()
                .map(|name| {
                    (
                        HeaderName::from_static(name),
                        HeaderValue::from_static("secret"),
                    )
                })
                .collect();
            remove_credentials(&mut headers, &from.parse().unwrap(), &to.parse().unwrap());
            assert_eq!(
                headers.len(),
                if kept { names.len() } else { 0 },
                "{from} {to}"
            );
        }
    }

    #[test]
    fn a_referer_never_goes_from_https_to_http() {
        for (from, to, referer) in [
            (
                "http://u:p@a.test/x?y#z",
                "http://b.test/",
                Some("http://a.test/x?y"),
            ),
            (
                "https://a.test/",
                "https://b.test/",
                Some("https://a.test/"),
            ),
            ("http://a.test/", "https://b.test/", Some("http://a.test/")),
            ("https://a.test/", "http://a.test/", None),
        ] {
            let found = referer_of(&from.parse().unwrap(), &to.parse().unwrap());
            assert_eq!(found, referer.map(HeaderValue::from_static), "{from} {to}");
        }
    }
}
