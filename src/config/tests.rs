//! What wins over what, and what is refused.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::*;

fn surroundings(variables: &[(&str, &str)]) -> Environment {
    let variables = [("HOME", "/home/ada")].iter().chain(variables);
    Environment {
        variables: variables
            .map(|(name, value)| ((*name).to_owned(), OsString::from(value)))
            .collect(),
        is_root: false,
        cpus: 6,
        hostname: "host".to_owned(),
    }
}

fn load(file: &str, variables: &[(&str, &str)], flags: Layer) -> Result<Config, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("gavel.toml");
    std::fs::write(&path, file).unwrap();
    Config::load(Some(&path), flags, &surroundings(variables))
}

fn slots(value: u32) -> Layer {
    Layer {
        slots: NonZeroU32::new(value),
        ..Layer::default()
    }
}

#[test]
fn defaults_fill_what_nobody_says() {
    let config = load("", &[], Layer::default()).unwrap();
    assert_eq!(config.slots.get(), 6);
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.worker_name, "host");
    assert_eq!(config.database_url, None);
    assert!(config.allow_degraded.is_empty());
}

#[test]
fn the_file_wins_over_defaults() {
    let config = load("slots = 2", &[], Layer::default()).unwrap();
    assert_eq!(config.slots.get(), 2);
}

#[test]
fn the_environment_wins_over_the_file() {
    let config = load("slots = 2", &[("GAVEL_SLOTS", "3")], Layer::default()).unwrap();
    assert_eq!(config.slots.get(), 3);
}

#[test]
fn flags_win_over_the_environment() {
    let config = load("slots = 2", &[("GAVEL_SLOTS", "3")], slots(4)).unwrap();
    assert_eq!(config.slots.get(), 4);
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let config = load("slots = 2", &[("GAVEL_SLOTS", "")], Layer::default()).unwrap();
    assert_eq!(config.slots.get(), 2);
}

#[test]
fn our_own_variable_wins_over_the_customary_one() {
    let variables = [
        ("DATABASE_URL", "postgres://a"),
        ("GAVEL_DATABASE_URL", "postgres://b"),
    ];
    let config = load("", &variables, Layer::default()).unwrap();
    assert_eq!(config.database_url.unwrap().expose(), "postgres://b");
    let config = load("", &variables[..1], Layer::default()).unwrap();
    assert_eq!(config.database_url.unwrap().expose(), "postgres://a");
}

#[test]
fn gavel_config_names_the_file_and_the_flag_wins_over_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("other.toml");
    std::fs::write(&path, "slots = 5").unwrap();
    let path = path.to_str().unwrap();
    let config = Config::load(
        None,
        Layer::default(),
        &surroundings(&[("GAVEL_CONFIG", path)]),
    );
    assert_eq!(config.unwrap().slots.get(), 5);
    let config = load("slots = 7", &[("GAVEL_CONFIG", path)], Layer::default());
    assert_eq!(config.unwrap().slots.get(), 7);
}

#[test]
fn a_file_that_was_asked_for_must_exist() {
    let error = Config::load(
        Some(Path::new("/nonexistent/g.toml")),
        Layer::default(),
        &surroundings(&[]),
    );
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("/nonexistent/g.toml")
    );
}

#[test]
fn the_data_directory_follows_the_user() {
    let data_dir = |environment: &Environment| default_data_dir(environment).unwrap();
    let mut environment = surroundings(&[]);
    assert_eq!(
        data_dir(&environment),
        PathBuf::from("/home/ada/.local/share/gavel")
    );
    environment = surroundings(&[("XDG_DATA_HOME", "/data/ada")]);
    assert_eq!(data_dir(&environment), PathBuf::from("/data/ada/gavel"));
    environment.is_root = true;
    assert_eq!(data_dir(&environment), PathBuf::from("/var/lib/gavel"));
    assert!(matches!(
        default_data_dir(&Environment::default()),
        Err(ConfigError::NoDataDir)
    ));
}

