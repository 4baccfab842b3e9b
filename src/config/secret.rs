//! The secret that signs tokens, when the settings name none: made once, kept in the data folder, readable by its owner only.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use data_encoding::HEXLOWER;

use super::value::Secret;

const FILE: &str = "secret";

/// Reads the secret of `data_dir`, or makes it.
///
/// # Errors
/// When the folder cannot be written, or the file holds something else.
pub fn load_or_create(data_dir: &Path) -> io::Result<Secret> {
    fs::create_dir_all(data_dir)?;
    let path = data_dir.join(FILE);
    match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(data_dir, &path)?,
        Err(error) => return Err(error),
        Ok(_) => {}
    }
    let text = fs::read_to_string(&path)?;
    text.parse().map_err(|should| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {should}", path.display())))
}

/// Writes a fresh secret beside its place and links it there: of two processes that start together both read the same whole one.
fn create(data_dir: &Path, path: &Path) -> io::Result<()> {
    let fresh: [u8; 32] = crate::id::entropy();
    let text = HEXLOWER.encode(&fresh);
    let draft = data_dir.join(format!(".{FILE}-{}", uuid::Uuid::new_v4()));
    let mut file = owner_only().open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_made_once_and_only_its_owner_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let made: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| load_or_create(&data).unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(made.iter().all(|secret| secret == &made[0]));
        assert_eq!(made[0].expose().len(), 64);
        assert_eq!(fs::read_dir(&data).unwrap().count(), 1, "nothing else is left behind");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(data.join(FILE)).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn an_empty_secret_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE), "").unwrap();
        assert!(load_or_create(dir.path()).unwrap_err().to_string().contains("at least 8 characters"));
    }
}
