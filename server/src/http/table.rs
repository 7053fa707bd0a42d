//! A router that knows what it was given: axum's own cannot be asked, and a test that walks every address there is
//! must not depend on somebody remembering to name it.

use axum::{Router, handler::Handler, http::Method, routing::MethodRouter};

use crate::state::AppState;

/// One thing that can be asked of this server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// How. `HEAD` goes with `GET`.
    pub method: Method,
    /// Where; `{name}` stands for one segment.
    pub path: &'static str,
}

/// Routes, and the list of them.
#[derive(Default)]
pub struct Routes {
    router: Router<AppState>,
    table: Vec<Route>,
}

impl Routes {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an address.
    #[must_use]
    pub fn route(mut self, path: &'static str, methods: Methods) -> Self {
        self.table.extend(methods.taken.into_iter().map(|method| Route { method, path }));
        Self { router: self.router.route(path, methods.router), ..self }
    }

    /// Adds the routes of another group.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.table.extend(other.table);
        Self { router: self.router.merge(other.router), ..self }
    }

    /// Lays something around the routes added so far.
    #[must_use]
    pub fn wrap(self, lay: impl FnOnce(Router<AppState>) -> Router<AppState>) -> Self {
        Self { router: lay(self.router), ..self }
    }

    /// What was added.
    pub fn table(&self) -> &[Route] {
        &self.table
    }

    /// The router.
    pub fn into_router(self) -> Router<AppState> {
        self.router
    }
}

/// What can be done at one address.
pub struct Methods {
    router: MethodRouter<AppState>,
    taken: Vec<Method>,
}

macro_rules! methods {
    ($($name:ident = $method:ident),*) => {
        $(
            #[doc = concat!("An address that takes `", stringify!($method), "`.")]
            pub fn $name<T: 'static>(handler: impl Handler<T, AppState>) -> Methods {
                Methods { router: MethodRouter::new(), taken: Vec::new() }.$name(handler)
            }
        )*

        impl Methods {
            $(
                #[doc = concat!("And `", stringify!($method), "`.")]
                #[must_use]
                pub fn $name<T: 'static>(mut self, handler: impl Handler<T, AppState>) -> Self {
                    self.taken.push(Method::$method);
                    Self { router: self.router.merge(axum::routing::$name(handler)), ..self }
                }
            )*
        }
    };
}

methods! { get = GET, post = POST, put = PUT, patch = PATCH, delete = DELETE }
