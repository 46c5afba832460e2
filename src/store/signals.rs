//! Who waits for what: one LISTEN connection wakes everybody in this process. A notification is
//! only a hint, so those who wait are also looked after by a slow poll, all with one statement.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgListener, PgNotification};
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::{Store, StoreError, SubmissionId};

/// Sent, with nothing to say, when a job was queued.
const QUEUED: &str = "gavel_queued";

/// Sent with the id of a submission that is finished or failed.
const ENDED: &str = "gavel_ended";

/// Pauses between attempts to listen double from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(5);

/// A connection that was silent for this long is asked whether it still is one.
const SILENCE: Duration = Duration::from_secs(10);

/// Tells when something was queued.
#[derive(Debug)]
pub struct QueueWatch(watch::Receiver<()>);

impl QueueWatch {
    /// Completes when something was queued since the last call, or may have been while nobody
    /// listened. Only a hint: use it with a timeout.
    pub async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            // The store is gone, so nothing more will be queued through it.
            std::future::pending().await
        }
    }
}

impl Store {
    /// Watches the queue.
    pub fn watch_queue(&self) -> QueueWatch {
        QueueWatch(self.signals.board.queue.subscribe())
    }

    /// Completes when the submission is finished or failed; returns at once if it already is or
    /// does not exist. Woken by LISTEN/NOTIFY, with a slow poll as the fallback for lost
    /// notifications. Bound it with a timeout.
    pub async fn wait_until_finished(&self, id: SubmissionId) -> Result<(), StoreError> {
        let waiter = self.signals.board.join(id);
        // Before the look, so that what happens after it is heard.
        let woken = waiter.notified();
        if self.is_unfinished(id).await? {
            woken.await;
        }
        Ok(())
    }

    async fn is_unfinished(&self, id: SubmissionId) -> Result<bool, StoreError> {
        self.in_time(async {
            let unfinished = sqlx::query_scalar!(
                r#"SELECT EXISTS (
                       SELECT FROM submissions
                       WHERE id = $1 AND state IN ('queued', 'held', 'running')
                   ) AS "unfinished!""#,
                id.0,
            );
            Ok(unfinished.fetch_one(&self.pool).await?)
        })
        .await
    }
}

/// The tasks that listen and poll. They end with the last clone of the store.
#[derive(Debug)]
pub(super) struct Signals {
    board: Arc<Board>,
    _tasks: JoinSet<()>,
}

impl Signals {
    pub(super) fn start(pool: PgPool, poll_interval: Duration) -> Self {
        let board = Arc::new(Board {
            queue: watch::Sender::new(()),
            waiting: Mutex::default(),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(listen(pool.clone(), board.clone()));
        tasks.spawn(poll(pool, board.clone(), poll_interval));
        Signals {
            board,
            _tasks: tasks,
        }
    }
}

/// Who is to be woken.
#[derive(Debug)]
struct Board {
    queue: watch::Sender<()>,
    waiting: Mutex<HashMap<SubmissionId, Arc<Notify>>>,
}

impl Board {
    fn join(self: &Arc<Self>, id: SubmissionId) -> Waiter {
        Waiter {
            notify: self.lock().entry(id).or_default().clone(),
            board: self.clone(),
            id,
        }
    }

    fn wake(&self, id: SubmissionId) {
        if let Some(notify) = self.lock().get(&id) {
            notify.notify_waiters();
        }
    }

    fn heard(&self, notification: &PgNotification) {
        if notification.channel() == QUEUED {
            self.queue.send_replace(());
        } else if let Ok(id) = Uuid::try_parse(notification.payload()) {
            self.wake(SubmissionId(id));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SubmissionId, Arc<Notify>>> {
        // Nothing is done under the lock that could leave the map half changed.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place on the board, given up when dropped.
struct Waiter {
    board: Arc<Board>,
    id: SubmissionId,
    notify: Arc<Notify>,
}

impl Waiter {
    fn notified(&self) -> Notified<'_> {
        self.notify.notified()
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut waiting = self.board.lock();
        // The board's reference and this one: nobody else waits for it.
        if Arc::strong_count(&self.notify) == 2 {
            waiting.remove(&self.id);
        }
    }
}

/// Listens for as long as there is a pool, with a new connection whenever one is lost.
async fn listen(pool: PgPool, board: Arc<Board>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let lost = match listen_once(&pool, &board).await {
            Ok(()) => {
                pause = FIRST_PAUSE;
                sqlx::Error::Io(std::io::ErrorKind::ConnectionAborted.into())
            }
            Err(sqlx::Error::PoolClosed) => return,
            Err(error) => error,
        };
        tracing::warn!(
            error = %lost,
            retry_ms = pause.as_millis() as u64,
            "cannot hear the database's notifications; polling goes on"
        );
        sleep(pause).await;
        pause = (pause * 2).min(LAST_PAUSE);
    }
}

/// Listens until the connection is lost, which is no error.
async fn listen_once(pool: &PgPool, board: &Board) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    // Otherwise it would come back by itself, and nobody would look for what it missed.
    listener.eager_reconnect(false);
    listener.listen_all([QUEUED, ENDED]).await?;
    board.queue.send_replace(());
    wake_ended(pool, board).await?;
    loop {
        match timeout(SILENCE, listener.try_recv()).await {
            Ok(received) => match received? {
                Some(notification) => board.heard(&notification),
                None => return Ok(()),
            },
            Err(_) => {
                let question = sqlx::query!("SELECT 1 AS one");
                match timeout(SILENCE, question.fetch_one(&mut listener)).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(_)) | Err(_) => return Ok(()),
                }
            }
        }
    }
}

/// Looks after those who wait, whether or not somebody listens.
async fn poll(pool: PgPool, board: Arc<Board>, interval: Duration) {
    loop {
        sleep(interval).await;
        // Of any other error the listener tells, and the next round may do better.
        if let Err(sqlx::Error::PoolClosed) = wake_ended(&pool, &board).await {
            return;
        }
    }
}

/// Wakes all whose submission is finished or failed.
async fn wake_ended(pool: &PgPool, board: &Board) -> Result<(), sqlx::Error> {
    let waiting: Vec<Uuid> = board.lock().keys().map(|id| id.0).collect();
    if waiting.is_empty() {
        return Ok(());
    }
    let ended = sqlx::query_scalar!(
        "SELECT id FROM submissions WHERE id = ANY($1) AND state IN ('finished', 'failed')",
        &waiting,
    )
    .fetch_all(pool)
    .await?;
    for id in ended {
        board.wake(SubmissionId(id));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
