//! A real Redis for tests: on a free port, without files, with a password.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::kept::Kept;

const PASSWORD: &str = "s3cret-of-redis";
/// A machine that does much else at once may take its time.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Redis {
    port: u16,
    running: Mutex<Option<Kept>>,
}

impl Redis {
    pub fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let redis = Self { port, running: Mutex::default() };
        redis.run();
        redis
    }

    pub fn url(&self) -> String {
        format!("redis://:{PASSWORD}@127.0.0.1:{}", self.port)
    }

    /// Starts it again after [`Redis::kill`].
    pub fn run(&self) {
        let mut command = Command::new("redis-server");
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        command.args(["--requirepass", PASSWORD, "--dir", "/tmp"]);
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
