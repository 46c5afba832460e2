//! Command lines with placeholders. Arguments are an array from beginning to end: what fills a
//! placeholder can change one argument and never add another.

use std::ffi::OsString;

/// A command line whose placeholders were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::judge) struct Arguments {
    program: String,
    arguments: Vec<Argument>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Argument {
    /// `{sources}`: one argument for each source file.
    Sources,
    Text(Vec<Piece>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Main,
    Stem,
    MemoryMib,
}

/// What fills the placeholders.
#[derive(Debug, Clone, Copy)]
pub(in crate::judge) struct Values<'a> {
    /// `{sources}`: the source files, the main one first.
    pub sources: &'a [String],
    /// `{main}`: the main file, the first source.
    pub main: &'a str,
    /// `{stem}`: its name without directory and extension.
    pub stem: &'a str,
    /// `{memory_mib}`: the memory limit, in MiB, rounded up.
    pub memory_mib: u64,
}

impl Arguments {
    /// Reads a command line. The error says what is wrong.
    pub(super) fn parse(argv: &[String]) -> Result<Arguments, String> {
        let (program, arguments) = argv.split_first().ok_or("must name a program")?;
        if !program.starts_with('/') && !program.starts_with("./") {
            return Err(format!(
                "{program:?} must be an absolute path or begin with ./, for no search path is used"
            ));
        }
        if program.contains(['{', '}']) {
            return Err("the program itself takes no placeholder".to_owned());
        }
        let arguments = arguments.iter().map(|text| parse_argument(text));
        Ok(Arguments {
            program: program.clone(),
            arguments: arguments.collect::<Result<_, _>>()?,
        })
    }

    /// Path of the program.
    pub(in crate::judge) fn program(&self) -> &str {
        &self.program
    }

    /// The arguments after the program's name.
    pub(in crate::judge) fn fill(&self, values: &Values<'_>) -> Vec<OsString> {
        let mut filled = Vec::new();
        for argument in &self.arguments {
            match argument {
                Argument::Sources => filled.extend(values.sources.iter().map(OsString::from)),
                Argument::Text(pieces) => {
                    filled.push(pieces.iter().map(|piece| piece.fill(values)).collect());
                }
            }
        }
        filled
    }
}

impl Piece {
    fn fill(&self, values: &Values<'_>) -> OsString {
        match self {
            Piece::Literal(text) => text.into(),
            Piece::Main => values.main.into(),
            Piece::Stem => values.stem.into(),
            Piece::MemoryMib => values.memory_mib.to_string().into(),
        }
    }
}

fn parse_argument(text: &str) -> Result<Argument, String> {
    if text == "{sources}" {
        return Ok(Argument::Sources);
    }
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(['{', '}']) {
        let (literal, from) = rest.split_at(start);
        pieces.push(Piece::Literal(literal.to_owned()));
        let end = from.find('}').map_or(from.len(), |end| end + 1);
        let (placeholder, after) = from.split_at(end);
        pieces.push(match placeholder {
            "{main}" => Piece::Main,
            "{stem}" => Piece::Stem,
            "{memory_mib}" => Piece::MemoryMib,
            "{sources}" => return Err(format!("{text:?}: {{sources}} must stand alone")),
            unknown => {
                return Err(format!(
                    "{text:?}: {unknown} is no placeholder; there are {{sources}}, {{main}}, \
                     {{stem}} and {{memory_mib}}"
                ));
            }
        });
        rest = after;
    }
    pieces.push(Piece::Literal(rest.to_owned()));
    Ok(Argument::Text(pieces))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(argv: &[&str]) -> Result<Arguments, String> {
        let argv: Vec<String> = argv.iter().map(|&text| text.to_owned()).collect();
        Arguments::parse(&argv)
    }

    fn filled(argv: &[&str]) -> Vec<OsString> {
        let sources = ["src/a b.x".to_owned(), "{stem}.x".to_owned()];
        parse(argv).unwrap().fill(&Values {
            sources: &sources,
            main: "src/a b.x",
            stem: "a b",
            memory_mib: 256,
        })
    }

    #[test]
    fn placeholders_are_filled_and_what_fills_them_is_not_read_again() {
        let argv = [
            "/bin/x",
            "-m{memory_mib}m",
            "{sources}",
            "{stem}:{main}",
            "",
        ];
        assert_eq!(
            filled(&argv),
            ["-m256m", "src/a b.x", "{stem}.x", "a b:src/a b.x", ""]
        );
    }

    #[test]
    fn an_unknown_or_broken_placeholder_is_refused() {
        for argument in [
            "{source}",
            "x{sources}",
            "{",
            "}",
            "{main",
            "a}b",
            "{{main}}",
            "{}",
        ] {
            assert!(parse(&["/bin/x", argument]).is_err(), "{argument}");
        }
    }

    #[test]
    fn the_program_is_a_path_without_placeholders() {
        assert!(parse(&["./main"]).is_ok());
        for argv in [&[][..], &["gcc"], &["/usr/bin/{main}"]] {
            assert!(parse(argv).is_err(), "{argv:?}");
        }
    }
}
