//! Languages: those that a live worker offers, and those configured that none offers now.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{ApiError, ReadFailures};
use super::{ApiState, ConfiguredLanguage};
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

    #[test]
    fn an_offered_language_is_available_and_the_others_are_not() {
        let configured = ["cpp", "zig"].map(|id| ConfiguredLanguage {
            id: id.to_owned(),
            name: id.to_uppercase(),
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
