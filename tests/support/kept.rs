//! A process that ends with the test, however that ends: a shell waits for its standard input to close.
#![allow(dead_code, reason = "each group of tests uses its part")]

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};

const KEEPER: &str = r#"read -r _; kill -KILL "$1" 2>/dev/null"#;

pub struct Kept {
    child: Child,
    _keeper: Child,
}

impl Kept {
    pub fn spawn(command: &mut Command) -> Self {
        // Ctrl-C and the like are for the tests.
        let child = command.process_group(0).spawn().unwrap();
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper", &child.id().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        Self { child, _keeper: keeper }
    }

    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    pub fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{signal}"), &pid]).status().unwrap().success());
    }

    /// Waits for it to end by itself.
    pub fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Kills it and waits for its end.
    pub fn kill(mut self) -> ExitStatus {
        self.child.kill().unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // The keeper finds nobody when its input closes.
        self._keeper.stdin.take();
        let _ = self._keeper.wait();
    }
}
