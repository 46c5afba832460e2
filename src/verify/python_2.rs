//! Telling Python 2 from Python 3 in legacy packages. Python 2 is not offered, and what is written in it is left
//! out: what Python 3 makes of it would say nothing of the package.

use crate::problem::package::{Format, ProgramFiles};

/// Functions that only Python 2 has.
const FUNCTIONS: [&str; 2] = ["raw_input", "xrange"];

/// Whether a program is for Python 2: its first line says so, or does not say, and it is written like that.
/// Formats after legacy have an ending for it.
pub(super) fn is_python_2(program: &ProgramFiles, format: Format) -> bool {
    let Some(main) = program.files.first() else {
        return false;
    };
    let text = String::from_utf8_lossy(&main.bytes);
    let first = text.lines().next().unwrap_or_default();
    let asks_for = |python: &str| first.starts_with("#!") && first.contains(python);
    let says_nothing = format == Format::Legacy && main.name.ends_with(".py");
    asks_for("python2") || (says_nothing && !asks_for("python3") && is_written_so(&text))
}

fn is_written_so(text: &str) -> bool {
    let lines = text.lines().map(str::trim_start);
    let code: Vec<&str> = lines.filter(|line| !line.starts_with('#')).collect();
    let takes_either = code.iter().any(|line| line.contains("sys.version"));
    let only_calls = || FUNCTIONS.iter().any(|name| only_calls(&code, name));
    code.iter().any(|line| is_print_statement(line)) || (!takes_either && only_calls())
}

/// Whether a line prints without parentheses. Words that follow each other are those of a comment.
fn is_print_statement(line: &str) -> bool {
    const BETWEEN: [&str; 8] = ["if", "and", "or", "not", "in", "is", "for", "else"];
    let Some(printed) = line.strip_prefix("print ").map(str::trim_start) else {
        return false;
    };
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
    let after_name = printed.trim_start_matches(is_of_name);
    let has_name = after_name.len() < printed.len();
    match printed.chars().next() {
        Some('"' | '\'' | '[' | '-') => true,
        Some(_) if has_name => {
            let next = after_name.trim_start();
            let word = next.split(|c| !is_of_name(c)).next().unwrap_or_default();
            word.is_empty() || BETWEEN.contains(&word)
        }
        _ => false,
    }
}

/// Whether a function is called, and neither defined nor passed on, as in what runs in either Python.
fn only_calls(code: &[&str], name: &str) -> bool {
    let of_line = |line: &&str| -> Vec<bool> {
        let is_call = |(at, _): (usize, &str)| {
            let (before, after) = (&line[..at], &line[at + name.len()..]);
            after.starts_with('(') && !before.ends_with("def ")
        };
        line.match_indices(name).map(is_call).collect()
    };
    let uses: Vec<bool> = code.iter().flat_map(of_line).collect();
    !uses.is_empty() && uses.iter().all(|&is_call| is_call)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::SourceFile;

    fn is_so(text: &str, format: Format) -> bool {
        let file = SourceFile {
            name: "solution.py".to_owned(),
            bytes: text.as_bytes().into(),
        };
        let program = ProgramFiles {
            path: "submissions/accepted/solution.py".to_owned(),
            files: vec![file],
        };
        is_python_2(&program, format)
    }

    #[test]
    fn the_first_line_tells_python_2_and_else_what_only_it_has() {
        for text in [
            "#!/usr/bin/env python2\nprint(1)",
            "#!/usr/bin/env python\nprint 1",
            "n = int(raw_input())",
            "for i in xrange(3):\n    print(i)",
            "if x:\n    print 'a'",
            "print i, i + 1",
            "print f(x)",
            "print x if x else -1",
        ] {
            assert!(is_so(text, Format::Legacy), "{text}");
        }
        assert!(is_so("#!/usr/bin/python2\nprint(1)", Format::V2025));
    }

    #[test]
    fn what_may_run_in_python_3_is_python_3() {
        for text in [
            "#!/usr/bin/python3\nprint 1",
            "print(1)\nprint (2)\nprint = 3",
            "# print 1\n# xrange(3)",
            "\"\"\"\nprint the answer\n\"\"\"",
            "try:\n    input = raw_input\nexcept NameError:\n    pass",
            "def xrange(n):\n    return range(n)\nxrange(3)",
            "import sys\nif sys.version_info[0] == 2:\n    n = raw_input()",
        ] {
            assert!(!is_so(text, Format::Legacy), "{text}");
        }
        assert!(!is_so("print 1", Format::V2025));
    }
}
