import { expect, it } from 'vitest';
import { type ErrorCode, SnapgateError } from '../../src/host/error.ts';
import { CommitFailure, inPhase, type Phase } from '../../src/job/commit-failure.ts';
import { refusal } from '../host/refusal.ts';

it.each<[Phase, ErrorCode, 'engine builds at boot' | '', 'of the machine' | '', boolean]>([
  ['build', 'image', '', '', true],
  ['build', 'base', '', '', true],
  ['build', 'host', '', '', true],
  ['build', 'host', '', 'of the machine', false],
  ['build', 'interrupted', '', '', false],
  ['build', 'internal', '', '', false],
  ['boot', 'guest', '', '', true],
  ['boot', 'host', '', '', false],
  ['boot', 'host', 'engine builds at boot', '', true],
  ['boot', 'host', 'engine builds at boot', 'of the machine', false],
])(
  'in a %s an error of kind %s, %s %s: by the commit is %s',
  async (phase, code, builds, machine, expected) => {
    const details = { title: 'last lines', lines: ['no'] };
    const given = new SnapgateError(code, 'what', 'remedy', { details, ofMachine: machine !== '' });
    const work = () => Promise.reject(given);
    const error = await refusal(inPhase(phase, { buildsAtBoot: builds !== '' }, work));
    expect(error instanceof CommitFailure).toBe(expected);
    expect(error).toMatchObject({ code, message: 'what', remedy: 'remedy', details });
  },
);

it('an error that nobody expected stays what it is', async () => {
  const bug = new TypeError('x is undefined');
  await expect(inPhase('build', { buildsAtBoot: true }, () => Promise.reject(bug))).rejects.toBe(bug);
});
