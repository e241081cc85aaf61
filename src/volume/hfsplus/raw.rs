//! The exact bytes of HFS Plus, by TN1150's names; no logic.
//!
//! Structures are big-endian and unaligned. Each has its size asserted. Keys,
//! names and records of variable length are in the modules that parse them.

use zerocopy::big_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

macro_rules! on_disk {
    ($(#[$doc:meta])* $name:ident, $size:literal { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
        #[repr(C)]
        #[allow(non_snake_case, reason = "the specification's names")]
        pub struct $name { $($(#[$field_doc])* pub $field: $kind,)* }
        const _: () = assert!(size_of::<$name>() == $size);
    };
}

/// `signature` of an HFS Plus volume header, `H+`.
pub const SIGNATURE_HFS_PLUS: u16 = 0x482b;
/// `signature` of an HFSX volume header, `HX`.
pub const SIGNATURE_HFSX: u16 = 0x4858;
/// `drSigWord` of an HFS standard master directory block, `BD`.
pub const SIGNATURE_HFS: u16 = 0x4244;

/// Volume attributes (TN1150, "Volume Attributes").
pub mod attributes {
    /// `kHFSVolumeHardwareLockBit`.
    pub const HARDWARE_LOCK: u32 = 1 << 7;
    /// `kHFSVolumeUnmountedBit`: cleanly unmounted.
    pub const UNMOUNTED: u32 = 1 << 8;
    /// `kHFSVolumeSparedBlocksBit`: a bad block file exists.
    pub const SPARED_BLOCKS: u32 = 1 << 9;
    /// `kHFSVolumeNoCacheRequiredBit`.
    pub const NO_CACHE: u32 = 1 << 10;
    /// `kHFSBootVolumeInconsistentBit`: was mounted when it should not have been.
    pub const INCONSISTENT: u32 = 1 << 11;
    /// `kHFSCatalogNodeIDsReusedBit`.
    pub const CNIDS_REUSED: u32 = 1 << 12;
    /// `kHFSVolumeJournaledBit`.
    pub const JOURNALED: u32 = 1 << 13;
    /// `kHFSVolumeSoftwareLockBit`.
    pub const SOFTWARE_LOCK: u32 = 1 << 15;
    /// Unused B-tree nodes are zeroed (`kHFSUnusedNodeFixBit`, hfs_format.h).
    pub const UNUSED_NODES_ZEROED: u32 = 1 << 31;
}

/// Reserved catalog node ids (TN1150, "Catalog Node IDs").
pub mod cnid {
    /// Parent of the root folder.
    pub const ROOT_PARENT: u32 = 1;
    /// The root folder.
    pub const ROOT: u32 = 2;
    /// The extents overflow file.
    pub const EXTENTS: u32 = 3;
    /// The catalog file.
    pub const CATALOG: u32 = 4;
    /// The bad block file.
    pub const BAD_BLOCKS: u32 = 5;
    /// The allocation file.
    pub const ALLOCATION: u32 = 6;
    /// The startup file.
    pub const STARTUP: u32 = 7;
    /// The attributes file.
    pub const ATTRIBUTES: u32 = 8;
    /// The first id of a user's file or folder.
    pub const FIRST_USER: u32 = 16;
}

on_disk!(
    /// `HFSPlusExtentDescriptor`.
    ExtentDescriptor, 8 {
    /// First allocation block.
    startBlock: U32,
    /// Number of allocation blocks; 0 ends the record.
    blockCount: U32,
});

on_disk!(
    /// `HFSPlusForkData`.
    ForkData, 80 {
    /// Bytes in the fork.
    logicalSize: U64,
    /// Clump size, or blocks read when hot-file clustering.
    clumpSize: U32,
    /// Blocks in all extents.
    totalBlocks: U32,
    /// The first eight extents.
    extents: [ExtentDescriptor; 8],
});

on_disk!(
    /// `HFSPlusVolumeHeader`, at byte 1024 and 1024 before the end.
    VolumeHeader, 512 {
    /// `H+` or `HX`.
    signature: U16,
    /// 4 for HFS Plus, 5 for HFSX.
    version: U16,
    /// See [`attributes`].
    attributes: U32,
    /// `10.0`, `HFSJ`, `FSK!`, ...
    lastMountedVersion: [u8; 4],
    /// Block of the journal info block.
    journalInfoBlock: U32,
    /// In local time.
    createDate: U32,
    /// In UTC, as the two below.
    modifyDate: U32,
    /// Last backed up.
    backupDate: U32,
    /// Last checked.
    checkedDate: U32,
    /// Files, without special files.
    fileCount: U32,
    /// Folders, without the root.
    folderCount: U32,
    /// Bytes of an allocation block.
    blockSize: U32,
    /// Allocation blocks.
    totalBlocks: U32,
    /// Unused allocation blocks.
    freeBlocks: U32,
    /// Where to look for free blocks next.
    nextAllocation: U32,
    /// Default clump size of resource forks.
    rsrcClumpSize: U32,
    /// Default clump size of data forks.
    dataClumpSize: U32,
    /// Next unused catalog node id.
    nextCatalogID: U32,
    /// Counts mounts.
    writeCount: U32,
    /// One bit a text encoding in use.
    encodingsBitmap: U64,
    /// Blessing and volume id.
    finderInfo: [U32; 8],
    /// The bitmap.
    allocationFile: ForkData,
    /// The extents overflow B-tree.
    extentsFile: ForkData,
    /// The catalog B-tree.
    catalogFile: ForkData,
    /// The attributes B-tree.
    attributesFile: ForkData,
    /// For other operating systems.
    startupFile: ForkData,
});

/// `BTNodeDescriptor.kind` values.
pub mod node_kind {
    /// Holds records.
    pub const LEAF: i8 = -1;
    /// Holds keys and node numbers.
    pub const INDEX: i8 = 0;
    /// Node 0.
    pub const HEADER: i8 = 1;
    /// Holds more of the node map.
    pub const MAP: i8 = 2;
}

on_disk!(
    /// `BTNodeDescriptor`.
    NodeDescriptor, 14 {
    /// Next node of this kind and level, or 0.
    fLink: U32,
    /// Previous node, or 0.
    bLink: U32,
    /// See [`node_kind`].
    kind: i8,
    /// 1 for leaves, more above; 0 for header and map.
    height: u8,
    /// Records in the node.
    numRecords: U16,
    /// Zero.
    reserved: U16,
});

/// `BTHeaderRec.attributes` bits.
pub mod tree_attributes {
    /// Key lengths are 16 bits (always so on HFS Plus).
    pub const BIG_KEYS: u32 = 2;
    /// Keys in index nodes take only their own length.
    pub const VARIABLE_INDEX_KEYS: u32 = 4;
}

/// `BTHeaderRec.keyCompareType` of an HFSX catalog.
pub mod key_compare {
    /// Case folding.
    pub const CASE_FOLDING: u8 = 0xcf;
    /// Unit by unit.
    pub const BINARY: u8 = 0xbc;
}

on_disk!(
    /// `BTHeaderRec`, the first record of node 0.
    BTreeHeader, 106 {
    /// Levels; 0 for an empty tree.
    treeDepth: U16,
    /// Node number of the root, or 0.
    rootNode: U32,
    /// Records in all leaves.
    leafRecords: U32,
    /// First leaf, or 0.
    firstLeafNode: U32,
    /// Last leaf, or 0.
    lastLeafNode: U32,
    /// Bytes of a node.
    nodeSize: U16,
    /// The most bytes of a key.
    maxKeyLength: U16,
    /// Nodes in the file.
    totalNodes: U32,
    /// Unused nodes.
    freeNodes: U32,
    /// Unused.
    reserved1: U16,
    /// Misaligned in the file; ignored.
    clumpSize: U32,
    /// 0 for HFS Plus.
    btreeType: u8,
    /// See [`key_compare`].
    keyCompareType: u8,
    /// See [`tree_attributes`].
    attributes: U32,
    /// Zero.
    reserved3: [U32; 16],
});

/// `recordType` of catalog records.
pub mod record {
    /// `kHFSPlusFolderRecord`.
    pub const FOLDER: u16 = 1;
    /// `kHFSPlusFileRecord`.
    pub const FILE: u16 = 2;
    /// `kHFSPlusFolderThreadRecord`.
    pub const FOLDER_THREAD: u16 = 3;
    /// `kHFSPlusFileThreadRecord`.
    pub const FILE_THREAD: u16 = 4;
}

/// `flags` of catalog records (TN1150 and hfs_format.h).
pub mod file_flags {
    /// `kHFSFileLockedMask`.
    pub const LOCKED: u16 = 0x0001;
    /// `kHFSThreadExistsMask`; set on every file.
    pub const THREAD_EXISTS: u16 = 0x0002;
    /// `kHFSHasAttributesMask`.
    pub const HAS_ATTRIBUTES: u16 = 0x0004;
    /// `kHFSHasSecurityMask`.
    pub const HAS_SECURITY: u16 = 0x0008;
    /// `kHFSHasFolderCountMask`: `folderCount` is kept (HFSX, case-sensitive).
    pub const HAS_FOLDER_COUNT: u16 = 0x0010;
    /// `kHFSHasLinkChainMask`: the record is part of a chain of hard links.
    pub const HAS_LINK_CHAIN: u16 = 0x0020;
    /// `kHFSHasChildLinkMask`: a folder that holds a link to a folder below it.
    pub const HAS_CHILD_LINK: u16 = 0x0040;
    /// `kHFSHasDateAddedMask`: the date in the extended Finder info counts.
    pub const HAS_DATE_ADDED: u16 = 0x0080;
}

on_disk!(
    /// `HFSPlusBSDInfo`.
    BsdInfo, 16 {
    /// Owner; of a hard link, the previous link's id.
    ownerID: U32,
    /// Group; of a hard link, the next link's id.
    groupID: U32,
    /// `SF_*` flags.
    adminFlags: u8,
    /// `UF_*` flags.
    ownerFlags: u8,
    /// Type and permissions.
    fileMode: U16,
    /// `iNodeNum` of a link, `linkCount` of an inode, `rawDevice` of a device.
    special: U32,
});

on_disk!(
    /// `HFSPlusCatalogFolder`.
    CatalogFolder, 88 {
    /// [`record::FOLDER`].
    recordType: U16,
    /// See [`file_flags`].
    flags: U16,
    /// Children.
    valence: U32,
    /// This folder's id.
    folderID: U32,
    /// Made.
    createDate: U32,
    /// Contents changed.
    contentModDate: U32,
    /// Attributes changed.
    attributeModDate: U32,
    /// Last read.
    accessDate: U32,
    /// Last backed up.
    backupDate: U32,
    /// Owner and mode.
    permissions: BsdInfo,
    /// `DInfo` and `DXInfo`.
    finderInfo: [u8; 32],
    /// Hint of the name's encoding.
    textEncoding: U32,
    /// Child folders, where [`file_flags::HAS_FOLDER_COUNT`] is set.
    folderCount: U32,
});

on_disk!(
    /// `HFSPlusCatalogFile`.
    CatalogFile, 248 {
    /// [`record::FILE`].
    recordType: U16,
    /// See [`file_flags`].
    flags: U16,
    /// First link's id of an inode with a link chain.
    reserved1: U32,
    /// This file's id.
    fileID: U32,
    /// Made; of a hard link, the inode folder's date.
    createDate: U32,
    /// Contents changed.
    contentModDate: U32,
    /// Attributes changed.
    attributeModDate: U32,
    /// Last read.
    accessDate: U32,
    /// Last backed up.
    backupDate: U32,
    /// Owner and mode.
    permissions: BsdInfo,
    /// `FInfo` and `FXInfo`.
    finderInfo: [u8; 32],
    /// Hint of the name's encoding.
    textEncoding: U32,
    /// Zero.
    reserved2: U32,
    /// The data fork.
    dataFork: ForkData,
    /// The resource fork.
    resourceFork: ForkData,
});

/// `recordType` of attribute records.
pub mod attribute_record {
    /// `kHFSPlusAttrInlineData`.
    pub const INLINE: u32 = 0x10;
    /// `kHFSPlusAttrForkData`.
    pub const FORK: u32 = 0x20;
    /// `kHFSPlusAttrExtents`.
    pub const EXTENTS: u32 = 0x30;
}

on_disk!(
    /// `JournalInfoBlock`, up to the machine's serial number.
    JournalInfoBlock, 52 {
    /// See [`journal`].
    flags: U32,
    /// Tells the device the journal is on.
    device_signature: [U32; 8],
    /// Bytes from the volume's start.
    offset: U64,
    /// Bytes of the journal.
    size: U64,
});

/// `JournalInfoBlock.flags`.
pub mod journal {
    /// `kJIJournalInFSMask`.
    pub const IN_FS: u32 = 1;
    /// `kJIJournalOnOtherDeviceMask`.
    pub const ON_OTHER_DEVICE: u32 = 2;
    /// `kJIJournalNeedInitMask`.
    pub const NEED_INIT: u32 = 4;
}
