//! What a room costs: `cargo run --release --example room_bench [SECONDS]`.
//!
//! - decide + append (SQLite, `synchronous=FULL`) + broadcast: 250 rooms with four connections each; per room one chat message after the
//!   other, each answered before the next. Prints moves per second, and per second of CPU time.
//! - waking: a room of 100,000 events is read by a process that has not seen it; prints how long that takes.
//! - memory: 20,000 rooms awake without connections; prints bytes per room.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parlor::games::{Assets, catalogue};
use parlor::log::EventLog;
use parlor::log::sqlite::{Settings, SqliteLog};
use parlor::room::Rooms;
use parlor::room::actor::Purpose;
use parlor::room::directory::no_options;
use parlor::room::outlet::{Outlet, Stuck};
use parlor::room::settings::RoomSettings;
use parlor::time::Clock;
use serde_json::value::RawValue;

mod support;

use support::{ask, enter, open, player};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROOMS: usize = 250;
const AWAKE: usize = 20_000;
const LONG: usize = 100_000;

/// Counts what it is told.
struct Counter(Arc<AtomicU64>);

impl Outlet for Counter {
    fn emit(&self, _: &'static str, payload: &RawValue) -> Result<(), Stuck> {
        std::hint::black_box(payload.get().len());
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn close(&self) {}
}

/// User and system time of this process, in seconds, and its resident memory, in bytes.
fn usage() -> (f64, u64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> = stat.rsplit(')').next().unwrap_or("").split_whitespace().map(|f| f.parse().unwrap_or(0.0)).collect();
    let field = |n: usize| fields.get(n).copied().unwrap_or(0.0);
    // Ticks of 10 ms; pages of 4 KiB.
    ((field(11) + field(12)) / 100.0, (field(21) * 4096.0) as u64)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let seconds: u64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(5);
    let folder = tempfile::tempdir()?;
    let log: Arc<dyn EventLog> = Arc::new(SqliteLog::open(&folder.path().join("bench.db"), Settings::default()).await?);
    let settings = Arc::new(RoomSettings { rooms_per_player: u32::MAX, ..RoomSettings::default() });
    let games = catalogue(Assets::default(), &settings);
    let rooms = Arc::new(Rooms::new(Arc::clone(&log), Clock::system(), settings, games));

    let told = Arc::new(AtomicU64::new(0));
    let moves = Arc::new(AtomicU64::new(0));
    let mut conn = 0;
    let mut speakers = Vec::new();
    for _ in 0..ROOMS {
        let host = player("Ada");
        let code = open(&rooms, "draft", host.clone(), no_options()).await?;
        let speaker = conn;
        for (nth, who) in [host.clone(), player("Ben"), player("Cid"), player("Dee")].into_iter().enumerate() {
            let purpose = if nth < 2 { Purpose::Play } else { Purpose::Watch };
            anyhow::ensure!(
                enter(&rooms, code, who, purpose, conn, Arc::new(Counter(Arc::clone(&told)))).await,
                "a player could not enter"
            );
            conn += 1;
        }
        speakers.push((code, host, speaker));
    }
    let payload = serde_json::value::to_raw_value(&serde_json::json!({ "message": "x".repeat(80) }))?;
    let end = Instant::now() + Duration::from_secs(seconds);
    let ((cpu, _), began, before) = (usage(), Instant::now(), told.load(Ordering::Relaxed));
    let speaking = speakers.into_iter().map(|(code, host, conn)| {
        let (rooms, moves, payload) = (Arc::clone(&rooms), Arc::clone(&moves), payload.clone());
        tokio::spawn(async move {
            while Instant::now() < end && ask(&rooms, code, &host, conn, "chat_message", &payload).await {
                moves.fetch_add(1, Ordering::Relaxed);
            }
        })
    });
    for speaking in speaking.collect::<Vec<_>>() {
        speaking.await?;
    }
    let (took, cpu) = (began.elapsed().as_secs_f64(), usage().0 - cpu);
    let (moves, told) = (moves.load(Ordering::Relaxed) as f64, (told.load(Ordering::Relaxed) - before) as f64);
    println!(
        "{ROOMS} rooms x 4: {:.0} moves/s, {:.0} per CPU second, {:.1} deliveries per move",
        moves / took,
        moves / cpu,
        told / moves
    );

    let host = player("Fay");
    let code = open(&rooms, "draft", host.clone(), no_options()).await?;
    for _ in 0..LONG / 500 {
        let said = (0..500).map(|_| ask(&rooms, code, &host, u64::MAX, "chat_message", &payload));
        anyhow::ensure!(futures_util::future::join_all(said).await.into_iter().all(|said| said), "a message was refused");
    }
    let settings = Arc::new(RoomSettings::default());
    let games = catalogue(Assets::default(), &settings);
    let other = Rooms::new(Arc::clone(&log), Clock::system(), settings, games);
    let began = Instant::now();
    let seq = other.look(code, None).await?.seq;
    println!("a room of {seq} events woke in {:.1} ms", began.elapsed().as_secs_f64() * 1e3);

    let before = usage().1;
    // A hundred at a time, so that they share commits.
    for _ in 0..AWAKE / 100 {
        futures_util::future::try_join_all((0..100).map(|_| open(&rooms, "draft", player("Eve"), no_options()))).await?;
    }
    let after = usage().1;
    println!(
        "{AWAKE} rooms awake: {:.0} MB resident in all, {:.1} kB more per room",
        after as f64 / 1e6,
        (after.saturating_sub(before)) as f64 / AWAKE as f64 / 1e3
    );
    log.close().await;
    Ok(())
}
