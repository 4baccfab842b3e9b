//! What commands come to, for `/metrics`: how many were applied, and why the others were not.

use std::sync::LazyLock;

use metrics::Counter;
use strum::IntoEnumIterator;

use crate::refusal::{Code, Refusal};
use crate::room::outlet::Answer;

/// Answers to what came by one way.
pub struct Outcomes {
    applied: Counter,
    duplicate: Counter,
    /// By their code, in its order.
    refused: Vec<Counter>,
}

/// Of events over Socket.IO.
pub static OF_EVENTS: LazyLock<Outcomes> = LazyLock::new(|| Outcomes::over("socket"));
/// Of commands over plain HTTP.
pub static OF_REQUESTS: LazyLock<Outcomes> = LazyLock::new(|| Outcomes::over("http"));

impl Outcomes {
    fn over(way: &'static str) -> Self {
        let counter = |result| metrics::counter!("parlor_commands_total", "over" => way, "result" => result);
        Self {
            applied: counter("ok"),
            duplicate: counter("duplicate"),
            refused: Code::iter().map(|code| counter(code.as_str())).collect(),
        }
    }

    pub fn count(&self, answer: &Result<Answer, Refusal>) {
        match answer {
            Ok(Answer::Applied { duplicate: true, .. }) => self.duplicate.increment(1),
            Ok(_) => self.applied(),
            Err(refusal) => self.refused(refusal.code),
        }
    }

    pub fn applied(&self) {
        self.applied.increment(1);
    }

    pub fn refused(&self, code: Code) {
        if let Some(counter) = self.refused.get(code as usize) {
            counter.increment(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;
    use crate::id::Seq;

    #[test]
    fn each_answer_counts_once_under_its_name() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let applied = |duplicate| Ok(Answer::Applied { seq: Seq(3), version: Seq(3), duplicate });
        metrics::with_local_recorder(&recorder, || {
            let outcomes = Outcomes::over("socket");
            outcomes.count(&applied(false));
            outcomes.count(&applied(false));
            outcomes.count(&applied(true));
            Code::iter().for_each(|code| outcomes.count(&Err(Refusal::new(code, "no"))));
        });
        let text = recorder.handle().render();
        let results = [("ok", 2), ("duplicate", 1)].into_iter().chain(Code::iter().map(|code| (code.as_str(), 1)));
        for (result, count) in results {
            let line = format!("parlor_commands_total{{over=\"socket\",result=\"{result}\"}} {count}\n");
            assert!(text.contains(&line), "{line} in {text}");
        }
    }
}
