//! What `gavel verify` keeps between runs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use gavel::judge::Languages;
use serde_json::Value;

use crate::support::judge;
use crate::verifying::{copy, submission, verified, verify};

/// A package in a directory and a cache beside it.
struct Kept {
    package: tempfile::TempDir,
    cache: tempfile::TempDir,
}

impl Kept {
    fn of(package: &str) -> Kept {
        Kept {
            package: copy(package),
            cache: tempfile::tempdir().expect("a directory"),
        }
    }

    fn arguments(&self) -> [&str; 3] {
        let [package, cache] = [&self.package, &self.cache].map(tempfile::TempDir::path);
        [utf8(package), "--cache", utf8(cache)]
    }

    fn verified(&self) -> Value {
        verified(&self.arguments()).0
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.package.path().join(file), text).expect("a file");
    }
}

fn utf8(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// The CPU time of a run that is not done again does not change.
fn cpu_ms(report: &Value, path: &str) -> f64 {
    let slowest = &submission(report, path)["slowest_ms"];
    slowest.as_f64().expect("a time")
}

#[test]
fn what_has_not_changed_is_not_judged_again() {
    let kept = Kept::of("sum");
    let (first, again) = (kept.verified(), kept.verified());
    assert_eq!(first["cached"]["runs"], 0, "{first}");
    for path in ["accepted/sum.sh", "accepted/sum.c", "wrong_answer/narrow.c"] {
        assert_eq!(cpu_ms(&first, path), cpu_ms(&again, path), "{path}");
        let [before, now] = [&first, &again].map(|report| submission(report, path).clone());
        assert_eq!(
            (&before["cached"], &now["reason"]),
            (&0.into(), &before["reason"])
        );
        assert!(now["cached"].as_u64() > Some(0), "{now}");
    }
    let refused = submission(&again, "compiler_error/unfinished.c");
    assert_eq!(
        (&refused["verdict"], &refused["cached"]),
        (&"CE".into(), &1.into())
    );
    let (anew, _) = verified(&[kept.arguments()[0], "--no-cache"]);
    assert_eq!(anew["cached"]["runs"], 0);
}

#[test]
fn what_has_changed_is_judged_again_and_nothing_else() {
    let kept = Kept::of("root");
    let first = kept.verified();
    assert_eq!(first["cached"]["runs"], 0, "{first}");
    let [changed, other] = ["accepted/negative.sh", "wrong_answer/three.sh"];
    let source = kept.package.path().join("submissions").join(changed);
    let text = fs::read_to_string(source).expect("a submission");
    kept.write(
        &format!("submissions/{changed}"),
        &format!("{text}# another\n"),
    );
    let second = kept.verified();
    assert_eq!(submission(&second, changed)["cached"], 0);
    assert!(submission(&second, other)["cached"].as_u64() > Some(0));
    // Another validator may judge otherwise.
    let validator = kept.package.path().join("output_validator/check.h");
    let text = fs::read_to_string(validator).expect("a validator");
    kept.write("output_validator/check.h", &format!("{text}\n"));
    let third = kept.verified();
    assert_eq!(third["cached"]["runs"], 0, "{third}");
}

#[test]
fn a_cache_that_others_can_write_to_is_refused() {
    let kept = Kept::of("sum");
    let everybody = fs::Permissions::from_mode(0o777);
    fs::set_permissions(kept.cache.path(), everybody).expect("a mode");
    let output = verify(&kept.arguments());
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("could put verdicts there"), "{error}");
}

/// Facts of one are those of the other.
#[test]
fn judges_of_one_machine_have_one_identity() {
    let identity = || judge(Languages::built_in().expect("languages")).identity();
    let (one, other) = (identity(), identity());
    assert_eq!(one, other);
}
