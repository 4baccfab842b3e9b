//! Group commit: a task writes for many rooms.
//!
//! Whatever rooms hand over while a transaction is running goes into the next one, so that under load many moves share a flush, and
//! a lone move never waits for company: there is no timer. Each caller gets its own answer. When a transaction is refused because of
//! some commits in it, it is written again without them: the store says which, or its halves are tried, and their halves, until only
//! the guilty one is refused.
//!
//! A store that takes several transactions at once may have several such tasks; each room has one of them for ever, so its commits
//! keep their order.
//!
//! What is queued is written even if its caller has stopped waiting.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::owners::Epoch;
use super::store::{Batch, Failure, Lease, Store};
use super::{Commit, Created, LogError, NewRoom, Presence, Snapshot};
use crate::id::RoomKey;
use crate::time::Timestamp;

/// Most jobs in one transaction. At 256 a flush costs next to nothing per row; more would only make the first of them wait longer.
const MAX_JOBS: usize = 256;

/// Jobs that may wait for the writer: 16 full transactions, about a tenth of a second's work. A room hands over one at a time, so
/// only thousands of rooms at once, or a store that stands still, fill it.
const QUEUE: usize = 16 * MAX_JOBS;

/// Snapshots in one transaction. Rooms that play at one pace need theirs at the same time, and moves go before them.
const SNAPSHOTS_AT_ONCE: usize = 8;

/// How long a job waits for a place in a full queue before it is refused as unavailable. Nothing of it is written then.
const QUEUE_WAIT: Duration = Duration::from_secs(5);

/// A commit as fresh as this shows that the store takes writes: health checks cost no flush under load.
const PROBE_AFTER: Duration = Duration::from_secs(1);

type Reply<T> = oneshot::Sender<Result<T, LogError>>;

/// Work on other tables, done by the store's own hand between two transactions of rooms: two writers would wait for each other.
/// It answers its caller itself.
pub type Aside<S> = Box<dyn for<'s> FnOnce(&'s mut S) -> BoxFuture<'s, ()> + Send>;

enum Job<S> {
    Append(Commit, Reply<()>),
    Create(Box<NewRoom>, Reply<Created>),
    Snapshot(RoomKey, Snapshot, Reply<()>),
    Delete(RoomKey, Timestamp, Reply<bool>),
    Lease(Lease, Reply<Vec<(RoomKey, Epoch)>>),
    Probe(Reply<()>),
    Aside(Aside<S>),
    Close,
}

/// The door to the writing tasks.
pub struct Writer<S> {
    desks: Arc<[Desk<S>]>,
    /// Whose turn it is to take what belongs to no room yet.
    turn: Arc<AtomicUsize>,
}

/// One writing task.
struct Desk<S> {
    jobs: mpsc::Sender<Job<S>>,
    /// The task has ended, its store is closed.
    ended: CancellationToken,
}

impl<S: Store> Writer<S> {
    /// Starts a task for each store; all of them write to the same tables. They end, and close their stores, when [`Writer::close`] is
    /// called or every door is gone.
    pub fn start(stores: impl IntoIterator<Item = S>) -> Self {
        Self { desks: stores.into_iter().map(Desk::start).collect(), turn: Arc::default() }
    }

    /// # Errors
    /// All of [`LogError`]; nothing of the commit was written, but for [`LogError::Unknown`].
    pub async fn append(&self, commit: Commit) -> Result<(), LogError> {
        self.of(commit.room)?.ask(|reply| Job::Append(commit, reply)).await
    }

    /// # Errors
    /// [`LogError::Unavailable`], [`LogError::Unknown`].
    pub async fn create(&self, room: NewRoom) -> Result<Created, LogError> {
        self.any()?.ask(|reply| Job::Create(Box::new(room), reply)).await
    }

    /// # Errors
    /// [`LogError::Unavailable`], or [`LogError::Conflict`] when there is no such room.
    pub async fn save_snapshot(&self, room: RoomKey, snapshot: Snapshot) -> Result<(), LogError> {
        self.of(room)?.ask(|reply| Job::Snapshot(room, snapshot, reply)).await
    }

    /// # Errors
    /// [`LogError::Unavailable`].
    pub async fn delete(&self, room: RoomKey, ended_before: Timestamp) -> Result<bool, LogError> {
        self.of(room)?.ask(|reply| Job::Delete(room, ended_before, reply)).await
    }

