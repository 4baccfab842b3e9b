//! A server that the tester starts and stops, and what the operating system says about it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long a server may take to start.
const START_MAX: Duration = Duration::from_secs(30);
/// Linux counts the time of processes in hundredths of a second.
const TICKS_PER_S: f64 = 100.0;

/// Where it says what goes wrong, in its folder.
const ERRORS: &str = "stderr";

/// A running server with a database of its own.
pub struct Server {
    child: Child,
    /// `host:port`.
    pub host: String,
    folder: TempDir,
}

impl Server {
    /// Starts `program` on a free port, without rate limits, in an empty folder.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(program: &Path) -> Result<Self> {
        let program = program
            .canonicalize()
            .with_context(|| format!("there is no server at {} (--server FILE, or --url)", program.display()))?;
        let folder = tempfile::Builder::new().prefix("parlor-loadtest-").tempdir()?;
        let errors = folder.path().join(ERRORS);
        let mut child = Command::new(&program)
            .arg("serve")
            .current_dir(folder.path())
            .env("PARLOR_LISTEN", "127.0.0.1:0")
            .env("PARLOR_DATA_DIR", folder.path().join("data"))
            .env("PARLOR_RATE_LIMITS", "off")
            // What is loaded is thrown away: never somebody's real database.
            .env_remove("DATABASE_URL")
            .env_remove("REDIS_URL")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&errors)?)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} cannot be started", program.display()))?;
        let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
        let listening = async {
            while let Some(line) = lines.next_line().await? {
                if let Some((_, url)) = line.split_once("listening on http://") {
                    return Ok(url.trim().to_owned());
                }
            }
            let said = std::fs::read_to_string(&errors).unwrap_or_default();
            bail!("{} ended before it listened: {}", program.display(), said.trim())
        };
        let host = tokio::time::timeout(START_MAX, listening).await.context("the server did not say where it listens")??;
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { child, host, folder })
    }

    /// What it has used so far.
    pub fn usage(&self) -> Usage {
        self.child.id().map(|pid| Usage::of(&pid.to_string())).unwrap_or_default()
    }

    /// Ends it and removes its folder.
    pub async fn stop(mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            let said = std::fs::read_to_string(self.folder.path().join(ERRORS)).unwrap_or_default();
            bail!("the server ended by itself ({status}): {}", said.trim());
        }
        self.child.kill().await?;
        self.folder.close().context("its folder could not be removed")
    }
}

/// The server that lies beside this program.
pub fn beside() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    own.with_file_name("parlor")
}

/// What a process has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Usage {
    /// Seconds of processor time.
    pub cpu_s: f64,
    /// Memory now, in MB.
    pub rss_mb: f64,
    /// The most memory so far, in MB.
    pub peak_mb: f64,
}

impl Usage {
    /// Of a process by its id, or `self`; zeros where there is no /proc.
    pub fn of(pid: &str) -> Self {
        let read = |file| std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let status = read("status");
        Self {
            cpu_s: cpu(&read("stat")).unwrap_or_default(),
            rss_mb: megabytes(&status, "VmRSS:"),
            peak_mb: megabytes(&status, "VmHWM:"),
        }
    }

    /// What was used since `before`; memory as it is now.
    pub fn since(self, before: Self) -> Self {
        Self { cpu_s: self.cpu_s - before.cpu_s, ..self }
    }
}

/// The 14th and 15th field; the second, the name in brackets, may hold anything.
fn cpu(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_S)
}

fn megabytes(status: &str, key: &str) -> f64 {
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()).and_then(|number| number.parse::<f64>().ok());
    kilobytes.unwrap_or_default() / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_past_odd_names() {
        let stat = "12 (a) b (c)) S 1 12 12 0 -1 4194304 1 0 0 0 150 50 0 0 20 0 4 0 100 1 1";
        assert_eq!(cpu(stat), Some(2.0));
        for bad in ["", "12", "12 (a) S", "12 (a) S 1 2 3 4 5 6 7 8 9 10 x 5"] {
            assert_eq!(cpu(bad), None, "{bad}");
        }
    }

    #[test]
    fn memory_is_read_in_megabytes() {
        let status = "Name:\tparlor\nVmHWM:\t    4096 kB\nVmRSS:\t    2048 kB\n";
        assert_eq!((megabytes(status, "VmRSS:"), megabytes(status, "VmHWM:")), (2.0, 4.0));
        assert_eq!(megabytes("", "VmRSS:"), 0.0);
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_told_in_words() {
        let error = Server::start(Path::new("/no/such/parlor")).await.err().map(|error| format!("{error:#}")).unwrap_or_default();
        assert!(error.contains("/no/such/parlor") && error.contains("--server"), "{error}");
        let error = Server::start(Path::new("/bin/false")).await.err().map(|error| format!("{error:#}")).unwrap_or_default();
        assert!(error.contains("ended before it listened"), "{error}");
    }
}
