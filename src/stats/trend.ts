import { confidence, type Interval } from './contrast.ts';
import { mean, variance } from './median.ts';
import { normalQuantile, normalUpperTail, studentQuantile, studentUpperTail } from './student.ts';

/** What the value gains with every cycle. */
export interface Trend {
  /** Per cycle, in the value's unit, with its 95 % interval. */
  readonly slope: Required<Interval>;
  /** Two-sided, of the slope being `limit`. */
  readonly pValue: number;
  /** The slope is not `limit`, at the level that was asked for. Which side of it `slope.value` is on says the direction. */
  readonly established: boolean;
  /** Boots that had enough cycles to have a slope. */
  readonly boots: number;
}

/** With fewer, no order of the cycles is so rare that Kendall's test could tell it from chance at 5 %. */
const fewestCycles = 5;

/** Time and memory are in the square of a boot's cycles. More than the configuration allows are in a record of another's hand only. */
const mostCycles = 1000;

/**
 * The slope of the boots of one side: the mean over boots of each boot's Theil–Sen slope, which is the median of the slopes between
 * all pairs of its cycles (P. K. Sen, J. Am. Statist. Assoc. 63, 1968), and which bursts in up to 29 % of the cycles do not move far.
 * `boots` has each boot's values after the warm-up, in the order they were measured, in any one unit; a boot of fewer than 5 is
 * passed over, and undefined is the answer where all are.
 *
 * What speaks against `limit` (a slope, 0 if not given) is, and the interval is the wider of both where both do:
 * - where boots' slopes differ by more than their cycles explain, the spread between boots, by Student's t of their slopes, n − 1 degrees; of two
 *   or three boots it is hardly ever sure of anything, so that it is asked only there;
 * - in any case the spread within them, by Kendall's test of each boot, the scores and their variances added up over boots (R. M. Hirsch,
 *   J. R. Slack, E. A. Smith, Water Resour. Res. 18, 1982), ties and continuity corrected for; its interval is Sen's. It alone would
 *   take bursts of several cycles for independent; without it, two boots whose few quantised slopes happen to be alike would be
 *   an exact answer.
 *
 * Takes time and memory in n² for n cycles of a boot: half a million slopes, a tenth of a second, for a thousand. Of a boot of more
 * than a thousand, it is every second cycle, or every third, and so on, that counts.
 */
export function trendOf(boots: readonly (readonly number[])[], level: number, limit = 0): Trend | undefined {
  const lines = boots
    .filter((values) => values.length >= fewestCycles)
    .map((values) => lineOf(values, limit));
  if (lines.length === 0) return undefined;
  const slopes = lines.map(({ slope }) => slope);
  const pValue = Math.max(chanceWithin(lines), differ(lines) ? chanceBetween(slopes) : 0);
  return {
    slope: intervalAbout(lines, slopes, limit),
    pValue,
    established: pValue < level,
    boots: lines.length,
  };
}

/** One boot's slope above the limit. */
interface Line {
  readonly slope: number;
  readonly low: number;
  readonly high: number;
  /** Kendall's: pairs of cycles that rise less those that fall. */
  readonly score: number;
  readonly scoreVariance: number;
}

function lineOf(values: readonly number[], limit: number): Line {
  const step = Math.ceil(values.length / mostCycles);
  const level = values.map((value, index) => value - limit * index).filter((_, index) => index % step === 0);
  const slopes = pairSlopes(level, step);
  const scoreVariance = varianceOfScore(level);
  const apart = normalQuantile((1 + confidence) / 2) * Math.sqrt(scoreVariance);
  // Rounded outwards, and all slopes where five cycles would need more than there are.
  const rank = Math.max(Math.floor((slopes.length - apart) / 2), 1);
  const middle = slopes.length >> 1;
  const upper = at(slopes, middle);
  return {
    slope: slopes.length % 2 === 1 ? upper : (at(slopes, middle - 1) + upper) / 2,
    low: at(slopes, rank - 1),
    high: at(slopes, slopes.length - rank),
    score: slopes.reduce((sum, slope) => sum + Math.sign(slope), 0),
    scoreVariance,
  };
}

