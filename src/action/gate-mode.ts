import { randomBytes } from 'node:crypto';
import { isInterruption, SnapgateError } from '../host/error.ts';
import type { Run } from '../host/run.ts';
import { announcerOf } from './announcer-of.ts';
import { judgeMatrix } from './judge-matrix.ts';
import { handOverPair, judgePair } from './judge-pair.ts';
import type { NotMeasured } from './not-measured.ts';
import { publishJudged } from './publish.ts';
import type { ActionRequest } from './request.ts';
import { comparesLine, type Sides, sidesOfRequest } from './sides.ts';

/** The whole gate on a runner. The exit status: 0, 1 or 2; errors are told where the result would have been, and thrown. */
export async function gateMode(
  run: Run,
  request: ActionRequest,
  notMeasured: Pick<NotMeasured, 'use' | 'tell'>,
): Promise<number> {
  const sides = await sidesOfRequest(run, request);
  const { entries } = request.config.github.matrix;
  run.log.info(entries === undefined ? comparesLine(sides, request) : entriesLine(entries));
  const announcer = announcerOf(run.log, request, { ...sides, nonce: randomBytes(4).toString('hex') });
  notMeasured.use(announcer);
  // Not waited for: what is told after it waits for it, and what is measured need not.
  void announcer.started();
  try {
    const decision =
      entries === undefined ? await judgePair(run, request, sides) : await judgeMatrix(run, request);
    const exitCode = await publishJudged(run, request, { sides, announcer, decision });
    await decision.keep();
    return exitCode;
  } catch (error) {
    await notMeasured.tell(error);
    await handOverFailure(run, request, sides, error);
    throw error;
  }
}

/** Whoever comments for a read-only token is told why there is nothing to tell. */
async function handOverFailure(
  run: Run,
  request: ActionRequest,
  sides: Sides,
  error: unknown,
): Promise<void> {
  if (error instanceof SnapgateError && !isInterruption(error))
    await handOverPair(run, request, sides, { failure: { code: error.code, message: error.message } });
}

function entriesLine(entries: readonly string[] | 'all'): string {
  return `Decides on what other jobs of this run have measured: ${entries === 'all' ? 'all entries' : entries.join(', ')}`;
}
