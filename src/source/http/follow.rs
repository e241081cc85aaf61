//! Redirects: a few, never in a circle, never secretly to plain http.

use crate::source::http::{Address, Fault, Fetcher, Request, Response, Watch};

/// The most redirects of one request.
const MOST: usize = 10;

/// An answer that is no redirect, and where it came from.
#[derive(Debug)]
pub struct Followed {
    /// The answer.
    pub response: Response,
    /// Where it came from in the end.
    pub address: Address,
    /// Whether every exchange on the way was by https.
    pub secure: bool,
}

/// Sends a request and follows redirects; `plain` allows those to plain http.
///
/// # Errors
/// What the fetcher says; [`Fault::Redirect`] for circles, for too many, for
/// those without an address, and for plain http where it is not allowed.
pub fn follow(
    fetcher: &dyn Fetcher,
    request: &Request,
    plain: bool,
    watch: &dyn Watch,
) -> Result<Followed, Fault> {
    let mut address = Address::parse(&request.url)?;
    let mut request = request.clone();
    let mut secure = true;
    let mut seen = vec![address.clone()];
    loop {
        secure &= address.is_secure();
        address.as_str().clone_into(&mut request.url);
        let response = fetcher.get(&request, watch)?;
        if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
            return Ok(Followed { response, address, secure });
        }
        let next = next(&address, &response)?;
        if seen.contains(&next) {
            return Err(Fault::Redirect(format!("the server redirects in a circle, by {next}")));
        }
        if seen.len() > MOST {
            return Err(Fault::Redirect(format!("the server redirects more than {MOST} times")));
        }
        if !plain && !next.is_secure() && address.is_secure() {
            let text = format!("the server redirects to plain http ({next}), where all can change");
            return Err(Fault::Redirect(text));
        }
        if !next.same_host(&address) {
            request.headers.retain(|(name, _)| !is_secret(name));
        }
        if response.status == 303 {
            request.body = None;
        }
        seen.push(next.clone());
        address = next;
    }
}

fn next(from: &Address, response: &Response) -> Result<Address, Fault> {
    let status = response.status;
    let Some(location) = response.header("location") else {
        let text = format!("the server answered {status} without saying where to");
        return Err(Fault::Redirect(text));
    };
    from.join(location)
}

fn is_secret(name: &str) -> bool {
    ["cookie", "authorization"].iter().any(|secret| name.eq_ignore_ascii_case(secret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Redirects by a table; what is not in it is answered with 200.
    struct Table(&'static [(&'static str, u16, &'static str)], Mutex<Vec<Request>>);

    impl Fetcher for Table {
        fn get(&self, request: &Request, _watch: &dyn Watch) -> Result<Response, Fault> {
            self.1.lock().unwrap().push(request.clone());
            let found = self.0.iter().find(|(from, ..)| *from == request.url);
            let (status, headers) = match found {
                Some((_, status, "")) => (*status, Vec::new()),
                Some((_, status, to)) => (*status, vec![("location".into(), (*to).into())]),
                None => (200, Vec::new()),
            };
            Ok(Response { status, headers, body: Box::new(std::io::empty()) })
        }
    }

    fn ask(table: &'static [(&str, u16, &str)], url: &str, plain: bool) -> Result<Followed, Fault> {
        follow(&Table(table, Mutex::default()), &Request::new(url), plain, &())
    }

    #[test]
    fn redirects_are_followed_to_their_end() {
        let table = &[("http://a/x", 302, "/y"), ("http://a/y", 301, "https://b/z")];
        let end = ask(table, "http://a/x", false).unwrap();
        assert_eq!((end.address.to_string().as_str(), end.secure), ("https://b/z", false));
    }

    #[test]
    fn what_cannot_be_followed_is_said() {
        let fault = |table, plain| ask(table, "https://a/x", plain).unwrap_err().to_string();
        assert_eq!(
            fault(&[("https://a/x", 302, "/y"), ("https://a/y", 302, "/x")], true),
            "the server redirects in a circle, by https://a/x"
        );
        assert_eq!(
            fault(&[("https://a/x", 307, "")], true),
            "the server answered 307 without saying where to"
        );
        let down: &[_] = &[("https://a/x", 302, "http://a/x")];
        assert_eq!(
            fault(down, false),
            "the server redirects to plain http (http://a/x), where all can change"
        );
        assert!(!ask(down, "https://a/x", true).unwrap().secure);
    }

    #[test]
    fn endless_redirects_end() {
        struct Endless;
        impl Fetcher for Endless {
            fn get(&self, request: &Request, _watch: &dyn Watch) -> Result<Response, Fault> {
                let headers = vec![("location".into(), format!("{}x", request.url))];
                Ok(Response { status: 302, headers, body: Box::new(std::io::empty()) })
            }
        }
        let fault = follow(&Endless, &Request::new("http://a/"), true, &()).unwrap_err();
        assert_eq!(fault.to_string(), "the server redirects more than 10 times");
    }

    #[test]
    fn cookies_stay_with_their_host() {
        let table = Table(&[("https://a/x", 302, "https://b/y")], Mutex::default());
        let request = Request::new("https://a/x").with("Cookie", "session=1").with("Range", "r");
        follow(&table, &request, false, &()).unwrap();
        let sent = table.1.into_inner().unwrap();
        assert_eq!(sent[0].headers.len(), 2);
        assert_eq!(sent[1].headers, [("Range".to_owned(), "r".to_owned())]);
    }
}
