//! Thousands of short lives of a room on two nodes, each from a seed: people come, play, drop and come back, calls to the log overtake
//! each other, fail, or succeed unheard, nodes are killed, hours pass in no time. Afterwards the log and what everybody was told must fit.
//!
//! `PARLOR_SIMULATIONS=100000 cargo nextest run --test simulation` runs more of them, `PARLOR_SIMULATION_SEED=N` one alone.

mod check;
mod log;
mod world;

use world::World;

/// Lives per run of the suite.
const RUNS: u64 = 800;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} should be a number, not {text:?}")))
}

/// One life. Everything in it happens on one thread, in an order that the seed decides.
fn live(seed: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut world = World::new(seed).await;
        for _ in 0..world.luck.u32(20..90) {
            world.step().await;
        }
        world.calm_down().await;
        check::everything(&mut world).await;
    });
}

#[test]
fn whatever_happens_each_acknowledged_command_is_in_the_log_once_and_everybody_was_told_the_same() {
    let seeds = match number("PARLOR_SIMULATION_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("PARLOR_SIMULATIONS").unwrap_or(RUNS),
    };
    for seed in seeds {
        if let Err(panic) = std::panic::catch_unwind(|| live(seed)) {
            eprintln!("this was PARLOR_SIMULATION_SEED={seed}");
            std::panic::resume_unwind(panic);
        }
    }
}
