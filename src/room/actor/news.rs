//! What other nodes appended to this room, and who is connected to them and here.

use super::*;

/// What this node has told the others of who is here, and what they have told it.
#[derive(Default)]
pub(super) struct Company {
    /// Who is noted as connected here, in which of this node's lives.
    noted: HashSet<PlayerId>,
    life: u64,
    pub(super) elsewhere: HashSet<PlayerId>,
}

impl Awake {
    /// Takes in what another node appended, and tells the connections here. `true` when it may have changed who is here.
    ///
    /// # Errors
    /// When the log had to be read and could not: the room has to be read again.
    pub(super) async fn hear(&mut self, kernel: &Kernel, rows: Vec<Row>) -> Result<bool, Refusal> {
        let Some(mut loaded) = self.hosted.take() else { return Ok(false) };
        let (before, from) = (loaded.room.summary(), loaded.room.seq());
        let rows = match rows.first() {
            Some(first) if first.seq <= from.next() => rows,
            // Something was missed on the way.
            _ => kernel.read_rows(loaded.key, from, Seq(u32::MAX)).await?,
        };
        let news: Vec<Row> = rows.into_iter().filter(|row| row.seq > from).collect();
        if let Err(error) = news.iter().try_for_each(|row| loaded.room.follow(row)) {
            tracing::warn!(%error, room = %before.room_code, "what another node told does not fit the log; reading that");
            return Err(unavailable());
        }
        if news.is_empty() {
            self.hosted = Some(loaded);
            return Ok(false);
        }
        self.tell_rows(&loaded, &news);
        self.past.grows(news, loaded.room.as_ref());
        let after = loaded.room.summary();
        let presence = [&before, &after].map(|summary| serde_json::value::to_raw_value(&Presence::of(summary)).ok());
        let changed = presence[0].as_deref().map(RawValue::get) != presence[1].as_deref().map(RawValue::get);
        if let (true, Some(payload)) = (changed, &presence[1]) {
            for conn in self.conns.iter().filter(|c| c.since != Seq(u32::MAX)) {
                // Who does not take it takes the next event no more, and is dropped then.
                let _ = conn.outlet.emit("presence_update", payload);
            }
        }
        if let Some(code) = after.next_room.filter(|_| before.next_room.is_none()) {
            self.conns.iter().for_each(|conn| conn.outlet.follow(code));
        }
        // As the other node has written it.
        loaded.head = loaded.room.head(&after);
        self.hosted = Some(loaded);
        Ok(changed)
    }

    /// Tells those who are connected of rows that follow what they know.
    pub(super) fn tell_rows(&mut self, loaded: &Loaded, rows: &[Row]) {
        for row in rows {
            let mut recipients = 0;
            // Whoever takes nothing more is closed and dropped at once: an event left out would be a gap.
            self.conns.retain(|conn| {
                let viewer = loaded.room.viewer(Some(conn.player));
                let told = (conn.since < row.seq).then(|| told(loaded, row, viewer)).flatten();
                let Some((_, _, told)) = told else { return true };
                let alive = conn.outlet.emit(told.event, &told.payload).is_ok();
                if alive {
                    recipients += 1;
                } else {
                    conn.outlet.close();
                }
                alive
            });
            aftermath::told_to(recipients);
        }
        if let Some(last) = rows.last() {
            self.told = self.told.max(last.seq);
            for (_, wake) in self.waiting.drain(..) {
                let _ = wake.send(());
            }
        }
    }

    /// Notes who came and who went. `true` when the state can no longer be trusted.
    pub(super) async fn note_people(&mut self, kernel: &Kernel, cell: &Cell, now: Timestamp, out: &mut Outbox) -> bool {
        let Some(key) = self.hosted.as_ref().map(|loaded| loaded.key) else { return true };
        if let Err(error) = self.attend(kernel, key, now).await {
            // Without knowing who is connected elsewhere nobody can be said to be away.
            tracing::debug!(%error, room = %cell.code, "who is here is looked at again later");
            kernel.deadlines.schedule(cell.code, now + std::time::Duration::from_secs(1));
            return false;
        }
        let (conns, seen, elsewhere) = (&self.conns, &mut self.seen, &self.company.elsewhere);
        seen.retain(|(_, until)| *until > now);
        let online = |player| {
            conns.iter().any(|c| c.player == player) || seen.iter().any(|(p, _)| *p == player) || elsewhere.contains(&player)
        };
        let Some(loaded) = self.hosted.as_mut() else { return true };
        let noted = loaded.room.reconcile(&online, now, out);
        if let Err(error) = &noted {
            tracing::error!(%error, room = %cell.code, "a game refused to take note of who is here");
        }
        matches!(noted, Err(Failed::Torn))
    }

    /// Notes with the other nodes who is connected here, and learns who is connected there.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(super) async fn attend(&mut self, kernel: &Kernel, room: RoomKey, now: Timestamp) -> Result<(), LogError> {
        let Some(peers) = kernel.peers() else { return Ok(()) };
        let company = &mut self.company;
        let life = peers.life();
        if company.life != life {
            company.noted.clear();
            company.life = life;
        }
        let seen = self.seen.iter().filter(|(_, until)| *until > now).map(|(player, _)| *player);
        let here: HashSet<PlayerId> = self.conns.iter().map(|conn| conn.player).chain(seen).collect();
        let came: Vec<_> = here.difference(&company.noted).copied().collect();
        let went: Vec<_> = company.noted.difference(&here).copied().collect();
        company.elsewhere = peers.attend(room, &came, &went).await?;
        company.noted = here;
        Ok(())
    }
}
