//! Which files a site has and what they are; the build script shares this with the server.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Files below `folder` that browsers ask for, relative to it, in a stable order.
pub(crate) fn site_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    collect(folder, Path::new(""), &mut files)?;
    files.sort();
    Ok(files)
}

fn collect(root: &Path, below: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(below))? {
        let entry = entry?;
        let relative = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            collect(root, &relative, files)?;
        } else if !is_by_product(&relative) {
            files.push(relative);
        }
    }
    Ok(())
}

/// wasm-bindgen leaves TypeScript declarations, the build scripts a stamp and the compressed forms.
fn is_by_product(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') || [".d.ts", ".br", ".gz"].iter().any(|end| name.ends_with(end))
}

/// The media type of a file, by the end of its name; `None` for ends a site here has no use for.
pub(crate) fn media_type(file: &Path) -> Option<&'static str> {
    Some(match file.extension()?.to_str()? {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        // Browsers compile a module while it arrives only under this name.
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        _ => return None,
    })
}
