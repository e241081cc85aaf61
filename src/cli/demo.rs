//! `demo`: a shape sample of an installer, and bootable media made from it.

use crate::block::Error;
use crate::cli::args::Demo;
use crate::cli::sample::whole;
use crate::cli::shell::quoted;
use crate::cli::streams::{Streams, Style};
use crate::cli::{Outcome, job};
use crate::engine::{self, BuildOptions, Built, Problem, ProblemKind, Request, Supplies, Verified};
use crate::report::size;
use crate::source::sample;
use crate::source::sample::server::Server;
use serde_json::json;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// `lionize demo`.
pub(super) fn run(args: &Demo, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let threads = args.threads.unwrap_or(0);
    folder(&args.to)?;
    let installer = args.to.join("InstallESD.dmg");
    whole(&installer, &|out| sample::write_installer(out, threads))?;
    let output = args.to.join("lion-sample.img");
    let refused = |error: Error| Problem::ours("the sample cannot be made").because(error);
    let site = sample::lion_server().map_err(refused)?;
    let server = Server::of(site).map_err(|error| {
        Problem::new(ProblemKind::Network, "the demo's server cannot be started").because(error)
    })?;
    let supplies = Supplies {
        store: Some(args.to.join("store")),
        mirror: Some(server.url("")),
        anchors: sample::anchors().map_err(refused)?,
        ..Supplies::default()
    };
    let request = Request {
        supplies,
        recipe: "lion-server".into(),
        inputs: vec![("installer".into(), installer.clone())],
        output: Some(output.clone()),
        threads,
        ..Request::default()
    };
    let options = BuildOptions { output, verify: engine::Verify::Full, threads };
    let (built, _) = job::make(&request, &options, style, streams)?;
    let stop = streams.stop.clone();
    let found = engine::verify(&built.output, threads, &mut streams.sink(style), &stop)?;
    if !found.faults.is_empty() {
        let sentence = "the demo's media are not right";
        let mut problem = Problem::new(ProblemKind::Verification, sentence);
        problem.causes = found.faults;
        return Err(problem.into());
    }
    let json = json!({
        "result": "demonstrated",
        "shape_sample": true,
        "installer": installer.display().to_string(),
        "built": job::built_json(&built),
        "proofs": found.proofs,
        "boot_marker": sample::MARKER,
    });
    streams.told(style, &text(&installer, &built, &found), &json)?;
    // Commands stay as they are.
    if style.json { Ok(()) } else { streams.print(&how_to_boot(&args.to, &built.output)) }
}

fn folder(path: &Path) -> Result<(), Problem> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        made => made.map_err(|error| Problem::writing(path, &error)),
    }
}

fn text(installer: &Path, built: &Built, found: &Verified) -> String {
    let len = |path: &Path| fs::metadata(path).map_or(0, |meta| meta.len());
    let files = [
        (installer.to_owned(), "the installer's image, made here"),
        (built.output.clone(), "bootable media, sparse: `verify` it, or boot it"),
        (built.manifest.clone(), "all that is in it, with digests"),
    ];
    let mut text = String::from(
        "This is a shape sample: laid out as an installer of Mac OS X 10.7.5 (11G63) is,\n\
         without a byte of Apple's. It installs nothing, and proves our chain, not\n\
         Apple's files.\n\n",
    );
    for (path, what) in &files {
        text += &format!("  {}  {}\n    {what}\n", path.display(), size(len(path)));
    }
    text += "\nThe packages came over HTTP from a server that ran here meanwhile; they are\n\
        kept in the folder store. They are signed by a sample's chain that only this\n\
        demo trusts.\n\n";
    text += &job::list("proven while building:", &built.proofs);
    text += &job::list("not proven:", &built.unproven);
    text + &job::list("proven again from the finished file:", &found.proofs)
}

/// QEMU's firmware reads no HFS+; rEFInd's driver does.
fn how_to_boot(to: &Path, image: &Path) -> String {
    let esp: PathBuf = to.join("esp");
    let (esp, image) = (quoted(esp.as_os_str()), quoted(image.as_os_str()));
    format!(
        "
To boot it as a USB stick in QEMU (on Debian: apt install qemu-system-x86 ovmf
refind; a Mac's firmware reads HFS+, for QEMU's rEFInd brings a driver):

  mkdir -p {esp}/EFI/BOOT/drivers_x64
  cp /usr/share/refind/refind/refind_x64.efi {esp}/EFI/BOOT/BOOTX64.EFI
  cp /usr/share/refind/refind/drivers_x64/hfs_x64.efi \\
    {esp}/EFI/BOOT/drivers_x64/
  printf 'timeout 1\\ntextonly true\\n' > {esp}/EFI/BOOT/refind.conf
  qemu-system-x86_64 -machine q35 -m 256 -nodefaults -display none \\
    -serial stdio -bios /usr/share/ovmf/OVMF.fd \\
    -device isa-debug-exit,iobase=0xf4,iosize=4 \\
    -drive if=none,id=loader,format=raw,file=fat:rw:{esp} \\
    -device virtio-blk-pci,drive=loader,bootindex=0 \\
    -drive if=none,id=stick,format=raw,snapshot=on,file={image} \\
    -device qemu-xhci -device usb-storage,drive=stick

It has booted when this line appears and QEMU ends with status 33:

  {}
",
        sample::MARKER
    )
}
