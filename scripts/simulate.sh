#!/usr/bin/env bash
# Many storms of the simulation, each from its own seed; PUSH_SIMULATION_SEEDS says how many, PUSH_SIMULATION_FIRST which
# one is the first. A seed that fails is told with its whole story; run it alone with both set.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

export PUSH_SIMULATION_SEEDS=${PUSH_SIMULATION_SEEDS:-100000}
attempt "$PUSH_SIMULATION_SEEDS storms" "The first seed that failed is told above; give it a name in server/src/simulation/tests.rs." \
  cargo test --package server --lib "$@" simulation::tests::the_guarantee_holds_in_many_storms -- --nocapture
