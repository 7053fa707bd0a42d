//! Writes the table of the built site that `src/site.rs` compiles in, each file plain and as `scripts/compress.mjs` left it.
//!
//! Only a release build embeds the site: tests and clippy then need none.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use sha2::{Digest as _, Sha256};

use crate::files::{media_type, site_files};

#[path = "src/site/files.rs"]
mod files;

/// Where cargo-leptos puts what it built for the browser, and calls it by this name.
const PACKAGE: &str = "pkg";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/site/files.rs");

    let out = PathBuf::from(variable("OUT_DIR"));
    let table = if variable("PROFILE") == "release" {
        let workspace = PathBuf::from(variable("CARGO_MANIFEST_DIR")).join("..");
        embed(&workspace.join("target").join("site"))
    } else {
        Ok(table(PACKAGE, ""))
    };
    match table {
        Ok(table) => fs::write(out.join("site.rs"), table).expect("cargo's output folder can be written"),
        Err(sentence) => println!("cargo::error={sentence}"),
    }
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name} for build scripts"))
}

/// Gives the Rust source that names the site's files.
fn embed(site: &Path) -> Result<String, String> {
    println!("cargo::rerun-if-changed={}", site.display());
    if !site.join(PACKAGE).join("push-system.wasm").is_file() {
        return Err(
            "the site that the release binary carries has not been built: run `make build` instead of cargo alone"
                .to_owned(),
        );
    }

    let files = site_files(site).map_err(|error| format!("the built site cannot be listed: {error}"))?;
    let files: Vec<File> = files.iter().map(|path| File::read(site, path)).collect::<Result<_, _>>()?;

    let package = package_folder(&files);
    let mut entries = String::new();
    for file in &files {
        entries.push_str(&file.entry(&package));
    }
    Ok(table(&package, &entries))
}

fn table(package: &str, entries: &str) -> String {
    format!("const PACKAGE_DIR: &str = {package:?};\nstatic ASSETS: &[Asset] = &[\n{entries}];\n")
}

/// One name for all that changes together: a page can never load the script of one build and the module of another.
fn package_folder(files: &[File]) -> String {
    let mut hash = Sha256::new();
    for file in files.iter().filter(|file| file.is_packaged()) {
        // Lengths keep the border between two files from moving unnoticed.
        for part in [file.name.as_bytes(), &file.bytes] {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
    }
    format!("{PACKAGE}/{}", short_hex(&hash.finalize()))
}

/// Eight bytes of a hash: enough to tell the builds of one site apart.
fn short_hex(hash: &[u8]) -> String {
    hash.iter().take(8).fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes what is written to it");
        hex
    })
}

struct File {
    /// Relative to the site, with `/`.
    name: String,
    path: PathBuf,
    media_type: &'static str,
    bytes: Vec<u8>,
}

impl File {
    fn read(site: &Path, path: &Path) -> Result<Self, String> {
        let full = site.join(path).canonicalize().map_err(|error| format!("{}: {error}", path.display()))?;
        let bytes = fs::read(&full).map_err(|error| format!("{}: {error}", path.display()))?;
        let media_type = media_type(path)
            .ok_or_else(|| format!("{}: name its media type in server/src/site/files.rs", path.display()))?;
        let name: String = path.to_string_lossy().replace('\\', "/");
        // The name becomes a route as it is.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"./_-".contains(&byte);
        if !name.bytes().all(plain) {
            return Err(format!(
                "{name}: only letters, digits, '.', '_' and '-' can stand in the name of a site's file"
            ));
        }
        Ok(Self { name, path: full, media_type, bytes })
    }

    fn is_packaged(&self) -> bool {
        self.name.starts_with("pkg/")
    }

    /// This file's line of the table, with each coding there is.
    fn entry(&self, package: &str) -> String {
        let include = |path: &Path| format!("include_bytes!({:?})", path.display().to_string());
        let include_coded = |extension: &str| {
            let path = PathBuf::from(format!("{}.{extension}", self.path.display()));
            if path.is_file() { format!("Some({})", include(&path)) } else { "None".to_owned() }
        };
        let path = match self.name.strip_prefix("pkg/") {
            Some(name) => format!("/{package}/{name}"),
            None => format!("/{}", self.name),
        };
        format!(
            "Asset {{ path: {path:?}, media_type: {:?}, hash: {:?}, immutable: {}, plain: {}, brotli: {}, gzip: {} }},\n",
            self.media_type,
            short_hex(&Sha256::digest(&self.bytes)),
            self.is_packaged(),
            include(&self.path),
            include_coded("br"),
            include_coded("gz"),
        )
    }
}
