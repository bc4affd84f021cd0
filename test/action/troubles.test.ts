import { describe, expect, test } from 'vitest';
import { createTroubles } from '../../src/action/troubles.ts';
import { fakeClock } from '../github/fake-service.ts';
import { recordedLog } from './recorded-log.ts';

const answer = (status: number) =>
  Object.assign(new Error(`status ${status}`), { status, response: { headers: {} } });
const silence = Object.assign(new Error('no answer'), { name: 'TimeoutError' });
const check = { what: 'The check could not be written', scope: 'checks: write' };
const comment = { what: 'The comment could not be written', scope: 'pull-requests: write' };

function troubles() {
  const [log, clock] = [recordedLog(), fakeClock()];
  return { log, clock, ...createTroubles(log, undefined, clock.patience.now) };
}

describe('a warning', () => {
  test('is said once of what all of GitHub has', () => {
    for (const error of [answer(401), answer(503), answer(429), silence]) {
      const { say, log } = troubles();
      say(error, check);
      say(error, comment);
      expect(log.warnings).toEqual([expect.stringContaining('checks: write')]);
      expect(log.infos).toEqual([
        `The comment could not be written, for the same reason (${error.message}).`,
      ]);
    }
  });

  test('is said of each thing that lacks its own permission, once', () => {
    const { say, log } = troubles();
    for (const service of [check, comment, check, comment]) say(answer(403), service);
    expect(log.warnings).toEqual([
      expect.stringContaining('checks: write'),
      expect.stringContaining('pull-requests: write'),
    ]);
  });

  test('is said once of what lacks the same permission', () => {
    const { say, log } = troubles();
    say(answer(404), { ...comment, what: 'The comment could not be read' });
    say(answer(404), comment);
    expect(log.warnings).toEqual([expect.stringContaining('could not be read')]);
    expect(log.infos).toHaveLength(1);
  });

  test('is said of each cause', () => {
    const { say, log } = troubles();
    for (const error of [answer(503), answer(404), silence]) say(error, comment);
    expect(log.warnings).toHaveLength(3);
  });

  test('is not yet said of what is tried again', () => {
    const { say, note, log } = troubles();
    note(answer(503), 'The comment does not say yet that this run measures');
    expect(log.infos).toEqual(['The comment does not say yet that this run measures (status 503).']);
    say(answer(503), comment);
    expect(log.warnings).toHaveLength(1);
  });
});

describe('patience', () => {
  test('ends sooner after silence, and comes back in a minute', () => {
    const { note, patience, clock } = troubles();
    const left = () => {
      const { tries, deadline = 0, now } = patience(clock.patience, 90_000);
      return [tries, deadline - now()];
    };
    expect(left()).toEqual([3, 90_000]);
    note(answer(503), 'x');
    expect(left()).toEqual([3, 90_000]);
    note(silence, 'x');
    expect(left()).toEqual([1, 10_000]);
    clock.advance(59_000);
    expect(left()).toEqual([1, 10_000]);
    clock.advance(1000);
    expect(left()).toEqual([3, 90_000]);
  });

  test('is never longer than it was', () => {
    const { note, patience, clock } = troubles();
    note(silence, 'x');
    expect(patience(clock.patience, 3000).deadline).toBe(clock.patience.now() + 3000);
  });
});
