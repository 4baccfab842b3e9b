//! What follows a commit that stands, or one that failed.

use std::sync::{LazyLock, OnceLock};

use metrics::Histogram;
use serde_json::value::to_raw_value;

use super::*;

/// How many connections of this node an event is told to.
static RECIPIENTS: LazyLock<Histogram> = LazyLock::new(|| metrics::histogram!("parlor_broadcast_recipients"));

/// An event was told to so many.
pub(super) fn told_to(recipients: u32) {
    RECIPIENTS.record(recipients);
}

impl Awake {
    /// The commit stands: everybody is told, then the askers are answered.
    pub(super) async fn tell(&mut self, cell: &Arc<Cell>, kernel: &Arc<Kernel>, out: Outbox, settled: Vec<Settled>) {
        let Some(loaded) = self.hosted.as_ref() else { return };
        let mut stuck = Vec::new();
        let next_room = out.next_room;
        // Nothing that is shown of a room changes from here on.
        let shown = out.summary.map(OnceLock::from).unwrap_or_default();
        for update in &out.updates {
            self.told = self.told.max(update.seq);
            let mut recipients = 0;
            for conn in self.conns.iter().filter(|c| c.since < update.seq) {
                // After one that it did not take, an event would be a gap.
                if stuck.contains(&conn.id) {
                    continue;
                }
                let told = update.told.for_viewer(|| loaded.room.seat_of(conn.player));
                match conn.outlet.emit(told.event, &told.payload) {
                    Ok(()) => recipients += 1,
                    Err(_) => stuck.push(conn.id),
                }
            }
            told_to(recipients);
        }
        if out.people_changed {
            let summary = shown.get_or_init(|| loaded.room.summary());
            let seated = |player: &PlayerId| summary.players.iter().find(|seated| seated.player_id == *player);
            for who in out.came.iter().filter_map(seated) {
                // For clients that know coming and coming back by one name.
                let Ok(who) = to_raw_value(who) else { continue };
                for conn in self.conns.iter().filter(|c| c.since != Seq(u32::MAX)) {
                    // The logged event says it, too: not worth dropping anybody for.
                    let _ = conn.outlet.emit("player_connected", &who);
                }
            }
            let presence = Presence::of(summary);
            if let Ok(payload) = to_raw_value(&presence) {
                for conn in self.conns.iter().filter(|c| c.since != Seq(u32::MAX)) {
                    if conn.outlet.emit("presence_update", &payload).is_err() {
                        stuck.push(conn.id);
                    }
                }
            }
        }
        if !out.updates.is_empty() {
            if out.updates.iter().any(|update| update.told.for_viewer(|| None).event == "game_started") {
                self.show_state();
            }
            self.show_frame(cell);
            for (_, wake) in self.waiting.drain(..) {
                let _ = wake.send(());
            }
        }
        for message in settled {
            match message {
                Settled::Request(request, answer) => {
                    if request.event == "leave_room" && answer.is_ok() {
                        self.say_goodbye(request.conn);
                        self.conns.retain(|c| Some(c.id) != request.conn);
                        self.seen.retain(|(p, _)| *p != request.player.id);
                    }
                    (request.reply)(answer);
                }
                Settled::Enter(enter, Err(refusal)) => (enter.reply)(Err(refusal)),
                Settled::Enter(enter, Ok(seat)) => self.welcome(kernel, &shown, enter, seat).await,
                Settled::Bot(..) => {}
            }
        }
        self.drop_stuck(cell, &stuck);
        if let Some(code) = next_room {
            self.conns.iter().for_each(|conn| conn.outlet.follow(code));
        }
        self.schedule(cell, kernel);
        self.think(cell, kernel);
        self.snapshot(kernel);
    }

    /// One who leaves is told so where the game's clients expect it.
    fn say_goodbye(&self, conn: Option<ConnId>) {
        let Some(loaded) = self.hosted.as_ref() else { return };
        let aliases = loaded.game.card().aliases.iter().filter(|(of, _)| *of == "room_left");
        for conn in self.conns.iter().filter(|c| Some(c.id) == conn) {
            for (_, alias) in aliases.clone() {
                let left = raw(serde_json::json!({ "room_code": loaded.room.summary().room_code }).to_string());
                // The acknowledgement says it, too.
                let _ = conn.outlet.emit(alias, &left);
            }
        }
    }

    /// Connections that take nothing more are dropped, so that they hold up nobody.
    pub(super) fn drop_stuck(&mut self, cell: &Arc<Cell>, stuck: &[ConnId]) {
        if stuck.is_empty() {
            return;
        }
        for conn in self.conns.iter().filter(|c| stuck.contains(&c.id)) {
            conn.outlet.close();
        }
        self.conns.retain(|c| !stuck.contains(&c.id));
        tracing::debug!(room = %cell.code, count = stuck.len(), "dropped connections that take nothing more");
        let _ = cell.send(Message::Tick);
    }