#[test]
fn the_cache_directory_is_the_users_own() {
    let cache_dir = |environment: &Environment| default_cache_dir(environment).unwrap();
    let mut environment = surroundings(&[]);
    environment.is_root = true;
    assert_eq!(
        cache_dir(&environment),
        Some(PathBuf::from("/home/ada/.cache/gavel"))
    );
    environment = surroundings(&[("XDG_CACHE_HOME", "/tmp/ada")]);
    assert_eq!(
        cache_dir(&environment),
        Some(PathBuf::from("/tmp/ada/gavel"))
    );
    assert_eq!(cache_dir(&Environment::default()), None);
}

#[test]
fn the_runtime_directory_of_an_ordinary_user_is_his_own() {
    let runtime_dir = |variables: &[(&str, &str)], flags: Layer| {
        let config = load("", variables, flags).unwrap();
        config.runtime_dir.unwrap()
    };
    let session = [("XDG_RUNTIME_DIR", "/run/user/7")];
    let elsewhere = || Layer {
        data_dir: Some("/data".into()),
        ..Layer::default()
    };
    assert_eq!(
        runtime_dir(&session, elsewhere()),
        PathBuf::from("/run/user/7/gavel")
    );
    assert_eq!(runtime_dir(&[], elsewhere()), PathBuf::from("/data/run"));
    let said = Layer {
        runtime_dir: Some("/said".into()),
        ..elsewhere()
    };
    assert_eq!(runtime_dir(&session, said), PathBuf::from("/said"));
    let root = Environment {
        is_root: true,
        ..surroundings(&session)
    };
    let config = Config::load(None, Layer::default(), &root).unwrap();
    assert_eq!(config.runtime_dir, None);
}

#[test]
fn an_unknown_key_is_refused_with_file_and_line() {
    let error = load("slots = 2\nslot = 3\n", &[], Layer::default())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("gavel.toml:2: unknown field `slot`"),
        "{error}"
    );
}

#[test]
fn a_wrong_variable_is_refused_by_name() {
    let error = load("", &[("GAVEL_SLOTS", "many")], Layer::default())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("GAVEL_SLOTS must be a whole number above 0"),
        "{error}"
    );
}

#[test]
fn zero_is_refused_everywhere_it_could_mean_unlimited() {
    assert!(load("max_memory_bytes = 0", &[], Layer::default()).is_err());
    assert!(load("", &[("GAVEL_MAX_CPU_MS", "0")], Layer::default()).is_err());
}

#[test]
fn a_heartbeat_must_fit_twice_into_a_lease() {
    assert!(
        load(
            "lease_seconds = 10\nheartbeat_seconds = 5",
            &[],
            Layer::default()
        )
        .is_ok()
    );
    assert!(
        load(
            "lease_seconds = 10\nheartbeat_seconds = 6",
            &[],
            Layer::default()
        )
        .is_err()
    );
}

#[test]
fn the_database_password_is_never_printed() {
    let url = "postgres://gavel:hunter2@db/gavel";
    let config = load(&format!("database_url = {url:?}"), &[], Layer::default()).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    let unquoted = load(&format!("database_url = {url}"), &[], Layer::default()).unwrap_err();
    assert!(
        !format!("{unquoted} {unquoted:?}").contains("hunter2"),
        "{unquoted:?}"
    );
}

#[test]
fn misspelt_variables_are_reported() {
    let environment = surroundings(&[
        ("GAVEL_SLOT", "3"),
        ("GAVEL_CONFIG", "x"),
        ("GAVEL_SLOTS", "1"),
    ]);
    assert_eq!(Layer::unknown_variables(&environment), ["GAVEL_SLOT"]);
}

#[test]
fn every_setting_is_documented() {
    let document = include_str!("../../docs/CONFIGURATION.md");
    for key in Layer::KEYS {
        assert!(
            document.contains(&format!("| `{key}` |")),
            "docs/CONFIGURATION.md lacks {key}"
        );
    }
}
