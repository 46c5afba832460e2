//! Constants of a package: values that `problem.yaml` gives a name, and that programs and settings
//! of groups mean by `{{name}}` or `{{name.variant}}`. What has no value is left as it is.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::report::Findings;
use super::settings::FILE;
use super::tree::Tree;
use super::yaml::{Node, Pair, Value};

/// Values by name, those of variants by `name.variant`.
pub(super) type Constants = BTreeMap<String, String>;

/// Directories whose files name constants.
const DIRECTORIES: [&str; 6] = [
    "input_validators",
    "input_format_validators",
    "output_validators",
    "output_validator",
    "static_validator",
    "include",
];
const SUBMISSIONS: &str = "submissions";
const GROUP_FILE: &str = "test_group.yaml";

/// The most that all values together may add to the files of a package, in bytes: a long value that
/// is named often would fill the memory.
const MAX_ADDED_BYTES: usize = 64 << 20;

/// Reads `constants` of `problem.yaml`.
pub(super) fn read(constants: &Pair, findings: &mut Findings) -> Constants {
    let mut values = Constants::new();
    let Some(pairs) = constants.value.pairs() else {
        if constants.value.value != Value::Null {
            let message = "constants must be a map of names and values";
            findings.error(FILE, Some(constants.line), message);
        }
        return values;
    };
    for pair in pairs {
        match &pair.value.value {
            Value::Map(variants) => {
                for variant in variants {
                    let name = match variant.key.as_str() {
                        "value" => pair.key.clone(),
                        key => format!("{}.{key}", pair.key),
                    };
                    add(&mut values, name, variant, findings);
                }
            }
            _ => add(&mut values, pair.key.clone(), pair, findings),
        }
    }
    values
}

fn add(values: &mut Constants, name: String, pair: &Pair, findings: &mut Findings) {
    let line = Some(pair.line);
    if !name.bytes().all(is_of_name) {
        let message = format!("{name:?} must have letters, digits and underscores only");
        findings.error(FILE, line, message);
        return;
    }
    match Node::text(&pair.value) {
        Some(text) => {
            values.insert(name, text.to_owned());
        }
        None => {
            let message = format!("the constant {name} must be a number or a text");
            findings.error(FILE, line, message);
        }
    }
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.'
}

/// The package with the values in the place of their names.
pub(super) fn fill<'a>(
    tree: &'a Tree,
    values: &Constants,
    findings: &mut Findings,
) -> Cow<'a, Tree> {
    if values.is_empty() {
        return Cow::Borrowed(tree);
    }
    let mut room = MAX_ADDED_BYTES;
    let mut is_full = false;
    let filled = tree.map(|path, bytes| {
        if !names_constants(path) || is_full {
            return None;
        }
        let filled = filled(bytes, values, &mut room);
        is_full |= filled.is_err();
        filled.ok().flatten()
    });
    if is_full {
        let message = format!("constants make files larger by more than {MAX_ADDED_BYTES} bytes");
        findings.error(FILE, None, message);
    }
    Cow::Owned(filled)
}

fn names_constants(path: &str) -> bool {
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    match first {
        "data" => rest.rsplit('/').next() == Some(GROUP_FILE),
        // The rules of submissions are not a submission.
        SUBMISSIONS => rest.contains('/'),
        first => DIRECTORIES.contains(&first),
    }
}

/// There is no room for the values.
struct Full;

/// `None` where the file names no constant.
fn filled(bytes: &[u8], values: &Constants, room: &mut usize) -> Result<Option<Arc<[u8]>>, Full> {
    let mut filled: Vec<u8> = Vec::new();
    let mut kept = 0;
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(2).position(|two| two == b"{{") {
        let start = at + found;
        at = start + 1;
        let name = &bytes[start + 2..];
        let length = name.iter().take_while(|byte| is_of_name(**byte)).count();
        let value = std::str::from_utf8(&name[..length]).ok();
        let value = value.and_then(|name| values.get(name));
        let Some(value) = value.filter(|_| name[length..].starts_with(b"}}")) else {
            continue;
        };
        *room = room.checked_sub(value.len()).ok_or(Full)?;
        filled.extend_from_slice(&bytes[kept..start]);
        filled.extend_from_slice(value.as_bytes());
        kept = start + length + 4;
        at = kept;
    }
    if kept == 0 {
        return Ok(None);
    }
    filled.extend_from_slice(&bytes[kept..]);
    Ok(Some(Arc::from(filled)))
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::tree;
    use super::super::yaml;
    use super::*;

    fn constants(text: &str) -> (Constants, Vec<String>) {
        let mut findings = Findings::default();
        let root = yaml::parse(text).unwrap().root;
        let constants = read(&root.pairs().unwrap()[0], &mut findings);
        (
            constants,
            findings.iter().map(ToString::to_string).collect(),
        )
    }

    const TEXT: &str = "constants:\n  n: 5\n  max: {value: 10, tex: '10^1'}\n";

    #[test]
    fn values_take_the_place_of_names_where_the_format_says_so() {
        let (values, found) = constants(TEXT);
        assert_eq!(found, Vec::<String>::new());
        let names = "{{n}} {{max}}{{max.tex}} {{{n}}} {{m}} {{n {{ n }} {n}} {{max.x}}";
        let values_in = "5 1010^1 {5} {{m}} {{n {{ n }} {n}} {{max.x}}";
        let filled_in = [
            "include/cpp/a.h",
            "data/secret/test_group.yaml",
            "submissions/accepted/a.c",
        ];
        let as_it_is = [
            "data/secret/1.in",
            "problem.yaml",
            "submissions/submissions.yaml",
        ];
        let files: Vec<(&str, &str)> = filled_in
            .iter()
            .chain(&as_it_is)
            .map(|p| (*p, names))
            .collect();
        let tree = tree(&files);
        let mut findings = Findings::default();
        let filled = fill(&tree, &values, &mut findings);
        assert!(!findings.has_errors());
        for path in filled_in {
            assert_eq!(filled.text(path).as_deref(), Some(values_in), "{path}");
        }
        for path in as_it_is {
            assert_eq!(filled.text(path).as_deref(), Some(names), "{path}");
        }
    }

    #[test]
    fn constants_that_are_none_are_refused() {
        for text in [
            "constants: 5\n",
            "constants: {n: [1]}\n",
            "constants: {'a b': 1}\n",
            "constants: {n: {}, m: {value: {}}}\n",
        ] {
            let (_, found) = constants(text);
            assert!(
                found.len() == 1 && found[0].starts_with("error: problem.yaml:1: "),
                "{found:?}"
            );
        }
        assert_eq!(constants("constants:\n"), (Constants::new(), Vec::new()));
    }

    #[test]
    fn a_value_that_would_fill_the_memory_is_refused() {
        let values = Constants::from([("n".to_owned(), "x".repeat(1 << 20))]);
        let names = |count| "{{n}}".repeat(count);
        let refused = |count| {
            let mut findings = Findings::default();
            let tree = tree(&[("include/c/a", names(count).as_str())]);
            fill(&tree, &values, &mut findings);
            findings.has_errors()
        };
        assert_eq!((refused(64), refused(65)), (false, true));
    }
}
