//! A load tester for Parlor: plays many games at once, measures and checks.

mod alarm;
mod args;
mod check;
mod client;
mod connection;
mod mix;
mod overload;
mod pace;
mod polling;
mod report;
mod run;
mod scenario;
mod server;
mod tally;
mod websocket;
mod wire;
mod world;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use args::{Args, Scenario};
use report::Report;
use run::Plan;
use server::Server;

/// The server broke a promise, or lost connections.
const UNCLEAN: u8 = 1;
/// The run could not be made.
const FAILED: u8 = 2;
/// Ended by Ctrl-C.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    match runtime.block_on(work(&args)) {
        Ok(code) => code,
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("parlor-loadtest: {error:#}");
    ExitCode::from(FAILED)
}

async fn work(args: &Args) -> Result<ExitCode> {
    let works = args.work()?;
    let mut hosts = args.hosts()?;
    let server = if hosts.is_empty() {
        let server = Server::start(&args.server.clone().unwrap_or_else(server::beside)).await?;
        eprintln!("started a server at http://{}, with an empty database and PARLOR_RATE_LIMITS=off", server.host);
        hosts.push(server.host.clone());
        Some(server)
    } else {
        None
    };
    let plan = Plan {
        name: args.scenario.name(),
        works: &works,
        hosts: &hosts,
        server: server.as_ref(),
        duration: args.duration,
        ramp: args.ramp,
        seed: args.seed,
        quiet: args.quiet,
    };
    let mut interrupted = false;
    let stop = async {
        if tokio::signal::ctrl_c().await.is_ok() {
            interrupted = true;
        } else {
            std::future::pending::<()>().await;
        }
    };
    let report = if let (Scenario::Overload, [work]) = (args.scenario, &works[..]) {
        tokio::select! {
            outcome = overload::overload(args, work, &hosts, server.as_ref()) => {
                let (report, outcome) = outcome?;
                Report { overload: Some(outcome), ..report }
            }
            () = stop => return Ok(ExitCode::from(INTERRUPTED)),
        }
    } else {
        run::run(&plan, stop).await?
    };
    if let Some(server) = server {
        server.stop().await?;
    }
    print!("{}", report::table(&report));
    if let Some(outcome) = &report.overload {
        print!("{}", overload::table(outcome));
    }
    write(args, &report)?;
    Ok(match (interrupted, report.is_clean()) {
        (true, _) => ExitCode::from(INTERRUPTED),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => ExitCode::from(UNCLEAN),
    })
}

fn write(args: &Args, report: &Report) -> Result<()> {
    let files = [
        (&args.json, serde_json::to_string_pretty(report)? + "\n"),
        (&args.csv, report::csv(report)),
        (&args.html, report::html(report)),
    ];
    for (file, text) in files {
        if let Some(file) = file {
            std::fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))?;
        }
    }
    Ok(())
}
