// Student's t distribution, for averages of few things. By the continued fraction of the incomplete beta function
// (https://dlmf.nist.gov/8.17#v) and Stirling's series (https://dlmf.nist.gov/5.11).

/** The chance that |T| is at least `t`, for t >= 0. */
export function twoSided(t: number, degrees: number): number {
  if (t === Number.POSITIVE_INFINITY) return 0;
  const whole = degrees + t * t;
  return incompleteBeta({ x: degrees / whole, rest: (t * t) / whole }, degrees / 2, 0.5);
}

/** The chance that T is at least `t`. */
export function upperTail(t: number, degrees: number): number {
  const tail = twoSided(Math.abs(t), degrees) / 2;
  return t >= 0 ? tail : 1 - tail;
}

/** The t that |T| reaches with this chance. */
export function quantile(chance: number, degrees: number): number {
  let low = 0;
  let high = 1;
  while (twoSided(high, degrees) > chance && high < 1e12) high *= 2;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (twoSided(middle, degrees) > chance) low = middle;
    else high = middle;
  }
  return high;
}

/** `rest` is 1 - x, which would lose its digits where x is nearly 1. */
interface Place {
  readonly x: number;
  readonly rest: number;
}

function incompleteBeta({ x, rest }: Place, a: number, b: number): number {
  if (x <= 0) return 0;
  if (rest <= 0) return 1;
  // The fraction converges fast on one side of its middle; the other one is its mirror.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta({ x: rest, rest: x }, b, a);
  const logFactor = a * Math.log(x) + b * Math.log(rest) + logGamma(a + b) - logGamma(a) - logGamma(b);
  return (Math.exp(logFactor) / a) * betaFraction(x, a, b);
}

/** 1/(1+ d1/(1+ d2/(1+ ...))), from its end: so many terms are exact to a double for all that is asked here. */
function betaFraction(x: number, a: number, b: number): number {
  const terms = 400;
  let value = 1;
  for (let term = terms; term >= 1; term--) {
    const m = Math.floor(term / 2);
    const d =
      term % 2 === 0
        ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
        : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    value = 1 + d / value;
  }
  return 1 / value;
}

/** Of x > 0. */
function logGamma(x: number): number {
  let shifted = x;
  let product = 1;
  for (; shifted < 12; shifted++) product *= shifted;
  const inverse = 1 / shifted;
  const square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)));
  return (shifted - 0.5) * Math.log(shifted) - shifted + 0.5 * Math.log(2 * Math.PI) + series - Math.log(product);
}
