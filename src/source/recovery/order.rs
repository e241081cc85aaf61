//! The exchange with the recovery server: a session, then an order.

use crate::source::http::{Address, Fault, Fetcher, Request, Response, Watch, follow};
use crate::source::recovery::answer::{MOST, Offer, offer, session};
use crate::source::recovery::machine::{Machine, capital_hex};
use crate::source::store::{Failure, FailureKind};
use ring::rand::{SecureRandom, SystemRandom};
use std::io::{ErrorKind, Read};

/// Where Apple's is. It is tried by https first.
const APPLE: &str = "http://osrecovery.apple.com/";
/// What Macs call themselves there.
const AGENT: &str = "InternetRecovery/1.0";

/// What is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// The recovery system that the Mac came with.
    Recovery,
    /// The newest recovery system for the Mac.
    LatestRecovery,
    /// `InstallESD.dmg`, for Macs that came with 10.7 to 10.9.
    Installer,
}

/// Numbers that an order makes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ids {
    /// The client's id.
    pub client: [u8; 8],
    /// What stands for a key where none is wanted.
    pub key: [u8; 32],
    /// What stands for the Mac's fingerprint.
    pub fingerprint: [u8; 32],
}

impl Ids {
    /// Numbers by chance.
    ///
    /// # Errors
    /// [`FailureKind::Disk`] when the system has none to give.
    pub fn random() -> Result<Self, Failure> {
        let mut all = [0; 72];
        SystemRandom::new().fill(&mut all).map_err(|_| {
            Failure::new(FailureKind::Disk, "the system has no random numbers to give")
        })?;
        let mut ids = Self { client: [0; 8], key: [0; 32], fingerprint: [0; 32] };
        ids.client.copy_from_slice(&all[..8]);
        ids.key.copy_from_slice(&all[8..40]);
        ids.fingerprint.copy_from_slice(&all[40..]);
        Ok(ids)
    }
}

/// A recovery server.
#[derive(Clone, Debug)]
pub struct Recovery {
    base: Address,
}

impl Recovery {
    /// Apple's.
    ///
    /// # Errors
    /// None: its address is one.
    pub fn apple() -> Result<Self, Failure> {
        Self::at(APPLE)
    }

    /// Another one.
    ///
    /// # Errors
    /// [`FailureKind::Usage`] for what is no address.
    pub fn at(url: &str) -> Result<Self, Failure> {
        let base = Address::parse(url).map_err(|fault| {
            let sentence = "the recovery server's address cannot be used";
            let hint = "give one like http://server/";
            Failure::new(FailureKind::Usage, sentence).because(fault).hint(hint)
        })?;
        Ok(Self { base })
    }

    /// Orders a product for a Mac.
    ///
    /// # Errors
    /// [`FailureKind::Network`] for what the server says or does not say,
    /// [`FailureKind::Usage`] when the product needs more of the Mac, and
    /// [`FailureKind::Interrupted`].
    pub fn order(
        &self,
        machine: &Machine,
        product: Product,
        ids: &Ids,
        fetcher: &dyn Fetcher,
        watch: &dyn Watch,
    ) -> Result<Offer, Failure> {
        let mut failure = Failure::new(FailureKind::Network, "the recovery server gave no offer");
        for base in self.base.secured().into_iter().chain([self.base.clone()]) {
            if !base.is_secure() && !base.is_loopback() && product == Product::Installer {
                let text = "the serial number is sent by plain http, which others can read";
                watch.warned(text);
            }
            match self.order_at(&base, machine, product, ids, fetcher, watch) {
                Ok(offer) => return Ok(offer),
                Err(Ended::Failure(failure)) => return Err(failure),
                Err(Ended::Fault(Fault::Stopped)) => {
                    let sentence = "the order at the recovery server was interrupted";
                    return Err(Failure::new(FailureKind::Interrupted, sentence));
                }
                Err(Ended::Fault(fault)) => {
                    failure.hint = Some(hint(&fault, product).to_owned());
                    failure = failure.because(format!("{base}: {fault}"));
                }
            }
        }
        Err(failure)
    }

    fn order_at(
        &self,
        base: &Address,
        machine: &Machine,
        product: Product,
        ids: &Ids,
        fetcher: &dyn Fetcher,
        watch: &dyn Watch,
    ) -> Result<Offer, Ended> {
        let plain = !base.is_secure();
        let ask = |request: Request| -> Result<Response, Fault> {
            let request = request.with("User-Agent", AGENT).with("Accept-Encoding", "identity");
            let followed = follow(fetcher, &request, plain, watch)?;
            match followed.response.status {
                200 => Ok(followed.response),
                status => Err(Fault::Status(status)),
            }
        };
        let begun = ask(Request::new(base.as_str()))?;
        let (cookie, server) = session(begun.all("set-cookie"))?;
        let (path, body) = body(machine, product, ids, &server)?;
        let address = base.join(path)?;
        let request = Request::post(address.as_str(), body)
            .with("Content-Type", "text/plain")
            .with("Cookie", format!("session={cookie}"));
        let answer = ask(request)?;
        Ok(offer(&short(answer, watch)?, &self.base, base.is_secure())?)
    }
}