/** Between all pairs of values, which are `step` cycles apart, ascending. */
function pairSlopes(values: readonly number[], step: number): Float64Array {
  const slopes = new Float64Array((values.length * (values.length - 1)) / 2);
  let next = 0;
  for (let apart = 1; apart < values.length; apart += 1) {
    for (let later = apart; later < values.length; later += 1) {
      slopes[next] = (at(values, later) - at(values, later - apart)) / (apart * step);
      next += 1;
    }
  }
  return slopes.sort();
}

function at(values: readonly number[] | Float64Array, index: number): number {
  return values[index] ?? Number.NaN;
}

/** Kendall's, of n values in random order with groups of t alike (M. G. Kendall, Rank Correlation Methods, 1975, chapter 4). */
function varianceOfScore(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const part = (size: number) => size * (size - 1) * (2 * size + 5);
  return [...counts.values()].reduce((sum, ties) => sum - part(ties), part(values.length)) / 18;
}

/** Two-sided, of a slope at the limit in every boot. */
function chanceWithin(lines: readonly Line[]): number {
  const score = lines.reduce((sum, line) => sum + line.score, 0);
  const spread = Math.sqrt(lines.reduce((sum, line) => sum + line.scoreVariance, 0));
  if (Math.abs(score) <= 1) return 1;
  return 2 * normalUpperTail((Math.abs(score) - 1) / spread);
}

/**
 * Two-sided, of slopes about the limit; of a single one nothing speaks for or against it. A slope that is the limit itself is no
 * evidence, though of quantised values that are mostly alike Kendall's score may be far from 0.
 */
function chanceBetween(slopes: readonly number[]): number {
  const center = mean(slopes);
  if (center === 0) return 1;
  if (slopes.length < 2) return 0;
  return 2 * studentUpperTail(Math.abs(center) / errorOfMean(slopes), slopes.length - 1);
}

/** Chance with which boots of one slope are taken for boots of several. */
const differAlpha = 0.1;

/**
 * Whether the slopes differ by more than their own errors explain: their variance over the mean square of the errors, against the χ² of n − 1
 * degrees (W. G. Cochran, Biometrics 10, 1954, for equal weights; its quantile by E. B. Wilson, M. M. Hilferty, Proc. Natl. Acad. Sci. 17, 1931).
 */
function differ(lines: readonly Line[]): boolean {
  const degrees = lines.length - 1;
  if (degrees === 0) return false;
  const width = 2 * normalQuantile((1 + confidence) / 2);
  const error = Math.hypot(...lines.map(({ low, high }) => (high - low) / width)) / Math.sqrt(lines.length);
  const spread = errorOfMean(lines.map(({ slope }) => slope)) * Math.sqrt(lines.length);
  const part = 2 / (9 * degrees);
  const quantile = (1 - part + normalQuantile(1 - differAlpha) * Math.sqrt(part)) ** 3;
  return spread > error * Math.sqrt(quantile);
}

/** In units of the largest, whose square need not be finite. */
function errorOfMean(slopes: readonly number[]): number {
  const unit = Math.max(...slopes.map(Math.abs)) || 1;
  return unit * Math.sqrt(variance(slopes.map((slope) => slope / unit)) / slopes.length);
}

function intervalAbout(lines: readonly Line[], slopes: readonly number[], limit: number): Required<Interval> {
  const value = mean(slopes);
  // Each boot's own uncertainty, as if independent; a single boot's is Sen's interval as it is.
  const reach = (side: (line: Line) => number) => Math.hypot(...lines.map(side)) / lines.length;
  const between = differ(lines)
    ? studentQuantile((1 + confidence) / 2, slopes.length - 1) * errorOfMean(slopes)
    : 0;
  return {
    value: limit + value,
    low:
      limit +
      value -
      Math.max(
        between,
        reach((line) => line.slope - line.low),
      ),
    high:
      limit +
      value +
      Math.max(
        between,
        reach((line) => line.high - line.slope),
      ),
  };
}
