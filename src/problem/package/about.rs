//! What a package says of itself: names, credits, licence and so on. A judge does not need it, but people do,
//! and the format says what it must look like. In 2025-09 what it forbids is an error; in other formats, where real packages
//! deviate, a warning.

use std::collections::BTreeSet;

use super::report::{Findings, Severity};
use super::settings::{FILE, Format};
use super::tree::Tree;
use super::yaml::{self, Node, Pair, Value};

/// Where statements are, in 2025-09 and before.
const STATEMENTS: [&str; 2] = ["statement", "problem_statement"];

const LICENSES: [&str; 7] = [
    "unknown",
    "public domain",
    "cc0",
    "cc by",
    "cc by-sa",
    "educational",
    "permission",
];

/// Who may be credited, but for translators.
const CREDITED: [&str; 5] = [
    "authors",
    "contributors",
    "testers",
    "packagers",
    "acknowledgements",
];

/// Checks what `problem.yaml` says of the problem.
pub(super) fn check(tree: &Tree, format: Format, findings: &mut Findings) {
    // Whether it can be read at all was told where the settings were.
    let document = tree.text(FILE).and_then(|text| yaml::parse(&text).ok());
    let Some(pairs) = document.as_ref().and_then(|it| it.root.pairs()) else {
        return;
    };
    let severity = match format {
        Format::V2025 => Severity::Error,
        _ => Severity::Warning,
    };
    let mut check = Check {
        pairs,
        severity,
        findings,
    };
    check.uuid(format);
    check.license(format);
    if matches!(format, Format::Draft2023 | Format::V2025) {
        check.names(&statement_languages(tree));
        check.texts();
        check.embargo();
        check.credits();
        check.source();
        check.keywords();
    }
    if format == Format::V2025 {
        check.statement_files(tree);
    }
}

struct Check<'a> {
    pairs: &'a [Pair],
    severity: Severity,
    findings: &'a mut Findings,
}

