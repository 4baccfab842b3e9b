//! How fast the event log commits: `cargo run --release --example log_bench -- [--database URL] [--writers N] [folder] [seconds per row]`.
//!
//! Without `--database` it makes SQLite files in the folder; `--database postgres://…` names an empty Postgres database.
//! Rooms append one event at a time, each waiting for its answer, as rooms that play do; the number of rooms at once decides how
//! many share a commit. Measured beside the disk's own flush, which is the floor.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parlor::id::{PlayerId, RoomCode, RoomKey, Seq};
use parlor::log::postgres::{self, PostgresLog};
use parlor::log::sqlite::{Settings, SqliteLog};
use parlor::log::{Commit, Created, EventLog, Head, NewRoom, Row, Status, Visibility};
use parlor::time::Timestamp;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut flag = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.remove(at);
        (at < arguments.len()).then(|| arguments.remove(at))
    };
    let database = flag("--database").map(|url| url.parse::<postgres::Url>()).transpose().map_err(anyhow::Error::msg)?;
    let writers = flag("--writers").map(|text| text.parse()).transpose()?.unwrap_or(postgres::Settings::default().writers);
    let mut arguments = arguments.into_iter();
    let folder = arguments.next().map_or_else(|| std::env::temp_dir().join("parlor-log-bench"), PathBuf::from);
    let seconds = Duration::from_secs(arguments.next().map_or(Ok(3), |text| text.parse())?);
    std::fs::create_dir_all(&folder)?;
    println!("fdatasync of one page: {:?} (median)", flush(&folder)?);
    println!("{:>6} {:>6} {:>10} {:>12} {:>10} {:>10} {:>10}", "rooms", "heads", "rows/s", "rows/cpu s", "p50", "p99", "worst");
    for (rooms, heads) in [(1, false), (1, true), (64, false), (64, true), (250, true), (1_000, true)] {
        let path = folder.join(format!("{rooms}-{heads}-{}.db", std::process::id()));
        let log: Arc<dyn EventLog> = match &database {
            None => Arc::new(SqliteLog::open(&path, Settings::default()).await?),
            Some(url) => Arc::new(PostgresLog::open(url, postgres::Settings { writers, ..Default::default() }).await?),
        };
        let before = cpu_seconds();
        let mut times = play(&log, rooms, heads, seconds).await?;
        let per_cpu = times.len() as f64 / (cpu_seconds() - before);
        log.close().await;
        times.sort_unstable();
        let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
        let rate = times.len() as f64 / seconds.as_secs_f64();
        println!("{rooms:>6} {heads:>6} {rate:>10.0} {per_cpu:>12.0} {:>10.2?} {:>10.2?} {:>10.2?}", at(0.5), at(0.99), at(1.0));
        for end in ["", "-wal", "-shm", ".lock"] {
            let _ = std::fs::remove_file(format!("{}{end}", path.display()));
        }
    }
    Ok(())
}

/// What this process has used: on a machine that does other things, too, rows per second say little. Linux only, else NaN.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The 14th and 15th fields, in hundredths; the second, in parentheses, may hold spaces.
    let ticks = stat.rsplit(')').next().map(|rest| rest.split(' ').skip(12).take(2).map(|field| field.parse().unwrap_or(f64::NAN)));
    ticks.map_or(f64::NAN, |ticks| ticks.sum::<f64>() / 100.0)
}

fn flush(folder: &Path) -> anyhow::Result<Duration> {
    let path = folder.join("flush");
    let mut file = File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..200 {
        let began = Instant::now();
        file.write_all(&[1; 4096])?;
        file.sync_data()?;
        times.push(began.elapsed());
    }
    std::fs::remove_file(path)?;
    times.sort_unstable();
    Ok(times[times.len() / 2])
}

async fn play(log: &Arc<dyn EventLog>, rooms: usize, heads: bool, time: Duration) -> anyhow::Result<Vec<Duration>> {
    let mut keys = Vec::new();
    for _ in 0..rooms {
        keys.push(create(&**log).await?);
    }
    let until = Instant::now() + time;
    let tasks: Vec<_> = keys
        .into_iter()
        .map(|room| {
            let log = Arc::clone(log);
            tokio::spawn(async move {
                let mut times = Vec::new();
                let mut seq = Seq(0);
                while Instant::now() < until {
                    seq = seq.next();
                    let began = Instant::now();
                    log.append(commit(room, seq, heads)).await?;
                    times.push(began.elapsed());
                }
                anyhow::Ok(times)
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    Ok(times)
}

async fn create(log: &dyn EventLog) -> anyhow::Result<RoomKey> {
    loop {
        let room = NewRoom {
            code: RoomCode::random(),
            game: "draft".into(),
            visibility: Visibility::Private,
            created_by: PlayerId::random(),
            created_at: Timestamp(0),
            command_id: None,
            head: head(0),
            rows: Vec::new(),
            presence: Vec::new(),
        };
        if let Created::New(key) = log.create(room).await? {
            return Ok(key);
        }
    }
}

fn commit(room: RoomKey, seq: Seq, heads: bool) -> Commit {
    let at = Timestamp(1_700_000_000_000 + i64::from(seq.0));
    let body =
        format!(r#"{{"type":"character_placed","seat":0,"character":"some-character-{:>6}","role":"captain","n":{seq}}}"#, room.0);
    Commit {
        room,
        rows: vec![Row { seq, at, body, command: None }],
        head: heads.then(|| head(at.0)),
        presence: Vec::new(),
        epoch: None,
    }
}

fn head(at: i64) -> Head {
    Head {
        status: Status::InProgress,
        wake_at: Some(Timestamp(at + 60_000)),
        ended_at: None,
        listing: r#"{"players":[{"nickname":"Ada","seat":0},{"nickname":"Grace","seat":1}],"seats":2}"#.into(),
    }
}
