//! Problems of which submissions are a part of a program and no programs themselves: the problem's own files
//! begin, and call what was submitted.

/// How a submission is fitted into the files that the problem adds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frame {
    /// Name of the file of the problem's with which the program begins.
    pub main: String,
    /// Name that the submission's own main file gets, by which the problem's know it.
    pub submission: String,
    /// What is put before the text of each of the submission's sources.
    pub preamble: String,
}
