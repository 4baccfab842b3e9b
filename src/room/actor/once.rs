//! A command that is sent again is applied once.
//!
//! The room remembers its latest commands. What came before them only the store knows, and asking it for each move of a room with a long
//! past cost a third of the move. So a move is decided first: its rows carry the command's key, and the unique index of the log refuses
//! them when it has it already. Then the room is read again, and from there on asks first: whoever sends old commands again and again
//! makes no more shared transactions fail.

use super::*;

impl Awake {
    /// Decides a request, unless it was applied before.
    pub(super) async fn answer(
        &mut self,
        kernel: &Arc<Kernel>,
        request: &Request,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<Result<Answer, Refusal>, Failed> {
        let Some(loaded) = self.hosted.as_ref() else { return Ok(Err(unavailable())) };
        let Some(key) = &request.command else { return self.answer_new(kernel, request, now, out).await };
        if let Some(seq) = loaded.room.known(key) {
            return Ok(Ok(again(loaded, seq)));
        }
        if !loaded.room.forgot_commands() {
            return self.answer_new(kernel, request, now, out).await;
        }
        // A rematch opens its room before the log is asked for anything.
        if self.asks_first || request.event == "rematch" {
            return match self.applied_before(kernel, key).await {
                Some(answer) => Ok(answer),
                None => self.answer_new(kernel, request, now, out).await,
            };
        }
        let rows = out.rows.len();
        let answer = self.answer_new(kernel, request, now, out).await?;
        if out.rows.len() > rows {
            return Ok(answer);
        }
        // Without a row there is nothing for the log to refuse; and a move that was legal once is refused now.
        Ok(self.applied_before(kernel, key).await.unwrap_or(answer))
    }

    /// What is answered when the store has the command, or does not answer.
    async fn applied_before(&self, kernel: &Kernel, key: &CommandKey) -> Option<Result<Answer, Refusal>> {
        let Some(loaded) = self.hosted.as_ref() else { return Some(Err(unavailable())) };
        match kernel.log.command(loaded.key, key).await {
            Ok(found) => found.map(|seq| Ok(again(loaded, seq))),
            Err(error) => Some(Err(store_failed(&error))),
        }
    }
}

fn again(loaded: &Loaded, seq: Seq) -> Answer {
    Answer::Applied { seq, version: loaded.room.version(), duplicate: true }
}
