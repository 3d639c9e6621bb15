// Times without a rate -> the rate at which they were sampled, where they look sampled; else the finest that fits.

/** Times are rounded to microseconds, or are sums of fractions like 0.01. */
const toleranceSeconds = 0.6e-6;
const maxSampledHz = 1_000;
const microsecondHz = 1e6;

type Span = readonly [startSeconds: number, endSeconds: number];

/** The lowest whole rate at which all spans begin and end on a tick; 1 MHz where there is none. */
export function findRate(threads: readonly (readonly Span[])[]): number {
  for (let rateHz = 1; rateHz <= maxSampledHz; rateHz++) {
    if (threads.every((spans) => spans.every((span) => isOnTicks(span, rateHz)))) return rateHz;
  }
  return microsecondHz;
}

function isOnTicks([start, end]: Span, rateHz: number): boolean {
  const isTick = (seconds: number) =>
    Math.abs(seconds * rateHz - Math.round(seconds * rateHz)) <= toleranceSeconds * rateHz;
  return isTick(start) && isTick(end) && Math.round(end * rateHz) > Math.round(start * rateHz);
}
