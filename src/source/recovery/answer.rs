//! What the recovery server says: lines of keys and values, nothing trusted.

use crate::source::http::{Address, Fault};

/// The most bytes of an answer.
pub(super) const MOST: usize = 64 << 10;
/// The most lines of an answer.
const MOST_LINES: usize = 64;
/// The longest token.
const LONGEST: usize = 2048;

/// A file that is offered: its address, and the token that opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Where it is.
    pub url: String,
    /// What is sent with the request.
    pub token: String,
}

/// What an order brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The image: a recovery system, or `InstallESD.dmg`.
    pub image: Asset,
    /// The chunk list that proves it; the installer has none.
    pub chunklist: Option<Asset>,
    /// Whether it came by https: who changes an answer on its way chooses what is fetched.
    pub secure: bool,
}

/// The session's cookie among `Set-Cookie` fields: its value, and the bytes
/// behind its `~`.
pub(super) fn session<'a>(
    cookies: impl Iterator<Item = &'a str>,
) -> Result<(String, Vec<u8>), Fault> {
    let wrong = |text: &str| Err(Fault::Wrong(text.to_owned()));
    for cookie in cookies {
        let first = cookie.split(';').next().unwrap_or_default().trim();
        let Some(value) = first.strip_prefix("session=") else { continue };
        if value.len() > LONGEST || !value.bytes().all(is_plain) {
            return wrong("the recovery server's session has characters that no session has");
        }
        let bare = value.trim_matches('"');
        let digits = bare.split_once('~').map(|(_, digits)| digits);
        let Some(bytes) = digits.and_then(super::machine::bytes_of) else {
            return wrong("the recovery server's session has no hex digits behind a `~`");
        };
        return Ok((value.to_owned(), bytes));
    }
    wrong("the recovery server began no session")
}

/// Whether a byte may stand in a cookie's value or a token.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b';'
}

/// Reads an answer. The files must be on the server's own hosts.
pub(super) fn offer(data: &[u8], server: &Address, secure: bool) -> Result<Offer, Fault> {
    let wrong = |text: String| Fault::Wrong(text);
    let text = std::str::from_utf8(data)
        .map_err(|_| wrong("the recovery server's answer is not text".to_owned()))?;
    let mut fields: Vec<(&str, &str)> = Vec::new();
    for (count, line) in text.lines().enumerate() {
        if count == MOST_LINES {
            return Err(wrong(format!("the recovery server's answer has over {MOST_LINES} lines")));
        }
        let Some((key, value)) = line.split_once(": ") else { continue };
        if fields.iter().any(|(known, _)| *known == key) {
            let key: String = key.escape_default().take(16).collect();
            return Err(wrong(format!("the recovery server's answer has two `{key}`")));
        }
        fields.push((key, value.trim()));
    }
    let get = |key: &str| fields.iter().find(|(known, _)| *known == key).map(|(_, value)| *value);
    let asset = |at: &str, token: &str| -> Result<Option<Asset>, Fault> {
        let Some(url) = get(at) else { return Ok(None) };
        let address = Address::parse(url)?;
        if !server.is_of_same_owner(&address) {
            return Err(wrong(format!("the recovery server's `{at}` leads elsewhere: {address}")));
        }
        let token = get(token).filter(|t| t.len() <= LONGEST && t.bytes().all(is_plain));
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Err(wrong(format!("the recovery server's answer has no token for `{at}`")));
        };
        Ok(Some(Asset { url: address.as_str().to_owned(), token: token.to_owned() }))
    };
    let Some(image) = asset("AU", "AT")? else {
        return Err(Fault::Unfit("the recovery server offers nothing for this Mac".to_owned()));
    };
    Ok(Offer { image, chunklist: asset("CU", "CT")?, secure })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apple() -> Address {
        Address::parse("http://osrecovery.apple.com/").unwrap()
    }

    fn said(text: &str) -> String {
        match offer(text.as_bytes(), &apple(), true) {
            Ok(offer) => format!("{:?}", offer.image.url),
            Err(fault) => fault.to_string(),
        }
    }

    #[test]
    fn sessions_are_read_strictly() {
        let of = |cookies: &[&'static str]| session(cookies.iter().copied());
        let (value, bytes) = of(&["a=b", "session=17~0A1B; path=/"]).unwrap();
        assert_eq!((value.as_str(), bytes), ("17~0A1B", vec![0x0a, 0x1b]));
        assert_eq!(of(&["session=\"17~0A\"; path=/"]).unwrap().1, [0x0a]);
        assert_eq!(of(&[]).unwrap_err().to_string(), "the recovery server began no session");
        for wrong in ["session=17", "session=17~0A1", "session=17~zz"] {
            assert_eq!(
                of(&[wrong]).unwrap_err().to_string(),
                "the recovery server's session has no hex digits behind a `~`"
            );
        }
        assert_eq!(
            of(&["session=a b~00"]).unwrap_err().to_string(),
            "the recovery server's session has characters that no session has"
        );
    }

    #[test]
    fn an_offer_has_addresses_and_tokens() {
        let text = "AP: 041\nAU: http://oscdn.apple.com/x/BaseSystem.dmg\nAH: 0\nAT: exp=1~hmac=2\n\
                    CU: http://oscdn.apple.com/x/BaseSystem.chunklist\nCT: exp=3\n";
        let offer = offer(text.as_bytes(), &apple(), true).unwrap();
        assert_eq!(offer.image.token, "exp=1~hmac=2");
        assert_eq!(offer.image.name(), "BaseSystem.dmg");
        assert_eq!(offer.chunklist.unwrap().name(), "BaseSystem.chunklist");
    }

    #[test]
    fn hostile_answers_are_refused() {
        let image = "AU: http://oscdn.apple.com/x";
        assert_eq!(said(""), "the recovery server offers nothing for this Mac");
        assert_eq!(said(image), "the recovery server's answer has no token for `AU`");
        assert_eq!(
            said(&format!("{image}\nAT: a;b")),
            "the recovery server's answer has no token for `AU`"
        );
        assert_eq!(
            said("AU: http://127.0.0.1/x\nAT: t"),
            "the recovery server's `AU` leads elsewhere: http://127.0.0.1/x"
        );
        assert_eq!(
            said("AU: http://evilapple.com/x\nAT: t"),
            "the recovery server's `AU` leads elsewhere: http://evilapple.com/x"
        );
        assert_eq!(said("AU: file:///x\nAT: t"), "`file:` is not http or https");
        assert_eq!(
            said(&format!("{image}\n{image}\nAT: t")),
            "the recovery server's answer has two `AU`"
        );
        assert_eq!(
            offer(&[0xff], &apple(), true).unwrap_err().to_string(),
            "the recovery server's answer is not text"
        );
        let long = "x\n".repeat(65);
        assert_eq!(said(&long), "the recovery server's answer has over 64 lines");
    }
}
