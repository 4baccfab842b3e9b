//! What matches in real time cost: `taskset -c 0 cargo run --release --example pong_bench [MATCHES] [SECONDS]`.
//!
//! So many matches of pong at once (500), each with two people who follow the ball and send a move about three times a second, on a SQLite
//! file with `synchronous=FULL`. Frames go to both sides as they would to sockets, without the network. Prints how late ticks were, how
//! many frames and moves there were, and the cores used.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use parking_lot::Mutex;
use parlor::games::{Assets, catalogue};
use parlor::log::EventLog;
use parlor::log::sqlite::{Settings, SqliteLog};
use parlor::room::actor::Purpose;
use parlor::room::directory::no_options;
use parlor::room::outlet::{Outlet, Stuck};
use parlor::room::settings::RoomSettings;
use parlor::room::told::raw;
use parlor::room::{Rooms, ticker};
use parlor::time::Clock;
use serde_json::value::RawValue;

mod support;

use support::{ask, enter, open, player};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How often a player moves, on average.
const MOVE_EVERY: Duration = Duration::from_millis(350);

/// Keeps what one histogram is told.
#[derive(Clone, Default)]
struct Samples(Arc<Mutex<Vec<f64>>>);

impl HistogramFn for Samples {
    fn record(&self, value: f64) {
        self.0.lock().push(value);
    }
}

/// Hears of nothing but the lateness of ticks.
struct Lateness(Samples);

impl Recorder for Lateness {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }
    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }
    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        match key.name() {
            "parlor_tick_lateness_seconds" => Histogram::from_arc(Arc::new(self.0.clone())),
            _ => Histogram::noop(),
        }
    }
}

/// Counts frames, and keeps the height of the ball, as a player would.
#[derive(Default)]
struct Eyes {
    frames: AtomicU64,
    bytes: AtomicU64,
    ball: AtomicU64,
}

impl Outlet for Eyes {
    fn emit(&self, _: &'static str, payload: &RawValue) -> Result<(), Stuck> {
        std::hint::black_box(payload.get().len());
        Ok(())
    }

    fn emit_volatile(&self, _: &'static str, payload: &RawValue) {
        self.frames.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(payload.get().len() as u64, Ordering::Relaxed);
        let text = payload.get();
        let ball = text.find("\"y\":").and_then(|at| text[at + 4..].split(|c: char| !c.is_ascii_digit()).next());
        self.ball.store(ball.and_then(|y| y.parse().ok()).unwrap_or(4_500), Ordering::Relaxed);
    }

    fn close(&self) {}
}

/// User and system time of this process, in seconds.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> = stat.rsplit(')').next().unwrap_or("").split_whitespace().map(|f| f.parse().unwrap_or(0.0)).collect();
    // Ticks of 10 ms.
    (fields.get(11).copied().unwrap_or(0.0) + fields.get(12).copied().unwrap_or(0.0)) / 100.0
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut numbers = std::env::args().skip(1).filter_map(|text| text.parse::<u64>().ok());
    let (matches, seconds) = (numbers.next().unwrap_or(500), numbers.next().unwrap_or(20));
    let samples = Samples::default();
    metrics::set_global_recorder(Lateness(samples.clone())).map_err(|_| anyhow::anyhow!("there is a recorder already"))?;
    let folder = tempfile::tempdir()?;
    let log: Arc<dyn EventLog> = Arc::new(SqliteLog::open(&folder.path().join("bench.db"), Settings::default()).await?);
    let settings = Arc::new(RoomSettings::default());
    let rooms =
        Arc::new(Rooms::new(Arc::clone(&log), Clock::system(), Arc::clone(&settings), catalogue(Assets::default(), &settings)));
    tokio::spawn(ticker::run(Arc::clone(&rooms)));

    let moves = Arc::new(AtomicU64::new(0));
    let mut all = Vec::new();
    for nth in 0..matches {
        let players = [player("Ada"), player("Ben")];
        let code = open(&rooms, "pong", players[0].clone(), raw(r#"{"points":21}"#.to_owned())).await?;
        let mut seated = Vec::new();
        for (conn, player) in (nth * 2..).zip(players) {
            let eyes = Arc::new(Eyes::default());
            anyhow::ensure!(
                enter(&rooms, code, player.clone(), Purpose::Play, conn, Arc::clone(&eyes) as _).await,
                "a player could not enter"
            );
            seated.push((conn, player, eyes));
        }
        for (conn, player, eyes) in seated {
            anyhow::ensure!(ask(&rooms, code, &player, conn, "player_ready", &no_options()).await, "a player was not ready");
            all.push(Arc::clone(&eyes));
            let (rooms, moves) = (Arc::clone(&rooms), Arc::clone(&moves));
            tokio::spawn(async move {
                // Not everybody at once.
                tokio::time::sleep(MOVE_EVERY * (conn % 97) as u32 / 97).await;
                loop {
                    tokio::time::sleep(MOVE_EVERY).await;
                    let y = eyes.ball.load(Ordering::Relaxed);
                    if !ask(&rooms, code, &player, conn, "player_move", &raw(format!(r#"{{"y":{y}}}"#))).await {
                        return;
                    }
                    moves.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    }
    // Until all of them play.
    tokio::time::sleep(Duration::from_secs(4)).await;
    samples.0.lock().clear();
    let sum = |of: fn(&Eyes) -> &AtomicU64| all.iter().map(|eyes| of(eyes).load(Ordering::Relaxed)).sum::<u64>();
    let (frames, bytes, moved) = (sum(|eyes| &eyes.frames), sum(|eyes| &eyes.bytes), moves.load(Ordering::Relaxed));
    let (began, used) = (Instant::now(), cpu());
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let (took, used) = (began.elapsed().as_secs_f64(), cpu() - used);
    let mut late = std::mem::take(&mut *samples.0.lock());
    late.sort_by(f64::total_cmp);
    let at = |share: f64| late.get(((late.len().max(1) - 1) as f64 * share) as usize).copied().unwrap_or(f64::NAN) * 1e3;
    let per_s = |count: u64| count as f64 / took;
    let (sent, told) = (sum(|eyes| &eyes.frames) - frames, sum(|eyes| &eyes.bytes) - bytes);
    println!(
        "{matches} matches: {:.2} cores, {:.0} ticks/s, late by {:.2} ms (p50) {:.2} ms (p99) {:.2} ms (most)",
        used / took,
        late.len() as f64 / took,
        at(0.5),
        at(0.99),
        at(1.0)
    );
    println!(
        "{:.1} frames/s to each side of {:.0} bytes, {:.0} moves/s logged",
        per_s(sent) / (matches * 2) as f64,
        told as f64 / sent as f64,
        per_s(moves.load(Ordering::Relaxed) - moved)
    );
    Ok(())
}
