//! A stream that another thread decodes while this one uses what came before.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

/// Bytes handed over at a time.
const BLOCK: usize = 256 << 10;
/// Blocks that may wait.
const WAITING: usize = 4;

/// The stream, as it comes from the other thread.
pub(super) struct Ahead {
    blocks: Receiver<io::Result<Vec<u8>>>,
    used: Sender<Vec<u8>>,
    block: Vec<u8>,
    at: usize,
}

impl Ahead {
    /// Reads ahead until the end, or until this is dropped.
    ///
    /// # Errors
    /// When the host has no more threads.
    pub(super) fn new(mut stream: Box<dyn Read + Send>) -> io::Result<Self> {
        let (blocks_in, blocks) = sync_channel(WAITING);
        let (used, used_out) = channel();
        let work = move || feed(stream.as_mut(), &blocks_in, &used_out);
        std::thread::Builder::new().name("decode".into()).spawn(work)?;
        Ok(Self { blocks, used, block: Vec::new(), at: 0 })
    }
}

fn feed(stream: &mut dyn Read, blocks: &SyncSender<io::Result<Vec<u8>>>, used: &Receiver<Vec<u8>>) {
    loop {
        let mut block = used.try_recv().unwrap_or_default();
        block.resize(BLOCK, 0);
        let mut len = 0;
        let mut last = None;
        while len < BLOCK {
            match stream.read(&mut block[len..]) {
                Ok(0) => break,
                Ok(got) => len += got,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    last = Some(error);
                    break;
                }
            }
        }
        block.truncate(len);
        let ended = len < BLOCK;
        // Nobody listening any more ends the work, too.
        if len > 0 && blocks.send(Ok(block)).is_err() {
            return;
        }
        if let Some(error) = last {
            drop(blocks.send(Err(error)));
        }
        if ended {
            return;
        }
    }
}

impl Read for Ahead {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        if self.at == self.block.len() {
            let Ok(next) = self.blocks.recv() else { return Ok(0) };
            let used = std::mem::replace(&mut self.block, next?);
            // The other thread may have ended.
            drop(self.used.send(used));
            self.at = 0;
        }
        let len = buf.len().min(self.block.len() - self.at);
        buf[..len].copy_from_slice(&self.block[self.at..self.at + len]);
        self.at += len;
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_come_in_order_and_then_the_error() {
        struct Fails;
        impl Read for Fails {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("unplugged"))
            }
        }
        let data: Vec<u8> = (0..=250).cycle().take(3 * BLOCK + 17).collect();
        let mut ahead = Ahead::new(Box::new(io::Cursor::new(data.clone()))).unwrap();
        let mut found = Vec::new();
        ahead.read_to_end(&mut found).unwrap();
        assert!(found == data);
        let stream = io::Cursor::new(data.clone()).chain(Fails);
        let mut ahead = Ahead::new(Box::new(stream)).unwrap();
        let mut found = Vec::new();
        assert_eq!(ahead.read_to_end(&mut found).unwrap_err().to_string(), "unplugged");
        assert!(found == data);
        drop(Ahead::new(Box::new(io::repeat(1))).unwrap());
    }
}
