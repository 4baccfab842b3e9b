//! `parlor`: settings → tracing → App → serve → drain.

use std::process::ExitCode;

use anyhow::Context;
use parlor::app::App;
use parlor::cli::{self, Command};
use parlor::config::Config;
use parlor::{server, telemetry};
use tokio::signal::unix::{SignalKind, signal};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let asked = cli::parse();
    if let Some(Command::Config) = asked.cli.command {
        print!("{}", cli::settings::effective(&asked));
        return ExitCode::SUCCESS;
    }
    let (command, config) = (asked.cli.command, asked.cli.config);
    let done = runtime().and_then(|runtime| match command {
        Some(Command::Job(job)) => Ok(runtime.block_on(cli::jobs::run(job, &config))),
        _ => runtime.block_on(serve(config)).map(|()| ExitCode::SUCCESS),
    });
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("parlor: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime could not be started")
}

async fn serve(config: Config) -> anyhow::Result<()> {
    telemetry::init(&config.log, config.log_format)?;
    // Ten thousand clients are ten thousand files.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::debug!(%error, "the limit on open files stays as it is");
    }
    let stop = stop_signal()?;
    let listener = server::listen(config.listen).with_context(|| format!("cannot listen on {}", config.listen))?;
    let listening = listener.local_addr()?;
    let app = App::new(config, listening).await?;
    println!("listening on http://{listening}");
    server::run(app, listener, stop).await
}

/// Ready at the first SIGTERM or SIGINT.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
