//! How Postgres is set up, and how it is reached. Settings are arguments of every start, not lines
//! of a file that initdb wrote once, so that they are those of this version of Gavel.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::error::ClusterError;

/// The cluster below its home.
pub(super) const DATA: &str = "data";

/// Part of the socket's name only, for there is no TCP. Named everywhere, so that a `PGPORT` in the
/// environment changes nothing.
const PORT: &str = "5432";

/// What the kernel's `sockaddr_un` holds, less the final zero.
const MAX_SOCKET_PATH_BYTES: usize = 107;

const SETTINGS: &[&str] = &[
    // Only the socket, and that only for its owner and root: see `cluster`.
    "listen_addresses=",
    "unix_socket_permissions=0700",
    // What was answered with an id is on disk.
    "fsync=on",
    "full_page_writes=on",
    "synchronous_commit=on",
    // Modest: the database is small, and memory is for the programs that are judged.
    "max_connections=64",
    "shared_buffers=64MB",
    "work_mem=4MB",
    "maintenance_work_mem=32MB",
    "max_wal_size=256MB",
    "min_wal_size=32MB",
    "max_parallel_workers_per_gather=0",
    "jit=off",
    "max_logical_replication_workers=0",
    // What Postgres does, not what it is asked: a failed statement is told to who asked, and its
    // text, parameters and details may be what a contestant sent. `log` leaves out errors,
    // `terse` the details of what remains.
    "log_destination=stderr",
    "logging_collector=off",
    "log_min_messages=log",
    "log_min_error_statement=panic",
    "log_statement=none",
    "log_min_duration_statement=-1",
    "log_parameter_max_length=0",
    "log_parameter_max_length_on_error=0",
    "log_error_verbosity=terse",
    "log_checkpoints=off",
    "log_line_prefix=%m [%p] ",
    "log_timezone=UTC",
    "timezone=UTC",
    // Seen in `ps`.
    "cluster_name=gavel",
];

/// Arguments of `postgres` for the cluster in `home`.
pub(super) fn args(home: &Path) -> Vec<OsString> {
    let mut args = vec![
        "-D".into(),
        home.join(DATA).into(),
        "-p".into(),
        PORT.into(),
    ];
    for setting in SETTINGS {
        args.extend(["-c".into(), (*setting).into()]);
    }
    args.extend(["-c".into(), socket_directory(home)]);
    args
}

/// The setting is a list: quotes keep commas and spaces in the path what they are.
fn socket_directory(home: &Path) -> OsString {
    let path = home.to_string_lossy().replace('"', "\"\"");
    format!("unix_socket_directories=\"{path}\"").into()
}

/// Where clients connect to.
pub(super) fn url(home: &Path) -> Result<String, ClusterError> {
    if home.to_str().is_none() {
        return Err(ClusterError::PathNotText {
            path: home.to_owned(),
        });
    }
    let host: String = home
        .as_os_str()
        .as_bytes()
        .iter()
        .map(|byte| percent_encode(*byte))
        .collect();
    Ok(format!(
        "postgres:///gavel?host={host}&port={PORT}&user=gavel"
    ))
}

fn percent_encode(byte: u8) -> String {
    match byte {
        b'/' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    }
}

/// Refuses a data directory in which the socket could not be made. Refused rather than put elsewhere:
/// another place would need a name that all agree on, permissions of its own, and a broom.
pub(super) fn refuse_long_path(data_dir: &Path) -> Result<(), ClusterError> {
    let socket = format!("/postgres/.s.PGSQL.{PORT}");
    let length = data_dir.as_os_str().len() + socket.len();
    match length.checked_sub(MAX_SOCKET_PATH_BYTES) {
        None | Some(0) => Ok(()),
        Some(excess_bytes) => Err(ClusterError::PathTooLong {
            path: data_dir.to_owned(),
            excess_bytes,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_any_characters_arrives_in_the_url_unchanged() {
        use sqlx::postgres::PgConnectOptions;
        for path in ["/srv/gavel/postgres", "/a b/ü&c=d%41+?#/postgres"] {
            let options: PgConnectOptions = url(Path::new(path)).unwrap().parse().unwrap();
            assert_eq!(options.get_socket().unwrap(), Path::new(path));
            assert_eq!(options.get_port(), 5432);
            assert_eq!(options.get_username(), "gavel");
            assert_eq!(options.get_database(), Some("gavel"));
        }
    }

    #[test]
    fn the_longest_socket_path_is_just_allowed() {
        let path = |length: usize| format!("/{}", "d".repeat(length - 1));
        let longest = MAX_SOCKET_PATH_BYTES - "/postgres/.s.PGSQL.5432".len();
        assert!(refuse_long_path(Path::new(&path(longest))).is_ok());
        let error = refuse_long_path(Path::new(&path(longest + 1))).unwrap_err();
        assert!(error.to_string().contains("too long by 1 bytes"), "{error}");
    }
}
