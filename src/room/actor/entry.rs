//! Coming in and coming back, and what one is told then.

use std::sync::OnceLock;

use super::*;

impl Awake {
    /// Tells those who are connected what was appended without this room: by another node, or by itself when the store's answer was lost.
    pub(super) async fn catch_up(&mut self, kernel: &Kernel, loaded: &Loaded) -> Result<(), Refusal> {
        let seq = loaded.room.seq();
        while self.told < seq && self.conns.iter().any(|c| c.since != Seq(u32::MAX)) {
            let rows = kernel
                .log
                .rows(loaded.key, self.told, REPLAY_MAX.min(seq.0 - self.told.0))
                .await
                .map_err(|error| store_failed(&error))?;
            let Some(last) = rows.last().map(|row| row.seq) else { break };
            self.tell_rows(loaded, &rows);
            self.told = last;
        }
        if self.told < seq || !self.waiting.is_empty() {
            self.told = self.told.max(seq);
            for (_, wake) in self.waiting.drain(..) {
                let _ = wake.send(());
            }
        }
        Ok(())
    }

    /// Notes that a player was seen over HTTP; `true` when that is news.
    pub(super) fn seen(&mut self, player: PlayerId, now: Timestamp, kernel: &Kernel, cell: &Cell) -> bool {
        if self.hosted.as_ref().is_none_or(|l| l.room.seat_of(player).is_none()) {
            return false;
        }
        // A socket knows at once when it is gone; a page fetched beside it must not hide that.
        if self.conns.iter().any(|c| c.player == player) {
            return false;
        }
        let until = now + kernel.settings.http_presence;
        kernel.deadlines.schedule(cell.code, until + std::time::Duration::from_millis(1));
        match self.seen.iter_mut().find(|(p, _)| *p == player) {
            Some(entry) => {
                entry.1 = until;
                false
            }
            None => {
                self.seen.push((player, until));
                true
            }
        }
    }

    pub(super) fn seen_over_http(&mut self, player: &Player, now: Timestamp, kernel: &Kernel, cell: &Cell) -> bool {
        self.seen(player.id, now, kernel, cell)
    }

