//! Zip archives.

use std::io::{Read, Seek};

use zip::ZipArchive;
use zip::read::ZipFile;

use super::{Caps, Collector, UnpackError};
use crate::problem::package::Tree;

/// Type of a file in its Unix mode, and those that are files or directories.
const TYPE_MASK: u32 = libc::S_IFMT;
const PLAIN_TYPES: [u32; 3] = [0, libc::S_IFREG, libc::S_IFDIR];

/// Reads all files of an archive.
pub(super) fn read(file: impl Read + Seek, caps: &Caps) -> Result<Tree, UnpackError> {
    let mut collector = Collector::new(caps);
    read_into(&mut collector, file, "")?;
    Ok(collector.tree)
}

/// Reads all files of an archive, and puts this before their names.
pub(super) fn read_into(
    collector: &mut Collector,
    file: impl Read + Seek,
    prefix: &str,
) -> Result<(), UnpackError> {
    let caps = collector.caps;
    let mut archive = ZipArchive::new(file).map_err(UnpackError::Archive)?;
    if archive.len() > caps.files {
        return Err(UnpackError::TooMany(caps.files));
    }
    let overlaps = archive.has_overlapping_files();
    if overlaps.map_err(UnpackError::Archive)? {
        return Err(UnpackError::Overlapping);
    }
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(UnpackError::Archive)?;
        let name = name(&entry)?;
        let kind = entry.unix_mode().unwrap_or(0) & TYPE_MASK;
        if entry.encrypted() || !PLAIN_TYPES.contains(&kind) {
            return Err(UnpackError::NotPlain(name));
        }
        if !name.ends_with('/') {
            collector.add(&format!("{prefix}{name}"), entry)?;
        }
    }
    Ok(())
}

fn name<R: Read>(entry: &ZipFile<'_, R>) -> Result<String, UnpackError> {
    let raw = entry.name_raw();
    let name = std::str::from_utf8(raw)
        .map_err(|_| UnpackError::NotUtf8(raw.escape_ascii().to_string()))?;
    super::refuse_backslash(name)?;
    Ok(name.to_owned())
}
