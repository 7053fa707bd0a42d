//! Who speaks to the server: programs with a bearer token, browsers with cookies.

use std::time::Duration;

use push_system::{
    api::{MessagePage, TokenAnswer},
    error::Problem,
    inbox::Snapshot,
    message::Message,
};
use reqwest::{
    Client, Method, RequestBuilder, Response,
    header::{self, HeaderMap},
    redirect::Policy,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub const PASSWORD: &str = "correct horse battery";

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, body: response.text().await.expect("a text") }
    }

    /// Expects a status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:.500}", self.body);
        self
    }

    /// Expects 200 and reads the body.
    #[track_caller]
    pub fn json<T: DeserializeOwned>(self) -> T {
        let answer = self.is(200);
        serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {}", answer.body))
    }

    /// Expects a problem document with this status, code and field.
    #[track_caller]
    pub fn refuses(self, status: u16, code: &str, field: Option<&str>) -> Problem {
        assert_eq!(self.status, status, "{:.500}", self.body);
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.body);
        let problem: Problem =
            serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body));
        assert_eq!((problem.code.as_str(), problem.field.as_deref()), (code, field), "{}", self.body);
        assert_eq!(problem.status, status);
        assert_eq!(
            status == 401,
            self.headers.contains_key(header::WWW_AUTHENTICATE),
            "WWW-Authenticate goes with 401"
        );
        problem
    }

    /// Expects to be sent on, and gives the address.
    #[track_caller]
    pub fn leads(self, to: &str) -> Self {
        assert_eq!((self.status, self.header("location")), (303, to), "{}", self.body);
        self
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a plain header"))
    }

    /// All `Set-Cookie` lines.
    pub fn cookies(&self) -> Vec<&str> {
        self.headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().expect("a plain line")).collect()
    }

    #[track_caller]
    pub fn shows(self, text: &str) -> Self {
        assert!(self.body.contains(text), "“{text}” is not in {}", self.body);
        self
    }

    #[track_caller]
    pub fn hides(self, text: &str) -> Self {
        assert!(!self.body.contains(text), "“{text}” is in {}", self.body);
        self
    }
}

/// Sends a request; both actors do it the same way.
pub async fn send(request: RequestBuilder) -> Answer {
    Answer::of(request.send().await.expect("an answer")).await
}

/// Status, and what tells refusals and redirects apart: the code of a problem, the path of a redirect.
pub fn outcome(answer: &Answer) -> String {
    let code = serde_json::from_str::<Problem>(&answer.body).ok();
    let code = code.map(|problem| problem.code.as_str().to_owned());
    let leads = answer.header("location").split('?').next().unwrap_or_default().to_owned();
    let detail = code.unwrap_or(leads);
    format!("{} {detail}", answer.status).trim_end().to_owned()
}

/// A connection that nothing was sent on for so long is not used again: the server lets go of it a little later, and a
/// request that meets that is lost.
pub const IDLE_FOR: Duration = Duration::from_secs(2);

/// A program: no cookies, perhaps a token.
#[derive(Clone)]
pub struct Program {
    pub url: String,
    pub client: Client,
    pub login: Option<TokenAnswer>,
}

impl Program {
    pub fn new(url: String) -> Self {
        Self::reading(url, "")
    }

    /// A program whose person reads these languages.
    pub fn reading(url: String, languages: &str) -> Self {
        let client = Client::builder().redirect(Policy::none()).pool_idle_timeout(IDLE_FOR).no_proxy();
        let client = client.default_headers(accept_language(languages)).build().expect("a client");
        Self { url, client, login: None }
    }

    /// The same program with a new account.
    pub async fn registered(self, name: &str) -> Self {
        let body = json!({ "username": name, "password": PASSWORD });
        let login = self.post("/auth/register", &body).await.json();
        Self { login: Some(login), ..self }
    }

    /// Another login of an account.
    pub async fn logged_in(&self, name: &str) -> Self {
        let body = json!({ "username": name, "password": PASSWORD });
        let login = Self { login: None, ..self.clone() }.post("/auth/login", &body).await.json();
        Self { login: Some(login), ..self.clone() }
    }

    /// The same login after a refresh.
    pub async fn refreshed(&self) -> Self {
        let login = self.refresh().await.json();
        Self { login: Some(login), ..self.clone() }
    }

    pub async fn refresh(&self) -> Answer {
        let body = json!({ "refresh_token": self.tokens().refresh_token });
        send(self.client.post(format!("{}/auth/refresh", self.url)).json(&body)).await
    }

    pub fn tokens(&self) -> &TokenAnswer {
        self.login.as_ref().expect("a program that is logged in")
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.url));
        match &self.login {
            Some(login) => request.bearer_auth(&login.access_token),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    /// Ends all sessions of its person.
    pub async fn signs_out_everywhere(&self) -> Answer {
        let request = self.request(Method::DELETE, "/auth/sessions");
        send(request.json(&json!({ "password": PASSWORD }))).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).json(body)).await
    }

    /// A body as it is, with the type it is said to be.
    pub async fn post_raw(&self, path: &str, media_type: &str, body: impl Into<reqwest::Body>) -> Answer {
        send(self.request(Method::POST, path).header(header::CONTENT_TYPE, media_type).body(body)).await
    }

    /// Publishes a text to everyone.
    pub async fn says(&self, text: &str) -> Message {
        self.post("/message", &json!({ "message": text })).await.json()
    }

    pub async fn inbox(&self) -> Snapshot {
        self.get("/inbox").await.json()
    }

    /// The texts of a page of the history.
    pub async fn texts(&self, path: &str) -> Vec<String> {
        let page: MessagePage = self.get(path).await.json();
        page.messages.into_iter().map(|message| message.message).collect()
    }
}

fn accept_language(languages: &str) -> HeaderMap {
    let line = Some(languages).filter(|languages| !languages.is_empty()).map(|it| it.parse().expect("a plain header"));
    line.map(|line| (header::ACCEPT_LANGUAGE, line)).into_iter().collect()
}

/// A browser without script: cookies, forms, and what browsers say about themselves.
#[derive(Clone)]
pub struct Browser {
    pub url: String,
    client: Client,
}

impl Browser {
    pub fn new(url: String) -> Self {
        Self::reading(url, "")
    }

    /// A browser whose person reads these languages.
    pub fn reading(url: String, languages: &str) -> Self {
        let client = Client::builder().redirect(Policy::none()).cookie_store(true);
        let client = client.pool_idle_timeout(IDLE_FOR).no_proxy();
        let client = client.default_headers(accept_language(languages)).build().expect("a client");
        Self { url, client }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url)).header(header::ACCEPT, "text/html,*/*;q=0.8")
    }

    pub async fn opens(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path).header("sec-fetch-site", "same-origin")).await
    }

    pub async fn sends(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let own = self.url.clone();
        let request = self.request(Method::POST, path).header(header::ORIGIN, own);
        send(request.header("sec-fetch-site", "same-origin").form(fields)).await
    }

    /// What a script of the page asks for.
    pub async fn fetches(&self, path: &str) -> Answer {
        send(self.client.get(format!("{}{path}", self.url)).header("sec-fetch-site", "same-origin")).await
    }

    pub async fn registers(&self, name: &str) -> Answer {
        self.sends("/register", &[("username", name), ("password", PASSWORD), ("email", "")]).await.leads("/")
    }
}
