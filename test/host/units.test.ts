import { describe, expect, it } from 'vitest';
import {
  formatByteChange,
  formatBytes,
  formatDuration,
  formatExactBytes,
  formatGrowth,
  parseBytes,
  parseDuration,
  parsePercent,
} from '../../src/host/units.ts';

describe('parseBytes', () => {
  it.each([
    ['256KiB', 262_144],
    ['1.5 MiB', 1_572_864],
    ['4096 B', 4096],
    ['2GB', 2_000_000_000],
    ['0 B', 0],
  ])('reads %s', (text, bytes) => expect(parseBytes(text, 'x')).toBe(bytes));

  it.each(['256', '256kb', '1.5', '-1KiB', '1e3KiB', '0.1B', 'KiB', '1,5MiB', '9999999TiB', '1  MiB', ''])(
    'refuses %j and names where',
    (text) => expect(() => parseBytes(text, 'min-growth')).toThrow(/^min-growth: .* is not a size/),
  );
});

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['2s', 2000],
    ['20min', 1_200_000],
    ['1.5 h', 5_400_000],
  ])('reads %s', (text, ms) => expect(parseDuration(text, 'x')).toBe(ms));

  it.each(['2', '2m', '2 seconds', '-1s'])('refuses %j', (text) =>
    expect(() => parseDuration(text, 'x')).toThrow(/is not a time/),
  );
});

describe('parsePercent', () => {
  it('reads a ratio', () => expect(parsePercent('12.5 %', 'x')).toBe(0.125));
  it.each(['5', '0.05', '5 percent', '-5%', '%'])('refuses %j', (text) =>
    expect(() => parsePercent(text, 'fail-above')).toThrow(/^fail-above: .* is not a percentage/),
  );
});

describe('formats', () => {
  it.each([
    [0, '0 B'],
    [812, '812 B'],
    [4096, '4.00 KiB'],
    [2_579_497, '2.46 MiB'],
    [1_610_612_736, '1.50 GiB'],
    [1023.999 * 1024, '1.00 MiB'],
    [-12_288, '−12.0 KiB'],
  ])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it.each([
    [0, '0 bytes'],
    [1023, '1023 bytes'],
    [1024, '1.00 KiB (1,024 bytes)'],
    [104_857_600, '100 MiB (104,857,600 bytes)'],
  ])('%d bytes to the byte are %s', (bytes, text) => expect(formatExactBytes(bytes)).toBe(text));

  it('signs a change', () => {
    expect([formatByteChange(4096), formatByteChange(0), formatByteChange(-4096)]).toEqual([
      '+4.00 KiB',
      '0 B',
      '−4.00 KiB',
    ]);
  });

  it('signs a growth, and shows no sign of one that rounds to nothing', () => {
    expect([0.382, -0.0104, 0.0004, -0.0004, 9.9994, 9.9996, 508.759].map(formatGrowth)).toEqual([
      '+38.2 %',
      '−1.0 %',
      '0.0 %',
      '0.0 %',
      '+999.9 %',
      '+1,000 %',
      '+50,876 %',
    ]);
  });

  it('shows times', () => {
    expect([85.4, 2512, 200_000].map(formatDuration)).toEqual(['85 ms', '2.5 s', '3 min 20 s']);
  });
});