impl<'a> Check<'a> {
    fn find(&self, key: &str) -> Option<&'a Pair> {
        self.pairs.iter().find(|pair| pair.key == key)
    }

    fn tell(&mut self, line: Option<usize>, message: &str) {
        self.findings
            .add(self.severity, FILE, line, message.to_owned());
    }

    fn warn(&mut self, path: &str, message: &str) {
        self.findings.warning(path, None, message);
    }

    fn uuid(&mut self, format: Format) {
        match self.find("uuid") {
            None if format == Format::V2025 => {
                self.warn(
                    FILE,
                    "there is no uuid: add one, for archives know problems by it",
                );
            }
            Some(pair) if !pair.value.text().is_some_and(is_uuid) => {
                let message = "uuid must be a UUID such as 5a3b9e8c-6d0f-4c58-8d86-0b3c0c1c9a01";
                self.tell(Some(pair.line), message);
            }
            None | Some(_) => {}
        }
    }

    /// There must be a name for each language of a statement, and for no other.
    fn names(&mut self, statements: &BTreeSet<String>) {
        let Some(pair) = self.find("name") else {
            return self.warn(FILE, "there is no name: add one");
        };
        let languages: BTreeSet<String> = match &pair.value.value {
            Value::Text(_) => BTreeSet::from(["en".to_owned()]),
            Value::Map(names) if names.iter().all(|name| name.value.text().is_some()) => {
                names.iter().map(|name| name.key.clone()).collect()
            }
            _ => {
                let message = "name must be text, or a map of languages to texts";
                return self.tell(Some(pair.line), message);
            }
        };
        for odd in languages.iter().filter(|code| !is_language(code)) {
            let message = format!("{odd:?} is no code of a language: use one such as en or pt-BR");
            self.tell(Some(pair.line), &message);
        }
        if statements.is_empty() {
            self.warn(
                STATEMENTS[0],
                "there is no statement: add statement/problem.en.tex, .md or .pdf",
            );
        } else if languages != *statements {
            let [names, statements] =
                [&languages, statements].map(|set| Vec::from_iter(set.iter().cloned()).join(", "));
            let message = format!(
                "there are names in {names} and statements in {statements}: let these be the same languages"
            );
            // Translations come and go; BAPCtools has a problem of its own like this.
            self.findings.warning(FILE, Some(pair.line), message);
        }
    }

    fn statement_files(&mut self, tree: &Tree) {
        for entry in tree.entries(STATEMENTS[0]) {
            let is_one = !entry.is_directory && entry.name.starts_with("problem.");
            let is_source = [".tex", ".md", ".pdf"]
                .iter()
                .any(|e| entry.name.ends_with(e));
            if is_one && is_source && language_of(entry.name).is_none() {
                let path = format!("{}/{}", STATEMENTS[0], entry.name);
                let message =
                    "the statement must name its language: use problem.en.tex and the like";
                self.findings
                    .add(self.severity, &path, None, message.to_owned());
            }
        }
    }

    /// What must be text.
    fn texts(&mut self) {
        for key in ["version", "rights_owner"] {
            if let Some(pair) = self.find(key).filter(|pair| pair.value.text().is_none()) {
                self.tell(Some(pair.line), &format!("{key} must be text"));
            }
        }
    }

    fn license(&mut self, format: Format) {
        let license = self.find("license");
        let text = license
            .and_then(|pair| pair.value.text())
            .unwrap_or("unknown");
        let line = license.map(|pair| pair.line);
        if license.is_some() && !LICENSES.contains(&text) {
            let message = format!(
                "the license {text:?} is unknown: use one of {}",
                LICENSES.join(", ")
            );
            return self.tell(line, &message);
        }
        if format == Format::Legacy {
            return;
        }
        let has_author = self
            .find("credits")
            .is_some_and(|credits| match &credits.value.value {
                Value::Map(credits) => credits.iter().any(|credit| credit.key == "authors"),
                Value::Text(_) => true,
                Value::Null | Value::List(_) => false,
            });
        let owner = self.find("rights_owner");
        match (text, owner) {
            ("public domain", Some(owner)) => {
                let message = "what is in the public domain has no rights_owner: remove it";
                self.tell(Some(owner.line), message);
            }
            ("unknown" | "public domain", _) | (_, Some(_)) => {}
            _ if has_author || self.find("source").is_some() => {}
            _ => {
                let message = "the license needs somebody who owns the rights: add rights_owner, authors \
                               to credits, or a source";
                self.tell(line, message);
            }
        }
    }

    fn embargo(&mut self) {
        if let Some(pair) = self.find("embargo_until")
            && !pair.value.text().is_some_and(is_date)
        {
            let message = "embargo_until must be a date such as 2025-09-30 or 2025-09-30T12:00:00Z";
            self.tell(Some(pair.line), message);
        }
    }

    fn keywords(&mut self) {
        if let Some(pair) = self.find("keywords")
            && !is_list(&pair.value, |item| item.text().is_some())
            && pair.value.value != Value::Null
        {
            self.tell(Some(pair.line), "keywords must be a list of texts");
        }
    }

    fn source(&mut self) {
        let Some(pair) = self.find("source") else {
            return;
        };
        let is_one = |node: &Node| match &node.value {
            Value::Text(_) => true,
            Value::Map(_) => has_only(node, &["name", "url"]),
            Value::Null | Value::List(_) => false,
        };
        if !is_one(&pair.value) && !is_list(&pair.value, is_one) {
            let message =
                "source must be text, a map with name and perhaps url, or a list of these";
            self.tell(Some(pair.line), message);
        }
    }

    fn credits(&mut self) {
        let Some(pair) = self.find("credits") else {
            return;
        };
        let Some(credits) = pair.value.pairs() else {
            if !is_person(&pair.value) {
                let message = "credits must be a person, or a map of authors and others";
                self.tell(Some(pair.line), message);
            }
            return;
        };
        for credit in credits {
            let key = credit.key.as_str();
            let message = match key {
                "translators" => self.translators(credit),
                key if CREDITED.contains(&key) => (!is_people(&credit.value))
                    .then(|| format!("{key} must be a person or a list of persons")),
                key => Some(format!(
                    "the credit {key:?} is unknown: use {}, translators",
                    CREDITED.join(", ")
                )),
            };
            if let Some(message) = message {
                let message = format!(
                    "{message} (a person is \"Name <mail>\", or a map with name and perhaps email, orcid, kattis)"
                );
                self.tell(Some(credit.line), &message);
            }
        }
    }

    fn translators(&self, credit: &Pair) -> Option<String> {
        let languages = credit.value.pairs();
        let is_right = languages.is_some_and(|languages| {
            languages
                .iter()
                .all(|pair| is_language(&pair.key) && is_people(&pair.value))
        });
        (!is_right).then(|| "translators must be a map of languages to persons".to_owned())
    }
}

