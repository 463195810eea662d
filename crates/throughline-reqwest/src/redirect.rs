//! Following redirects, one span for each hop.

use std::{
    cell::Cell,
    fmt,
    pin::Pin,
    task::{self, Poll},
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
use throughline_core::http_client::{Attempts, UrlTemplate};

use crate::attempt::{as_is, attempt, count};

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
    /// Sends a request, and follows the redirects in its responses.
    pub(crate) async fn follow(
        &self,
        client: &reqwest::Client,
        attempts: &Attempts,
        mut request: Request,
        template: Option<&UrlTemplate>,
    ) -> Result<Response, reqwest::Error> {
        self.add_default_headers(request.headers_mut());
        let deadline = Deadline::new(request.timeout().copied().or(self.timeout));
        let mut followed = 0;
        loop {
            let again = Again::of(&request);
            let allowed = followed < self.max;
            let send = |request| Hop {
                allowed,
                inner: client.execute(request),
            };
            let earlier = count(u32::try_from(followed).unwrap_or(u32::MAX));
            // The template is that of the URL which the caller knows.
            let template = template.filter(|_| followed == 0);
            let response = attempt(attempts, request, template, earlier, as_is, send).await?;
            let Some(next) = again.next(&response, self.referer) else {
                return Ok(response);
            };
            request = next;
            deadline.limit(&mut request);
            followed += 1;
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

/// Makes the policy of a client whose redirects are followed by [`Redirects::follow`].
///
/// It never lets reqwest follow one. It only makes the error for too many, which nobody else
/// can make.
pub(crate) fn policy() -> Policy {
    Policy::custom(|hop| {
        if MAY_FOLLOW.get() {
            hop.stop()
        } else {
            hop.error(TooManyRedirects)
        }
    })
}

thread_local! {
    /// Whether the request that is being polled may be followed by another.
    static MAY_FOLLOW: Cell<bool> = const { Cell::new(true) };
}

/// A hop that is being sent. It tells the policy, which runs inside `poll`, if it is the last.
struct Hop<F> {
    allowed: bool,
    inner: F,
}

impl<F: Future + Unpin> Future for Hop<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<F::Output> {
        let _reset = Reset(MAY_FOLLOW.replace(self.allowed));
        Pin::new(&mut self.inner).poll(task)
    }
}

struct Reset(bool);

impl Drop for Reset {
    fn drop(&mut self) {
        MAY_FOLLOW.set(self.0);
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
struct Again {
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
    fn of(request: &Request) -> Self {
        let body = match request.body() {
            None => Repeat::Empty,
            Some(_) => request
                .try_clone()
                .map_or(Repeat::Gone, |kept| Repeat::Body(Box::new(kept))),
        };
        Self {
            method: request.method().clone(),
            headers: request.headers().clone(),
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
