//! The database that Gavel brings along: real Postgres, real crashes.
//!
//! As root this tests the change to the user `postgres`, as anyone else that Postgres runs as they are.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails loudly"
)]

use std::fs::{self, File, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gavel::cluster::{Cluster, ClusterConfig, ClusterError};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use tokio::time::timeout;

/// Names the data directory to a copy of this test that is started to be killed.
const VICTIM: &str = "GAVEL_TEST_VICTIM";
const SOON: Duration = Duration::from_secs(20);

/// A data directory that the user `postgres` can get to.
fn place() -> (TempDir, PathBuf) {
    let root = tempfile::tempdir().unwrap();
    fs::set_permissions(root.path(), Permissions::from_mode(0o711)).unwrap();
    let data_dir = root.path().join("gavel");
    (root, data_dir)
}

fn config(data_dir: &Path) -> ClusterConfig {
    let mut config = ClusterConfig::new(data_dir, "postgres");
    config.program = env!("CARGO_BIN_EXE_gavel").into();
    config
}

async fn start(data_dir: &Path) -> Cluster {
    Cluster::start(&config(data_dir)).await.unwrap()
}

async fn connect(cluster: &Cluster) -> PgConnection {
    PgConnection::connect(&cluster.url()).await.unwrap()
}

async fn text(connection: &mut PgConnection, sql: &'static str) -> String {
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap()
}

async fn remember(cluster: &Cluster, value: i32) {
    let mut connection = connect(cluster).await;
    sqlx::query("CREATE TABLE IF NOT EXISTS note (value int)")
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::query("INSERT INTO note VALUES ($1)")
        .bind(value)
        .execute(&mut connection)
        .await
        .unwrap();
}

async fn remembered(cluster: &Cluster) -> Vec<i32> {
    sqlx::query_scalar("SELECT value FROM note ORDER BY value")
        .fetch_all(&mut connect(cluster).await)
        .await
        .unwrap()
}

fn postmaster(data_dir: &Path) -> Pid {
    let file = fs::read_to_string(data_dir.join("postgres/data/postmaster.pid")).unwrap();
    Pid::from_raw(file.lines().next().unwrap().parse().unwrap())
}

/// Waits until no process of Postgres is left: each holds the lock.
async fn all_of_postgres_ended(data_dir: &Path) {
    let lock = File::open(data_dir.join("postgres.running")).unwrap();
    let waiting = tokio::task::spawn_blocking(move || lock.lock().unwrap());
    timeout(SOON, waiting).await.unwrap().unwrap();
}

/// This test program again, as the Gavel that is to be killed. Returns when its database is up.
fn start_victim(data_dir: &Path) -> Child {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_victim_waits_to_be_killed", "--nocapture"])
        .env(VICTIM, data_dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let ready = lines
        .map_while(Result::ok)
        .any(|line| line.contains("victim is ready"));
    assert!(ready, "the victim did not start");
    victim
}

/// Not a claim but the other half of those that kill it; alone it does nothing.
#[tokio::test]
async fn a_victim_waits_to_be_killed() {
    let Some(data_dir) = std::env::var_os(VICTIM) else {
        return;
    };
    let cluster = start(Path::new(&data_dir)).await;
    remember(&cluster, 1).await;
    println!("victim is ready");
    panic!("{}", cluster.ended().await);
}

#[tokio::test]
async fn data_are_kept_from_start_to_start() {
    let (_root, data_dir) = place();
    for round in 1..=3 {
        let cluster = start(&data_dir).await;
        remember(&cluster, round).await;
        assert_eq!(remembered(&cluster).await, (1..=round).collect::<Vec<_>>());
        cluster.stop().await.unwrap();
        assert!(!data_dir.join("postgres/data/postmaster.pid").exists());
    }
}

#[tokio::test]
async fn the_database_is_private_durable_and_unprivileged() {
    let (_root, data_dir) = place();
    let cluster = start(&data_dir).await;
    let home = fs::metadata(data_dir.join("postgres")).unwrap();
    assert_eq!(home.mode() & 0o777, 0o700);
    let status = fs::read_to_string(format!("/proc/{}/status", postmaster(&data_dir))).unwrap();
    let uids = status
        .lines()
        .find(|line| line.starts_with("Uid:"))
        .unwrap()
        .to_owned();
    let expected = format!("Uid:\t{0}\t{0}\t{0}\t{0}", home.uid());
    assert_eq!(uids, expected);
    assert_ne!(home.uid(), 0);
    if geteuid().is_root() {
        assert!(status.contains("Groups:\t \n"), "{status}");
    }

    let mut connection = connect(&cluster).await;
    for (sql, expected) in [
        ("SHOW listen_addresses", ""),
        ("SHOW fsync", "on"),
        ("SHOW full_page_writes", "on"),
        ("SHOW synchronous_commit", "on"),
        ("SHOW data_checksums", "on"),
        ("SHOW server_encoding", "UTF8"),
        ("SELECT current_user::text", "gavel"),
        (
            "SELECT rolsuper::text FROM pg_roles WHERE rolname = current_user",
            "false",
        ),
    ] {
        assert_eq!(text(&mut connection, sql).await, expected, "{sql}");
    }
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn what_clients_send_does_not_reach_the_log() {
    let (_root, data_dir) = place();
    let cluster = start(&data_dir).await;
    let mut connection = connect(&cluster).await;
    for sql in [
        "CREATE TABLE source (body text UNIQUE)",
        "INSERT INTO source VALUES ('contestants secret')",
        "INSERT INTO source VALUES ('contestants secret')",
        "SELECT 'contestants secret'::int",
        "SELECT contestants secret syntax",
    ] {
        // That some of them fail is the point.
        let _ = sqlx::query(sql).execute(&mut connection).await;
    }
    sqlx::query("SELECT $1::text::int")
        .bind("contestants secret")
        .execute(&mut connection)
        .await
        .unwrap_err();
    cluster.stop().await.unwrap();
    let log = fs::read_to_string(data_dir.join("postgres.log")).unwrap();
    assert!(log.contains("database system is ready"), "{log}");
    assert!(!log.contains("contestants"), "{log}");
}

#[tokio::test]
async fn a_killed_postgres_is_noticed_and_recovers() {
    let (_root, data_dir) = place();
    let cluster = start(&data_dir).await;
    remember(&cluster, 1).await;
    kill(postmaster(&data_dir), Signal::SIGKILL).unwrap();
    let error = timeout(SOON, cluster.ended()).await.unwrap();
    assert!(error.to_string().contains("signal: 9"), "{error}");
    let error = cluster.stop().await.unwrap_err();
    assert!(matches!(error, ClusterError::Ended { .. }), "{error}");

    let cluster = start(&data_dir).await;
    assert_eq!(remembered(&cluster).await, [1]);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_gavel_takes_its_postgres_along_and_nothing_is_lost() {
    let (_root, data_dir) = place();
    let mut victim = start_victim(&data_dir);
    victim.kill().unwrap();
    victim.wait().unwrap();
    all_of_postgres_ended(&data_dir).await;

    let cluster = start(&data_dir).await;
    assert_eq!(remembered(&cluster).await, [1]);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_start_waits_for_the_postgres_that_a_killed_gavel_left() {
    let (_root, data_dir) = place();
    let mut victim = start_victim(&data_dir);
    victim.kill().unwrap();
    victim.wait().unwrap();
    // At once, while the old one shuts down.
    let cluster = start(&data_dir).await;
    assert_eq!(remembered(&cluster).await, [1]);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_dropped_cluster_leaves_no_postgres() {
    let (_root, data_dir) = place();
    let cluster = start(&data_dir).await;
    drop(cluster);
    all_of_postgres_ended(&data_dir).await;
}

#[tokio::test]
async fn a_second_gavel_on_the_same_directory_is_refused_by_name() {
    let (_root, data_dir) = place();
    let mut victim = start_victim(&data_dir);
    let error = Cluster::start(&config(&data_dir)).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains(&format!("(process {})", victim.id())),
        "{text}"
    );
    assert!(text.contains("--data-dir"), "{text}");
    victim.kill().unwrap();
    victim.wait().unwrap();
    all_of_postgres_ended(&data_dir).await;
}

#[tokio::test]
async fn two_directories_do_not_meet() {
    let ((_a, first), (_b, second)) = (place(), place());
    let (first, second) = tokio::join!(start(&first), start(&second));
    remember(&first, 1).await;
    remember(&second, 2).await;
    assert_eq!(remembered(&first).await, [1]);
    first.stop().await.unwrap();
    assert_eq!(remembered(&second).await, [2]);
    second.stop().await.unwrap();
}

#[tokio::test]
async fn what_an_interrupted_making_left_is_removed() {
    let (_root, data_dir) = place();
    start(&data_dir).await.stop().await.unwrap();
    let home = data_dir.join("postgres");
    // As if killed just before the last step, with a half-written file.
    fs::rename(home.join("data"), home.join("new")).unwrap();
    fs::remove_file(home.join("new/PG_VERSION")).unwrap();

    let cluster = start(&data_dir).await;
    remember(&cluster, 1).await;
    assert!(!home.join("new").exists());
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_pid_file_from_before_a_reboot_does_not_stop_a_start() {
    let (_root, data_dir) = place();
    start(&data_dir).await.stop().await.unwrap();
    // The number is now of a process that is no Postgres, of the same user: the case in which
    // Postgres itself would refuse.
    let owner = fs::metadata(data_dir.join("postgres")).unwrap();
    let mut other = if geteuid().is_root() {
        let ids = [
            format!("--reuid={}", owner.uid()),
            format!("--regid={}", owner.gid()),
        ];
        Command::new("setpriv")
            .args(ids)
            .args(["--clear-groups", "sleep", "600"])
            .spawn()
            .unwrap()
    } else {
        Command::new("sleep").arg("600").spawn().unwrap()
    };
    let pid_file = data_dir.join("postgres/data/postmaster.pid");
    fs::write(&pid_file, format!("{}\n", other.id())).unwrap();
    fs::set_permissions(&pid_file, Permissions::from_mode(0o644)).unwrap();
    let started = Cluster::start(&config(&data_dir)).await;
    other.kill().unwrap();
    other.wait().unwrap();
    started.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn a_cluster_of_a_version_that_is_not_installed_is_left_alone() {
    let (_root, data_dir) = place();
    start(&data_dir).await.stop().await.unwrap();
    let version = data_dir.join("postgres/data/PG_VERSION");
    fs::write(&version, "9\n").unwrap();
    let error = Cluster::start(&config(&data_dir)).await.unwrap_err();
    assert!(
        matches!(error, ClusterError::VersionMissing { major: 9, .. }),
        "{error}"
    );
    assert!(data_dir.join("postgres/data/global/pg_control").exists());
}

#[tokio::test]
async fn a_postgres_that_cannot_start_is_quoted() {
    let (_root, data_dir) = place();
    start(&data_dir).await.stop().await.unwrap();
    fs::remove_file(data_dir.join("postgres/data/global/pg_control")).unwrap();
    let error = Cluster::start(&config(&data_dir)).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("could not find the database system"),
        "{error}"
    );
}

#[tokio::test]
async fn a_long_path_is_refused_before_anything_is_made_in_it() {
    let (root, _) = place();
    let data_dir = root.path().join("d".repeat(100));
    let error = Cluster::start(&config(&data_dir)).await.unwrap_err();
    assert!(matches!(error, ClusterError::PathTooLong { .. }), "{error}");
    assert_eq!(fs::read_dir(&data_dir).unwrap().count(), 0);
}

#[tokio::test]
async fn a_path_with_odd_characters_works() {
    let (root, _) = place();
    let cluster = start(&root.path().join("a b,'c\"ü%&")).await;
    remember(&cluster, 1).await;
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_named() {
    let error = Cluster::start(&config(Path::new("/proc/gavel/data")))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("make the directory /proc/gavel"),
        "{error}"
    );
}

#[tokio::test]
async fn a_directory_that_keeps_the_database_user_out_is_named_to_root() {
    if !geteuid().is_root() {
        println!("skipped: only root hands the database to another user");
        return;
    }
    let (root, data_dir) = place();
    fs::set_permissions(root.path(), Permissions::from_mode(0o700)).unwrap();
    let error = Cluster::start(&config(&data_dir)).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains(root.path().to_str().unwrap()) && text.contains("chmod o+x"),
        "{text}"
    );
}

#[tokio::test]
async fn a_link_in_place_of_the_cluster_is_refused() {
    let (root, data_dir) = place();
    let victim = root.path().join("victim");
    fs::create_dir(&victim).unwrap();
    fs::create_dir(&data_dir).unwrap();
    fs::set_permissions(&data_dir, Permissions::from_mode(0o711)).unwrap();
    symlink(&victim, data_dir.join("postgres")).unwrap();
    let before = fs::metadata(&victim).unwrap();
    Cluster::start(&config(&data_dir)).await.unwrap_err();
    let after = fs::metadata(&victim).unwrap();
    assert_eq!((before.uid(), before.mode()), (after.uid(), after.mode()));
}