/// The languages in which there is a statement. One whose name tells none is in English.
fn statement_languages(tree: &Tree) -> BTreeSet<String> {
    let entries = STATEMENTS
        .iter()
        .flat_map(|directory| tree.entries(directory));
    let files = entries.filter(|entry| !entry.is_directory);
    let statements = files.filter_map(|entry| match entry.name {
        "problem.tex" | "problem.md" | "problem.pdf" => Some("en"),
        name => language_of(name),
    });
    statements.map(str::to_owned).collect()
}

/// The language in a name such as `problem.en.tex`.
fn language_of(name: &str) -> Option<&str> {
    let (language, ending) = name.strip_prefix("problem.")?.split_once('.')?;
    (is_language(language) && matches!(ending, "tex" | "md" | "pdf")).then_some(language)
}

/// Whether a text is a code such as `en`, `fil` or `pt-BR`.
fn is_language(code: &str) -> bool {
    let (language, region) = match code.split_once('-') {
        Some((language, region)) => (language, Some(region)),
        None => (code, None),
    };
    let is_small = language.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_region =
        |region: &str| region.len() == 2 && region.bytes().all(|b| b.is_ascii_uppercase());
    matches!(language.len(), 2 | 3) && is_small && region.is_none_or(is_region)
}

fn is_uuid(text: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let parts: Vec<&str> = text.trim().split('-').collect();
    let is_part = |(part, length): (&&str, &usize)| {
        part.len() == *length && part.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    parts.len() == lengths.len() && parts.iter().zip(&lengths).all(is_part)
}

/// Whether a text is a date, with or without a time of day in UTC.
fn is_date(text: &str) -> bool {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let date = numbers(date, '-', &[4, 2, 2]);
    let is_day =
        date.is_some_and(|date| (1..=12).contains(&date[1]) && (1..=31).contains(&date[2]));
    let is_time = |time: &str| {
        let time = time
            .strip_suffix('Z')
            .and_then(|time| numbers(time, ':', &[2, 2, 2]));
        time.is_some_and(|time| time[0] < 24 && time[1] < 60 && time[2] < 60)
    };
    is_day && time.is_none_or(is_time)
}

/// Numbers of so many digits each.
fn numbers(text: &str, separator: char, digits: &[usize]) -> Option<Vec<u32>> {
    let parts: Vec<&str> = text.split(separator).collect();
    let is_number = |(part, digits): (&&str, &usize)| {
        part.len() == *digits && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let are_right = parts.len() == digits.len() && parts.iter().zip(digits).all(is_number);
    let numbers = parts
        .iter()
        .filter(|_| are_right)
        .map(|part| part.parse().ok());
    are_right.then(|| numbers.collect()).flatten()
}

fn is_people(node: &Node) -> bool {
    is_person(node) || is_list(node, is_person)
}

/// A name with or without an address, or a map.
fn is_person(node: &Node) -> bool {
    match &node.value {
        Value::Text(text) => {
            let name = text.split_once('<').map_or(text.as_str(), |(name, _)| name);
            let is_closed = !text.contains('<') || text.trim_end().ends_with('>');
            !name.trim().is_empty() && is_closed
        }
        Value::Map(_) => has_only(node, &["name", "email", "orcid", "kattis"]),
        Value::Null | Value::List(_) => false,
    }
}

/// Whether a map has a name, and nothing but texts of these keys.
fn has_only(node: &Node, keys: &[&str]) -> bool {
    let pairs = node.pairs().unwrap_or_default();
    let is_known = |pair: &Pair| keys.contains(&pair.key.as_str()) && pair.value.text().is_some();
    pairs.iter().any(|pair| pair.key == "name") && pairs.iter().all(is_known)
}

/// Whether a node is a list of at least one, each of which is right.
fn is_list(node: &Node, is_right: impl Fn(&Node) -> bool) -> bool {
    matches!(&node.value, Value::List(items) if !items.is_empty() && items.iter().all(is_right))
}

#[cfg(test)]
mod tests;
