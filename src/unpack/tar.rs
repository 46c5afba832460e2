//! Tar archives, plain or compressed by gzip: POSIX' format with its long names and GNU's. Links,
//! devices and sparse files are refused, as in every archive.

use std::io::{self, BufReader, Read, Seek};

use flate2::read::MultiGzDecoder;

use super::{Caps, Collector, UnpackError};
use crate::problem::package::Tree;

/// Everything in the archive stands in blocks of this size.
const BLOCK_BYTES: usize = 512;
/// The most that the long form of a name may take, with all that is said beside it.
const MAX_LONG_BYTES: u64 = 64 << 10;
/// How gzip's output begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Whether a file is such an archive, by its beginning.
pub(super) fn is_tar(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    let mut magic = Vec::new();
    file.by_ref().take(2).read_to_end(&mut magic)?;
    file.rewind()?;
    let mut first = Vec::new();
    let length = BLOCK_BYTES as u64;
    let read = match magic == GZIP {
        true => MultiGzDecoder::new(file.by_ref())
            .take(length)
            .read_to_end(&mut first),
        false => file.by_ref().take(length).read_to_end(&mut first),
    };
    file.rewind()?;
    // What gzip does not take is damaged, and no archive to us.
    Ok(read.is_ok() && <[u8; BLOCK_BYTES]>::try_from(first).is_ok_and(|b| Header(b).is_whole()))
}

/// Reads all files of an archive.
pub(super) fn read(mut file: impl Read + Seek, caps: &Caps) -> Result<Tree, UnpackError> {
    let mut magic = [0; 2];
    let rewound = file.read_exact(&mut magic).and_then(|()| file.rewind());
    rewound.map_err(UnpackError::Damaged)?;
    let file = BufReader::new(file);
    match magic == GZIP {
        true => read_entries(MultiGzDecoder::new(file), caps),
        false => read_entries(file, caps),
    }
}

fn read_entries(mut archive: impl Read, caps: &Caps) -> Result<Tree, UnpackError> {
    let mut collector = Collector::new(caps);
    // Directories and long names take a block each, too.
    let mut entries_left = caps.files.saturating_mul(4);
    let mut long = Long::default();
    while let Some(header) = next_header(&mut archive)? {
        entries_left = entries_left
            .checked_sub(1)
            .ok_or(UnpackError::TooMany(caps.files))?;
        let size = match header.kind() {
            // Some writers give directories a size, but none have contents.
            Kind::Directory => 0,
            _ => long.size.take().map_or_else(|| header.size(), Ok)?,
        };
        match header.kind() {
            Kind::File => {
                let name = name(long.name.take().unwrap_or_else(|| header.name()))?;
                add(&mut collector, &name, &mut archive, size)?;
            }
            Kind::Directory => long = Long::default(),
            Kind::LongName => {
                long.name = Some(until_nul(&contents(&mut archive, size)?).to_owned())
            }
            Kind::Records => long.read(&contents(&mut archive, size)?)?,
            Kind::Shared => drop(contents(&mut archive, size)?),
            Kind::Other => {
                let name = name(long.name.take().unwrap_or_else(|| header.name()))?;
                return Err(UnpackError::NotPlain(name));
            }
        }
        skip(&mut archive, padding(size))?;
    }
    Ok(collector.tree)
}

/// The next header; `None` at the end, which is a block of zeros or that of the archive.
fn next_header(archive: &mut impl Read) -> Result<Option<Header>, UnpackError> {
    let mut block = Vec::new();
    let read = archive.take(BLOCK_BYTES as u64).read_to_end(&mut block);
    read.map_err(UnpackError::Damaged)?;
    if block.iter().all(|&byte| byte == 0) {
        return Ok(None);
    }
    let header = <[u8; BLOCK_BYTES]>::try_from(block).map(Header);
    match header {
        Ok(header) if header.is_whole() => Ok(Some(header)),
        _ => Err(damaged("an entry has no whole header")),
    }
}

fn add(
    collector: &mut Collector,
    name: &str,
    archive: &mut impl Read,
    size: u64,
) -> Result<(), UnpackError> {
    let mut content = archive.take(size);
    collector.add(name, &mut content)?;
    match content.limit() {
        0 => Ok(()),
        _ => Err(damaged("a file is cut off")),
    }
}

/// The whole of something that is no file.
fn contents(archive: &mut impl Read, size: u64) -> Result<Vec<u8>, UnpackError> {
    if size > MAX_LONG_BYTES {
        return Err(damaged("a name is too long"));
    }
    let mut bytes = Vec::new();
    let read = archive.take(size).read_to_end(&mut bytes);
    match read.map_err(UnpackError::Damaged)? as u64 == size {
        true => Ok(bytes),
        false => Err(damaged("a name is cut off")),
    }
}