/// Where an order goes, and what it says.
fn body(
    machine: &Machine,
    product: Product,
    ids: &Ids,
    server: &[u8],
) -> Result<(&'static str, String), Failure> {
    let client = capital_hex(&ids.client);
    let who = format!("cid={client}\nsn={}\nbid={}\n", machine.serial(), machine.board());
    let (key, print) = (capital_hex(&ids.key), capital_hex(&ids.fingerprint));
    let recovery = |os| format!("{who}k={key}\nfg={print}\nos={os}");
    Ok(match product {
        Product::Recovery => ("/InstallationPayload/RecoveryImage", recovery("default")),
        Product::LatestRecovery => ("/InstallationPayload/RecoveryImage", recovery("latest")),
        Product::Installer => {
            let key = machine.key(ids.client, server)?;
            ("/InstallationPayload/OSInstaller", format!("{who}k={key}"))
        }
    })
}

/// A short body, whole.
fn short(response: Response, watch: &dyn Watch) -> Result<Vec<u8>, Fault> {
    let (mut body, mut data, mut buf) = (response.body, Vec::new(), [0; 4096]);
    loop {
        if watch.stopped() {
            return Err(Fault::Stopped);
        }
        // A client gives up by itself when nothing comes for long.
        match body.read(&mut buf) {
            Ok(0) => return Ok(data),
            Ok(count) => data.extend_from_slice(&buf[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => {}
            Err(error) => return Err(Fault::of_reading(error)),
        }
        if data.len() > MOST {
            return Err(Fault::Unfit(format!("the answer has more than {MOST} bytes")));
        }
    }
}

/// What the user can do about it; a server that refuses does so for the numbers.
const fn hint(fault: &Fault, product: Product) -> &'static str {
    match (fault, product) {
        (Fault::Unfit(_) | Fault::Status(400 | 403 | 404), Product::Installer) => {
            "check the board id, the serial number and the ROM: they must be of one Mac, and not \
             every Mac has an offer"
        }
        (Fault::Unfit(_) | Fault::Status(400 | 403 | 404), _) => {
            "check the board id, or try another: not every one has an offer"
        }
        _ => fault.hint(),
    }
}

/// Why an address gave no offer.
enum Ended {
    Fault(Fault),
    Failure(Failure),
}

impl From<Fault> for Ended {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that answers each request so.
    struct Answers(Result<(u16, usize), Fault>);

    impl Fetcher for Answers {
        fn get(&self, _request: &Request, _watch: &dyn Watch) -> Result<Response, Fault> {
            let (status, len) = self.0.clone()?;
            let headers = vec![("set-cookie".to_owned(), "session=1~00".to_owned())];
            let body = Box::new(std::io::Cursor::new(vec![b'x'; len]));
            Ok(Response { status, headers, body })
        }
    }

    fn said(product: Product, answer: Result<(u16, usize), Fault>) -> String {
        let machine = Machine::of_board("Mac-2E6FAB96566FE58C").unwrap();
        let machine = machine.with("C00000000000000XX", "0016CB000001").unwrap();
        let server = Recovery::at("http://127.0.0.1:8080/").unwrap();
        let ids = Ids { client: [0; 8], key: [0; 32], fingerprint: [0; 32] };
        server.order(&machine, product, &ids, &Answers(answer), &()).unwrap_err().to_string()
    }

    #[test]
    fn without_an_offer_it_is_said_why_and_what_to_do() {
        let none = |why: &str, hint: &str| {
            format!(
                "the recovery server gave no offer\n  http://127.0.0.1:8080/: {why}\n  hint: {hint}"
            )
        };
        let board = "check the board id, or try another: not every one has an offer";
        let numbers = "check the board id, the serial number and the ROM: they must be of one Mac, \
                       and not every Mac has an offer";
        let refused = "the server answered 403 (it refuses)";
        assert_eq!(said(Product::Recovery, Ok((403, 0))), none(refused, board));
        assert_eq!(said(Product::LatestRecovery, Ok((403, 0))), none(refused, board));
        assert_eq!(said(Product::Installer, Ok((403, 0))), none(refused, numbers));
        assert_eq!(
            said(Product::Recovery, Ok((200, 0))),
            none("the recovery server offers nothing for this Mac", board)
        );
        assert_eq!(
            said(Product::Recovery, Ok((200, MOST + 1))),
            none("the answer has more than 65536 bytes", board)
        );
        assert_eq!(
            said(Product::Recovery, Err(Fault::Lost("reset".into()))),
            none(
                "the connection was lost: reset",
                "check the connection (and a proxy) and run it again"
            )
        );
        assert_eq!(
            said(Product::Recovery, Err(Fault::Stopped)),
            "the order at the recovery server was interrupted"
        );
        assert_eq!(
            Recovery::at("x").unwrap_err().to_string(),
            "the recovery server's address cannot be used\n  `x` is no address: it does not begin \
             with http:// or https://\n  hint: give one like http://server/"
        );
    }
}
