//! How many connections there may be, in total and from one address: bounded before anybody has said who he is.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustix::process::{Resource, getrlimit};

use super::ClientAddress;

/// File descriptors that are not for connections: the database's, Redis', files.
const FOR_ITSELF: u64 = 256;
/// Where the system sets no bound.
const UNBOUNDED: usize = 1_000_000;

/// Those who are there.
#[derive(Default)]
pub(super) struct Crowd {
    most: usize,
    each: usize,
    there: Mutex<There>,
}

#[derive(Default)]
struct There {
    all: usize,
    by_address: HashMap<ClientAddress, usize>,
}

/// A connection's place, until it is dropped.
pub(super) struct Guest {
    crowd: Arc<Crowd>,
    /// None for a proxy, who stands for many.
    address: Option<ClientAddress>,
}

impl Crowd {
    /// As many as the system lets this process have, and `each` of an address.
    pub(super) fn new(each: usize) -> Arc<Self> {
        Arc::new(Self { most: file_descriptors(), each, there: Mutex::default() })
    }

    /// Takes a place, if there is one. `None` as address is a proxy's.
    pub(super) fn enter(self: &Arc<Self>, address: Option<ClientAddress>) -> Option<Guest> {
        let mut there = self.there();
        let counted = address.map_or(0, |address| there.by_address.get(&address).copied().unwrap_or_default());
        if there.all >= self.most || counted >= self.each {
            return None;
        }
        there.all += 1;
        if let Some(address) = address {
            there.by_address.insert(address, counted + 1);
        }
        Some(Guest { crowd: Arc::clone(self), address })
    }

    fn there(&self) -> MutexGuard<'_, There> {
        self.there.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut there = self.crowd.there();
        there.all -= 1;
        let Some(address) = self.address else { return };
        if let Some(count) = there.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                there.by_address.remove(&address);
            }
        }
    }
}

fn file_descriptors() -> usize {
    let all = getrlimit(Resource::Nofile).current.map(|all| all.saturating_sub(FOR_ITSELF).max(all / 2));
    all.and_then(|all| usize::try_from(all).ok()).unwrap_or(UNBOUNDED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_share_a_proxy_stands_for_many_and_all_together_have_a_bound() {
        let address = |text: &str| Some(ClientAddress::direct(text.parse().unwrap()));
        let crowd = Arc::new(Crowd { most: 5, each: 2, there: Mutex::default() });
        let mut there: Vec<_> = [address("::1"), address("::1"), None, None].map(|who| crowd.enter(who)).into();
        assert!(there.iter().all(Option::is_some));
        assert!(crowd.enter(address("::1")).is_none(), "a third of one address");
        there.push(crowd.enter(address("::2")));
        assert!(there[4].is_some() && crowd.enter(None).is_none(), "a sixth of all");
        drop(there);
        assert!(crowd.there().by_address.is_empty() && crowd.there().all == 0);
        assert!(crowd.enter(address("::1")).is_some());
    }
}
