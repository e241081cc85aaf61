//! A source as a disk for QEMU: a server of the NBD protocol, read-only.
//!
//! One export, whatever its name; each connection has its thread. Facts: the
//! protocol as the NBD project documents it (`doc/proto.md`): the fixed newstyle
//! handshake and simple replies. Not supported: writing, TLS, structured replies.
//!
//! On Unix the server is a socket in a folder that only its owner may enter;
//! elsewhere it is a port of this computer's own address.

use crate::block::Source;
use crate::vm::failure::{Failure, Result};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

#[cfg(unix)]
type Listener = std::os::unix::net::UnixListener;
#[cfg(unix)]
type Stream = std::os::unix::net::UnixStream;
#[cfg(not(unix))]
type Listener = std::net::TcpListener;
#[cfg(not(unix))]
type Stream = std::net::TcpStream;

const OPTION_MAGIC: u64 = 0x4948_4156_454f_5054;
const OPTION_REPLY: u64 = 0x0003_e889_0455_65a9;
const REQUEST: u32 = 0x2560_9513;
const REPLY: u32 = 0x6744_6698;
/// `NBD_FLAG_FIXED_NEWSTYLE` and `NBD_FLAG_NO_ZEROES`.
const HANDSHAKE: u16 = 0b11;
/// `NBD_FLAG_HAS_FLAGS` and `NBD_FLAG_READ_ONLY`.
const READ_ONLY: u16 = 0b11;
/// The longest read that is answered: what QEMU itself asks for at most.
const MOST: u32 = 32 << 20;
/// The longest option that is listened to.
const MOST_OPTION: u32 = 4096;

mod option {
    pub(super) const EXPORT_NAME: u32 = 1;
    pub(super) const ABORT: u32 = 2;
    pub(super) const INFO: u32 = 6;
    pub(super) const GO: u32 = 7;
}
mod reply {
    pub(super) const ACK: u32 = 1;
    pub(super) const INFO: u32 = 3;
    pub(super) const UNSUPPORTED: u32 = 0x8000_0001;
}
mod command {
    pub(super) const READ: u16 = 0;
    pub(super) const DISCONNECT: u16 = 2;
    pub(super) const FLUSH: u16 = 3;
}
mod errno {
    pub(super) const PERMISSION: u32 = 1;
    pub(super) const IO: u32 = 5;
    pub(super) const INVALID: u32 = 22;
}

/// A source that is served for as long as this lives.
pub struct Served {
    address: Address,
    closing: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Clone, Debug)]
enum Address {
    #[cfg(unix)]
    Socket(std::path::PathBuf),
    #[cfg(not(unix))]
    Port(std::net::SocketAddr),
}

impl Served {
    /// Serves a source by a socket in a folder, which is its owner's alone.
    ///
    /// # Errors
    /// What the host reports.
    pub fn new(source: Source, folder: &Path, name: &str) -> Result<Self> {
        let fail = |error: io::Error| Failure::host("a disk cannot be served to QEMU", &error);
        let (listener, address) = listen(folder, name).map_err(fail)?;
        let closing = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&closing);
        let serve = move || {
            for stream in listener.incoming() {
                let (source, stream) = match stream {
                    Ok(stream) if !flag.load(Ordering::Relaxed) => (Arc::clone(&source), stream),
                    _ => return,
                };
                // It ends with its connection, and that with the machine.
                std::thread::spawn(move || drop(converse(&source, stream)));
            }
        };
        let thread = std::thread::Builder::new().spawn(serve).map_err(fail)?;
        Ok(Self { address, closing, thread: Some(thread) })
    }

    /// What QEMU takes as a file's name.
    #[must_use]
    pub fn url(&self) -> String {
        match &self.address {
            #[cfg(unix)]
            Address::Socket(path) => format!("nbd:unix:{}", path.display()),
            #[cfg(not(unix))]
            Address::Port(at) => format!("nbd:{at}"),
        }
    }

    fn connect(&self) -> io::Result<Stream> {
        match &self.address {
            #[cfg(unix)]
            Address::Socket(path) => Stream::connect(path),
            #[cfg(not(unix))]
            Address::Port(at) => Stream::connect(at),
        }
    }
}

