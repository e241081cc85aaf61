//! From an offer to files that proved right.

use crate::block::{Error, FileBytes, Source};
use crate::format::chunklist::Chunklist;
use crate::source::http::{Fetcher, Watch};
use crate::source::recovery::answer::Offer;
use crate::source::store::{Download, Failure, FailureKind, Store, Stored};
use crate::source::trust::{Anchors, Claims, Verdict, judge};
use std::sync::Arc;

/// What an offer brought.
#[derive(Clone, Debug)]
pub struct Brought {
    /// The image.
    pub image: Stored,
    /// Its chunk list.
    pub chunklist: Option<Stored>,
    /// What proves the image, and what does not.
    pub verdict: Verdict,
}

/// Fetches what is offered. With a digest that the caller knows, the image is
/// held to it; without one, plain http is only good enough for an image whose
/// chunk list an anchor signed.
///
/// # Errors
/// As [`Store::fetch`]; [`FailureKind::Proof`] for what does not prove right,
/// which is forgotten.
pub fn bring(
    store: &Store,
    offer: &Offer,
    digest: Option<[u8; 32]>,
    anchors: &Anchors,
    fetcher: &dyn Fetcher,
    watch: &dyn Watch,
) -> Result<Brought, Failure> {
    let mut wanted = Download { sha256: digest, ..offer.image.download() };
    let chunklist = match &offer.chunklist {
        None => None,
        Some(asset) => {
            let list = asset.chunklist();
            let stored = store.fetch(&list, fetcher, watch)?;
            wanted.size = Some(image_len(store, &list, &stored)?);
            wanted.signed = true;
            Some((list, stored))
        }
    };
    let image = store.fetch(&wanted, fetcher, watch)?;
    let forget = || {
        store.forget(&wanted, &image)?;
        chunklist.as_ref().map_or(Ok(()), |(list, stored)| store.forget(list, stored))
    };
    let listed = chunklist.as_ref().map(|(_, stored)| open(stored)).transpose()?;
    let claims = Claims {
        size: wanted.size,
        sha256: digest.into_iter().collect(),
        pinned: digest.is_some(),
        chunklist: listed,
        ..Claims::new(anchors)
    };
    let came = |bytes| watch.advanced(bytes);
    watch.started(&format!("{}, its proofs", wanted.name()), 0, Some(image.bytes));
    let judged = judge(&open(&image)?, &claims, &came);
    let verdict = judged.map_err(|error| unread(&image, &error))?;
    let came_secure = image.secure && chunklist.as_ref().is_none_or(|(_, list)| list.secure);
    // Who changes an offer on its way chooses what comes, by whatever way.
    let secure = came_secure && offer.secure;
    if verdict.contradiction().is_some() || !(verdict.is_proven() || secure) {
        forget()?;
        let sentence = format!("{} is not what the server should give", wanted.name());
        let failure = Failure::new(FailureKind::Proof, sentence).because(verdict.answer());
        let failure = match (came_secure, offer.secure) {
            (false, _) => failure.because("it came by plain http"),
            (true, false) => failure.because("the offer of it came by plain http"),
            (true, true) => failure,
        };
        return Err(failure.hint("a digest that you know can prove it: give it with --sha256"));
    }
    Ok(Brought { image, chunklist: chunklist.map(|(_, stored)| stored), verdict })
}

/// How long the list says that its image is.
fn image_len(store: &Store, list: &Download, stored: &Stored) -> Result<u64, Failure> {
    // The download has a limit of a few megabytes.
    let data = std::fs::read(&stored.path).map_err(|error| Failure::disk(&stored.path, &error))?;
    match Chunklist::parse(&data) {
        Ok(list) => Ok(list.image_len()),
        Err(error) => {
            store.forget(list, stored)?;
            let sentence = format!("{} is no chunk list", list.name());
            Err(Failure::new(FailureKind::Proof, sentence)
                .because(error)
                .hint("something may answer in the server's place: try another network"))
        }
    }
}

fn open(stored: &Stored) -> Result<Source, Failure> {
    let opened = FileBytes::open(&stored.path);
    opened.map(|file| Arc::new(file) as Source).map_err(|error| Failure::disk(&stored.path, &error))
}

fn unread(stored: &Stored, error: &Error) -> Failure {
    let path = stored.path.display();
    Failure::new(FailureKind::Disk, format!("cannot read {path} in the store"))
        .because(error)
        .hint("`lionize cache verify` drops what cannot be read")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::http::{Fault, Request, Response};
    use crate::source::recovery::answer::Asset;

    /// A server that has one file.
    struct One(&'static [u8]);

    impl Fetcher for One {
        fn get(&self, _request: &Request, _watch: &dyn Watch) -> Result<Response, Fault> {
            let headers = vec![("content-length".to_owned(), self.0.len().to_string())];
            Ok(Response { status: 200, headers, body: Box::new(self.0) })
        }
    }

    #[test]
    fn what_a_plain_offer_leads_to_is_not_taken_unproven() {
        for secure in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(folder.path().join("store")).unwrap();
            let url = "https://oscdn.apple.com/x/InstallESD.dmg".to_owned();
            let image = Asset { url, token: "t".to_owned() };
            let offer = Offer { image, chunklist: None, secure };
            let anchors = Anchors::default();
            let brought = bring(&store, &offer, None, &anchors, &One(b"an image"), &());
            match brought {
                Ok(brought) => assert!(secure && !brought.verdict.is_proven()),
                Err(failure) => {
                    assert!(!secure, "{failure}");
                    assert_eq!(failure.kind, FailureKind::Proof);
                    assert_eq!(
                        failure.to_string(),
                        "InstallESD.dmg is not what the server should give\n  not proven: no \
                         digest of it is on record, and nobody signed it\n  the offer of it came \
                         by plain http\n  \
                         hint: a digest that you know can prove it: give it with --sha256"
                    );
                    assert_eq!(store.list().unwrap().contents, []);
                }
            }
        }
    }

    #[test]
    fn what_is_no_chunk_list_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("store")).unwrap();
        let asset = |name: &str| Asset {
            url: format!("https://oscdn.apple.com/x/{name}"),
            token: "t".to_owned(),
        };
        let (image, list) = (asset("BaseSystem.dmg"), asset("BaseSystem.chunklist"));
        let offer = Offer { image, chunklist: Some(list), secure: true };
        let brought = bring(&store, &offer, None, &Anchors::default(), &One(b"an image"), &());
        assert_eq!(
            brought.unwrap_err().to_string(),
            "BaseSystem.chunklist is no chunk list\n  chunklist: length is 8: shorter than the header\n  \
             hint: something may answer in the server's place: try another network"
        );
        let stored = Stored {
            path: "/s/content/00".into(),
            sha256: [0; 32],
            bytes: 0,
            came: crate::source::store::Came::Store,
            secure: true,
        };
        let error = Error::Io(std::io::Error::other("the disk fails"));
        assert_eq!(
            unread(&stored, &error).to_string(),
            "cannot read /s/content/00 in the store\n  the disk fails\n  \
             hint: `lionize cache verify` drops what cannot be read"
        );
    }
}