    /// # Errors
    /// [`LogError::Unavailable`], or [`LogError::Conflict`] when there is no such room.
    pub async fn lease(&self, lease: Lease) -> Result<Vec<(RoomKey, Epoch)>, LogError> {
        self.any()?.ask(|reply| Job::Lease(lease, reply)).await
    }

    /// # Errors
    /// [`LogError::Unavailable`] when the store does not take writes.
    pub async fn probe(&self) -> Result<(), LogError> {
        self.any()?.ask(|reply| Job::Probe(reply)).await
    }

    /// Does `work` between two transactions of rooms.
    ///
    /// # Errors
    /// [`LogError::Unavailable`] when it could not be done any more.
    pub async fn aside<T: Send + 'static>(
        &self,
        work: impl for<'s> FnOnce(&'s mut S) -> BoxFuture<'s, T> + Send + 'static,
    ) -> Result<T, LogError> {
        let job = |reply: Reply<T>| {
            Job::Aside(Box::new(move |store| {
                Box::pin(async move {
                    // Who no longer waits for the answer needs none.
                    let _ = reply.send(Ok(work(store).await));
                })
            }))
        };
        self.any()?.ask(job).await
    }

    /// Refuses what comes from now on, and returns when all that came before is written and the stores are closed.
    pub async fn close(&self) {
        for desk in self.desks.iter() {
            // Refused when it is closing already; either way the end is the queue's.
            let _ = desk.jobs.send(Job::Close).await;
        }
        for desk in self.desks.iter() {
            desk.ended.cancelled().await;
        }
    }

    /// The task that writes for a room.
    fn of(&self, room: RoomKey) -> Result<&Desk<S>, LogError> {
        self.desk(usize::try_from(room.0.unsigned_abs()).unwrap_or_default())
    }

    fn any(&self) -> Result<&Desk<S>, LogError> {
        self.desk(self.turn.fetch_add(1, Ordering::Relaxed))
    }

    fn desk(&self, at: usize) -> Result<&Desk<S>, LogError> {
        // Only a writer that was started without a store has none.
        at.checked_rem(self.desks.len()).and_then(|at| self.desks.get(at)).ok_or_else(closed)
    }
}

impl<S: Store> Desk<S> {
    fn start(store: S) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let ended = CancellationToken::new();
        let end = ended.clone().drop_guard();
        tokio::spawn(async move {
            run(store, queue).await;
            drop(end);
        });
        Self { jobs, ended }
    }

    async fn ask<T>(&self, job: impl FnOnce(Reply<T>) -> Job<S>) -> Result<T, LogError> {
        use mpsc::error::SendTimeoutError::{Closed, Timeout};
        let (reply, answer) = oneshot::channel();
        match self.jobs.send_timeout(job(reply), QUEUE_WAIT).await {
            Ok(()) => answer.await.unwrap_or_else(|_| Err(closed())),
            Err(Timeout(_)) => Err(LogError::Unavailable("too many commits are waiting".into())),
            Err(Closed(_)) => Err(closed()),
        }
    }
}

fn closed() -> LogError {
    LogError::Unavailable("the store is closed".into())
}

async fn run<S: Store>(mut store: S, mut queue: mpsc::Receiver<Job<S>>) {
    let mut jobs = Vec::with_capacity(MAX_JOBS);
    let mut written = None;
    let mut snapshots = VecDeque::new();
    // Ends when the queue is closed, or every door gone, and all that was in it is done.
    while !snapshots.is_empty() || queue.recv_many(&mut jobs, MAX_JOBS).await > 0 {
        // With snapshots to write nothing was waited for.
        while jobs.len() < MAX_JOBS
            && let Ok(job) = queue.try_recv()
        {
            jobs.push(job);
        }
        let mut moves = Vec::with_capacity(jobs.len());
        for job in jobs.drain(..) {
            match job {
                Job::Append(commit, reply) => moves.push(Move::Append(commit, reply)),
                Job::Create(room, reply) => moves.push(Move::Create(room, reply)),
                Job::Snapshot(room, snapshot, reply) => snapshots.push_back((room, snapshot, reply)),
                Job::Close => queue.close(),
                other => serve(&mut store, other, &mut written).await,
            }
        }
        if !moves.is_empty() {
            commit(&mut store, moves, &mut written).await;
        }
        let some = snapshots.drain(..snapshots.len().min(SNAPSHOTS_AT_ONCE)).collect();
        save(&mut store, some).await;
    }
    store.close().await;
}