#[cfg(unix)]
fn listen(folder: &Path, name: &str) -> io::Result<(Listener, Address)> {
    let path = folder.join(name);
    Ok((Listener::bind(&path)?, Address::Socket(path)))
}

#[cfg(not(unix))]
fn listen(_folder: &Path, _name: &str) -> io::Result<(Listener, Address)> {
    let listener = Listener::bind((std::net::Ipv4Addr::LOCALHOST, 0))?;
    let address = Address::Port(listener.local_addr()?);
    Ok((listener, address))
}

impl Drop for Served {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Relaxed);
        // A last caller wakes the thread; it sees that it should go.
        if self.connect().is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

/// Talks with one client until it goes.
fn converse<S: Read + Write>(source: &Source, mut stream: S) -> io::Result<()> {
    stream.write_all(b"NBDMAGICIHAVEOPT")?;
    stream.write_all(&HANDSHAKE.to_be_bytes())?;
    let no_zeroes = u32::from_be_bytes(take(&mut stream)?) & 2 != 0;
    if negotiate(source, &mut stream, no_zeroes)? {
        while request(source, &mut stream)? {}
    }
    Ok(())
}

fn take<const N: usize>(stream: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Answers options until the client wants the disk; says whether it does.
fn negotiate<S: Read + Write>(source: &Source, stream: &mut S, short: bool) -> io::Result<bool> {
    loop {
        let magic = u64::from_be_bytes(take(stream)?);
        let option = u32::from_be_bytes(take(stream)?);
        let len = u32::from_be_bytes(take(stream)?);
        if magic != OPTION_MAGIC || len > MOST_OPTION {
            return Err(broken("not an option"));
        }
        let mut skipped = vec![0; usize::try_from(len).unwrap_or(0)];
        stream.read_exact(&mut skipped)?;
        let mut answer = |kind: u32, data: &[u8]| {
            let mut out = OPTION_REPLY.to_be_bytes().to_vec();
            // The answers are a few bytes.
            let len = u32::try_from(data.len()).unwrap_or(0);
            for word in [option, kind, len] {
                out.extend(word.to_be_bytes());
            }
            out.extend(data);
            stream.write_all(&out)
        };
        let disk = [&source.len().to_be_bytes()[..], &READ_ONLY.to_be_bytes()].concat();
        match option {
            option::EXPORT_NAME => {
                stream.write_all(&disk)?;
                stream.write_all(if short { &[] } else { &[0; 124] })?;
                return Ok(true);
            }
            option::INFO | option::GO => {
                // NBD_INFO_EXPORT is number 0.
                answer(reply::INFO, &[&[0, 0], &disk[..]].concat())?;
                answer(reply::ACK, &[])?;
                if option == option::GO {
                    return Ok(true);
                }
            }
            option::ABORT => {
                answer(reply::ACK, &[])?;
                return Ok(false);
            }
            _ => answer(reply::UNSUPPORTED, &[])?,
        }
    }
}

/// Answers one request; says whether another may follow.
fn request<S: Read + Write>(source: &Source, stream: &mut S) -> io::Result<bool> {
    let magic = u32::from_be_bytes(take(stream)?);
    let _flags = u16::from_be_bytes(take(stream)?);
    let kind = u16::from_be_bytes(take(stream)?);
    let handle: [u8; 8] = take(stream)?;
    let at = u64::from_be_bytes(take(stream)?);
    let len = u32::from_be_bytes(take(stream)?);
    if magic != REQUEST {
        return Err(broken("not a request"));
    }
    let (error, data) = match kind {
        command::DISCONNECT => return Ok(false),
        command::FLUSH => (0, Vec::new()),
        command::READ if len <= MOST => read(source, at, len),
        command::READ => (errno::INVALID, Vec::new()),
        // Whoever writes to a disk that cannot be written sends what nobody reads.
        _ => (errno::PERMISSION, Vec::new()),
    };
    let mut head = Vec::with_capacity(16 + data.len());
    head.extend(REPLY.to_be_bytes());
    head.extend(error.to_be_bytes());
    head.extend(handle);
    head.extend(data);
    stream.write_all(&head)?;
    Ok(error != errno::PERMISSION)
}

fn read(source: &Source, at: u64, len: u32) -> (u32, Vec<u8>) {
    let mut data = vec![0; usize::try_from(len).unwrap_or(0)];
    match source.read_at(at, &mut data) {
        Ok(()) => (0, data),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => (errno::INVALID, Vec::new()),
        Err(_) => (errno::IO, Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::bytes;
    use std::io::Cursor;

    /// What a client sends, and what it gets.
    struct Client {
        sends: Cursor<Vec<u8>>,
        gets: Vec<u8>,
    }

    impl Read for Client {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.sends.read(buf)
        }
    }

    impl Write for Client {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.gets.write(buf)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn option(number: u32, data: &[u8]) -> Vec<u8> {
        let len = u32::try_from(data.len()).unwrap();
        [&OPTION_MAGIC.to_be_bytes()[..], &number.to_be_bytes(), &len.to_be_bytes(), data].concat()
    }

    fn asks(kind: u16, at: u64, len: u32) -> Vec<u8> {
        let mut out = REQUEST.to_be_bytes().to_vec();
        out.extend([0, 0]);
        out.extend(kind.to_be_bytes());
        out.extend(*b"a handle");
        out.extend(at.to_be_bytes());
        out.extend(len.to_be_bytes());
        out
    }

    /// What the server says behind its greeting of 18 bytes.
    fn said(sends: &[Vec<u8>]) -> (io::Result<()>, Vec<u8>) {
        let sends = [vec![0, 0, 0, 3], sends.concat()].concat();
        let mut client = Client { sends: Cursor::new(sends), gets: Vec::new() };
        let end = converse(&bytes(*b"Lion"), &mut client);
        (end, client.gets.split_off(18))
    }

    #[test]
    fn a_read_is_answered_and_a_write_ends_it() {
        let sends = [
            option(1, b"any name"),
            asks(command::READ, 1, 2),
            asks(command::READ, 3, 2),
            asks(command::READ, 0, MOST + 1),
            asks(command::FLUSH, 0, 0),
            asks(1, 0, 4),
            asks(command::READ, 0, 4),
        ];
        let (end, got) = said(&sends);
        assert!(end.is_ok());
        let reply =
            |error: u8| [&[0x67, 0x44, 0x66, 0x98, 0, 0, 0, error], &b"a handle"[..]].concat();
        let wanted = [
            vec![0, 0, 0, 0, 0, 0, 0, 4, 0, 3],
            reply(0),
            b"io".to_vec(),
            reply(22),
            reply(22),
            reply(0),
            reply(1),
        ];
        assert_eq!(got, wanted.concat());
    }

    #[test]
    fn options_are_answered_until_the_disk_is_wanted() {
        let (end, got) = said(&[option(8, b""), option(7, b"\0\0\0\0\0\0"), asks(2, 0, 0)]);
        assert!(end.is_ok());
        let reply = |option: u32, kind: u32, data: &[u8]| {
            let len = u32::try_from(data.len()).unwrap();
            let words = [option, kind, len].map(u32::to_be_bytes).concat();
            [&OPTION_REPLY.to_be_bytes()[..], &words, data].concat()
        };
        let wanted = [
            reply(8, reply::UNSUPPORTED, b""),
            reply(7, reply::INFO, b"\0\0\0\0\0\0\0\0\0\x04\0\x03"),
            reply(7, reply::ACK, b""),
        ];
        assert_eq!(got, wanted.concat());
    }

    #[test]
    fn what_is_no_option_and_no_request_ends_it() {
        let long = [&OPTION_MAGIC.to_be_bytes()[..], &[0, 0, 0, 7, 0xff, 0, 0, 0]].concat();
        for sends in [vec![long], vec![vec![9; 16]], vec![option(1, b""), vec![9; 28]]] {
            assert_eq!(said(&sends).0.unwrap_err().kind(), io::ErrorKind::InvalidData);
        }
    }

    #[test]
    fn the_server_goes_with_its_value() {
        let dir = tempfile::tempdir().unwrap();
        let served = Served::new(bytes(*b"Lion"), dir.path(), "disk").unwrap();
        let mut stream = served.connect().unwrap();
        assert_eq!(&take::<18>(&mut stream).unwrap()[..16], b"NBDMAGICIHAVEOPT");
        drop(served);
    }
}
