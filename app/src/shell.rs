use leptos::{config::LeptosOptions, nonce::use_nonce, prelude::*};

use crate::{
    App,
    context::PageContext,
    desk,
    place::Page,
    question::Question,
    routes::explain,
    title::title,
    words::{WORDS_ID, catalogue, words},
};

/// The page's one policy for trusted types. Leptos makes elements by handing constants of the view macro to a template,
/// so markup passes; text that would become a script, or a script's address, meets no policy and is refused.
const TRUST: &str = r#"globalThis.trustedTypes?.createPolicy("default",{createHTML:html=>html})"#;

/// Tells the style sheet that the program could not start, so that nobody will say what is picked.
const ALONE: &str = "document.querySelector('.feed')?.classList.add('is-alone')";

/// The document around the [`App`]. `options` name the folder of script, style and WebAssembly.
///
/// The head tags are written here instead of taken from Leptos: under `strict-dynamic` the preload of the script needs
/// the nonce as well, or the script is fetched twice.
#[expect(clippy::needless_pass_by_value, reason = "the shape leptos_axum calls")]
pub fn shell(options: LeptosOptions) -> impl IntoView + 'static {
    let page = use_context::<PageContext>().unwrap_or_default();
    let (theme, density) = (page.theme.as_str(), page.density.as_str());
    let has_program =
        page.failure.is_none() && page.data.inbox.is_some() && desk::desk().is_none_or(|desk| desk.is_framed());
    let search = page.data.search;
    let unread = page.data.inbox.map_or(0, |inbox| inbox.counters.unread);
    let title = match (page.failure, desk::desk(), Page::at(&page.data.path)) {
        (None, Some(desk), _) => desk::title(&desk, unread),
        (None, None, Some(page)) => title(page, Question::read(&search).filter, unread),
        (failure, ..) => words().title(explain(failure.unwrap_or(404)).title),
    };
    // Only pages with an inbox are brought to life.
    let words = has_program
        .then(|| view! { <script type="text/plain" id=WORDS_ID nonce=use_nonce()>{catalogue().for_page()}</script> });
    let package = format!("/{}/{}", options.site_pkg_dir, options.output_name);
    let (script, module, style) = (format!("{package}.js"), format!("{package}.wasm"), format!("{package}.css"));
    let start = format!(
        "import start from {script:?};{TRUST};start({{module_or_path:{module:?}}}).catch(why=>{{{ALONE};throw why}})"
    );
    let icon = if unread > 0 { "/favicon-unread.svg" } else { "/favicon.svg" };

    view! {
        <!DOCTYPE html>
        <html lang=page.language.tag() data-theme=theme data-density=density>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
                <meta name="color-scheme" content="light dark" />
                <meta name="theme-color" media="(prefers-color-scheme: light)" content="#fbfbfa" />
                <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#131316" />
                // As the element's text it would end with a marker that browsers show.
                <title inner_html=title></title>
                <link rel="icon" href="/favicon.ico" sizes="32x32" />
                <link rel="icon" href=icon type="image/svg+xml" />
                <link rel="apple-touch-icon" href="/apple-touch-icon.png" />
                <link rel="manifest" href="/manifest.webmanifest" />
                <link rel="stylesheet" href=style />
                <link rel="modulepreload" href=script nonce=use_nonce() />
                <link rel="preload" href=module r#as="fetch" r#type="application/wasm" crossorigin="" />
                <script type="module" nonce=use_nonce()>
                    {start}
                </script>
                {words}
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}