    pub(super) fn enter(
        &mut self,
        kernel: &Kernel,
        enter: &Enter,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<Option<Seat>, Failed> {
        let Some(loaded) = self.hosted.as_mut() else { return Err(unavailable().into()) };
        if enter.conn.is_some() && self.conns.len() >= kernel.settings.audience {
            return Err(Refusal::new(Code::Busy, "this room takes no more connections").into());
        }
        let name = loaded.game.card().name;
        if enter.game.is_some_and(|game| game != name) {
            return Err(Refusal::new(Code::InvalidGame, format!("this room plays another game; connect to /{name}"))
                .with(serde_json::json!({ "game": name, "namespace": format!("/{name}") }))
                .into());
        }
        let room = &mut loaded.room;
        let seat = match (room.seat_of(enter.player.id), enter.purpose) {
            (Some(seat), Purpose::Play | Purpose::Resume) if room.status() != Status::Abandoned => Some(seat),
            (Some(seat), Purpose::Resume) => Some(seat),
            (Some(_), Purpose::Watch) => {
                return Err(Refusal::invalid("you have a seat in this room; join as a player").into());
            }
            (_, Purpose::Play) => {
                let seat = room.join(enter.player.clone(), enter.client_seed.clone(), now, out)?;
                // Joining, leaving and joining again under one id: the first time it was applied stays the one that is remembered.
                // So does one of long ago, that only the log knows and refuses.
                if let Some(key) = enter.command.as_ref().filter(|key| !self.asks_first && room.known(key).is_none()) {
                    room.stamp(key.clone(), out);
                }
                Some(seat)
            }
            (None, Purpose::Watch | Purpose::Resume) => {
                room.watch()?;
                None
            }
        };
        if let Some((id, outlet)) = &enter.conn {
            let conn = Conn { id: *id, player: enter.player.id, outlet: Arc::clone(outlet), since: Seq(u32::MAX) };
            self.conns.retain(|c| c.id != *id);
            self.conns.push(conn);
            // From now on the socket says whether they are here, not the page that opened it.
            self.seen.retain(|(player, _)| *player != enter.player.id);
        }
        Ok(seat)
    }

    /// Tells one who came in what there is to know, in order, before anything newer.
    pub(super) async fn welcome(&mut self, kernel: &Kernel, shown: &OnceLock<Summary>, enter: Box<Enter>, seat: Option<Seat>) {
        let Some(loaded) = self.hosted.as_ref() else { return (enter.reply)(Err(unavailable())) };
        let room = &loaded.room;
        let (seq, viewer) = (room.seq(), room.viewer(Some(enter.player.id)));
        let missed = match enter.last_seq.filter(|last| *last <= seq) {
            Some(last) if last == seq => Some(vec![]),
            // Not past `seq`: what another node appended meanwhile is told when this room has read it, and not twice.
            Some(last) if seq.0 - last.0 <= REPLAY_MAX => match kernel.log.rows(loaded.key, last, seq.0 - last.0).await {
                Ok(rows) => Some(rows),
                Err(error) => {
                    self.conns.retain(|c| enter.conn.as_ref().is_none_or(|(id, _)| c.id != *id));
                    return (enter.reply)(Err(store_failed(&error)));
                }
            },
            _ => None,
        };
        let told: Option<Vec<(Seq, Timestamp, Told)>> =
            missed.map(|rows| rows.iter().filter_map(|row| told(loaded, row, viewer)).collect());
        if enter.purpose == Purpose::Resume || enter.last_seq.is_some() {
            count_resumed(told.as_deref());
        }
        let state = room.state(viewer);
        let summary = shown.get_or_init(|| room.summary());
        let welcome = Welcome::new(room.as_ref(), summary, seat, &state);
        if let Some((id, outlet)) = &enter.conn {
            let mut alive = true;
            if enter.purpose == Purpose::Resume {
                alive = told.iter().flatten().all(|(_, _, told)| outlet.emit(told.event, &told.payload).is_ok());
            }
            if alive && let Ok(payload) = serde_json::value::to_raw_value(&welcome) {
                alive = outlet.emit("connection_established", &payload).is_ok();
                for &(of, alias) in loaded.game.card().aliases {
                    alive = alive
                        && match of {
                            "connection_established" => outlet.emit(alias, &payload).is_ok(),
                            "presence_update" => {
                                let presence = serde_json::value::to_raw_value(&Presence::of(summary));
                                presence.is_ok_and(|presence| outlet.emit(alias, &presence).is_ok())
                            }
                            _ => true,
                        };
                }
            }
            if alive && room.ticks().is_some() {
                alive = outlet.emit("game_state", &state).is_ok();
            }
            if !alive {
                outlet.close();
                self.conns.retain(|c| c.id != *id);
            }
            if let Some(conn) = self.conns.iter_mut().find(|c| c.id == *id) {
                conn.since = seq;
            }
        }
        let events = told.filter(|_| enter.purpose != Purpose::Resume).map(|told| {
            let shown = |(seq, at, told): (Seq, Timestamp, Told)| EventShown::new(seq, at, told);
            told.into_iter().map(shown).collect()
        });
        let answer = Entered {
            ok: true,
            extra: enter.extra,
            state: events.is_none().then_some(&state),
            events,
            welcome: Welcome { current_state: None, ..welcome },
        };
        (enter.reply)(Ok(json_answer(&answer)));
    }
}

/// Somebody came back: to what they missed, or, when that is too much or they do not say, to the whole state.
fn count_resumed(told: Option<&[(Seq, Timestamp, Told)]>) {
    let with = if told.is_some() { "events" } else { "state" };
    metrics::counter!("parlor_resumes_total", "with" => with).increment(1);
    metrics::counter!("parlor_replayed_events_total").increment(told.map_or(0, |told| told.len() as u64));
}
