//! What was folded into the file, as `SQLite` counts it in the index of the WAL (<https://sqlite.org/walformat.html>).

use std::{
    fs::{self, File},
    io,
    os::unix::fs::{FileExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

/// Where the salt of the WAL stands, which changes whenever it begins anew.
const SALT: u64 = 32;
/// Where it stands how many frames of the WAL are in the file for certain.
const BACKFILL: u64 = 96;
/// And how many a checkpoint that began may have written there.
const ATTEMPTED: u64 = 128;

/// The index of a database's WAL.
#[derive(Debug)]
pub(super) struct WalIndex {
    path: PathBuf,
    inode: u64,
    /// Never closed: to close a file drops all locks that the process holds on it, and `SQLite` holds some on this one.
    file: &'static File,
}

/// How far the WAL is folded into the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Folded {
    salt: [u8; 8],
    backfill: u32,
    attempted: u32,
}

impl WalIndex {
    /// Of the database at `path`, which is open.
    pub(super) fn beside(path: &Path) -> io::Result<Self> {
        let mut name = path.as_os_str().to_owned();
        name.push("-shm");
        Self::at(name.into())
    }

    fn at(path: PathBuf) -> io::Result<Self> {
        let file = File::open(&path)?;
        let inode = file.metadata()?.ino();
        Ok(Self { path, inode, file: Box::leak(Box::new(file)) })
    }

    /// The index that stands in this one's place now, if it is another one.
    pub(super) fn successor(&self) -> io::Result<Option<Self>> {
        if fs::metadata(&self.path)?.ino() == self.inode { Ok(None) } else { Self::at(self.path.clone()).map(Some) }
    }

    pub(super) fn folded(&self) -> io::Result<Folded> {
        Ok(Folded {
            salt: self.bytes(SALT)?,
            backfill: u32::from_ne_bytes(self.bytes(BACKFILL)?),
            attempted: u32::from_ne_bytes(self.bytes(ATTEMPTED)?),
        })
    }

    fn bytes<const N: usize>(&self, place: u64) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.file.read_exact_at(&mut bytes, place)?;
        Ok(bytes)
    }
}

impl Folded {
    /// Whether a checkpoint wrote to the file since then, or is about it.
    pub(super) fn explains_since(&self, before: &Self) -> bool {
        self != before || self.backfill < self.attempted
    }
}