/// Does a job that is not part of any move.
async fn serve<S: Store>(store: &mut S, job: Job<S>, written: &mut Option<Instant>) {
    // Who no longer waits for an answer needs none: a failed send is nothing to act on, here and below.
    match job {
        Job::Delete(room, ended_before, reply) => {
            let _ = reply.send(store.delete(room, ended_before).await.map_err(LogError::from));
        }
        Job::Lease(lease, reply) => {
            let _ = reply.send(store.lease(lease).await.map_err(LogError::from));
        }
        Job::Probe(reply) if written.is_some_and(|at| at.elapsed() < PROBE_AFTER) => {
            let _ = reply.send(Ok(()));
        }
        Job::Probe(reply) => {
            let probed = store.probe().await;
            available(probed.is_ok());
            *written = probed.is_ok().then(Instant::now);
            let _ = reply.send(probed.map_err(LogError::from));
        }
        Job::Aside(work) => work(store).await,
        Job::Append(..) | Job::Create(..) | Job::Snapshot(..) | Job::Close => {}
    }
}

/// Writes snapshots: together if possible, else each alone, because one of a room that is gone must not cost the others theirs.
async fn save<S: Store>(store: &mut S, snapshots: Vec<(RoomKey, Snapshot, Reply<()>)>) {
    let (saved, replies): (Vec<_>, Vec<_>) = snapshots.into_iter().map(|(room, snapshot, reply)| ((room, snapshot), reply)).unzip();
    if saved.is_empty() {
        return;
    }
    let together = store.save_snapshots(&saved).await;
    for (one, reply) in saved.chunks(1).zip(replies) {
        let done = match &together {
            Err(Failure::Conflict | Failure::Unfit(_)) if saved.len() > 1 => store.save_snapshots(one).await,
            done => done.clone(),
        };
        let _ = reply.send(done.map_err(LogError::from));
    }
}

/// What goes into shared transactions.
enum Move {
    Append(Commit, Reply<()>),
    Create(Box<NewRoom>, Reply<Created>),
}

/// Writes what rooms handed over: all together if possible, else in parts.
async fn commit<S: Store>(store: &mut S, moves: Vec<Move>, written: &mut Option<Instant>) {
    let rooms = moves.iter().filter(|each| matches!(each, Move::Create(..))).count();
    let keys = match rooms {
        0 => Ok(Vec::new()),
        _ => store.keys(rooms).await,
    };
    let mut keys = match keys {
        Ok(keys) => keys.into_iter(),
        Err(failure) => return refuse_all(moves, &failure),
    };
    // Every creation has its key here: the store was asked for as many.
    let moves: Vec<(RoomKey, Move)> = moves
        .into_iter()
        .filter_map(|each| match &each {
            Move::Append(commit, _) => Some((commit.room, each)),
            Move::Create(..) => keys.next().map(|key| (key, each)),
        })
        .collect();

    // Rooms of which something was refused: a commit behind it would leave a gap.
    let mut refused = HashSet::new();
    let mut parts = vec![moves];
    while let Some(mut part) = parts.pop() {
        let (late, rest): (Vec<_>, Vec<_>) = part.into_iter().partition(|(key, _)| refused.contains(key));
        for (_, each) in late {
            refuse(store, each, Failure::Conflict).await;
        }
        part = rest;
        if part.is_empty() {
            continue;
        }
        match write(store, &part, written).await {
            Ok(()) => part.into_iter().for_each(|(key, each)| accept(key, each)),
            Err(failure @ (Failure::Unavailable(_) | Failure::Unknown(_))) => {
                // Nor will the store take the parts that are left.
                let rest = std::iter::once(part).chain(parts.drain(..).rev()).flatten();
                return refuse_all(rest.map(|(_, each)| each), &failure);
            }
            Err(failure) if part.len() == 1 => {
                for (key, each) in part {
                    refused.insert(key);
                    refuse(store, each, failure.clone()).await;
                }
            }
            Err(failure) => {
                // When others write, too, several rooms may be behind: one question tells which, and the rest goes on together.
                let taken = match failure {
                    Failure::Conflict => store.taken(&gather(&part)).await.unwrap_or_default(),
                    _ => vec![],
                };
                if taken.is_empty() {
                    let second = part.split_off(part.len() / 2);
                    parts.push(second);
                }
                refused.extend(taken);
                parts.push(part);
            }
        }
    }
}

