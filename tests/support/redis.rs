//! A real Redis for tests: on a free port, without files, with a password; also with TLS, or as a node of a Redis Cluster.
#![allow(dead_code, reason = "each group of tests uses its part")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::kept::Kept;

const PASSWORD: &str = "s3cret-of-redis";
/// A machine that does much else at once may take its time.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Redis {
    port: u16,
    scheme: &'static str,
    /// Flags besides the usual.
    flags: Vec<String>,
    /// Certificates, or what a cluster's node knows of the others.
    folder: TempDir,
    running: Mutex<Option<Kept>>,
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Redis {
    pub fn start() -> Self {
        let port = free_port();
        Self::with("redis", port, vec!["--port".into(), port.to_string()], tempfile::tempdir().unwrap())
    }

    fn with(scheme: &'static str, port: u16, flags: Vec<String>, folder: TempDir) -> Self {
        let redis = Self { port, scheme, flags, folder, running: Mutex::default() };
        redis.run();
        redis
    }

    /// Speaks TLS only, with a certificate of an authority of its own.
    pub fn with_tls() -> Self {
        let (port, folder) = (free_port(), tempfile::tempdir().unwrap());
        let openssl = |line: &str| {
            let made = Command::new("openssl").args(line.split(' ')).current_dir(folder.path()).output().unwrap();
            assert!(made.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&made.stderr));
        };
        std::fs::write(folder.path().join("names"), "subjectAltName=IP:127.0.0.1\n").unwrap();
        for authority in ["authority", "stranger"] {
            openssl(&format!(
                "req -x509 -newkey rsa:2048 -nodes -keyout {authority}.key -out {authority}.pem -days 2 -subj /CN={authority}"
            ));
        }
        openssl("req -newkey rsa:2048 -nodes -keyout redis.key -out redis.csr -subj /CN=redis");
        openssl(
            "x509 -req -in redis.csr -CA authority.pem -CAkey authority.key -CAcreateserial -out redis.pem -days 2 -extfile names",
        );
        let file = |name: &str| folder.path().join(name).display().to_string();
        let tls = [
            ("--port", "0".to_owned()),
            ("--tls-port", port.to_string()),
            ("--tls-cert-file", file("redis.pem")),
            ("--tls-key-file", file("redis.key")),
            ("--tls-ca-cert-file", file("authority.pem")),
            ("--tls-auth-clients", "no".to_owned()),
        ];
        let flags = tls.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]).collect();
        Self::with("rediss", port, flags, folder)
    }

    /// The certificate of the authority that Redis' own is from, or of another.
    pub fn authority(&self, ours: bool) -> String {
        self.folder.path().join(if ours { "authority.pem" } else { "stranger.pem" }).display().to_string()
    }

    /// Three nodes of one Redis Cluster.
    pub fn cluster() -> Vec<Self> {
        let ports: Vec<(u16, u16)> = (0..3).map(|_| (free_port(), free_port())).collect();
        let nodes: Vec<Self> = ports
            .iter()
            .map(|(port, bus)| {
                let flags = ["--port", &port.to_string(), "--cluster-enabled", "yes", "--cluster-port", &bus.to_string()];
                Self::with("redis", *port, flags.map(str::to_owned).to_vec(), tempfile::tempdir().unwrap())
            })
            .collect();
        let mut create = Command::new("redis-cli");
        create.args(["-a", PASSWORD, "--no-auth-warning", "--cluster", "create", "--cluster-yes"]);
        create.args(ports.iter().map(|(port, bus)| format!("127.0.0.1:{port}@{bus}")));
        let made = create.output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
        nodes
    }

    pub fn url(&self) -> String {
        format!("{}://:{PASSWORD}@127.0.0.1:{}", self.scheme, self.port)
    }

    /// Starts it again after [`Redis::kill`].
    pub fn run(&self) {
        let mut command = Command::new("redis-server");
        command.args(&self.flags).args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        command.args(["--requirepass", PASSWORD, "--dir"]).arg(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        *self.running.lock().unwrap() = Some(Kept::spawn(&mut command));
        let until = Instant::now() + PATIENCE;
        while !self.answers() {
            assert!(Instant::now() < until, "Redis does not start (these tests need it: scripts/need.sh redis)");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        if self.scheme == "rediss" {
            // It listens once it has begun.
            return true;
        }
        let mut answer = [0; 7];
        stream.write_all(format!("AUTH {PASSWORD}\r\nPING\r\n").as_bytes()).is_ok()
            && stream.read_exact(&mut answer[..5]).is_ok()
            && stream.read_exact(&mut answer).is_ok()
            && &answer == b"+PONG\r\n"
    }

    pub fn kill(&self) {
        self.running.lock().unwrap().take().expect("it runs").kill();
    }
}
