//! What commands print.

use std::{
    fmt,
    io::{ErrorKind, Write, stdout},
};

use super::Failure;

/// Prints. A reader that has read enough, like `head`, is no failure: nobody wants the rest.
///
/// # Errors
/// What is printed cannot be kept where it goes, as on a full disk.
pub(super) fn print(text: fmt::Arguments<'_>) -> Result<(), Failure> {
    let mut out = stdout().lock();
    match out.write_fmt(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => Ok(done?),
    }
}
