//! A run: rooms come in, play for a time, and are compared.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::args::Work;
use crate::report::{Report, Run, live};
use crate::scenario;
use crate::server::{Server, Usage};
use crate::tally::Counts;
use crate::world::{Table, World};

/// Everything a run needs to know.
pub struct Plan<'a> {
    pub name: String,
    pub works: &'a [Work],
    pub hosts: &'a [String],
    pub server: Option<&'a Server>,
    pub duration: Duration,
    pub ramp: Duration,
    pub seed: u64,
    pub quiet: bool,
}

/// Runs it to its end, or until `interrupted`, and says what it came to.
///
/// # Errors
/// When nobody could connect at all.
pub async fn run(plan: &Plan<'_>, interrupted: impl Future<Output = ()>) -> Result<Report> {
    let clients = plan.works.iter().map(|work| work.rooms as usize * work.players as usize).sum();
    let world = World::new(plan.hosts.to_vec(), clients, plan.seed, plan.ramp);
    let mut tasks = JoinSet::new();
    let mut number = 0;
    for work in plan.works {
        for room in 0..work.rooms {
            let table = Table::new(work.clone(), room);
            for seat in 0..work.players {
                tasks.spawn(scenario::client(Arc::clone(&world), Arc::clone(&table), seat, number));
                number += 1;
            }
        }
    }
    let usage = || (plan.server.map(Server::usage), Usage::of("self"));
    let mut before = usage();
    let mut ended = Instant::now();
    let mut after = before;
    let mut drained = Duration::ZERO;
    let mut in_time = Counts::default();
    let measuring = async {
        setting_up(&world, clients, plan.quiet).await;
        before = usage();
        let window = world.open(plan.duration);
        while Instant::now() < window.end {
            tokio::time::sleep_until((Instant::now() + Duration::from_secs(1)).min(window.end)).await;
            if let Some(second) = world.tally.second() {
                let lost = world.tally.measured(Instant::now()).counts.lost;
                say(plan.quiet, &live(&second, plan.duration.as_secs_f64(), lost, world.checks.found().total()));
            }
        }
        ended = Instant::now();
        after = usage();
        in_time = world.tally.measured(ended).counts;
        world.done.all().await;
        drained = ended.elapsed();
        while tasks.join_next().await.is_some() {}
    };
    tokio::select! {
        () = measuring => {}
        () = interrupted => {
            ended = Instant::now();
            after = usage();
            in_time = world.tally.measured(ended).counts;
        }
    }
    if !plan.quiet && std::io::stderr().is_terminal() {
        eprintln!();
    }
    let server = after.0.zip(before.0).map(|(after, before)| after.since(before));
    let tester = after.1.since(before.1);
    Ok(Report::new(Run {
        scenario: plan.name.clone(),
        works: plan.works,
        clients,
        measured: world.tally.measured(ended),
        in_time,
        violations: world.checks.found(),
        server,
        tester,
        drained,
    }))
}

async fn setting_up(world: &World, clients: usize, quiet: bool) {
    let all = world.ready.all();
    tokio::pin!(all);
    loop {
        tokio::select! {
            () = &mut all => return,
            () = tokio::time::sleep(Duration::from_secs(1)) => {
                say(quiet, &format!("{} of {clients} clients are in their rooms", clients - world.ready.missing()));
            }
        }
    }
}

/// Overwrites the line on a terminal; elsewhere a line each.
fn say(quiet: bool, line: &str) {
    if quiet {
        return;
    }
    let mut stderr = std::io::stderr();
    // A closed terminal is no reason to end.
    let _ = if stderr.is_terminal() { write!(stderr, "\r\x1b[2K{line}") } else { writeln!(stderr, "{line}") };
    let _ = stderr.flush();
}
