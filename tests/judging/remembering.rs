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

/// Runs that were not done again, of all submissions.
fn cached_runs(kept: &Kept, more: &[&str]) -> u64 {
    let report = verified(&[&kept.arguments(), more].concat()).0;
    report["cached"]["runs"].as_u64().expect("a number")
}

#[test]
fn whatever_a_verdict_depends_on_has_it_judged_again() {
    let kept = Kept::of("root");
    let yaml = fs::read_to_string(kept.package.path().join("problem.yaml")).expect("a file");
    cached_runs(&kept, &[]);
    let all = cached_runs(&kept, &[]);
    assert!(all >= 4, "{all}");
    // Each on top of the last: of all runs.
    let changed = yaml.replace("memory: 256", "memory: 200");
    for (file, text) in [
        ("problem.yaml", changed.clone()),
        (
            "problem.yaml",
            format!("{changed}allow_file_writing: true\n"),
        ),
        ("include/bash/lib.sh", "x=1\n".to_owned()),
        ("include/bash/lib.sh", "x=2\n".to_owned()),
    ] {
        let path = kept.package.path().join(file);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        kept.write(file, &text);
        assert_eq!(cached_runs(&kept, &[]), 0, "{file}: {text}");
        assert!(cached_runs(&kept, &[]) >= all, "{file}: {text}");
    }
    // Of one case only.
    for (file, text) in [
        ("data/secret/1.in", "16\n"),
        ("data/secret/1.ans", "4\n-4\n"),
        ("data/secret/1.yaml", "args: [x]\n"),
        ("data/secret/1.yaml", "output_validator_args: [x]\n"),
        ("data/secret/1.files/more.txt", "x\n"),
    ] {
        let path = kept.package.path().join(file);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        kept.write(file, text);
        let runs = cached_runs(&kept, &[]);
        assert!(runs < all && runs > 0, "{file}: {text}: {runs} of {all}");
    }
    // How the language is run.
    let languages = tempfile::tempdir().expect("a directory");
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("languages");
    for file in ["bash.toml", "cpp.toml"] {
        let text = fs::read_to_string(own.join(file)).expect("a language");
        let text = text.replace("LANG = \"C.UTF-8\"", "LANG = \"C\"");
        fs::write(languages.path().join(file), text).expect("a language");
    }
    let config = kept.cache.path().join("gavel.toml");
    let line = format!("languages_dir = \"{}\"\n", utf8(languages.path()));
    fs::write(&config, line).expect("a file");
    assert_eq!(cached_runs(&kept, &["--config", utf8(&config)]), 0);
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

const LEAVING: &str = r#"#include <fstream>
int main(int, char **argv) {
    std::ifstream input(argv[1]);
    std::ofstream(std::string(argv[3]) + "input.txt") << input.rdbuf();
    return 42;
}
"#;

#[test]
fn files_that_validators_leave_are_written_also_where_nothing_is_run() {
    let kept = Kept::of("root");
    kept.write("output_validator/check.cpp", LEAVING);
    let input = fs::read(kept.package.path().join("data/secret/1.in")).expect("an input");
    for (directory, is_cached) in [("first", false), ("second", true)] {
        let out = kept.cache.path().join(directory);
        let arguments = ["--feedback", utf8(&out), "--submissions", "accepted/*"];
        let (report, _) = verified(&[&kept.arguments()[..], &arguments].concat());
        let cached = &submission(&report, "accepted/negative.sh")["cached"];
        assert_eq!(cached.as_u64() > Some(0), is_cached, "{report}");
        let file = out.join("accepted/negative.sh/secret/1/input.txt");
        assert_eq!(fs::read(file).expect("a file"), input, "{directory}");
    }
}

#[test]
fn files_of_several_packages_are_not_mixed() {
    let (one, other) = (copy("root"), tempfile::tempdir().expect("a directory"));
    let out = other.path().join("out");
    let twice = [utf8(one.path()), utf8(one.path())];
    let output = verify(&[&twice[..], &["--feedback", utf8(&out)]].concat());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("two packages are called"), "{error}");
    assert!(!out.exists());
}

#[test]
fn what_visualizers_draw_stands_beside_what_validators_leave_unless_they_fail() {
    let kept = Kept::of("root");
    kept.write("output_validator/check.cpp", LEAVING);
    let visualizer = kept.package.path().join("output_visualizer");
    let draws = "[ -e \"$3/input.txt\" ] && cat > \"$3/judgeimage.svg\"";
    let fails = "echo drawn > \"$3/judgeimage.svg\"; exit 1";
    // Whether anything is drawn, and whether the runs were known.
    for (directory, program, is_drawn, is_cached) in [
        ("first", ("draw.sh", draws), true, false),
        ("second", ("draw.sh", draws), true, true),
        ("third", ("draw.sh", fails), false, false),
        ("fourth", ("draw.c", "int main("), false, false),
    ] {
        fs::create_dir(&visualizer).expect("a directory");
        fs::write(visualizer.join(program.0), program.1).expect("a file");
        let out = kept.cache.path().join(directory);
        let arguments = ["--feedback", utf8(&out), "--submissions", "accepted/*"];
        let (report, _) = verified(&[&kept.arguments()[..], &arguments].concat());
        let result = submission(&report, "accepted/negative.sh");
        assert_eq!(
            (&result["verdict"], result["cached"].as_u64() > Some(0)),
            (&"AC".into(), is_cached)
        );
        let at = out.join("accepted/negative.sh/secret/1");
        assert!(at.join("input.txt").exists(), "{directory}");
        let image = fs::read_to_string(at.join("judgeimage.svg")).ok();
        assert_eq!(
            image.is_some_and(|image| !image.trim().is_empty()),
            is_drawn,
            "{directory}"
        );
        fs::remove_dir_all(&visualizer).expect("removed");
    }
}
