//! Problem packages through the API: uploads, versions, downloads, and archives that are refused.

use std::io::{Cursor, Write};
use std::path::Path;

use reqwest::StatusCode;
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::*;

/// An archive of these files.
pub(crate) fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        let options = SimpleFileOptions::default();
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The files of a package of `tests/packages`.
pub(crate) fn files_of(package: &str) -> Vec<(String, Vec<u8>)> {
    fn collect(root: &Path, directory: &Path, files: &mut Vec<(String, Vec<u8>)>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(root, &path, files);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap();
                files.push((name.to_owned(), std::fs::read(&path).unwrap()));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packages");
    let mut files = Vec::new();
    collect(&root.join(package), &root.join(package), &mut files);
    files
}

/// A package of `tests/packages` as an archive, with some files in the place of its own.
pub(crate) fn packed(package: &str, changed: &[(&str, &[u8])]) -> Vec<u8> {
    let mut files = files_of(package);
    files.retain(|(name, _)| changed.iter().all(|(other, _)| other != name));
    let own = files
        .iter()
        .map(|(name, bytes)| (name.as_str(), &bytes[..]));
    let all: Vec<(&str, &[u8])> = own.chain(changed.iter().copied()).collect();
    archive(&all)
}

fn words(answer: &Value) -> String {
    let findings = answer["findings"].as_array();
    let found = findings.into_iter().flatten().map(|found| {
        let place = format!("{}:{}", found["path"], found["line"]).replace('"', "");
        format!("{} {place} {}", found["severity"], found["message"])
    });
    found.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_package_is_stored_versioned_downloaded_and_deleted() {
    let gavel = serve(&database().await);
    let api = Api::of(&gavel);
    let first = packed("sum", &[]);
    let (status, problem) = api.upload("/api/v1/problems", "sum.zip", &first).await;
    assert_eq!(status, StatusCode::CREATED, "{problem}");
    assert_eq!(
        (&problem["name"], &problem["version"]),
        (&json!("sum"), &json!(1))
    );
    assert_eq!(problem["state"], "ready");
    assert_eq!(problem["test_count"], 4);
    let package = &problem["package"];
    assert_eq!(
        (&package["format"], &package["limit_ms"]),
        (&json!("legacy"), &json!(1000))
    );
    assert_eq!(package["limit_source"], "given");
    let path = format!("/api/v1/problems/{}", problem["id"].as_str().unwrap());
    assert_eq!(api.get(&path).await.1, problem);

    let (status, taken) = api.upload("/api/v1/problems", "sum.zip", &first).await;
    assert_eq!(
        (status, &taken["errors"][0]["path"]),
        (StatusCode::CONFLICT, &json!("/name"))
    );

    // Its time limit has to be found first.
    let versions = format!("{path}/versions");
    let second = packed("root", &[("unknown.txt", b"")]);
    let (status, version) = api.upload(&versions, "x.zip", &second).await;
    assert_eq!(status, StatusCode::CREATED, "{version}");
    assert_eq!(
        (&version["version"], &version["state"]),
        (&json!(2), &json!("pending"))
    );
    let (_, page) = api.get(&versions).await;
    let numbers: Vec<_> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| &v["version"])
        .collect();
    assert_eq!(numbers, [2, 1]);
    assert_eq!(api.get(&path).await.1["version"], 2);
    assert_eq!(api.get(&format!("{versions}/1")).await.1["state"], "ready");
    for (number, sent) in [(1, &first), (2, &second)] {
        assert_eq!(
            &api.download(&format!("{versions}/{number}/archive")).await,
            sent
        );
    }
    for missing in ["0", "3", "01", "-1", "x"] {
        for what in [
            format!("{versions}/{missing}"),
            format!("{versions}/{missing}/archive"),
        ] {
            assert_eq!(api.get(&what).await.0, StatusCode::NOT_FOUND, "{what}");
        }
    }

    assert_eq!(api.delete(&path).await, StatusCode::NO_CONTENT);
    assert_eq!(api.get("/api/v1/problems").await.1["items"], json!([]));
    assert!(api.get(&path).await.1["deleted_at"].is_string());
    assert_eq!(
        &api.download(&format!("{versions}/1/archive")).await,
        &first
    );
    assert_eq!(
        api.upload(&versions, "x.zip", &first).await.0,
        StatusCode::NOT_FOUND
    );
    let (status, again) = api.upload("/api/v1/problems", "sum.zip", &first).await;
    assert_eq!(status, StatusCode::CREATED, "{again}");
}

#[tokio::test]
async fn what_is_wrong_with_a_package_is_told_with_file_and_line_and_nothing_is_stored() {
    let gavel = serve(&database().await);
    let api = Api::of(&gavel);
    let yaml: &[u8] = b"name: Sum\nlimits:\n  memory: 1000000\nodd: 1\n";
    let broken = packed(
        "sum",
        &[(
            "problem.yaml",
            b"name: Sum\nlimits:\n  time_limit: nan\nodd: 1\n",
        )],
    );
    let slip = archive(&[("../../etc/passwd", b"x")]);
    let absolute = archive(&[("/etc/passwd", b"x")]);
    let lonely = packed("sum", &[("data/secret/x.in", b"1 1")]);
    let bomb = archive(&[("a", &vec![0; (512 << 20) + 1])]);
    let mut link = ZipWriter::new(Cursor::new(Vec::new()));
    link.add_symlink("problem.yaml", "/etc/passwd", SimpleFileOptions::default())
        .unwrap();
    let link = link.finish().unwrap().into_inner();
    let mut cut = packed("sum", &[]);
    cut.truncate(cut.len() / 2);
    let table: [(&[u8], &[&str]); 10] = [
        (
            &broken,
            &[
                "problem.yaml:3 \"time_limit must be",
                "\"warning\" problem.yaml:4",
            ],
        ),
        (
            &packed("sum", &[("problem.yaml", yaml)]),
            &["limits.memory is 1048576000000 bytes"],
        ),
        (
            &lonely,
            &["data/secret/x.in:null \"there is no answer: add"],
        ),
        (&slip, &["../../etc/passwd"]),
        (&absolute, &["/etc/passwd"]),
        (&link, &["is a link"]),
        (&bomb, &["more than 536870912 bytes"]),
        (&cut, &["cannot read the archive"]),
        (b"GIF89a", &["this is no zip archive"]),
        (&archive(&[("readme", b"")]), &["there is no problem.yaml"]),
    ];
    for (sent, expected) in table {
        let (status, answer) = api.upload("/api/v1/problems", "p.zip", sent).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
        assert_eq!(answer["type"], "urn:gavel:error:bad-package");
        let words = words(&answer);
        for text in expected {
            assert!(words.contains(text), "{text} in\n{words}");
        }
    }
    assert_eq!(api.get("/api/v1/problems").await.1["items"], json!([]));
    // A header could not hold this name, and nobody's directory becomes part of one.
    let (status, problem) = api
        .upload("/api/v1/problems", "../../a\\b.zip", &packed("sum", &[]))
        .await;
    assert_eq!(
        (status, &problem["name"]),
        (StatusCode::CREATED, &json!("b")),
        "{problem}"
    );
}
