//! Languages: those that a live worker offers, and those configured that none offers now.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{ApiError, ReadFailures};
use super::{ApiState, ConfiguredLanguage};
use crate::problem::package::ProgramFiles;
use crate::store::OfferedLanguage;

/// A language.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct LanguageView {
    /// What `language` of a submission names, e.g. `cpp`.
    pub(super) id: String,
    /// Name for people.
    name: String,
    /// What the toolchain says of its version; null when no worker offers it.
    version: Option<String>,
    /// Whether a worker offers it now.
    pub(super) available: bool,
}

/// Languages, sorted by id
#[utoipa::path(
    get, path = "/api/v1/languages", tag = "languages",
    responses((status = 200, description = "Every language known", body = [LanguageView]), ReadFailures),
)]
pub(super) async fn list_languages(
    State(state): State<ApiState>,
) -> Result<Json<Vec<LanguageView>>, ApiError> {
    Ok(Json(known_languages(&state).await?))
}

/// All languages that a submission may name, available or not.
pub(super) async fn known_languages(state: &ApiState) -> Result<Vec<LanguageView>, ApiError> {
    let offered = state.store.list_offered_languages().await?;
    Ok(merge(&state.languages, offered))
}

/// Ids of the languages in which these programs are, sorted. One in no language that is configured is left out: a worker
/// tells what is wrong with it.
pub(super) fn of_programs(
    configured: &[ConfiguredLanguage],
    programs: &[&ProgramFiles],
) -> Vec<String> {
    let of_file = |name: &str| {
        let (_, extension) = name.rsplit_once('.')?;
        let has_it = |language: &&ConfiguredLanguage| {
            let mut extensions = language.extensions.iter();
            extensions.any(|known| known == extension)
        };
        configured.iter().find(has_it)
    };
    let with_languages = programs.iter().filter(|program| !program.has_scripts());
    let found = with_languages.filter_map(|program| {
        let mut files = program.files.iter();
        files.find_map(|file| of_file(&file.name))
    });
    let ids: BTreeSet<String> = found.map(|language| language.id.clone()).collect();
    ids.into_iter().collect()
}

pub(super) fn merge(
    configured: &[ConfiguredLanguage],
    offered: Vec<OfferedLanguage>,
) -> Vec<LanguageView> {
    let absent = configured.iter().map(|language| LanguageView {
        id: language.id.clone(),
        name: language.name.clone(),
        version: None,
        available: false,
    });
    let present = offered.into_iter().map(|language| LanguageView {
        id: language.id,
        name: language.name,
        version: Some(language.version),
        available: true,
    });
    // The later entry of an id wins: what a worker says is truer than the configuration.
    let by_id: BTreeMap<_, _> = absent.chain(present).map(|l| (l.id.clone(), l)).collect();
    by_id.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::SourceFile;

    #[test]
    fn programs_are_in_the_language_of_their_first_source() {
        let language = |id: &str, extensions: &[&str]| ConfiguredLanguage {
            id: id.to_owned(),
            name: id.to_owned(),
            extensions: extensions.iter().map(ToString::to_string).collect(),
        };
        let configured = [language("cpp", &["cc", "cpp"]), language("python", &["py"])];
        let program = |names: &[&str]| ProgramFiles {
            path: String::new(),
            files: names
                .iter()
                .map(|name| SourceFile {
                    name: (*name).to_owned(),
                    bytes: [].into(),
                })
                .collect(),
        };
        let needed = |programs: &[&[&str]]| {
            let programs: Vec<ProgramFiles> = programs.iter().map(|names| program(names)).collect();
            of_programs(&configured, &programs.iter().collect::<Vec<_>>())
        };
        let (one, other) = (&["README", "x.h", "b.py"][..], &["a.cc", "b.py"][..]);
        assert_eq!(needed(&[one, other, one]), ["cpp", "python"]);
        assert_eq!(
            needed(&[&["a.zig"], &["build", "a.cc"]]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn an_offered_language_is_available_and_the_others_are_not() {
        let configured = ["cpp", "zig"].map(|id| ConfiguredLanguage {
            id: id.to_owned(),
            name: id.to_uppercase(),
            extensions: Vec::new(),
        });
        let offered = ["cpp", "ada"].map(|id| OfferedLanguage {
            id: id.to_owned(),
            name: id.to_owned(),
            version: "1".to_owned(),
        });
        let merged = merge(&configured, offered.to_vec());
        let facts: Vec<_> = merged
            .iter()
            .map(|l| (l.id.as_str(), l.available))
            .collect();
        assert_eq!(facts, [("ada", true), ("cpp", true), ("zig", false)]);
    }
}
