use std::process::ExitCode;

use parlor::cli::{self, Command};

#[tokio::main]
async fn main() -> ExitCode {
    let asked = cli::parse();
    match &asked.cli.command {
        Some(Command::Config) => print!("{}", cli::settings::effective(&asked)),
        Some(Command::Job(job)) => return cli::jobs::run(job.clone(), &asked.cli.config).await,
        None | Some(Command::Serve) => {}
    }
    ExitCode::SUCCESS
}