    pub(super) fn schedule(&self, cell: &Cell, kernel: &Kernel) {
        // A server that drains acts on no deadline, so being woken again and again would only burn time.
        if kernel.is_draining() {
            return;
        }
        let due = self.hosted.as_ref().and_then(|l| l.room.wake_at());
        let unseen = self.seen.iter().map(|(_, until)| *until + std::time::Duration::from_millis(1)).min();
        if let Some(at) = due.into_iter().chain(unseen).min() {
            kernel.deadlines.schedule(cell.code, at);
        }
    }

    /// Lets the bot whose move it is think, away from this task.
    pub(super) fn think(&mut self, cell: &Arc<Cell>, kernel: &Kernel) {
        let Some(loaded) = self.hosted.as_ref() else { return };
        // With nobody there a bot waits, too.
        if !loaded.room.anybody_here() {
            return;
        }
        let Some((seat, job)) = loaded.room.bot_job() else { return };
        let version = loaded.room.version();
        if self.bot_thinking == Some((seat, version)) {
            return;
        }
        self.bot_thinking = Some((seat, version));
        let (cell, delay, thinking) = (Arc::clone(cell), kernel.settings.bot_delay, kernel.thinking.clone());
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            let command = thinking.choose(job).await;
            let _ = cell.send(Message::Bot { seat, version, command });
        });
    }

    pub(super) fn snapshot(&mut self, kernel: &Arc<Kernel>) {
        let Some(loaded) = self.hosted.as_mut() else { return };
        if loaded.room.seq().0 < loaded.snapshot_at.0 + kernel.settings.snapshot_every {
            return;
        }
        if let Some(snapshot) = loaded.room.snapshot() {
            loaded.snapshot_at = snapshot.seq;
            let (log, key) = (Arc::clone(&kernel.log), loaded.key);
            tokio::spawn(async move {
                if let Err(error) = log.save_snapshot(key, snapshot).await {
                    tracing::debug!(%error, "no snapshot this time");
                }
            });
        }
    }

    pub(super) fn unsettle(&mut self, settled: Settled) -> Message {
        match settled {
            Settled::Request(request, _) => Message::Request(request),
            Settled::Enter(enter, _) => Message::Enter(enter),
            Settled::Bot(seat, version, command) => Message::Bot { seat, version, command },
        }
    }

    pub(super) fn fail(&mut self, settled: Vec<Settled>, refusal: &Refusal) {
        for message in settled {
            match message {
                Settled::Request(request, answer) => {
                    // What was refused for another reason stays refused for that.
                    (request.reply)(Err(answer.err().unwrap_or_else(|| refusal.clone())));
                }
                Settled::Enter(enter, entered) => {
                    self.conns.retain(|c| enter.conn.as_ref().is_none_or(|(id, _)| c.id != *id));
                    (enter.reply)(Err(entered.err().unwrap_or_else(|| refusal.clone())));
                }
                Settled::Bot(..) => {}
            }
        }
    }

    pub(super) fn refuse_all(&mut self, cell: &Arc<Cell>, kernel: &Kernel, mail: VecDeque<Message>, refusal: &Refusal) {
        let gone = refusal.code == Code::InvalidGame;
        // Who left while the store was away has to be noted when it is back, also when nobody is left to ask for the room.
        let news = mail.iter().any(|message| matches!(message, Message::Gone(_) | Message::Tick));
        for message in mail {
            match message {
                Message::Request(request) => (request.reply)(Err(refusal.clone())),
                Message::Enter(enter) => {
                    // It may have been let in before its commit was lost to another writer.
                    let entering = |c: &Conn| enter.conn.as_ref().is_some_and(|(id, _)| c.id == *id) && c.since == Seq(u32::MAX);
                    self.conns.retain(|c| !entering(c));
                    (enter.reply)(Err(refusal.clone()));
                }
                Message::Look { reply, .. } => drop(reply.send(Err(refusal.clone()))),
                Message::Gone(conn) => self.conns.retain(|c| c.id != conn),
                Message::Listen { wake, .. } => drop(wake.send(())),
                Message::Tick
                | Message::News(_)
                | Message::Reread
                | Message::Adopt
                | Message::TypingElsewhere(_)
                | Message::Bot { .. } => {}
            }
        }
        if gone {
            kernel.forget(cell);
        } else if !self.conns.is_empty() || news && refusal.code == Code::Unavailable {
            kernel.deadlines.schedule(cell.code, kernel.clock.now() + std::time::Duration::from_secs(1));
        }
    }
}
