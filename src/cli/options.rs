//! The options that every command shares, and how they become settings.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;

use super::judging;
use crate::config::{Config, ConfigError, Environment, Layer, LogFormat, Secret};

/// Options that may stand before or after the command's name. The environment is read by
/// [`Config::load`] and not by clap, so that there is one order of precedence.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Common options")]
pub(super) struct Options {
    /// Read settings from FILE [env: GAVEL_CONFIG] [default: /etc/gavel/gavel.toml if it exists]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Serve the HTTP API here [env: GAVEL_LISTEN] [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// Keep all data in DIR [env: GAVEL_DATA_DIR] [default: /var/lib/gavel for root, else
    /// ~/.local/share/gavel]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Use this Postgres; others can see a flag, so prefer the variable [env: DATABASE_URL]
    #[arg(long, global = true, value_name = "URL", value_parser = secret())]
    database_url: Option<Secret>,
    /// Run this many programs at the same time [env: GAVEL_SLOTS] [default: number of CPUs]
    #[arg(long, global = true, value_name = "N")]
    slots: Option<NonZeroU32>,
    /// Start although this machine lacks these protections [env: GAVEL_ALLOW_DEGRADED]
    #[arg(long, global = true, value_name = "NAME,…", value_delimiter = ',')]
    allow_degraded: Option<Vec<String>>,
    /// Give boxes of an ordinary user the ids `lent` to him, or his `own` for all [env:
    /// GAVEL_BOX_IDS] [default: auto: lent where there are any]
    #[arg(long, global = true, value_name = "WHICH")]
    box_ids: Option<String>,
    /// Write log lines for people or for machines [env: GAVEL_LOG_FORMAT] [default: text]
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
    /// Choose log lines, e.g. warn,gavel::worker=debug [env: RUST_LOG] [default: info]
    #[arg(long, global = true, value_name = "FILTER")]
    log_filter: Option<String>,
}

fn secret() -> impl clap::builder::TypedValueParser<Value = Secret> {
    use clap::builder::TypedValueParser;
    NonEmptyStringValueParser::new().map(Secret::new)
}

impl Options {
    /// Loads the settings, these options above every other source.
    pub(super) fn load(self, environment: &Environment) -> Result<Config, ConfigError> {
        let file = self.config.clone();
        let config = Config::load(file.as_deref(), self.into_layer(), environment)?;
        judging::may_lack(&config)?;
        judging::ids(&config)?;
        Ok(config)
    }

    fn into_layer(self) -> Layer {
        Layer {
            listen: self.listen,
            data_dir: self.data_dir,
            database_url: self.database_url,
            slots: self.slots,
            allow_degraded: self.allow_degraded,
            box_ids: self.box_ids,
            log_format: self.log_format,
            log_filter: self.log_filter,
            ..Layer::default()
        }
    }
}
