import { SnapgateError } from './error.ts';

const byteUnits: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};
const timeUnits: Readonly<Record<string, number>> = { ms: 1, s: 1e3, min: 60e3, h: 3600e3, d: 86_400e3 };

/** `256KiB`, `1.5 MiB`, `4096 B` → bytes. Strict: a bare number, an unknown unit or a fraction of a byte is an error that names `where`. */
export function parseBytes(text: string, where: string): number {
  return parseQuantity(text, where, byteUnits, 'a size', '256KiB or 1.5 MiB');
}

/** `500ms`, `2s`, `20min`, `1h`, `30d` → milliseconds. */
export function parseDuration(text: string, where: string): number {
  return parseQuantity(text, where, timeUnits, 'a time', '500ms, 2s or 20min');
}

/** `5%`, `12.5 %` → ratio (0.05, 0.125). The sign is mandatory: `5` and `0.05` are both ambiguous. */
export function parsePercent(text: string, where: string): number {
  const match = /^(\d+(?:\.\d+)?)\s?%$/.exec(text.trim());
  if (!match) {
    throw new SnapgateError(
      'usage',
      `${where}: ${quote(text)} is not a percentage`,
      'Write it like 5% or 12.5%.',
    );
  }
  return Number(match[1]) / 100;
}

function parseQuantity(
  text: string,
  where: string,
  units: Readonly<Record<string, number>>,
  what: string,
  example: string,
): number {
  const match = /^(\d+(?:\.\d+)?)\s?([A-Za-z]+)$/.exec(text.trim());
  const factor = match?.[2] === undefined || !Object.hasOwn(units, match[2]) ? undefined : units[match[2]];
  const value = factor === undefined ? Number.NaN : Number(match?.[1]) * factor;
  if (!Number.isSafeInteger(value)) {
    const known = Object.keys(units).join(', ');
    throw new SnapgateError(
      'usage',
      `${where}: ${quote(text)} is not ${what}`,
      `Write it like ${example}. Units: ${known}.`,
    );
  }
  return value;
}

/** Bytes for people, three significant digits or more, binary units: `0 B`, `812 B`, `4.00 KiB`, `2.46 MiB`, `1,536 MiB` never. */
export function formatBytes(bytes: number): string {
  const sign = bytes < 0 ? '−' : '';
  const size = Math.abs(bytes);
  if (size < 1024) return `${sign}${Math.round(size)} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = size / 1024;
  let index = 0;
  while (value >= 1023.995 && index < units.length - 1) {
    value /= 1024;
    index += 1;
  }
  const digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${sign}${value.toFixed(digits)} ${units[index]}`;
}

/** A size for people and to the byte: `4.00 KiB (4,096 bytes)`, `812 bytes`. */
export function formatExactBytes(bytes: number): string {
  return bytes < 1024 ? `${bytes} bytes` : `${formatBytes(bytes)} (${groupDigits(bytes)} bytes)`;
}

/** Every digit of a whole number, in groups of three: `2,580,480`. */
export function groupDigits(whole: number | string): string {
  return String(whole).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Like formatBytes, with a sign in front of growth: `+0.94 MiB`, `−12.0 KiB`, `0 B`. */
export function formatByteChange(bytes: number): string {
  return bytes > 0 ? `+${formatBytes(bytes)}` : formatBytes(bytes);
}

/** Ratio (0.382) for people: `+38.2 %`, `−1.0 %`, `0.0 %`, `+50,876 %`. */
export function formatGrowth(ratio: number): string {
  const percent = Math.abs(ratio * 100);
  if (percent < 0.05) return '0.0 %';
  const size = percent < 999.95 ? percent.toFixed(1) : groupDigits(percent.toFixed(0));
  return `${ratio > 0 ? '+' : '−'}${size} %`;
}

/** A chance (0.98765) for people, rounded down: `98.7 %`. What is not sure is not said to be. */
export function formatChance(probability: number): string {
  return `${(Math.floor(probability * 1000) / 10).toFixed(1)} %`;
}

/** Milliseconds for people: `85 ms`, `2.5 s`, `3 min 20 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
