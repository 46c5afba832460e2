//! Tar archives: those that tar makes, and those that nobody honest makes.

use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

/// One entry: a header and its padded contents.
pub(super) fn entry(kind: u8, name: &[u8], content: &[u8]) -> Vec<u8> {
    let mut header = [0; 512];
    header[..name.len()].copy_from_slice(name);
    header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
    header[156] = kind;
    let mut entry = summed(header).to_vec();
    entry.extend_from_slice(content);
    entry.resize(entry.len().next_multiple_of(512), 0);
    entry
}

fn summed(mut header: [u8; 512]) -> [u8; 512] {
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    header
}

pub(super) fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let entries = files
        .iter()
        .map(|(name, bytes)| entry(b'0', name.as_bytes(), bytes));
    [entries.collect::<Vec<_>>().concat(), vec![0; 1024]].concat()
}

pub(super) fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn what_tar_makes_is_read() {
    let long = format!("{}/{}", "d".repeat(90), "f".repeat(120));
    let files = [("data/x", &b"1"[..]), (&long, &[7; 600]), ("größe", b"")];
    let package = directory(&files);
    let made = tempfile::tempdir().unwrap();
    let mut expected: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    expected.sort_unstable();
    for format in ["gnu", "pax", "ustar"] {
        for (option, what) in [("-cf", "."), ("-czf", "."), ("-czf", "data")] {
            let path = made.path().join("p.archive");
            let mut command = Command::new("tar");
            let package = package.path();
            // POSIX' older format has no room for a last part as long as this.
            let is_too_long = format == "ustar" && what == ".";
            let skipped = ["--exclude=f*", "--exclude="][usize::from(!is_too_long)];
            command.args([option.as_ref(), path.as_os_str()]);
            command.args([&format!("--format={format}"), skipped]);
            let run = command.arg("-C").arg(package).arg(what).status();
            assert!(run.unwrap().success());
            let tree = read(&path, &Caps::default()).unwrap();
            match (what, is_too_long) {
                ("data", _) => assert_eq!(names(&tree), ["x"]),
                (_, true) => assert_eq!(names(&tree), ["data/x", "größe"]),
                _ => assert_eq!(names(&tree), expected, "{format} {option}"),
            }
        }
    }
}

#[test]
fn too_much_in_a_tar_archive_is_refused() {
    refuses_too_much(|files| read_archive(&archive(files), &SMALL));
    refuses_too_much(|files| read_archive(&zipped(&archive(files)), &SMALL));
}

#[test]
fn a_zipped_tar_bomb_stops_at_the_cap() {
    let bomb = zipped(&archive(&[("zeros", &vec![0; 16 << 20])]));
    assert!(bomb.len() < 200_000);
    let refused = read_archive(&bomb, &SMALL);
    assert!(matches!(refused, Err(UnpackError::TooLarge { .. })));
}

#[test]
fn entries_that_are_no_files_are_counted() {
    let directories = |count| entry(b'5', b"d/", b"").repeat(count);
    assert_eq!(
        names(&read_archive(&directories(12), &SMALL).unwrap()),
        [""; 0]
    );
    let refused = read_archive(&directories(13), &SMALL);
    assert!(
        matches!(refused, Err(UnpackError::TooMany(3))),
        "{refused:?}"
    );
    let long = entry(b'L', b"", &[b'a'; (64 << 10) + 1]);
    let refused = read_archive(&long, &Caps::default());
    assert!(
        matches!(refused, Err(UnpackError::Damaged(_))),
        "{refused:?}"
    );
}

#[test]
fn names_in_a_tar_archive_lead_nowhere() {
    let names: [&[u8]; 8] = [
        b"../x",
        b"/etc/x",
        b"a/../../x",
        b"a\\b",
        b"a//b",
        b"././x",
        b"a\nb",
        b"b",
    ];
    for name in names {
        let long = [entry(b'L', b"", name), entry(b'0', b"c", b"")].concat();
        let record = [b" path=", name, b"\n"].concat();
        let record = [(record.len() + 2).to_string().as_bytes(), &record].concat();
        let posix = [entry(b'x', b"", &record), entry(b'0', b"c", b"")].concat();
        for named in [entry(b'0', name, b""), long, posix] {
            let refused = read_archive(&[entry(b'0', b"b", b""), named].concat(), &SMALL);
            assert!(
                matches!(refused, Err(UnpackError::Name { .. })),
                "{name:?}: {refused:?}"
            );
        }
    }
    let refused = read_archive(&entry(b'0', b"\xff", b""), &SMALL);
    assert!(
        matches!(refused, Err(UnpackError::NotUtf8(_))),
        "{refused:?}"
    );
}

#[test]
fn links_devices_and_sparse_files_in_a_tar_archive_are_refused() {
    for kind in *b"123467SKMVDA" {
        let read = read_archive(&entry(kind, b"x", b""), &SMALL);
        match kind {
            b'7' => assert_eq!(names(&read.unwrap()), ["x"]),
            _ => assert!(matches!(read, Err(UnpackError::NotPlain(_))), "{read:?}"),
        }
    }
    let sparse = entry(b'x', b"", b"22 GNU.sparse.major=1\n");
    let refused = read_archive(&[sparse, entry(b'0', b"x", b"")].concat(), &SMALL);
    assert!(
        matches!(refused, Err(UnpackError::NotPlain(_))),
        "{refused:?}"
    );
}

#[test]
fn a_size_in_a_tar_archive_that_lies_is_an_error() {
    let mut header = [0; 512];
    header[0] = b'x';
    for (size, is_binary) in [(&b"00000000777\0"[..], false), (&[0xff; 8], true)] {
        header[124..136].fill(0);
        header[124] = if is_binary { 0x80 } else { b'0' };
        header[136 - size.len()..136].copy_from_slice(size);
        let lying = [&summed(header)[..], &[1; 510]].concat();
        let refused = read_archive(&lying, &SMALL);
        assert!(refused.is_err(), "{refused:?}");
        let fits = read_archive(&[&lying[..], &[1]].concat(), &SMALL);
        assert_eq!(fits.is_ok(), !is_binary, "{fits:?}");
    }
}

#[test]
fn damaged_tar_archives_are_errors() {
    let whole = archive(&[("a", &[1; 300]), ("b", b"2")]);
    for bytes in [&whole, &zipped(&whole)] {
        for end in (0..bytes.len()).step_by(7) {
            let _ = read_archive(&bytes[..end], &SMALL);
        }
        for at in (0..bytes.len()).step_by(3) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0xff;
            let _ = read_archive(&damaged, &SMALL);
        }
    }
    for end in [1025, 700] {
        let cut = read_archive(&whole[..end], &SMALL);
        assert!(matches!(cut, Err(UnpackError::Damaged(_))), "{cut:?}");
    }
}
