//! The WebAssembly entry point: brings the server's pages to life.

use wasm_bindgen::prelude::wasm_bindgen;

/// Hydrates the page. The module calls it when it starts.
#[wasm_bindgen(start)]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    app::start();
}
