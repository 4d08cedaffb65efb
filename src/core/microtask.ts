// Promise jobs, for rooms that do not import the platform. What runs in Node calls this, and never
// `queueMicrotask`, which fake timers of a test may replace.

export { inMicrotask } from '#platform';
