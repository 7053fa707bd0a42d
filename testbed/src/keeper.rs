//! Ends a server and removes its folder when whoever started it is gone.
//!
//! A shell waits for the end of a pipe whose other end only this process holds. So the same happens when a server is
//! dropped, when a test panics or is killed, and when the process ends with servers in statics, which are never dropped.

use std::{
    fs, io,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// Ignores what a terminal sends to everybody. Children (a backend of `PostgreSQL` that is frozen) are killed as well.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
cat
if read -r pid < "$1"/pid; then
    kill -9 "$pid" $(cat "/proc/$pid/task/$pid/children")
fi
rm -rf "$1"
"#;

/// Dropping it ends the server, and returns when that is done.
#[derive(Debug)]
pub(crate) struct Keeper {
    shell: Child,
    pid_file: PathBuf,
}

impl Keeper {
    /// Looks after `folder` and the server whose id stands in it.
    pub(crate) fn of(folder: &Path) -> io::Result<Self> {
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "keeper"])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Self { shell, pid_file: folder.join("pid") })
    }

    /// Writes down which process to end.
    pub(crate) fn watch(&self, pid: u32) -> io::Result<()> {
        fs::write(&self.pid_file, format!("{pid}\n"))
    }

    /// Must come before the process is waited for: after that its id may be another's.
    pub(crate) fn forget(&self) -> io::Result<()> {
        fs::write(&self.pid_file, "")
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        if let Err(error) = self.shell.wait() {
            eprintln!("{}: {error}", self.pid_file.display());
        }
    }
}
