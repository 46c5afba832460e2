//! Directories and archives, honest and hostile.

use std::fs;
use std::io::{Cursor, Write};
use std::os::unix::fs::symlink;

use ::zip::ZipWriter;
use ::zip::write::SimpleFileOptions;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::*;

mod changed;
mod tar;

const SMALL: Caps = Caps {
    files: 3,
    file_bytes: 1000,
    total_bytes: 1500,
};

fn directory(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    directory
}

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        let options = SimpleFileOptions::default();
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn read_archive(bytes: &[u8], caps: &Caps) -> Result<Tree, UnpackError> {
    let directory = directory(&[("p.zip", bytes)]);
    read(&directory.path().join("p.zip"), caps)
}

fn names(tree: &Tree) -> Vec<String> {
    tree.paths().map(str::to_owned).collect()
}

/// Both caps, one file just under and just over.
fn refuses_too_much(read: impl Fn(&[(&str, &[u8])]) -> Result<Tree, UnpackError>) {
    let bytes = [0; 1001];
    let fits = [("a", &bytes[..1000]), ("b", &bytes[..500]), ("c", &[])];
    assert_eq!(names(&read(&fits).unwrap()), ["a", "b", "c"]);
    let large = read(&[("a", &bytes)]);
    assert!(matches!(large, Err(UnpackError::TooLarge { .. })));
    let much = read(&[("a", &bytes[..1000]), ("b", &bytes[..501])]);
    assert!(matches!(much, Err(UnpackError::TooMuch(1500))));
    let many = read(&[("a", &[]), ("b", &[]), ("c", &[]), ("d", &[])]);
    assert!(matches!(many, Err(UnpackError::TooMany(3))));
}

/// The kernel gives up at `..` when anything is renamed meanwhile, and leaves it to us to try again.
#[test]
fn a_link_is_followed_while_others_rename_files() {
    let inside = directory(&[("a/x", b"1"), ("b/y", b"2")]);
    symlink("../a/../a/../a/x", inside.path().join("b/link")).unwrap();
    let elsewhere = directory(&[("one", b"")]);
    let is_over = std::sync::atomic::AtomicBool::new(false);
    let order = std::sync::atomic::Ordering::Relaxed;
    std::thread::scope(|scope| {
        let (one, two) = (elsewhere.path().join("one"), elsewhere.path().join("two"));
        let is_over = &is_over;
        scope.spawn(move || {
            while !is_over.load(order) {
                fs::rename(&one, &two).unwrap();
                fs::rename(&two, &one).unwrap();
            }
        });
        let mut reads =
            (0..2000).map(|_| read(inside.path(), &Caps::default()).map(|tree| names(&tree)));
        let failed = reads.find(|read| !read.as_ref().is_ok_and(|names| names.len() == 3));
        is_over.store(true, order);
        assert!(failed.is_none(), "{failed:?}");
    });
}

#[test]
fn a_directory_is_read_without_version_control() {
    let directory = directory(&[("data/x", b"1"), (".git/y", b""), (".timelimit", b"")]);
    let tree = read(directory.path(), &Caps::default()).unwrap();
    assert_eq!(names(&tree), [".timelimit", "data/x"]);
}

#[test]
fn too_much_in_a_directory_is_refused() {
    refuses_too_much(|files| read(directory(files).path(), &SMALL));
}

#[test]
fn links_may_lead_to_files_beside_the_package() {
    let contest = directory(&[
        ("shared/lib.h", b"1"),
        ("shared/.hidden", b"2"),
        ("a/x", b""),
        ("a/validator/y", b""),
    ]);
    for (name, target) in [
        ("lib.h", "../../shared/lib.h"),
        ("hidden", "../../shared/.hidden"),
        ("shared", "../../shared"),
        ("further", "../../../etc/passwd"),
    ] {
        symlink(target, contest.path().join("a/validator").join(name)).unwrap();
    }
    let tree = read(&contest.path().join("a"), &Caps::default()).unwrap();
    assert_eq!(names(&tree), ["validator/lib.h", "validator/y", "x"]);
    let mut files = tree.files();
    assert_eq!(**files.next().unwrap().1, *b"1");
    let left_out = ["further", "hidden", "shared"].map(|name| format!("validator/{name}"));
    assert_eq!(tree.left_out(), left_out);
}

#[test]
fn links_that_lead_elsewhere_are_left_out() {
    let inside = directory(&[("a/x", b"1"), ("b/y", b"")]);
    symlink("../a/x", inside.path().join("b/link")).unwrap();
    let tree = read(inside.path(), &Caps::default()).unwrap();
    assert_eq!(names(&tree), ["a/x", "b/link", "b/y"]);
    for target in [
        "/etc/passwd",
        "../../etc/passwd",
        "missing",
        "link",
        "/proc/self/fd/0",
    ] {
        let directory = directory(&[("x", b"")]);
        symlink(target, directory.path().join("link")).unwrap();
        let tree = read(directory.path(), &Caps::default()).unwrap();
        assert_eq!(
            (names(&tree), tree.left_out()),
            (vec!["x".to_owned()], &["link".to_owned()][..])
        );
    }
}

