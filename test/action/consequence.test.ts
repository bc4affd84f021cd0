import { describe, expect, it } from 'vitest';
import { consequenceOf } from '../../src/action/consequence.ts';
import { readConfig } from '../../src/config/config.ts';
import type { Comparison, NoVerdict, Verdict } from '../../src/gate/record.ts';
import type { TriggerEvent } from '../../src/github/event.ts';
import { reportOf, side } from '../report/samples.ts';

const { comparison } = reportOf(side('base'), side('head'));
const person = { by: 'a', at: '2026-01-02T03:04:05Z', commit: 'a'.repeat(40) };

function of(
  change: Partial<Comparison>,
  inputs: Record<string, string> = {},
  event: TriggerEvent['name'] = 'pull_request',
) {
  const { exitCode, conclusion } = consequenceOf(
    { ...comparison, ...change },
    readConfig(inputs, undefined),
    event,
  );
  return `${exitCode} ${conclusion}`;
}

const state = (name: NoVerdict['state']) => ({
  verdict: 'inconclusive' as const,
  noVerdict: { state: name, reason: 'x' },
});
const verdict = (name: Verdict) => ({ verdict: name });

describe('what a decision does', () => {
  it.each([
    ['pass', verdict('pass'), '0 success'],
    ['warn', verdict('warn'), '0 success'],
    ['fail', verdict('fail'), '1 failure'],
    ['inconclusive', verdict('inconclusive'), '0 neutral'],
    ['accepted', { ...verdict('pass'), accepted: person }, '0 success'],
    ['no-baseline', state('no-baseline'), '0 neutral'],
    ['not-comparable', state('not-comparable'), '0 neutral'],
    [
      'a cap that is exceeded without a base',
      { ...state('no-baseline'), verdict: 'fail' as const },
      '1 failure',
    ],
  ])('%s', (_, change, expected) => {
    expect(of(change)).toBe(expected);
  });

  it('inconclusive: fail is about what could not be decided, and not about a first run', () => {
    const inputs = { inconclusive: 'fail' };
    expect(of(verdict('inconclusive'), inputs)).toBe('2 failure');
    expect(of(state('not-comparable'), inputs)).toBe('2 failure');
    expect(of(state('no-baseline'), inputs)).toBe('0 neutral');
  });

  it.each([{ fail: 'false' }, { 'dry-run': 'true' }])(
    'nobody is failed with %j, and it does not look like a success',
    (inputs) => {
      expect(of(verdict('fail'), inputs)).toBe('0 neutral');
      expect(of(verdict('inconclusive'), { ...inputs, inconclusive: 'fail' })).toBe('0 neutral');
      expect(of(verdict('pass'), inputs)).toBe('0 success');
    },
  );

  it('a push and a schedule only warn, unless they are to fail', () => {
    for (const event of ['push', 'schedule'] as const) {
      expect(of(verdict('fail'), {}, event)).toBe('0 neutral');
      expect(of(verdict('fail'), { 'on-push': 'fail' }, event)).toBe('1 failure');
    }
    expect(of(verdict('fail'), {}, 'merge_group')).toBe('1 failure');
  });
});
