//! The list of settings, declared once. From it come [`Config`] (every value known) and [`Layer`]
//! (what one source says), so that a new setting is one entry here and one row in the document.

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::environment::Environment;
use super::error::ConfigError;
use super::secret::Secret;
use super::{LogFormat, amount, count, default_data_dir};

macro_rules! settings {
    (
        environment: $environment:ident;
        required { $($(#[$doc:meta])* $key:ident: $type:ty = $default:expr;)* }
        optional { $($(#[$opt_doc:meta])* $opt_key:ident: $opt_type:ty;)* }
    ) => {
        /// Every setting, with its value.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Config {
            $($(#[$doc])* pub $key: $type,)*
            $($(#[$opt_doc])* pub $opt_key: Option<$opt_type>,)*
        }

        /// What one source says: a file, the environment, or the flags.
        #[derive(Debug, Clone, Default, PartialEq, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Layer {
            $($(#[$doc])* pub $key: Option<$type>,)*
            $($(#[$opt_doc])* pub $opt_key: Option<$opt_type>,)*
        }

        impl Layer {
            /// The key of every setting.
            pub const KEYS: &[&str] = &[$(stringify!($key),)* $(stringify!($opt_key),)*];

            /// This layer laid over a `lower` one: what both say, this one decides.
            pub fn over(self, lower: Layer) -> Layer {
                Layer {
                    $($key: self.$key.or(lower.$key),)*
                    $($opt_key: self.$opt_key.or(lower.$opt_key),)*
                }
            }

            /// Reads the variables `GAVEL_<KEY>` and the two customary names.
            pub fn from_variables(environment: &Environment) -> Result<Layer, ConfigError> {
                Ok(Layer {
                    $($key: parse_variable(stringify!($key), environment)?,)*
                    $($opt_key: parse_variable(stringify!($opt_key), environment)?,)*
                })
            }

            /// Fills the gaps with defaults.
            pub(super) fn complete(self, $environment: &Environment) -> Result<Config, ConfigError> {
                Ok(Config {
                    $($key: match self.$key { Some(value) => value, None => $default },)*
                    $($opt_key: self.$opt_key,)*
                })
            }
        }
    };
}

settings! {
    environment: environment;
    required {
        /// Address and port of the HTTP API.
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8080));
        /// Directory of everything that Gavel keeps on disk.
        data_dir: PathBuf = default_data_dir(environment)?;
        /// Runs at the same time on this machine.
        slots: NonZeroU32 = count(environment.cpus);
        /// Name of this worker in logs and listings.
        worker_name: String = environment.hostname.clone();
        /// User that owns the database started by `gavel up`, when that is run as root
        /// (Postgres refuses to run as root).
        postgres_user: String = "postgres".to_owned();
        /// How log lines are written.
        log_format: LogFormat = LogFormat::Text;
        /// Which log lines are written, e.g. `info` or `warn,gavel::worker=debug`.
        log_filter: String = "info".to_owned();
        /// Largest request body, in bytes.
        max_body_bytes: NonZeroU64 = amount(64 << 20);
        /// Largest upload of a problem package, in bytes.
        max_archive_bytes: NonZeroU64 = amount(256 << 20);
        /// Most test cases in one submission or problem.
        max_cases: NonZeroU32 = count(1000);
        /// Longest time that a request may wait for a verdict, in seconds.
        max_wait_seconds: NonZeroU64 = amount(60);
        /// Largest CPU time limit that a submission may ask for, in milliseconds.
        max_cpu_ms: NonZeroU64 = amount(60_000);
        /// Largest wall-clock limit that a submission may ask for, in milliseconds.
        max_wall_ms: NonZeroU64 = amount(120_000);
        /// Largest memory limit that a submission may ask for, in bytes.
        max_memory_bytes: NonZeroU64 = amount(2 << 30);
        /// Largest output limit that a submission may ask for, in bytes.
        max_output_bytes: NonZeroU64 = amount(64 << 20);
        /// Largest process limit that a submission may ask for.
        max_processes: NonZeroU32 = count(256);
        /// A worker that is silent for this long has lost its submissions, in seconds.
        lease_seconds: NonZeroU64 = amount(10);
        /// How often a worker renews its leases, in seconds.
        heartbeat_seconds: NonZeroU64 = amount(2);
        /// Attempts at one submission before it is set aside as failed.
        max_attempts: NonZeroU32 = count(3);
        /// How long a graceful stop waits for work in progress, in seconds.
        stop_timeout_seconds: u64 = 30;
        /// Protections that this machine may lack, by the names that `gavel worker` prints when it
        /// refuses to start. Empty: every protection is required.
        allow_degraded: Vec<String> = Vec::new();
    }
    optional {
        /// Postgres to use, as a URL. Without it `gavel up` starts one of its own.
        database_url: Secret;
        /// Directory of language files to use instead of the built-in ones.
        languages_dir: PathBuf;
        /// Directory of what earlier runs of `gavel verify` came to.
        cache_dir: PathBuf;
        /// Control group below which the sandboxes' groups are made.
        cgroup_parent: PathBuf;
        /// Directory for what lives as long as the machine is up. Known once settings are loaded, but
        /// for root, who has the sandbox's default.
        runtime_dir: PathBuf;
        /// Which host ids boxes of an ordinary user have, by name.
        box_ids: String;
    }
}

/// Customary names of variables, read after `GAVEL_<KEY>`.
const CUSTOMARY: &[(&str, &str)] = &[("database_url", "DATABASE_URL"), ("log_filter", "RUST_LOG")];

/// Variables that are ours but no setting.
const OTHER_VARIABLES: &[&str] = &["GAVEL_CONFIG"];

impl Layer {
    /// Reads a configuration file.
    pub(super) fn read(path: &Path) -> Result<Layer, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::ReadFile {
            path: path.to_owned(),
            source,
        })?;
        toml::from_str(&text).map_err(|error| ConfigError::ParseFile {
            path: path.to_owned(),
            line: line_of(&text, error.span().map_or(0, |span| span.start)),
            message: error.message().to_owned(),
        })
    }

    /// Names of `GAVEL_` variables that mean nothing here, most likely typing errors. They are
    /// reported, not refused: Kubernetes sets such variables for a service named `gavel`.
    pub fn unknown_variables(environment: &Environment) -> Vec<String> {
        let is_known = |name: &str| {
            OTHER_VARIABLES.contains(&name) || Self::KEYS.iter().any(|key| variable_of(key) == name)
        };
        environment
            .variables
            .keys()
            .filter(|name| name.starts_with("GAVEL_") && !is_known(name))
            .cloned()
            .collect()
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    1 + before.iter().filter(|&&byte| byte == b'\n').count()
}

fn variable_of(key: &str) -> String {
    format!("GAVEL_{}", key.to_uppercase())
}

fn parse_variable<T: FromText>(
    key: &str,
    environment: &Environment,
) -> Result<Option<T>, ConfigError> {
    let customary = CUSTOMARY
        .iter()
        .filter(|(of, _)| *of == key)
        .map(|(_, name)| (*name).to_owned());
    for name in std::iter::once(variable_of(key)).chain(customary) {
        if let Some(text) = environment.variable(&name)? {
            return match T::from_text(&text) {
                Ok(value) => Ok(Some(value)),
                Err(expected) => Err(ConfigError::Variable {
                    name,
                    reason: format!("must be {expected}"),
                }),
            };
        }
    }
    Ok(None)
}

/// A value that an environment variable can hold. The error says what was expected.
trait FromText: Sized {
    fn from_text(text: &str) -> Result<Self, &'static str>;
}

macro_rules! from_text {
    ($($type:ty: $expected:literal;)*) => {$(
        impl FromText for $type {
            fn from_text(text: &str) -> Result<Self, &'static str> {
                text.parse().map_err(|_| $expected)
            }
        }
    )*};
}

from_text! {
    SocketAddr: "an address and port such as 127.0.0.1:8080";
    PathBuf: "a path";
    String: "text";
    u64: "a whole number";
    NonZeroU32: "a whole number above 0";
    NonZeroU64: "a whole number above 0";
}

impl FromText for Secret {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        Ok(Secret::new(text))
    }
}

impl FromText for LogFormat {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        match text {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err("text or json"),
        }
    }
}

impl FromText for Vec<String> {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        let names = text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        Ok(names.map(str::to_owned).collect())
    }
}
