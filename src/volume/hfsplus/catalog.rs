//! Catalog records: folders, files, and what they say of themselves.
//!
//! Thread records are skipped: the leaves alone say where everything is.

use crate::block::{Error, Result, Value};
use crate::volume::Meta;
use crate::volume::hfsplus::raw::{BsdInfo, CatalogFile, CatalogFolder, cnid, file_flags, record};
use zerocopy::FromBytes;

/// `fdType` and `fdCreator` of a hard link to a file.
const FILE_LINK: [u8; 8] = *b"hlnkhfs+";
/// `fdType` and `fdCreator` of an alias; of a hard link to a folder, too.
const FOLDER_LINK: [u8; 8] = *b"fdrpMACS";

/// The flags that tell of a file or folder itself.
const OWN: u16 = file_flags::LOCKED | file_flags::HAS_DATE_ADDED;

/// A catalog record's data.
pub(crate) enum Record<'a> {
    Folder(&'a CatalogFolder),
    File(&'a CatalogFile),
    Thread,
}

/// Which kind of hard link a file record may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LinkKind {
    File,
    Folder,
}

/// Takes a record's data.
///
/// # Errors
/// `Corrupt` for an unknown type, a record too short, an id below the user's.
pub(crate) fn parse(data: &[u8]) -> Result<Record<'_>> {
    let kind = data.first_chunk().map_or(0, |kind| u16::from_be_bytes(*kind));
    let short = || Error::corrupt("catalog record", "length", data.len(), "too short for its type");
    match kind {
        record::FOLDER => {
            let (folder, _) = CatalogFolder::ref_from_prefix(data).map_err(|_| short())?;
            let id = folder.folderID.get();
            if id != cnid::ROOT && id < cnid::FIRST_USER {
                return Err(Error::corrupt("catalog folder", "folderID", id, "a reserved id"));
            }
            Ok(Record::Folder(folder))
        }
        record::FILE => {
            let (file, _) = CatalogFile::ref_from_prefix(data).map_err(|_| short())?;
            let id = file.fileID.get();
            if id < cnid::FIRST_USER {
                return Err(Error::corrupt("catalog file", "fileID", id, "a reserved id"));
            }
            Ok(Record::File(file))
        }
        record::FOLDER_THREAD | record::FILE_THREAD => Ok(Record::Thread),
        other => {
            let kind = Value::Hex(other.into());
            Err(Error::corrupt("catalog record", "recordType", kind, "no type of record"))
        }
    }
}

/// What a folder's record says.
///
/// # Errors
/// `Corrupt` when the mode says it is a file.
pub(crate) fn folder_meta(folder: &CatalogFolder) -> Result<Meta> {
    let mode = folder.permissions.fileMode.get();
    if ![0, Meta::DIR].contains(&(mode & Meta::TYPE)) {
        let mode = Value::Hex(mode.into());
        return Err(Error::corrupt("catalog folder", "fileMode", mode, "not a folder's type"));
    }
    Ok(Meta {
        cnid: folder.folderID.get(),
        created: folder.createDate.get(),
        modified: folder.contentModDate.get(),
        changed: folder.attributeModDate.get(),
        accessed: folder.accessDate.get(),
        backed_up: folder.backupDate.get(),
        catalog_flags: folder.flags.get() & OWN,
        text_encoding: folder.textEncoding.get(),
        finder: folder.finderInfo,
        ..owner(&folder.permissions)
    })
}

