//! Archives that were changed at random: each is refused, or read within the caps and under names that
//! lead nowhere.

use super::*;
use crate::fuzz;

const CAPS: Caps = Caps {
    files: 20,
    file_bytes: 4000,
    total_bytes: 6000,
};

const FILES: [(&str, &[u8]); 3] = [
    ("p/problem.yaml", b"name: A\n"),
    ("p/data/secret/1.in", &[7; 1500]),
    ("p/x", b""),
];

/// Names and numbers that archives could be made of.
const WORDS: [&str; 12] = [
    "../",
    "/etc/passwd",
    "..",
    "\\",
    "\0",
    "PK\u{1}\u{2}",
    "PK\u{3}\u{4}",
    "PK\u{5}\u{6}",
    "ustar",
    "77777777777",
    "path=../x",
    "size=99999999999",
];

fn is_within(tree: &Tree) {
    let bytes: usize = tree.files().map(|(_, bytes)| bytes.len()).sum();
    assert!(tree.paths().count() <= CAPS.files);
    assert!(bytes as u64 <= CAPS.total_bytes);
    for path in tree.paths() {
        let is_plain = |part: &str| !matches!(part, "" | "." | "..");
        assert!(path.split('/').all(is_plain), "{path:?}");
        assert!(
            !path.contains(|c: char| c.is_control() || c == '\\'),
            "{path:?}"
        );
    }
}

fn try_all(usual: u64, good: &[&[u8]]) {
    let read = std::cell::Cell::new(0);
    fuzz::try_changes(usual, (good, &WORDS), |archive, _| {
        if let Ok(tree) = super::super::read_archive(archive, &CAPS) {
            read.set(read.get() + 1);
            is_within(&tree);
        }
    });
    // Otherwise nothing behind the first check was tried.
    assert!(read.get() > 10, "{}", read.get());
}

#[test]
fn whatever_a_zip_archive_is_it_is_refused_or_read_within_the_caps() {
    let inner = archive(&[("a.in", b"1"), ("../b", b"2")]);
    let dmoj = archive(&[("init.yml", b"archive: d.zip\n"), ("d.zip", &inner)]);
    let stored = {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default();
        let options = options.compression_method(::zip::CompressionMethod::Stored);
        for (name, bytes) in FILES {
            writer.start_file(name, options).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    };
    try_all(5000, &[&archive(&FILES), &stored, &dmoj]);
}

#[test]
fn whatever_a_tar_archive_is_it_is_refused_or_read_within_the_caps() {
    let plain = tar::archive(&FILES);
    let zipped = tar::zipped(&plain);
    let record = b"27 path=p/data/secret/long\n";
    let long = [
        tar::entry(b'x', b"pax", record),
        tar::entry(b'L', b"long", b"p/another"),
        plain.clone(),
    ];
    try_all(5000, &[&plain, &zipped, &long.concat()]);
}
