// Where things are: this file is run from `dist-bench/`, beside which `bench/` keeps
// what is not compiled, and what was measured.

/** `bench/` itself. */
const BENCH = new URL('../bench/', import.meta.url);

export const RESULTS: URL = new URL('RESULTS.md', BENCH);
export const SOAKED: URL = new URL('SOAK.md', BENCH);
export const KEPT_RATIOS: URL = new URL('results.json', BENCH);
/** What charts show, and their pictures. */
export const CHART_FIGURES: URL = new URL('charts.json', BENCH);
export const PICTURES: URL = new URL('../docs/internals/charts/', BENCH);
export const REMARKS: URL = new URL('remarks.md', BENCH);
export const PROFILES: URL = new URL('profiles/', BENCH);
export const BENCHMARKS_PAGE: URL = new URL('../docs/internals/benchmarks.md', BENCH);
export const README: URL = new URL('../README.md', BENCH);
/** Server programs that are none of ours. */
export const PEERS: URL = new URL('peers/', BENCH);
/** Their packages, which `npm install --prefix bench` brings. */
export const PEER_PACKAGES: URL = new URL('node_modules/', BENCH);
