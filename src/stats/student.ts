/**
 * Student's t distribution, for any degrees of freedom ≥ 0.5, fractions included (Welch's are).
 * Upper tail P(T > t), for t ≥ 0: half the regularised incomplete beta function at df / (df + t²), which is DLMF 8.17 and
 * Abramowitz & Stegun 26.7.1.
 */
export function studentUpperTail(t: number, degrees: number): number {
  if (t === Number.POSITIVE_INFINITY) return 0;
  return regularizedBeta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2;
}

/** The t that a share `probability` (between 0 and 1) of the distribution lies below. Accurate to 1e-9, relative. */
export function studentQuantile(probability: number, degrees: number): number {
  if (!(probability > 0 && probability < 1 && degrees > 0))
    throw new RangeError(`no quantile at ${probability}, ${degrees} degrees of freedom`);
  if (probability === 0.5) return 0;
  if (probability < 0.5) return -studentQuantile(1 - probability, degrees);
  return Number.isInteger(degrees) ? knownTail(1 - probability, degrees) : findTail(1 - probability, degrees);
}

/** Whole degrees and a few levels are all that most comparisons ask for, thousands of times where gates are simulated. */
const knownTails = new Map<number, Map<number, number>>();
const mostKnown = 1000;

function knownTail(tail: number, degrees: number): number {
  let ofTail = knownTails.get(tail);
  if (ofTail === undefined) {
    if (knownTails.size >= mostKnown) knownTails.clear();
    ofTail = new Map();
    knownTails.set(tail, ofTail);
  }
  const known = ofTail.get(degrees);
  if (known !== undefined) return known;
  if (ofTail.size >= mostKnown) ofTail.clear();
  const found = findTail(tail, degrees);
  ofTail.set(degrees, found);
  return found;
}

/** Degrees from which on Student's t is the normal distribution, to seven digits. */
const asNormal = 1e7;

/** Upper tail of the standard normal distribution, for z ≥ 0. */
export function normalUpperTail(z: number): number {
  return studentUpperTail(z, asNormal);
}

/** The z that a share `probability` (between 0 and 1) of the standard normal distribution lies below. */
export function normalQuantile(probability: number): number {
  return studentQuantile(probability, asNormal);
}

/** The tail falls strictly: Newton's steps, each kept inside a bracket that every step narrows, find the one t. */
function findTail(tail: number, degrees: number): number {
  let high = 1;
  while (studentUpperTail(high, degrees) > tail) high *= 2;
  let low = high === 1 ? 0 : high / 2;
  const density = densityOf(degrees);
  let t = (low + high) / 2;
  for (let step = 0; step < 200; step += 1) {
    const excess = studentUpperTail(t, degrees) - tail;
    if (excess > 0) low = t;
    else high = t;
    const newton = t + excess / density(t);
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(next - t) <= t * 1e-14) return next;
    t = next;
  }
  return t;
}

/** Density of the distribution, by its degrees of freedom (Abramowitz & Stegun 26.7.2). */
export function densityOf(degrees: number): (t: number) => number {
  const peak = Math.exp(logGamma((degrees + 1) / 2) - logGamma(degrees / 2)) / Math.sqrt(degrees * Math.PI);
  return (t) => peak * (1 + (t * t) / degrees) ** (-(degrees + 1) / 2);
}

/** I_x(a, b). The fraction converges fast below (a + 1) / (a + b + 2); above it the symmetry 1 − I_{1−x}(b, a) is used. */
function regularizedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - regularizedBeta(1 - x, b, a);
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b));
  return (front / a) * betaFraction(x, a, b);
}

/** Continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method from the front. */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const nonZero = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m <= 10_000; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    let factor = 1;
    for (const numerator of [even, odd]) {
      d = 1 / nonZero(1 + numerator * d);
      c = nonZero(1 + numerator / c);
      factor = c * d;
      result *= factor;
    }
    if (Math.abs(factor - 1) < 1e-16) break;
  }
  return result;
}

/** Coefficients of Lanczos's approximation with g = 7, n = 9 (P. Godfrey, 2001): 15 digits for arguments above 0.5. */
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

function logGamma(z: number): number {
  if (z < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * z)) - logGamma(1 - z);
  const shifted = z - 1;
  const base = shifted + 7.5;
  const sum = lanczos.reduce(
    (total, coefficient, index) => (index === 0 ? coefficient : total + coefficient / (shifted + index)),
    0,
  );
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(base) - base + Math.log(sum);
}
