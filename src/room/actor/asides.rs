//! What is answered from what is known and never logged: synchronising, presence, typing.

use super::*;

impl Awake {
    /// Requests that are answered from what is known and never logged.
    pub(super) fn aside(&mut self, kernel: &Kernel, request: &Request, now: Timestamp) -> Option<Result<Answer, Refusal>> {
        let loaded = self.hosted.as_ref()?;
        let room = &loaded.room;
        match request.event.as_str() {
            "ping" => Some(Ok(json_answer(&serde_json::json!({ "ok": true, "server_time": now })))),
            "request_presence" => {
                let summary = room.summary();
                let presence = Presence::of(&summary);
                if !request.acknowledged {
                    self.emit_to(request.conn, "presence_update", &presence);
                }
                Some(Ok(json_answer(&WithOk { ok: true, more: presence })))
            }
            "request_sync" | "reconnect_sync" => {
                let ask: SyncAsk = match serde_json::from_str(request.payload.get()) {
                    Ok(ask) => ask,
                    Err(error) => return Some(Err(Refusal::invalid(format!("request_sync: {error}")))),
                };
                let (seq, version) = (room.seq(), room.version());
                let current = match (ask.last_seq, ask.version) {
                    (Some(last), _) => last >= seq,
                    (None, Some(known)) => known >= version,
                    (None, None) => false,
                };
                if current {
                    return Some(Ok(json_answer(&serde_json::json!({
                        "ok": true, "sync_confirmed": true, "seq": seq, "version": version,
                    }))));
                }
                let state = room.state(room.viewer(Some(request.player.id)));
                let sync = Sync { state: &state, seq, version, reason: "requested", status: room.status() };
                self.emit_to(request.conn, "state_sync", &sync);
                Some(Ok(json_answer(&WithOk { ok: true, more: sync })))
            }
            "typing" => {
                let ask: TypingAsk = match serde_json::from_str(request.payload.get()) {
                    Ok(ask) => ask,
                    Err(error) => return Some(Err(Refusal::invalid(format!("typing: {error}")))),
                };
                self.typing(kernel, request, ask.typing, now);
                let loaded = self.hosted.as_ref()?;
                Some(Ok(Answer::Applied { seq: loaded.room.seq(), version: loaded.room.version(), duplicate: false }))
            }
            _ => None,
        }
    }

    pub(super) fn typing(&mut self, kernel: &Kernel, request: &Request, typing: bool, now: Timestamp) {
        let ago = |at: Timestamp| now.0 - at.0;
        self.typists.retain(|t| ago(t.at) < if t.typing { TYPING_MAX_MS } else { TYPING_EVERY_MS });
        let room_for_more = self.typists.len() < TYPISTS_MAX;
        let known = self.typists.iter_mut().find(|t| t.player == request.player.id);
        match known {
            Some(typist) if typing && ago(typist.at) >= TYPING_EVERY_MS => (typist.at, typist.typing) = (now, true),
            // Names would linger if a stop were not passed on.
            Some(typist) if !typing && typist.typing => typist.typing = false,
            None if typing && room_for_more => {
                self.typists.push(Typist { player: request.player.id, at: now, typing });
            }
            _ => return,
        }
        let note = TypingShown { player_id: request.player.id, nickname: &request.player.nickname, typing };
        let Ok(payload) = serde_json::value::to_raw_value(&note) else { return };
        self.tell_typing(request.conn, &payload);
        if let (Some(peers), Some(loaded)) = (kernel.peers(), &self.hosted) {
            peers.typing(loaded.room.summary().room_code, &payload);
        }
    }

    pub(super) fn emit_to(&self, conn: Option<ConnId>, event: &'static str, payload: &impl Serialize) {
        let conn = conn.and_then(|id| self.conns.iter().find(|c| c.id == id));
        if let (Some(conn), Ok(payload)) = (conn, serde_json::value::to_raw_value(payload)) {
            let _ = conn.outlet.emit(event, &payload);
        }
    }
}

/// Whether the answer shows the room as it is, at once.
pub(super) fn shows_state(event: &str) -> bool {
    matches!(event, "request_sync" | "reconnect_sync" | "request_presence")
}
