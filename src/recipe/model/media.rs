//! The disk and the volume to make.

use serde::Serialize;

/// How the disk is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// As Disk Utility makes it: an EFI partition, the volume, 128 MiB free.
    Standard,
    /// One HFS+ partition from sector 2048.
    Single,
    /// The volume alone, without a partition map.
    Bare,
}

impl Layout {
    /// All layouts, with their words.
    pub const ALL: [(&'static str, Self); 3] =
        [("standard", Self::Standard), ("single", Self::Single), ("bare", Self::Bare)];

    /// The word in a recipe.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, layout)| *layout == self).map_or("", |(word, _)| word)
    }
}

/// How large the volume becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Size {
    /// As large as its contents and the free room ask for.
    Fit,
    /// So many bytes.
    Bytes(u64),
    /// As large as the target allows.
    Target,
}

/// The disk to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MediaOptions {
    /// How the disk is divided.
    pub layout: Layout,
    /// Bytes of a sector: 512 or 4096.
    pub sector: u32,
    /// The volume.
    pub volume: VolumeOptions,
    /// The input whose files go into the EFI partition.
    pub efi: Option<String>,
}

/// The HFS+ volume to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VolumeOptions {
    /// Its name; the restored volume's when `None`.
    pub name: Option<String>,
    /// How large it becomes.
    pub size: Size,
    /// The free room in it, for `fit`.
    pub free: u64,
    /// Bytes of an allocation block; the default of the writer when `None`.
    pub block_size: Option<u32>,
    /// Whether it has an (empty) journal.
    pub journal: bool,
    /// Whether names differ by case; as the restored volume when `None`.
    pub case_sensitive: Option<bool>,
    /// The boot file to bless at the end.
    pub bless: Option<String>,
}
