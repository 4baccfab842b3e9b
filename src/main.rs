use parlor::cli::{self, Command};

fn main() {
    let asked = cli::parse();
    if let Some(Command::Config) = asked.cli.command {
        print!("{}", cli::settings::effective(&asked));
    }
}
