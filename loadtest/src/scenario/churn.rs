//! Clients that drop without a word and come back with the last number they know.

use std::time::Duration;

use anyhow::Result;
use tokio::time::Instant;

use super::{Bot, Command};
use crate::client::Client;
use crate::world::Window;

/// Mean time between two drops of one client.
const EVERY: Duration = Duration::from_secs(2);

/// When one client drops next.
pub struct Churn {
    luck: fastrand::Rng,
    next: Instant,
}

impl Churn {
    pub fn new(seed: u64, number: usize, window: Window) -> Self {
        let mut luck = fastrand::Rng::with_seed(seed ^ (number as u64).wrapping_mul(0x9e37_79b9));
        let next = window.start + EVERY.mul_f64(luck.f64());
        Self { luck, next }
    }

    pub fn due(&self) -> Instant {
        self.next
    }

    /// Drops, comes back, and sends again what was not answered: with its `command_id` it is applied once.
    pub async fn drop_and_resume(&mut self, client: &mut Client, _bot: &mut dyn Bot, last: &mut Option<Command>) -> Result<()> {
        let unanswered = client.unanswered() > 0;
        client.drop_and_resume().await?;
        if let Some(command) = last.take().filter(|_| unanswered) {
            client.send(command.event, &command.payload, Instant::now()).await?;
            *last = Some(command);
        }
        self.next = Instant::now() + EVERY.mul_f64(0.5 + self.luck.f64());
        Ok(())
    }
}