async fn write<S: Store>(store: &mut S, moves: &[(RoomKey, Move)], written: &mut Option<Instant>) -> Result<(), Failure> {
    let batch = gather(moves);
    let rows = batch.rows.len();
    let began = Instant::now();
    let outcome = store.write(&batch).await;
    match &outcome {
        Ok(()) => {
            *written = Some(Instant::now());
            available(true);
            metrics::histogram!("parlor_commit_seconds").record(began.elapsed().as_secs_f64());
            // No batch has 2^32 rows; the cast is exact.
            metrics::histogram!("parlor_commit_batch_rows").record(rows as f64);
        }
        Err(Failure::Unavailable(why) | Failure::Unknown(why)) => {
            *written = None;
            available(false);
            metrics::counter!("parlor_commit_failures_total").increment(1);
            tracing::warn!(why, commits = moves.len(), "the store takes no writes");
        }
        Err(Failure::Unfit(why)) if moves.len() == 1 => {
            tracing::error!(why, room = moves[0].0.0, "a commit breaks a rule of the tables")
        }
        Err(_) => {}
    }
    outcome
}

/// Whether the store took what was written last, a health check's question included.
fn available(now: bool) {
    metrics::gauge!("parlor_store_available").set(f64::from(now));
}

/// Lays moves out by table.
fn gather(moves: &[(RoomKey, Move)]) -> Batch<'_> {
    let mut batch = Batch { rows: Vec::with_capacity(moves.len()), heads: Vec::with_capacity(moves.len()), ..Batch::default() };
    let mut heads = HashMap::new();
    let mut presence = HashMap::new();
    for (key, each) in moves {
        let (rows, changes) = match each {
            Move::Append(commit, _) => {
                if let Some(head) = &commit.head {
                    heads.insert(*key, head);
                }
                batch.epochs.extend(commit.epoch.map(|epoch| (*key, epoch)));
                (&commit.rows, &commit.presence)
            }
            Move::Create(room, _) => {
                batch.rooms.push((*key, &**room));
                (&room.rows, &room.presence)
            }
        };
        batch.rows.extend(rows.iter().map(|row| (*key, row)));
        for change in changes {
            match change {
                Presence::Here { player, .. } => presence.insert((*key, *player), true),
                Presence::Gone(player) => presence.insert((*key, *player), false),
            };
        }
    }
    batch.heads.extend(heads);
    for (who, here) in presence {
        if here { batch.here.push(who) } else { batch.gone.push(who) }
    }
    // Neighbours in the tables are written together.
    batch.heads.sort_unstable_by_key(|(key, _)| *key);
    batch.rows.sort_by_key(|(key, row)| (*key, row.seq));
    batch
}

fn accept(key: RoomKey, each: Move) {
    match each {
        Move::Append(_, reply) => {
            let _ = reply.send(Ok(()));
        }
        Move::Create(_, reply) => {
            let _ = reply.send(Ok(Created::New(key)));
        }
    }
}

async fn refuse<S: Store>(store: &mut S, each: Move, failure: Failure) {
    match each {
        Move::Append(_, reply) => {
            let _ = reply.send(Err(failure.into()));
        }
        Move::Create(room, reply) => {
            let answer = match (failure, &room.command_id) {
                (Failure::CodeTaken, _) => Ok(Created::CodeTaken),
                (Failure::MadeBefore, Some(command)) => match store.made_by(room.created_by, command).await {
                    Ok(Some(code)) => Ok(Created::Before(code)),
                    // Deleted in this very moment: the caller's next try makes it.
                    Ok(None) => Ok(Created::CodeTaken),
                    Err(failure) => Err(failure.into()),
                },
                (failure, _) => Err(failure.into()),
            };
            let _ = reply.send(answer);
        }
    }
}

/// Answers everybody when the store is away.
fn refuse_all(moves: impl IntoIterator<Item = Move>, failure: &Failure) {
    for each in moves {
        match each {
            Move::Append(_, reply) => {
                let _ = reply.send(Err(failure.clone().into()));
            }
            Move::Create(_, reply) => {
                let _ = reply.send(Err(failure.clone().into()));
            }
        }
    }
}