fn padding(size: u64) -> u64 {
    size.next_multiple_of(BLOCK_BYTES as u64) - size
}

fn skip(archive: &mut impl Read, length: u64) -> Result<(), UnpackError> {
    let skipped = io::copy(&mut archive.take(length), &mut io::sink());
    skipped.map(drop).map_err(UnpackError::Damaged)
}

fn name(raw: Vec<u8>) -> Result<String, UnpackError> {
    let name = String::from_utf8(raw)
        .map_err(|error| UnpackError::NotUtf8(error.as_bytes().escape_ascii().to_string()))?;
    super::refuse_backslash(&name)?;
    // `tar -c .` puts this before every name.
    Ok(name.strip_prefix("./").unwrap_or(&name).to_owned())
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

fn damaged(what: &'static str) -> UnpackError {
    UnpackError::Damaged(io::Error::new(io::ErrorKind::InvalidData, what))
}

/// What the entries before a file say of it.
#[derive(Debug, Default)]
struct Long {
    name: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Long {
    /// POSIX' records: `length key=value\n`.
    fn read(&mut self, mut records: &[u8]) -> Result<(), UnpackError> {
        let no_record = || damaged("an extended header cannot be read");
        while !records.is_empty() {
            let digits = records.split(|&byte| byte == b' ').next();
            let length = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
            let (record, rest) = length
                .and_then(|length| records.split_at_checked(length))
                .ok_or_else(no_record)?;
            let record = record.strip_suffix(b"\n").ok_or_else(no_record)?;
            let start = digits.map_or(0, |digits| digits.len() + 1);
            let pair = record.get(start..).ok_or_else(no_record)?;
            let at = pair.iter().position(|&byte| byte == b'=');
            let (key, value) = pair.split_at(at.ok_or_else(no_record)?);
            self.take_over(key, &value[1..])?;
            records = rest;
        }
        Ok(())
    }

    fn take_over(&mut self, key: &[u8], value: &[u8]) -> Result<(), UnpackError> {
        match key {
            b"path" => self.name = Some(value.to_owned()),
            b"size" => {
                let size = std::str::from_utf8(value).ok().and_then(|v| v.parse().ok());
                let no_size = || damaged("a size is no number");
                self.size = Some(size.ok_or_else(no_size)?);
            }
            key if key.starts_with(b"GNU.sparse.") => {
                return Err(UnpackError::NotPlain("a sparse file".to_owned()));
            }
            _ => {}
        }
        Ok(())
    }
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Directory,
    /// GNU's long name of the next entry.
    LongName,
    /// POSIX' records about the next entry.
    Records,
    /// Records about the whole archive, e.g. the commit that it was made of.
    Shared,
    /// A link, a device or something new.
    Other,
}

/// The block before an entry's contents.
struct Header([u8; BLOCK_BYTES]);

impl Header {
    fn kind(&self) -> Kind {
        match self.0[156] {
            // Before POSIX a slash at the end made a directory.
            0 | b'0' | b'7' if until_nul(&self.0[..100]).ends_with(b"/") => Kind::Directory,
            0 | b'0' | b'7' => Kind::File,
            b'5' => Kind::Directory,
            b'L' => Kind::LongName,
            b'x' => Kind::Records,
            b'g' => Kind::Shared,
            _ => Kind::Other,
        }
    }

    fn name(&self) -> Vec<u8> {
        let name = until_nul(&self.0[..100]);
        // GNU's own format has something else where POSIX has the first part of the name.
        match until_nul(&self.0[345..500]) {
            prefix if &self.0[257..263] == b"ustar\0" && !prefix.is_empty() => {
                [prefix, b"/", name].concat()
            }
            _ => name.to_owned(),
        }
    }

    fn size(&self) -> Result<u64, UnpackError> {
        let field = &self.0[124..136];
        let size = match field {
            // What octal digits cannot say is binary, with the first bit set.
            [0x80, 0, 0, 0, rest @ ..] => {
                Some(rest.iter().fold(0, |size, &b| size << 8 | u64::from(b)))
            }
            _ => octal(field),
        };
        size.ok_or_else(|| damaged("a size is no number"))
    }

    /// Whether the sum is that of the other bytes.
    fn is_whole(&self) -> bool {
        let is_sum = |at: usize| (148..156).contains(&at);
        let bytes = self.0.iter().enumerate();
        let sum = bytes.map(|(at, &byte)| {
            if is_sum(at) {
                u64::from(b' ')
            } else {
                u64::from(byte)
            }
        });
        octal(&self.0[148..156]) == Some(sum.sum())
    }
}

fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(until_nul(field)).ok()?;
    u64::from_str_radix(text.trim(), 8).ok()
}
