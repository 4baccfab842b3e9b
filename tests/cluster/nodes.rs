//! Nodes as processes of their own, on a Postgres and a Redis of the test's own.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::kept::Kept;
use crate::postgres::Server;
use crate::redis::Redis;

/// For tests that many take part in: a machine that does much else at once is slow, and not broken.
pub const PATIENT: [&str; 3] = ["--grace-ms=60000", "--ping-timeout-ms=60000", "--postgres-timeout-ms=60000"];

pub struct Cluster {
    _postgres: Server,
    pub redis: Redis,
    pub database: String,
    settings: Vec<String>,
    /// What the nodes find in their environment.
    pub environment: Vec<(&'static str, String)>,
}

pub struct Node {
    pub port: u16,
    pub process: Kept,
    _folder: TempDir,
}

impl Cluster {
    pub async fn new(settings: &[&str]) -> Self {
        Self::on(tokio::task::block_in_place(Redis::start), settings).await
    }

    /// With this Redis.
    pub async fn on(redis: Redis, settings: &[&str]) -> Self {
        let postgres = tokio::task::block_in_place(Server::start);
        let database = postgres.database().await;
        let settings = settings.iter().map(ToString::to_string).collect();
        Self { _postgres: postgres, redis, database, settings, environment: Vec::new() }
    }

    /// Starts a node, and waits until it hears of the others.
    pub fn node(&self) -> Node {
        let node = self.node_at(&self.redis.url());
        node.linked(true);
        node
    }

    /// Starts a node that looks for Redis there.
    pub fn node_at(&self, redis: &str) -> Node {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
        command
            .args(["serve", "--listen=127.0.0.1:0", "--secret=a secret that all nodes share, long enough", "--rate-limits=off"])
            .args([format!("--data-dir={}", folder.path().display()), format!("--database-url={}", self.database)])
            .arg(format!("--redis-url={redis}"))
            .arg("--log=warn")
            .args(&self.settings)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut process = Kept::spawn(&mut command);
        let mut lines = BufReader::new(process.child().stdout.take().unwrap()).lines();
        let line = lines.next().expect("it says where it listens").unwrap();
        let port = line.rsplit(':').next().unwrap().parse().unwrap();
        Node { port, process, _folder: folder }
    }
}

impl Node {
    /// Waits until the node hears the others over Redis, or knows that it does not.
    pub fn linked(&self, wanted: bool) {
        for _ in 0..3_000 {
            let text = self.get("/metrics");
            let linked = text.lines().any(|line| line == "parlor_cluster_linked 1");
            if linked == wanted {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the node's link to Redis is not as it should be");
    }

    pub fn get(&self, path: &str) -> String {
        use std::io::{Read, Write};
        let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", self.port)) else { return String::new() };
        let request = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nconnection: close\r\n\r\n", self.port);
        let mut answer = String::new();
        let _ = stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_string(&mut answer).map(drop));
        answer
    }
}