#[test]
fn a_circle_of_links_ends() {
    let directory = directory(&[("x", b"")]);
    symlink(".", directory.path().join("self")).unwrap();
    let refused = read(directory.path(), &Caps::default());
    assert!(
        matches!(refused, Err(UnpackError::NotPlain(_))),
        "{refused:?}"
    );
}

#[test]
fn a_pipe_in_a_directory_is_refused_and_not_waited_for() {
    let directory = directory(&[]);
    mkfifo(&directory.path().join("pipe"), Mode::S_IRWXU).unwrap();
    let refused = read(directory.path(), &Caps::default());
    assert!(
        matches!(refused, Err(UnpackError::NotPlain(_))),
        "{refused:?}"
    );
}

#[test]
fn an_archive_is_read_with_and_without_its_own_directory() {
    for prefix in ["", "p/"] {
        let names_in = [format!("{prefix}problem.yaml"), format!("{prefix}data/x")];
        let bytes = archive(&[(&names_in[0], b"a"), (&names_in[1], &[7; 100])]);
        let tree = read_archive(&bytes, &Caps::default()).unwrap();
        assert_eq!(names(&tree), ["data/x", "problem.yaml"]);
    }
}

#[test]
fn the_archives_of_a_problem_of_dmoj_are_directories() {
    let inner = archive(&[("1.in", b"in"), ("d/1.out", b"out")]);
    let files: [(&str, &[u8]); 2] = [("init.yml", b""), ("data.zip", &inner)];
    let expected = ["data.zip/1.in", "data.zip/d/1.out", "init.yml"];
    let tree = read_archive(&archive(&files), &Caps::default()).unwrap();
    assert_eq!(names(&tree), expected);
    let tree = read(directory(&files).path(), &Caps::default()).unwrap();
    assert_eq!(names(&tree), expected);
    let bomb = archive(&[("zeros", &vec![0; 16 << 20])]);
    for (inner, files) in [(&bomb[..], SMALL.file_bytes), (b"no zip", 1 << 20)] {
        let caps = Caps {
            file_bytes: files.max(bomb.len() as u64),
            total_bytes: 1 << 20,
            ..SMALL
        };
        let refused = read(
            directory(&[("init.yml", b""), ("a.zip", inner)]).path(),
            &caps,
        );
        assert!(refused.is_err(), "{refused:?}");
    }
    let other = directory(&[("a.zip", &inner)]);
    assert_eq!(
        names(&read(other.path(), &Caps::default()).unwrap()),
        ["a.zip"]
    );
}

#[test]
fn too_much_in_an_archive_is_refused() {
    refuses_too_much(|files| read_archive(&archive(files), &SMALL));
}

#[test]
fn a_bomb_stops_at_the_cap() {
    let bomb = archive(&[("zeros", &vec![0; 16 << 20])]);
    assert!(bomb.len() < 200_000);
    let refused = read_archive(&bomb, &SMALL);
    assert!(matches!(refused, Err(UnpackError::TooLarge { .. })));
}

#[test]
fn names_in_an_archive_lead_nowhere() {
    for name in ["../x", "/etc/x", "a/../../x", "a\\b", "a//b", "./x", "a\nb"] {
        let refused = read_archive(&archive(&[("b", b""), (name, b"")]), &Caps::default());
        assert!(
            matches!(refused, Err(UnpackError::Name { .. })),
            "{name:?}: {refused:?}"
        );
    }
}

#[test]
fn a_name_that_is_no_utf_8_is_refused() {
    let mut bytes = archive(&[("b1b1b1", b""), ("c", b"")]);
    while let Some(at) = bytes.windows(6).position(|window| window == b"b1b1b1") {
        bytes[at] = 0xff;
    }
    let refused = read_archive(&bytes, &Caps::default());
    assert!(
        matches!(refused, Err(UnpackError::NotUtf8(_))),
        "{refused:?}"
    );
}

#[test]
fn links_in_an_archive_are_refused() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    writer.add_symlink("link", "/etc/passwd", options).unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    let refused = read_archive(&bytes, &Caps::default());
    assert!(
        matches!(refused, Err(UnpackError::NotPlain(_))),
        "{refused:?}"
    );
}

#[test]
fn a_size_that_lies_changes_nothing() {
    let mut bytes = archive(&[("zeros", &[0; 5000])]);
    // Both headers claim a size of 10.
    let claimed = 5000_u32.to_le_bytes();
    while let Some(at) = bytes.windows(4).position(|window| window == claimed) {
        bytes[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
    }
    assert!(read_archive(&bytes, &SMALL).is_err());
}

#[test]
fn damaged_archives_are_errors() {
    let whole = archive(&[("a", &[1; 300]), ("b", b"2")]);
    for end in 0..whole.len() {
        let _ = read_archive(&whole[..end], &SMALL);
    }
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0xff;
        let _ = read_archive(&damaged, &SMALL);
    }
    let directory = directory(&[("text", b"hello")]);
    let refused = read(&directory.path().join("text"), &SMALL);
    assert!(matches!(refused, Err(UnpackError::Unknown { .. })));
    assert!(matches!(
        read(Path::new("/nonexistent"), &SMALL),
        Err(UnpackError::Read { .. })
    ));
}
