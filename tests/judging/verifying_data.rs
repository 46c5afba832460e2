//! `gavel verify` on test data: inputs by their validators, and answers.

use std::fs;

use serde_json::Value;

use crate::verifying::{changed, copy, submission, verified};

#[test]
fn some_of_the_test_cases_can_be_chosen_and_another_time_limit() {
    let (report, code) = verified(&[
        "sum",
        "-s",
        "{accepted,wrong_answer}",
        "-c",
        "{sample,secret/small}",
        "--time",
        "0.7",
    ]);
    assert_eq!(code, 0, "{report}");
    let cases = report["cases"].as_array().expect("a list");
    let names: Vec<_> = cases.iter().map(|case| &case["name"]).collect();
    assert_eq!(names, ["sample/1", "secret/small/1", "secret/small/2"]);
    // It fails on other cases, so nothing is wrong here.
    let narrow = submission(&report, "wrong_answer/narrow.c");
    assert_eq!(narrow["verdict"], "AC");
    assert_eq!(report["time_limit_ms"], 700);
    let (report, code) = verified(&["sum", "--cases", "secret/none"]);
    let error = report["error"].as_str().expect("an error");
    assert!(
        code == 1 && error.contains("matches \"secret/none\""),
        "{error}"
    );
}

#[test]
fn input_validators_get_the_arguments_and_files_of_a_case() {
    for (file, text, case) in [
        ("data/secret/1.yaml", "args: [a, b]\n", "secret/1"),
        ("data/secret/2.files/words/greeting.txt", "Hi", "secret/2"),
    ] {
        let (report, _) = changed("greeting", file, text);
        let mistakes = report["mistakes"].as_array().expect("mistakes");
        let [mistake] = &mistakes[..] else {
            panic!("{report}");
        };
        let beginning = format!("the input of {case} is not valid by input_validators/case");
        assert!(
            mistake.as_str().expect("text").starts_with(&beginning),
            "{mistake}"
        );
    }
}

#[test]
fn an_input_that_is_not_valid_is_a_mistake() {
    let (report, code) = changed("sum", "data/sample/1.in", "1  2\n");
    assert_eq!(code, 1);
    let mistake = report["mistakes"][0].as_str().expect("a mistake");
    assert!(
        mistake
            .starts_with("the input of sample/1 is not valid by input_validators/two_numbers.sh"),
        "{mistake}"
    );
    assert!(mistake.ends_with(": not two numbers"), "{mistake}");
}

#[test]
fn submissions_are_judged_without_an_input_validator_that_cannot_be_compiled() {
    let (report, code) = changed("sum", "input_validators/broken.cpp", "int main() { x");
    assert_eq!(code, 1);
    let mistakes = report["mistakes"].as_array().expect("mistakes");
    let [mistake] = &mistakes[..] else {
        panic!("{report}");
    };
    let mistake = mistake.as_str().expect("text");
    assert!(
        mistake.starts_with("input_validators/broken.cpp cannot be compiled: "),
        "{mistake}"
    );
    assert!(mistake.contains("error:"), "{mistake}");
    let submissions = report["submissions"].as_array().expect("submissions");
    assert!(submissions.len() > 1, "{report}");
    assert!(
        submissions.iter().all(|s| s["as_expected"] == true),
        "{report}"
    );
}

#[test]
fn an_invalid_input_must_be_rejected() {
    for (text, mistakes) in [("1 x\n", 0), ("1 2\n", 1)] {
        let (report, _) = changed("sum", "data/invalid_input/deep/x.in", text);
        let found = report["mistakes"].as_array().expect("mistakes");
        assert_eq!(found.len(), mistakes, "{report}");
        if let [mistake] = &found[..] {
            let mistake = mistake.as_str().expect("a text");
            assert!(mistake.starts_with("data/invalid_input/deep/x.in must be rejected"));
        }
    }
}

#[test]
fn an_answer_that_its_own_validator_does_not_take_is_noted() {
    let notes = |report: &Value| report["notes"].to_string();
    for (text, words) in [
        ("int main() { return 43; }", "is rejected"),
        ("int main() { return 7; }", "exit code 7"),
        ("int main() { return 42; }", ""),
    ] {
        let directory = copy("root");
        let validator = directory.path().join("output_validator/check.cpp");
        fs::write(validator, text).expect("a validator");
        let path = directory.path().to_str().expect("UTF-8");
        let (report, _) = verified(&[path, "-s", "none/*"]);
        let notes = notes(&report);
        assert!(notes.contains(words), "{notes}");
        assert_eq!(
            notes.contains("other answers"),
            !words.is_empty(),
            "{notes}"
        );
    }
}

#[test]
fn visualizers_are_tried_and_what_is_wrong_with_one_is_noted() {
    let package = copy("greeting");
    let path = package.path().to_str().expect("UTF-8");
    let write = |name: &str, text: &str| {
        let path = package.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    };
    write(
        "data/secret/test_group.yaml",
        "args: [world]\noutput_visualizer_args: [red]\n",
    );
    let notes = || verified(&[path, "-s", "accepted/*"]).0["notes"].to_string();
    let run = "#!/bin/sh\necho seen > \"$3/seen.txt\"\nexec \"$(dirname \"$0\")/compare\" \"$@\"\n";
    write("output_validator/run", run);
    // It sees what the output validator left, and what it printed does not count.
    let draws = "[ -d \"$3\" ] && read -r line && [ -e \"$3/seen.txt\" ] && echo x > \"$3/judgeimage-1.svg\"";
    write("output_visualizer/draw.sh", draws);
    write(
        "input_visualizer/draw.sh",
        "[ -f \"$1\" ] && [ -f \"$2\" ] && echo drawn",
    );
    let of_fine = notes();
    assert!(!of_fine.contains("visualizer"), "{of_fine}");

    write(
        "output_visualizer/draw.sh",
        "[ \"$4\" = red ] && { echo no colours >&2; exit 3; }\necho > \"$3/judgeimage.png\"",
    );
    write("input_visualizer/draw.sh", "kill -SEGV $$");
    let of_broken = notes();
    for words in [
        "output_visualizer ends with exit code 3: no colours (secret/",
        "input_visualizer was ended by signal 11 (SIGSEGV) (secret/",
    ] {
        assert!(of_broken.contains(words), "{words}: {of_broken}");
    }
    write("output_visualizer/draw.sh", "echo > \"$3/image.png\"");
    write("input_visualizer/draw.c", "int main(void) { return }");
    fs::remove_file(package.path().join("input_visualizer/draw.sh")).expect("a file");
    let of_broken = notes();
    assert!(
        of_broken.contains("output_visualizer leaves no judgeimage or teamimage"),
        "{of_broken}"
    );
    assert!(
        of_broken.contains("input_visualizer cannot be compiled"),
        "{of_broken}"
    );
    write("output_validator/run", "#!/bin/sh\nexit 43\n");
    let of_wrong = notes();
    assert!(!of_wrong.contains("output_visualizer"), "{of_wrong}");
}
