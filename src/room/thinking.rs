//! Work that takes long: bots that search, and questions about a game. It is done on threads of its own, and only so much at a time, so that
//! rooms stay quick whatever is asked.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::refusal::Refusal;
use crate::room::directory::busy;

/// Questions that wait or are answered at once; beyond it they are refused. At a tenth of a second each and one thread, the last waits
/// three seconds.
const QUESTIONS_MAX: usize = 32;

/// The threads for it.
#[derive(Clone, Debug)]
pub struct Thinking {
    bots: Arc<Semaphore>,
    /// One thread, apart from the bots': asking a lot must not make opponents slow.
    questions: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Thinking {
    /// `threads` bots may think at once.
    pub fn new(threads: usize) -> Self {
        Self {
            bots: Arc::new(Semaphore::new(threads.max(1))),
            questions: Arc::new(Semaphore::new(1)),
            places: Arc::new(Semaphore::new(QUESTIONS_MAX)),
        }
    }

    /// Takes every thread of the bots, so that none thinks until it is given back.
    #[cfg(test)]
    pub(super) async fn all_of_the_bots(&self) -> Option<tokio::sync::OwnedSemaphorePermit> {
        let all = u32::try_from(self.bots.available_permits()).ok()?;
        Arc::clone(&self.bots).acquire_many_owned(all).await.ok()
    }

    /// A bot's choice, when its turn to think comes. `None` also when it panicked.
    pub async fn choose<T: Send + 'static>(&self, job: impl FnOnce() -> Option<T> + Send + 'static) -> Option<T> {
        let permit = Arc::clone(&self.bots).acquire_owned().await.ok()?;
        let thought = tokio::task::spawn_blocking(move || {
            let choice = job();
            // Held until the work is done, also when nobody waits for it any more.
            drop(permit);
            choice
        });
        thought.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a bot panicked");
            None
        })
    }

    /// The answer to a question.
    ///
    /// # Errors
    /// `BUSY` when too many ask, `INTERNAL_ERROR` when it panicked, and those of `job`.
    pub async fn answer<T: Send + 'static>(&self, job: impl FnOnce() -> Result<T, Refusal> + Send + 'static) -> Result<T, Refusal> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| busy())?;
        let permit = Arc::clone(&self.questions).acquire_owned().await.map_err(|_| busy())?;
        let answered = tokio::task::spawn_blocking(move || {
            let answer = job();
            drop((permit, place));
            answer
        });
        answered.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a question made a game panic");
            Err(Refusal::new(crate::refusal::Code::InternalError, "this question could not be answered"))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn only_so_many_bots_think_at_once() {
        let thinking = Thinking::new(1);
        let (release, released) = mpsc::channel::<()>();
        let (started, start) = tokio::sync::oneshot::channel();
        let first = tokio::spawn({
            let thinking = thinking.clone();
            async move {
                let job = move || {
                    let _ = started.send(());
                    released.recv().ok();
                    Some(1)
                };
                thinking.choose(job).await
            }
        });
        start.await.unwrap();
        assert_eq!(thinking.bots.available_permits(), 0, "the second has to wait");
        let second = tokio::spawn({
            let thinking = thinking.clone();
            async move { thinking.choose(|| Some(2)).await }
        });
        release.send(()).unwrap();
        assert_eq!((first.await.unwrap(), second.await.unwrap()), (Some(1), Some(2)));
    }

    #[tokio::test]
    async fn questions_beyond_the_places_are_refused_and_a_panic_is_an_answer() {
        let thinking = Thinking::new(1);
        let all = Arc::clone(&thinking.places).acquire_many_owned(QUESTIONS_MAX as u32).await.unwrap();
        let refusal = thinking.answer(|| Ok(1)).await.unwrap_err();
        assert_eq!(refusal.code, crate::refusal::Code::Busy);
        drop(all);
        assert_eq!(thinking.answer(|| Ok(1)).await, Ok(1));
        let refusal = thinking.answer::<()>(|| panic!("on purpose")).await.unwrap_err();
        assert_eq!(refusal.code, crate::refusal::Code::InternalError);
        assert_eq!(thinking.answer(|| Ok(2)).await, Ok(2), "its place is free again");
        assert_eq!(thinking.choose::<()>(|| panic!("on purpose")).await, None);
        assert_eq!(thinking.choose(|| Some(3)).await, Some(3));
    }
}
