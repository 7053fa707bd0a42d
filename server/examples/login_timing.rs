//! Whether the time of a refused login tells if the name exists.
//!
//! `cargo run --release -p server --example login_timing [COUNT [P [URL]]]` starts a server, unless one that has no rate limits
//! is at URL, and sends it COUNT (500) wrong
//! passwords for a name that exists and as many for one that does not, in random order over one connection. It compares
//! the two samples by a two-sided Mann–Whitney U test, which assumes nothing about the shape of the noise, and exits 1 if
//! samples that differ as much as these would come from one and the same distribution with a probability below P (0.01), and
//! one kind takes longer in so many of the pairs that somebody could make use of it. One run in 1/P fails by chance; one
//! whose failure is repeated says something.

use std::{cmp::Ordering, env, error::Error, time::Duration};

use rand::RngExt as _;
use reqwest::Client;
use serde_json::json;
use server::{
    config::{self, Flags},
    serve::{self, Parts},
};
use tokio::{net::TcpListener, time::Instant};
use tokio_util::sync::CancellationToken;

const COUNT: u32 = 500;
/// Not measured: connections, caches and the processor come to speed.
const WARM_UP: u32 = 20;
/// The chance that a difference as great is noise, below which it is taken for one.
const SIGNIFICANT: f64 = 0.01;
/// How far from a half the share of pairs must be that it is of use to anybody who cannot ask for a name ten thousand times.
const USEFUL: f64 = 0.04;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let count: u32 = env::args().nth(1).map_or(Ok(COUNT), |text| text.parse())?;
    let significant: f64 = env::args().nth(2).map_or(Ok(SIGNIFICANT), |text| text.parse())?;
    let (known, unknown) = match env::args().nth(3) {
        Some(url) => measure(&url, count).await?,
        None => measure_own(count).await?,
    };
    tell(&known, &unknown, significant)
}

/// With a server of its own.
async fn measure_own(count: u32) -> Result<(Vec<Duration>, Vec<Duration>), Failure> {
    let folder = tempfile::tempdir()?;
    let flags = Flags {
        data_dir: Some(folder.path().to_string_lossy().into_owned()),
        rate_limits: Some("off".into()),
        ..Flags::default()
    };
    let config = config::load(&flags, [], folder.path())?.config;
    let store = serve::open(&config).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let stop = CancellationToken::new();
    let server = tokio::spawn(serve::launch(Parts::new(config, store), listener, stop.clone().cancelled_owned()));
    let measured = measure(&url, count).await;
    stop.cancel();
    server.await??;
    measured
}

async fn measure(url: &str, count: u32) -> Result<(Vec<Duration>, Vec<Duration>), Failure> {
    let client = Client::builder().no_proxy().build()?;
    let account = json!({ "username": "ana", "password": "only for measuring" });
    client.post(format!("{url}/auth/register")).json(&account).send().await?.error_for_status()?;
    for n in 0..WARM_UP {
        refused_login(&client, url, if n % 2 == 0 { "ana" } else { "nobody" }).await?;
    }
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for _ in 0..count {
        // Whatever changes while this runs changes for both.
        let known_first: bool = rand::rng().random();
        for is_known in [known_first, !known_first] {
            let name = if is_known { "ana" } else { "nobody" };
            let took = refused_login(&client, url, name).await?;
            if is_known { &mut known } else { &mut unknown }.push(took);
        }
    }
    Ok((known, unknown))
}

async fn refused_login(client: &Client, url: &str, name: &str) -> Result<Duration, Failure> {
    let body = json!({ "username": name, "password": "not the password" });
    let begun = Instant::now();
    let answer = client.post(format!("{url}/auth/login")).json(&body).send().await?;
    let status = answer.status();
    answer.bytes().await?;
    let took = begun.elapsed();
    if status == 401 { Ok(took) } else { Err(format!("{name} was answered {status}").into()) }
}

fn tell(known: &[Duration], unknown: &[Duration], significant: f64) -> Result<(), Failure> {
    let (share, p) = mann_whitney(known, unknown);
    println!("{} refused logins of each kind, milliseconds: median, and the middle half", known.len());
    for (name, times) in [("a name that exists", known), ("a name that does not", unknown)] {
        let mut times: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1_000.0).collect();
        times.sort_by(f64::total_cmp);
        let [low, median, high] = [1, 2, 3].map(|quarter| times[(times.len() - 1) * quarter / 4]);
        println!("{name:<24}{median:>9.3}   {low:.3} to {high:.3}");
    }
    println!(
        "a login of a name that exists takes longer in {:.1} % of all pairs (50 % if names make no difference)",
        share * 100.0
    );
    println!("Mann–Whitney U, two-sided: p = {p:.5}; below {significant} it counts as a difference");
    let tells = p < significant && (share - 0.5).abs() > USEFUL;
    if tells { Err("the time of an answer tells whether a name exists".into()) } else { Ok(()) }
}

/// The share of pairs in which the first sample's value is greater, and how likely a share as far from a half is if both
/// samples are of one distribution: U's normal approximation, good for samples of more than 20.
fn mann_whitney(one: &[Duration], two: &[Duration]) -> (f64, f64) {
    let pairs = one.iter().flat_map(|a| two.iter().map(move |b| (a, b)));
    let u: f64 = pairs
        .map(|(a, b)| match a.cmp(b) {
            Ordering::Greater => 1.0,
            Ordering::Equal => 0.5,
            Ordering::Less => 0.0,
        })
        .sum();
    let [n, m] = [one, two].map(|sample| f64::from(u32::try_from(sample.len()).unwrap_or(u32::MAX)));
    let z = (u - n * m / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt();
    (u / (n * m), erfc(z.abs() / std::f64::consts::SQRT_2))
}

/// The complementary error function for what is not negative (Abramowitz and Stegun, 7.1.26: within 0.000 000 15).
fn erfc(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let factors = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    factors.iter().fold(0.0, |sum, factor| (sum + factor) * t) * (-x * x).exp()
}
