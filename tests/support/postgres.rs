//! A real Postgres for tests: a server of the process's own, on a free port, in a folder of its own; a database per store.
//!
//! It ends with the process, however that ends: a shell that waits for its standard input to close stops the server and removes the
//! folder. `initdb` runs once per machine; its result is copied.
#![allow(dead_code, reason = "each group of tests uses its part")]

use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};

/// In every address that these tests use, so that they can see that it is never shown.
pub const PASSWORD: &str = "s3cret-of-the-tests";

/// A machine that does much else at once may take its time.
const PATIENCE: Duration = Duration::from_secs(60);

const KEEPER: &str = r#"
read -r _
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
[ -z "$pid" ] || kill -QUIT "$pid" 2>/dev/null
tries=0
while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 100 ]; do sleep 0.05; tries=$((tries + 1)); done
rm -rf "$1""#;

pub struct Server {
    folder: PathBuf,
    pub port: u16,
    /// Flags for the server, as `name=value`.
    settings: Vec<String>,
    running: Mutex<Option<Child>>,
    databases: AtomicU32,
    _keeper: Child,
}

/// The address of a fresh, empty database in this process's server.
pub async fn database() -> String {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start).database().await
}

impl Server {
    /// Starts one. What a power cut would lose is not flushed: tests crash processes, not machines.
    pub fn start() -> Self {
        Self::with(&["fsync=off", "full_page_writes=off"])
    }

    pub fn with(settings: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("parlor-postgres-").tempdir().unwrap().keep();
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C and the like are for the tests.
            .process_group(0)
            .spawn()
            .unwrap();
        if let Some((uid, gid)) = other_user() {
            chown(&folder, Some(uid), Some(gid)).unwrap();
        }
        must(Command::new("cp").arg("-a").arg(template()).arg(folder.join("data")));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let settings = settings.iter().map(ToString::to_string).collect();
        let server = Self { folder, port, settings, running: Mutex::default(), databases: AtomicU32::new(0), _keeper: keeper };
        server.run();
        server
    }

    /// Starts the server's process again after [`Server::stop`] or [`Server::kill`].
    pub fn run(&self) {
        let until = Instant::now() + PATIENCE;
        while !self.try_run() {
            // After a kill its children hold the shared memory until they notice.
            assert!(Instant::now() < until, "Postgres does not start: {}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn try_run(&self) -> bool {
        let log = fs::File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        let mut command = program("postgres");
        command.arg("-D").arg(self.folder.join("data")).args(["-p", &self.port.to_string()]);
        let fixed = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "shared_buffers=32MB", "max_connections=100"];
        for setting in fixed.into_iter().chain(self.settings.iter().map(String::as_str)) {
            command.args(["-c", setting]);
        }
        command.current_dir(&self.folder).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).process_group(0);
        let mut child = command.spawn().unwrap();
        let until = Instant::now() + PATIENCE;
        loop {
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            let status = fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap_or_default();
            let ours = status.lines().next() == Some(&child.id().to_string());
            if ours && status.lines().nth(7).is_some_and(|line| line.trim() == "ready") {
                *self.running.lock().unwrap() = Some(child);
                return true;
            }
            assert!(Instant::now() < until, "Postgres does not get ready: {}", self.said());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// As an operator stops it: transactions that run are broken off.
    pub fn stop(&self) -> ExitStatus {
        self.end("-INT")
    }

    /// As a crash ends it.
    pub fn kill(&self) -> ExitStatus {
        self.end("-KILL")
    }

    fn end(&self, signal: &str) -> ExitStatus {
        let mut child = self.running.lock().unwrap().take().expect("it runs");
        must(Command::new("kill").args([signal, &child.id().to_string()]));
        child.wait().unwrap()
    }

    /// A fresh database.
    pub async fn database(&self) -> String {
        let name = format!("parlor_{}", self.databases.fetch_add(1, Ordering::SeqCst));
        self.execute("postgres", &format!("CREATE DATABASE {name}")).await;
        self.url(&name)
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    pub async fn execute(&self, database: &str, sql: &str) {
        let options: PgConnectOptions = self.url(database).parse().unwrap();
        let mut connection = options.connect().await.unwrap();
        connection.execute(sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))).await.unwrap();
        connection.close().await.unwrap();
    }

    fn said(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

/// Postgres refuses to run as root; then it is somebody else.
fn other_user() -> Option<(u32, u32)> {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let user = ["postgres", "nobody"].into_iter().find_map(|name| {
        let mut fields = users.lines().find(|line| line.starts_with(&format!("{name}:")))?.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    });
    Some(user.unwrap_or((65_534, 65_534)))
}

/// A program of Postgres, run as whoever may run it.
pub fn program(name: &str) -> Command {
    let path = folder_of_programs().join(name);
    match other_user() {
        None => Command::new(path),
        Some((uid, gid)) => {
            let mut command = Command::new("setpriv");
            command.args([&format!("--reuid={uid}"), &format!("--regid={gid}"), "--clear-groups", "--"]).arg(path);
            command
        }
    }
}

/// Debian keeps them out of the path, one folder per version.
fn folder_of_programs() -> PathBuf {
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found: Vec<_> = debian.chain(std::env::split_paths(&path)).filter(|folder| folder.join("initdb").is_file()).collect();
    // The newest of Debian's first.
    found.sort_by_key(|folder| {
        let version = folder.parent().and_then(Path::file_name).and_then(|name| name.to_str()?.parse::<u32>().ok());
        std::cmp::Reverse(version.unwrap_or(0))
    });
    found.into_iter().next().expect("these tests need Postgres: scripts/need.sh postgres")
}

/// What `initdb` made, once for all processes.
fn template() -> PathBuf {
    let programs = folder_of_programs();
    let version = programs.to_string_lossy().replace(|c: char| !c.is_alphanumeric(), "_");
    let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("postgres{version}_{}", other_user().is_some()));
    if made.is_dir() {
        return made;
    }
    let folder = tempfile::Builder::new().prefix("parlor-initdb-").tempdir().unwrap();
    let password = folder.path().join("password");
    fs::write(&password, PASSWORD).unwrap();
    if let Some((uid, gid)) = other_user() {
        chown(folder.path(), Some(uid), Some(gid)).unwrap();
        chown(&password, Some(uid), Some(gid)).unwrap();
    }
    let data = folder.path().join("data");
    must(
        program("initdb")
            .arg("-D")
            .arg(&data)
            .arg(format!("--pwfile={}", password.display()))
            .args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--wal-segsize=4"])
            .current_dir(folder.path()),
    );
    // Of several processes that do this at once, one puts its own there.
    let mine = made.with_extension(std::process::id().to_string());
    must(Command::new("cp").arg("-a").arg(&data).arg(&mine));
    match fs::rename(&mine, &made) {
        Ok(()) => {}
        Err(_) if made.is_dir() => fs::remove_dir_all(&mine).unwrap(),
        Err(error) => panic!("{error}"),
    }
    made
}

fn must(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error: io::Error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
