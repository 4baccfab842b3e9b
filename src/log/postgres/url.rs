//! Where a Postgres is, and who we are there.

use std::fmt;
use std::str::FromStr;

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

/// `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, checked. It is never shown whole: it may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(String);

/// What may follow the `?`. An unknown word would be passed over, and with it perhaps the encryption that somebody asked for.
const OPTIONS: [&str; 9] = ["sslmode", "sslrootcert", "sslcert", "sslkey", "host", "port", "user", "password", "application_name"];

const SHOULD: &str = "should be sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE, with %-escapes in names and passwords";

impl Url {
    /// Whether `text` means a Postgres at all.
    pub fn is_meant(text: &str) -> bool {
        text.starts_with("postgres:") || text.starts_with("postgresql:")
    }

    pub(super) fn options(&self) -> sqlx::Result<PgConnectOptions> {
        let options: PgConnectOptions = self.0.parse()?;
        let options = if self.0.contains("application_name=") { options } else { options.application_name("parlor") };
        Ok(options.disable_statement_logging())
    }
}

impl FromStr for Url {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, options) = text.split_once('?').unwrap_or((text, ""));
        for option in options.split('&').filter(|option| !option.is_empty()) {
            let name = option.split('=').next().unwrap_or_default();
            if !OPTIONS.contains(&name) {
                return Err(format!("knows these options: {}", OPTIONS.join(", ")));
            }
        }
        if !address.contains("://") {
            return Err(SHOULD.into());
        }
        // The driver's own words may repeat what it could not read, and that may be a password.
        text.parse::<PgConnectOptions>().map_err(|_| SHOULD.to_owned())?;
        Ok(Self(text.into()))
    }
}

/// Host, port and database.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(options) = self.options() else { return f.write_str("postgres") };
        match options.get_socket() {
            Some(socket) => write!(f, "postgres at {}", socket.display())?,
            None => write!(f, "postgres://{}:{}", options.get_host(), options.get_port())?,
        }
        write!(f, "/{}", options.get_database().unwrap_or_default())
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_secrets() {
        for (text, shown) in [
            ("postgres://ada:secret@db.example:5433/parlor", "postgres://db.example:5433/parlor"),
            ("postgresql://ada:secret@db.example/parlor?sslmode=require", "postgres://db.example:5432/parlor"),
            ("postgres:///parlor?host=/run/postgresql&password=secret", "postgres at /run/postgresql/parlor"),
            ("postgres://db.example/parlor?user=ada&password=secret&application_name=x", "postgres://db.example:5432/parlor"),
        ] {
            let url: Url = text.parse().unwrap();
            assert_eq!(url.to_string(), shown);
            assert!(!format!("{url:?}").contains("secret"));
        }
    }

    #[test]
    fn what_is_wrong_is_told_without_the_secret() {
        for text in [
            "postgres:parlor",
            "postgres://ada:secret@:x/",
            "postgres://ada:secret@host:99999/db",
            "postgres://h/db?sslmode=secret",
            "postgres://h/db?passwd=secret",
        ] {
            let wrong = text.parse::<Url>().unwrap_err();
            assert!(!wrong.contains("secret@") && !wrong.contains("=secret"), "{text}: {wrong}");
        }
    }
}
