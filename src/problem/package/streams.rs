//! Files in the working directory that take the place of the standard streams.

/// Where submissions read and write; `None` for the standard streams.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamFiles {
    /// Name of the file that has the input.
    pub input: Option<String>,
    /// Name of the file that is the output.
    pub output: Option<String>,
    /// Whether these are further names of the standard streams, so that either can be used.
    pub are_further: bool,
}

/// Whether a file may have this name: a plain one, and not that of compiled programs.
pub(super) fn is_stream_name(name: &str) -> bool {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    let is_free = !name.is_empty() && name != "main" && !name.starts_with(['.', '-']);
    is_free && name.len() < 256 && name.bytes().all(is_of_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_names_of_streams() {
        for name in ["input.txt", "sum.in", "a-b.out", "in"] {
            assert!(is_stream_name(name), "{name}");
        }
        for name in [
            "", "main", ".in", "-a.in", "../a.in", "a/b.in", "a b.in", "a\n.in",
        ] {
            assert!(!is_stream_name(name), "{name:?}");
        }
    }
}