/// What a file's record says.
///
/// # Errors
/// `Corrupt` when the mode says it is a folder.
pub(crate) fn file_meta(file: &CatalogFile) -> Result<Meta> {
    let mode = file.permissions.fileMode.get();
    if mode & Meta::TYPE == Meta::DIR {
        let mode = Value::Hex(mode.into());
        return Err(Error::corrupt("catalog file", "fileMode", mode, "a folder's type"));
    }
    let is_device = matches!(mode & Meta::TYPE, 0o020_000 | 0o060_000);
    Ok(Meta {
        cnid: file.fileID.get(),
        created: file.createDate.get(),
        modified: file.contentModDate.get(),
        changed: file.attributeModDate.get(),
        accessed: file.accessDate.get(),
        backed_up: file.backupDate.get(),
        device: if is_device { file.permissions.special.get() } else { 0 },
        catalog_flags: file.flags.get() & OWN,
        text_encoding: file.textEncoding.get(),
        finder: file.finderInfo,
        ..owner(&file.permissions)
    })
}

fn owner(permissions: &BsdInfo) -> Meta {
    Meta {
        owner: permissions.ownerID.get(),
        group: permissions.groupID.get(),
        admin_flags: permissions.adminFlags,
        owner_flags: permissions.ownerFlags,
        mode: permissions.fileMode.get(),
        ..Meta::default()
    }
}

/// The kind of hard link that type and creator name (an alias is a link to a
/// folder only when it is in a chain).
pub(crate) fn link_kind(file: &CatalogFile) -> Option<LinkKind> {
    let chained = file.flags.get() & file_flags::HAS_LINK_CHAIN != 0;
    match &file.finderInfo[..8] {
        kind if *kind == FILE_LINK => Some(LinkKind::File),
        kind if *kind == FOLDER_LINK && chained => Some(LinkKind::Folder),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::saying::{assert_said, said};
    use zerocopy::IntoBytes;

    fn file() -> CatalogFile {
        CatalogFile { recordType: 2.into(), fileID: 16.into(), ..CatalogFile::default() }
    }

    #[test]
    fn records_that_cannot_be_are_named() {
        assert!(matches!(parse(file().as_bytes()), Ok(Record::File(_))));
        assert!(matches!(parse(&[0, 3]), Ok(Record::Thread)));
        let with_id = |id: u32| CatalogFile { fileID: id.into(), ..file() };
        let folder = CatalogFolder { recordType: 1.into(), ..CatalogFolder::default() };
        let (mut of_folder, mut of_file) = (file(), folder);
        of_folder.permissions.fileMode = 0o040_755.into();
        of_file.permissions.fileMode = 0o100_755.into();
        assert_said([
            (
                said(parse(&file().as_bytes()[..247])),
                "catalog record: length is 247: too short for its type",
            ),
            (said(parse(&[0, 9])), "catalog record: recordType is 0x9: no type of record"),
            (said(parse(&[])), "catalog record: recordType is 0x0: no type of record"),
            (said(parse(with_id(15).as_bytes())), "catalog file: fileID is 15: a reserved id"),
            (said(parse(folder.as_bytes())), "catalog folder: folderID is 0: a reserved id"),
            (said(file_meta(&of_folder)), "catalog file: fileMode is 0x41ed: a folder's type"),
            (
                said(folder_meta(&of_file)),
                "catalog folder: fileMode is 0x81ed: not a folder's type",
            ),
        ]);
    }

    #[test]
    fn only_devices_have_a_number() {
        let mut device = file();
        device.permissions.special = 7.into();
        device.permissions.fileMode = 0o100_644.into();
        assert_eq!(file_meta(&device).unwrap().device, 0);
        device.permissions.fileMode = 0o020_644.into();
        assert_eq!(file_meta(&device).unwrap().device, 7);
    }

    #[test]
    fn an_alias_is_no_hard_link() {
        let mut alias = file();
        alias.finderInfo[..8].copy_from_slice(b"fdrpMACS");
        assert_eq!(link_kind(&alias), None);
        alias.flags = file_flags::HAS_LINK_CHAIN.into();
        assert_eq!(link_kind(&alias), Some(LinkKind::Folder));
        alias.finderInfo[..8].copy_from_slice(b"hlnkhfs+");
        assert_eq!(link_kind(&alias), Some(LinkKind::File));
    }
}
