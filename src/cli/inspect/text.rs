//! The facts as lines.

use crate::cli::inspect::facts::{
    Archive, Checksums, Component, Counts, Facts, Installer, Partition, Product, Trust, Volume,
};
use crate::cli::names::escaped_text;
use crate::report::{count, size};

/// All that was found, the inner below the outer.
pub(super) fn of(facts: &Facts) -> String {
    let mut text = format!("{}: {}", facts.path, facts.what);
    if let Some(bytes) = facts.bytes {
        text += &format!(", {}", size(bytes));
    }
    text.push('\n');
    if let Some(checksums) = &facts.checksums {
        text += &format!("  checksums: {}\n", checksums_text(checksums));
    }
    if let Some(bytes) = facts.disk_bytes {
        let holds = facts.holds.as_deref().unwrap_or("of no kind that is known");
        text += &format!("  decoded: {holds}, {}\n", size(bytes));
    }
    for partition in &facts.partitions {
        text += &partition_text(partition);
    }
    if let Some(volume) = &facts.volume {
        text += &volume_text(volume, "  ");
    }
    if let Some(archive) = &facts.archive {
        text += &archive_text(archive);
    }
    if let Some(product) = &facts.product {
        text += &product_text(product);
    }
    for component in &facts.components {
        text += &component_text(component);
    }
    if let Some(list) = &facts.chunklist {
        let chunks = count(list.chunks as u64, "chunk");
        text += &format!("  lists {chunks} of an image of {}\n", size(list.image_bytes));
        text += &format!("  {}\n", list.signature);
    }
    if let Some(trust) = &facts.trust {
        text += &trust_text(trust);
    }
    if let Some(installer) = &facts.installer {
        text += &installer_text(installer);
    }
    text
}

fn checksums_text(checksums: &Checksums) -> String {
    let passed = checksums.partitions_passed;
    let all = passed + checksums.partitions_absent;
    format!(
        "data fork {}, {passed} of {} passed, master {}",
        checksums.data_fork,
        count(all as u64, "block table"),
        checksums.master
    )
}

fn partition_text(partition: &Partition) -> String {
    let indent = if partition.number == 0 { "  " } else { "    " };
    let mut text = String::new();
    if partition.number > 0 {
        let name = match partition.name.as_str() {
            "" => String::new(),
            name => format!(" \"{name}\""),
        };
        let holds = partition.holds.as_ref().map_or_else(String::new, |what| format!(", {what}"));
        let (number, kind, bytes) = (partition.number, &partition.kind, size(partition.bytes));
        text = format!("  partition {number}{name}: {kind}, {bytes}{holds}\n");
    }
    if let Some(volume) = &partition.volume {
        text += &volume_text(volume, indent);
    }
    text
}

fn volume_text(volume: &Volume, indent: &str) -> String {
    let blocks = u64::from(volume.block_size);
    let counts = &volume.counts;
    let mut lines = vec![format!(
        "volume \"{}\": {}, {} in blocks of {} bytes, {} free",
        volume.name,
        volume.format,
        size(u64::from(volume.blocks) * blocks),
        volume.block_size,
        size(u64::from(volume.free_blocks) * blocks)
    )];
    lines.extend(counted(counts));
    lines.push(format!("stored: {}, created {}", size(counts.bytes), volume.created));
    let state = match (volume.journaled, volume.unmounted_cleanly) {
        (true, true) => "journaled, unmounted cleanly",
        (true, false) => "journaled, not unmounted cleanly",
        (false, true) => "not journaled, unmounted cleanly",
        (false, false) => "not journaled, not unmounted cleanly",
    };
    lines.push(state.into());
    lines.push(match (&volume.blessed_folder, &volume.boot_file) {
        (None, None) => "not blessed".into(),
        (Some(folder), None) => format!("blessed: {folder}"),
        (None, Some(file)) => format!("starts {file}"),
        (Some(folder), Some(file)) => format!("blessed: {folder}, starts {file}"),
    });
    lines.extend(volume.notes.iter().map(|note| format!("note: {note}")));
    lines.retain(|line| !line.is_empty());
    lines.iter().fold(String::new(), |text, line| text + indent + line + "\n")
}

