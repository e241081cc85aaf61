//! QEMU and its UEFI firmware, as distributions package them.

use crate::vm::failure::{Failure, Result};
use crate::vm::host::Host;
use std::path::PathBuf;

/// Code and an empty store of variables, below a folder of packages' data:
/// Debian and Ubuntu (two sizes), Fedora, Arch (two ages), openSUSE, and QEMU's
/// own, which Homebrew has.
const PAIRS: [(&str, &str); 8] = [
    ("OVMF/OVMF_CODE_4M.fd", "OVMF/OVMF_VARS_4M.fd"),
    ("OVMF/OVMF_CODE.fd", "OVMF/OVMF_VARS.fd"),
    ("edk2/ovmf/OVMF_CODE.fd", "edk2/ovmf/OVMF_VARS.fd"),
    ("edk2/x64/OVMF_CODE.4m.fd", "edk2/x64/OVMF_VARS.4m.fd"),
    ("edk2-ovmf/x64/OVMF_CODE.fd", "edk2-ovmf/x64/OVMF_VARS.fd"),
    ("qemu/ovmf-x86_64-code.bin", "qemu/ovmf-x86_64-vars.bin"),
    ("qemu/edk2-x86_64-code.fd", "qemu/edk2-i386-vars.fd"),
    ("edk2-ovmf/OVMF_CODE.fd", "edk2-ovmf/OVMF_VARS.fd"),
];

/// How QEMU gets there.
const INSTALL_QEMU: &str = "install it: Debian `apt install qemu-system-x86`, Fedora \
    `dnf install qemu-system-x86-core`, Arch `pacman -S qemu-system-x86`, macOS `brew install qemu`";
/// How the firmware gets there.
const INSTALL_OVMF: &str = "install it: Debian `apt install ovmf`, Fedora `dnf install \
    edk2-ovmf`, Arch `pacman -S edk2-ovmf`; Homebrew's QEMU brings one";

/// QEMU and the firmware of its machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firmware {
    /// QEMU's program for x86-64.
    pub qemu: PathBuf,
    /// The firmware's code; machines only read it.
    pub code: PathBuf,
    /// An empty store of variables, of which each machine has a copy.
    pub vars: PathBuf,
}

/// QEMU's program for x86-64.
pub(super) fn qemu(host: &Host) -> Result<PathBuf> {
    host.program(&["qemu-system-x86_64"]).ok_or_else(|| {
        Failure::missing("QEMU is not installed: there is no qemu-system-x86_64", INSTALL_QEMU)
    })
}

impl Firmware {
    /// Finds both.
    ///
    /// # Errors
    /// [`Failure`], with the packages to install.
    pub fn find(host: &Host) -> Result<Self> {
        let qemu = qemu(host)?;
        let pair = |(code, vars): &(&str, &str)| Some((host.share(code)?, host.share(vars)?));
        let (code, vars) = PAIRS.iter().find_map(pair).ok_or_else(|| {
            Failure::missing("OVMF, the UEFI firmware for QEMU, is not installed", INSTALL_OVMF)
        })?;
        Ok(Self { qemu, code, vars })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_its_package() {
        let dir = tempfile::tempdir().unwrap();
        let mut host = Host { shares: vec![dir.path().into()], ..Host::default() };
        let failure = Firmware::find(&host).unwrap_err();
        assert_eq!(failure.to_string(), "QEMU is not installed: there is no qemu-system-x86_64");
        assert_eq!(
            failure.hint.unwrap(),
            "install it: Debian `apt install qemu-system-x86`, Fedora `dnf install \
             qemu-system-x86-core`, Arch `pacman -S qemu-system-x86`, macOS `brew install qemu`"
        );
        std::fs::write(dir.path().join("qemu-system-x86_64"), "").unwrap();
        host.programs.push(dir.path().into());
        std::fs::create_dir(dir.path().join("OVMF")).unwrap();
        std::fs::write(dir.path().join("OVMF/OVMF_CODE.fd"), "").unwrap();
        // Code alone is none.
        let failure = Firmware::find(&host).unwrap_err();
        assert_eq!(failure.to_string(), "OVMF, the UEFI firmware for QEMU, is not installed");
        assert_eq!(
            failure.hint.unwrap(),
            "install it: Debian `apt install ovmf`, Fedora `dnf install edk2-ovmf`, Arch `pacman \
             -S edk2-ovmf`; Homebrew's QEMU brings one"
        );
        std::fs::write(dir.path().join("OVMF/OVMF_VARS.fd"), "").unwrap();
        let found = Firmware::find(&host).unwrap();
        assert_eq!(found.vars, dir.path().join("OVMF/OVMF_VARS.fd"));
    }
}
