//! An EFI program that says one line: a PE32+ image, assembled byte by byte.
//!
//! It prints its line on the first serial port by port I/O, then writes 0x10
//! to port 0xf4, where QEMU's `isa-debug-exit` ends the machine with status
//! [`ENDED`], then spins. It calls no firmware. Structures and constants:
//! Microsoft's PE/COFF specification; the 16550's line status register.

/// What QEMU exits with when such a program has run to its end.
pub const ENDED: i32 = 33;

/// File alignment, and the size of each section here.
const FILE_ALIGN: u32 = 0x200;
/// Section alignment in memory.
const PAGE: u32 = 0x1000;
/// Where sections begin in the file.
const HEADERS: u32 = 0x400;
/// An address that only a base relocation could need.
const IMAGE_BASE: u64 = 0x40_0000;

/// The program that says a line, as a file's bytes.
#[must_use]
pub fn efi_program(line: &str) -> Vec<u8> {
    let text = code(format!("{line}\r\n").as_bytes());
    let reloc = relocations();
    let mut file = headers(length(&text), length(&reloc));
    pad_to(&mut file, HEADERS);
    for section in [text, reloc] {
        file.extend(section);
        let end = length(&file).next_multiple_of(FILE_ALIGN);
        pad_to(&mut file, end);
    }
    file
}

fn pad_to(bytes: &mut Vec<u8>, len: u32) {
    bytes.resize(len as usize, 0);
}

/// A length that is far below 4 GiB.
fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// x86-64 machine code, the text behind it.
fn code(text: &[u8]) -> Vec<u8> {
    let mut code = Vec::new();
    code.extend([0x48, 0x8d, 0x35, 0, 0, 0, 0]); // lea rsi, [rip + text]
    let from = code.len();
    code.push(0xb9); // mov ecx, length
    code.extend(length(text).to_le_bytes());
    code.extend([0x66, 0xba, 0xfd, 0x03]); // next: mov dx, 0x3fd
    code.extend([0xec, 0xa8, 0x20]); //       wait: in al, dx; test al, 0x20
    code.extend([0x74, 0xfb]); //                   jz wait
    code.push(0xac); //                             lodsb
    code.extend([0x66, 0xba, 0xf8, 0x03, 0xee]); // mov dx, 0x3f8; out dx, al
    code.extend([0xe2, 0xef]); //                   loop next
    code.extend([0x66, 0xba, 0xf4, 0x00, 0xb0, 0x10, 0xee]); // mov dx, 0xf4; mov al, 0x10; out dx, al
    code.extend([0xf3, 0x90, 0xeb, 0xfc]); // spin: pause; jmp spin
    let distance = length(&code[from..]).to_le_bytes();
    code[from - 4..from].copy_from_slice(&distance);
    code.extend(text);
    code
}

/// One empty block: the program is position independent, and says so.
fn relocations() -> Vec<u8> {
    let mut block = Vec::new();
    block.extend(PAGE.to_le_bytes()); // PageRVA
    block.extend(12u32.to_le_bytes()); // BlockSize
    block.extend([0; 4]); // two entries of type ABSOLUTE, which do nothing
    block
}

fn headers(text: u32, reloc: u32) -> Vec<u8> {
    let mut out = b"MZ".to_vec();
    pad_to(&mut out, 0x3c);
    out.extend(0x40u32.to_le_bytes()); // e_lfanew
    out.extend(b"PE\0\0");
    coff_header(&mut out);
    optional_header(&mut out, text, reloc);
    let text_file = text.next_multiple_of(FILE_ALIGN);
    section(&mut out, b".text\0\0\0", [text, PAGE, text_file, HEADERS], 0x6000_0020);
    let at = [reloc, 2 * PAGE, reloc.next_multiple_of(FILE_ALIGN), HEADERS + text_file];
    section(&mut out, b".reloc\0\0", at, 0x4200_0040);
    out
}

fn put16(out: &mut Vec<u8>, values: &[u16]) {
    values.iter().for_each(|value| out.extend(value.to_le_bytes()));
}

fn put32(out: &mut Vec<u8>, values: &[u32]) {
    values.iter().for_each(|value| out.extend(value.to_le_bytes()));
}

fn put64(out: &mut Vec<u8>, values: &[u64]) {
    values.iter().for_each(|value| out.extend(value.to_le_bytes()));
}

fn coff_header(out: &mut Vec<u8>) {
    put16(out, &[0x8664, 2]); // Machine: x86-64; NumberOfSections
    put32(out, &[0, 0, 0]); // TimeDateStamp, symbols: none
    put16(out, &[0xf0, 0x0206]); // SizeOfOptionalHeader, Characteristics
}

fn optional_header(out: &mut Vec<u8>, text: u32, reloc: u32) {
    put16(out, &[0x020b, 0]); // Magic: PE32+; linker version
    let code = text.next_multiple_of(FILE_ALIGN);
    let data = reloc.next_multiple_of(FILE_ALIGN);
    put32(out, &[code, data, 0, PAGE, PAGE]); // sizes, AddressOfEntryPoint, BaseOfCode
    put64(out, &[IMAGE_BASE]);
    put32(out, &[PAGE, FILE_ALIGN]);
    put16(out, &[0, 0, 0, 0, 0, 0]); // versions: none
    put32(out, &[0, 3 * PAGE, HEADERS, 0]); // SizeOfImage, SizeOfHeaders, CheckSum
    put16(out, &[10, 0]); // Subsystem: EFI application
    put64(out, &[0x1_0000, 0x1000, 0x1_0000, 0x1000]); // stack and heap
    put32(out, &[0, 16]); // NumberOfRvaAndSizes
    for directory in 0..16 {
        let relocations = directory == 5;
        put32(out, if relocations { &[2 * PAGE, 12] } else { &[0, 0] });
    }
}

/// VirtualSize, VirtualAddress, SizeOfRawData, PointerToRawData.
fn section(out: &mut Vec<u8>, name: &[u8; 8], places: [u32; 4], characteristics: u32) {
    out.extend(name);
    put32(out, &places);
    put32(out, &[0, 0, 0, characteristics]); // relocations, line numbers: none
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_lead_where_they_should() {
        let code = code(b"hi");
        // lea's displacement counts from the instruction behind it.
        let text = 7 + code[3] as usize;
        assert_eq!(&code[text..], b"hi");
        let wait = code.iter().position(|b| *b == 0xec).unwrap();
        assert_eq!(&code[wait + 3..wait + 5], [0x74, 0xfb], "five bytes back from behind jz");
        let next = wait - 4;
        let loop_end = code.iter().position(|b| *b == 0xe2).unwrap() + 2;
        assert_eq!(loop_end - next, 0x100 - 0xef);
    }

    #[test]
    fn headers_are_as_long_as_they_say() {
        let line = "a line that is found again";
        let program = efi_program(line);
        assert_eq!(program.len(), 0x800);
        assert_eq!(&program[0x40..0x46], b"PE\0\0\x64\x86");
        // The first section header stands behind 4 + 20 + 0xf0 bytes.
        assert_eq!(&program[0x40 + 24 + 0xf0..][..5], b".text");
        assert!(program.windows(line.len()).any(|at| at == line.as_bytes()));
    }
}