/// Lines of what there is.
fn counted(counts: &Counts) -> [String; 2] {
    let names = listed(&[
        (counts.files, "file", "files"),
        (counts.folders, "folder", "folders"),
        (counts.symlinks, "symbolic link", "symbolic links"),
        (counts.others, "device, pipe or socket", "devices, pipes or sockets"),
        (counts.hard_links, "name of a hard-linked file", "names of hard-linked files"),
        (counts.folder_links, "name of a hard-linked folder", "names of hard-linked folders"),
    ]);
    let with = listed(&[
        (counts.compressed, "compressed file", "compressed files"),
        (counts.resource_forks, "resource fork", "resource forks"),
        (counts.xattrs, "extended attribute", "extended attributes"),
        (counts.set_id, "set-id program", "set-id programs"),
    ]);
    [names, with]
}

fn archive_text(archive: &Archive) -> String {
    let mut lines = vec![format!("{}, {} unpacked", archive.what, size(archive.counts.bytes))];
    lines.extend(counted(&archive.counts));
    lines.extend(archive.left_out.iter().map(|line| format!("left out: {line}")));
    lines.retain(|line| !line.is_empty());
    lines.iter().fold(String::new(), |text, line| text + "  " + line + "\n")
}

/// Those of the counts that are not 0.
fn listed(counts: &[(u64, &str, &str)]) -> String {
    let some = counts.iter().filter(|(n, ..)| *n > 0);
    let words = some.map(|(n, one, many)| format!("{n} {}", if *n == 1 { one } else { many }));
    words.collect::<Vec<_>>().join(", ")
}

fn installer_text(installer: &Installer) -> String {
    let what = if installer.is_installer { "installs" } else { "system" };
    let Installer { product, version, build, .. } = installer;
    let known = match (&installer.release, installer.build_known) {
        (None, _) => "a release that is not on record".into(),
        (Some(name), true) => format!("{name}, a build on record"),
        (Some(name), false) => format!("{name}, a build that is not on record"),
    };
    let mut text = format!("  {what}: {product} {version} ({build}): {known}\n");
    if installer.chain.len() > 2 {
        text += &format!("  found at: {}\n", installer.chain.last().map_or("", String::as_str));
    }
    text
}

fn product_text(product: &Product) -> String {
    let title = product.title.as_deref().unwrap_or("without a title");
    let mut text = format!("  product: {}", escaped_text(title));
    if let Some(version) = &product.version {
        text += &format!(" {}", escaped_text(version));
    }
    text += &format!(
        ", {}, {}\n",
        count(product.packages as u64, "package"),
        count(product.choices as u64, "choice")
    );
    if !product.systems.is_empty() {
        text += &format!("    for systems {}\n", escaped_text(&product.systems.join("; or ")));
    }
    if product.volume_check || product.installation_check {
        text += "    a script of its own, not run here, says where it can be installed\n";
    }
    text
}

fn component_text(component: &Component) -> String {
    let version = component.version.as_deref().unwrap_or("without a version");
    let mut text = format!(
        "  package: {} {}, for {}",
        escaped_text(&component.identifier),
        escaped_text(version),
        escaped_text(&component.location)
    );
    if let Some(files) = component.files {
        text += &format!(", {}", count(files, "entry"));
    }
    if let Some(kib) = component.kib {
        text += &format!(", {}", size(kib.saturating_mul(1024)));
    }
    text.push('\n');
    if !component.scripts.is_empty() {
        text += &format!(
            "    scripts, not run here: {}\n",
            escaped_text(&component.scripts.join(", "))
        );
    }
    text
}

fn trust_text(trust: &Trust) -> String {
    let mut text = String::new();
    for signer in &trust.signers {
        let chain: Vec<_> = signer.chain.iter().map(|name| format!("\"{name}\"")).collect();
        text += &format!("  signed ({}): {}\n", signer.style, chain.join(", by "));
    }
    text += &format!("  {}\n", escaped_text(&trust.answer));
    for layer in trust.layers.iter().filter(|layer| ["noted", "holds"].contains(&layer.state)) {
        text += &format!("    {}\n", escaped_text(&layer.text));
    }
    text
}
