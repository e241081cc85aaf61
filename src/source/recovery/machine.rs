//! How a Mac says which it is.

use crate::source::store::{Failure, FailureKind};
use sha2::{Digest, Sha256};

/// What is sent where no serial number is given.
const NO_SERIAL: &str = "00000000000000000";

/// A Mac, by what it says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    board: String,
    serial: String,
    rom: Option<Vec<u8>>,
}

impl Machine {
    /// A Mac of which only the board is known, such as `Mac-2E6FAB96566FE58C`.
    ///
    /// # Errors
    /// [`FailureKind::Usage`] for what is no board's id.
    pub fn of_board(board: &str) -> Result<Self, Failure> {
        let digits = board.strip_prefix("Mac-").unwrap_or_default();
        let right = [8, 16].contains(&digits.len()) && digits.bytes().all(is_hex);
        if !right {
            let sentence = format!("`{}` is no board id", board.escape_default());
            return Err(Failure::new(FailureKind::Usage, sentence).hint(
                "it looks like Mac-2E6FAB96566FE58C; on a Mac: ioreg -c IOPlatformExpertDevice",
            ));
        }
        Ok(Self { board: board.to_owned(), serial: NO_SERIAL.to_owned(), rom: None })
    }

    /// And its board's serial number and ROM (12 hex digits).
    ///
    /// # Errors
    /// [`FailureKind::Usage`] for what cannot be these.
    pub fn with(mut self, serial: &str, rom: &str) -> Result<Self, Failure> {
        let usage = |sentence: &str| Failure::new(FailureKind::Usage, sentence);
        let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if !(11..=17).contains(&serial.len()) || !serial.bytes().all(plain) {
            return Err(usage("the serial number is not one of a Mac's logic board")
                .hint("it has 13 or 17 digits and capital letters (11 or 12 on old Macs)"));
        }
        let digits: String = rom.chars().filter(|c| *c != ':').collect();
        let bytes = bytes_of(&digits).filter(|bytes| bytes.len() == 6);
        let Some(bytes) = bytes else {
            return Err(usage("the ROM is not one of a Mac").hint("it has 12 hex digits"));
        };
        serial.clone_into(&mut self.serial);
        self.rom = Some(bytes);
        Ok(self)
    }

    pub(super) fn board(&self) -> &str {
        &self.board
    }

    pub(super) fn serial(&self) -> &str {
        &self.serial
    }

    /// The key of an order for the installer, in capital hex digits.
    ///
    /// # Errors
    /// [`FailureKind::Usage`] without a ROM.
    pub(super) fn key(&self, client: [u8; 8], server: &[u8]) -> Result<String, Failure> {
        let Some(rom) = &self.rom else {
            let sentence = "the installer is only given to a Mac with a serial number and a ROM";
            return Err(Failure::new(FailureKind::Usage, sentence)
                .hint("give those of a Mac of yours with --serial and --rom"));
        };
        let mac = Sha256::new().chain_update(&self.serial).chain_update(&self.board).finalize();
        let all = Sha256::new()
            .chain_update(client)
            .chain_update(server)
            .chain_update(rom)
            .chain_update(mac)
            .chain_update([0xcc; 10]);
        Ok(capital_hex(&all.finalize()))
    }
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

/// Capital hex digits.
pub(super) fn capital_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Bytes from hex digits, two each.
pub(super) fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.bytes().all(is_hex) {
        return None;
    }
    let pairs = (0..digits.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_as_openssl_computes_it() {
        let machine = Machine::of_board("Mac-2E6FAB96566FE58C").unwrap();
        let machine = machine.with("C00000000000000XX", "00:16:CB:00:00:01").unwrap();
        let client = 0x0123_4567_89AB_CDEF_u64.to_be_bytes();
        let server = bytes_of("0A1B2C3D4E5F60718293A4B5C6D7E8F9").unwrap();
        assert_eq!(
            machine.key(client, &server).unwrap(),
            "727E21B63FF1AC779AB8D0D24EE9C915DE75D4B85AB0EC7E9DD21DB2DDB31283"
        );
    }

    #[test]
    fn what_is_no_mac_is_refused() {
        for board in ["", "Mac-", "Mac-XYZ", "2E6FAB96566FE58C", "Mac-2E6FAB96566FE58C\nx=1"] {
            assert_eq!(
                Machine::of_board(board).unwrap_err().to_string(),
                format!(
                    "`{}` is no board id\n  hint: it looks like Mac-2E6FAB96566FE58C; on a Mac: \
                     ioreg -c IOPlatformExpertDevice",
                    board.escape_default()
                )
            );
        }
        let machine = Machine::of_board("Mac-F4208DC8").unwrap();
        let no_serial = "the serial number is not one of a Mac's logic board\n  \
                         hint: it has 13 or 17 digits and capital letters (11 or 12 on old Macs)";
        let no_rom = "the ROM is not one of a Mac\n  hint: it has 12 hex digits";
        for (serial, rom, says) in [
            ("short", "0016CB000001", no_serial),
            ("C000\n00000000", "", no_serial),
            ("C00000000000000XX", "0016CB", no_rom),
        ] {
            assert_eq!(machine.clone().with(serial, rom).unwrap_err().to_string(), says);
        }
        let failure = machine.key([0; 8], &[]).unwrap_err();
        assert_eq!(
            failure.to_string(),
            "the installer is only given to a Mac with a serial number and a ROM\n  \
             hint: give those of a Mac of yours with --serial and --rom"
        );
    }
}
