//! Where programs are: on the path, or where Debian puts servers.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::StartError;

/// Every version of `PostgreSQL` has a folder here.
const POSTGRES: &str = "/usr/lib/postgresql";

/// The program `name`, as the first folder that has it.
pub(crate) fn find(name: &'static str) -> Result<PathBuf, StartError> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(postgres_folders()).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file()).ok_or(StartError::Missing(name))
}

/// Newest first.
fn postgres_folders() -> impl Iterator<Item = PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = Path::new(POSTGRES)
        .read_dir()
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin")))
        })
        .collect();
    versions.sort_unstable();
    versions.into_iter().rev().map(|(_, folder)| folder)
}
