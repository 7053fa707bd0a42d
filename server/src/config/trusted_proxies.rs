//! Which peers may say for whom they speak.

use std::net::IpAddr;

use ipnet::IpNet;

/// Addresses and networks of the proxies in front of this server. None unless somebody names them: whoever may say where
/// a request comes from also decides whom it is counted against.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Reads addresses and networks with commas or spaces between them.
    ///
    /// # Errors
    /// A sentence that names what is none, or a network that is everybody.
    pub fn parse(text: &str) -> Result<Self, String> {
        text.split([',', ' ']).filter(|part| !part.is_empty()).map(network).collect::<Result<_, _>>().map(Self)
    }

    /// Whether this is one of them.
    pub fn include(&self, ip: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&ip))
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    let network = text.parse::<IpAddr>().map(IpNet::from).or_else(|_| text.parse::<IpNet>());
    match network {
        Ok(network) if network.prefix_len() == 0 => Err(format!("“{text}” is everybody: name the proxies")),
        Ok(network) => Ok(network),
        Err(_) => Err(format!("“{text}” is neither an address nor a network like 10.0.0.0/8")),
    }
}
