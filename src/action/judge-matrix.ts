import { compareMatrix, type EntryToCompare } from '../gate/matrix.ts';
import { pairOfParts } from '../gate/merge.ts';
import type { MatrixEntry } from '../gate/record.ts';
import { openRepository } from '../github/repository.ts';
import { type Collected, type CollectedEntry, collectEntries } from '../github/uploads.ts';
import { SnapgateError } from '../host/error.ts';
import type { Log, Run } from '../host/run.ts';
import { version } from '../host/version.ts';
import type { Decision } from './decision.ts';
import type { ActionRequest } from './request.ts';

/**
 * Decides on what the other jobs of this run have measured: boots of the same entry, side and machine class are put together, and every entry
 * is compared under one verdict.
 */
export async function judgeMatrix(run: Run, request: ActionRequest): Promise<Decision> {
  const { config, context } = request;
  const { entries: wanted = 'all', allowMissing } = config.github.matrix;
  const collected = await collect(request, wanted === 'all' ? [] : wanted);
  warnOnce(run.log, collected.problems);
  const found = [...new Set(collected.entries.map(({ entry }) => entry))];
  const names = wanted === 'all' ? found.toSorted() : wanted;
  const ignored = found.filter((name) => !names.includes(name));
  if (ignored.length > 0) run.log.warning(`Measured, but not among entries: ${ignored.join(', ')}.`);
  if (names.length === 0) throw nothingMeasured(collected, []);
  const matrix = compareMatrix(
    names.map((name) => {
      const parts = collected.entries.filter(({ entry }) => entry === name);
      return withoutSilence(entryOf(name, parts), config.base.kind === 'none');
    }),
    config.gate,
    { snapgate: version, now: new Date().toISOString(), allowMissing },
  );
  // Nothing at all is no regression of an image: it is a matrix that broke.
  if (matrix.entries.every(({ comparison }) => comparison === undefined))
    throw nothingMeasured(collected, matrix.entries);
  const remarks = config.gate.drift.max === undefined ? [] : [driftRemark];
  for (const remark of remarks) run.log.warning(remark);
  return {
    judged: { matrix, remarks, repositoryUrl: context.repositoryUrl, runUrl: context.runUrl },
    shownAt: async () => undefined,
    keep: async () => {},
  };
}

/** Only the jobs that measure know what an entry is of, by which its history is found. */
const driftRemark =
  'max-drift is not judged with entries: a history is of one image, and this job has none of its own.';

async function collect(
  { config, context, token }: ActionRequest,
  expected: readonly string[],
): Promise<Collected> {
  if (token === '')
    throw new SnapgateError(
      'usage',
      'entries needs github-token, to read what other jobs have measured',
      'Leave github-token at its default, and give the job `permissions: actions: read`.',
    );
  const repository = openRepository(context, token);
  return await collectEntries(repository, context.runId, config.github.comment.key, expected);
}

/** A part that failed is the entry's failure even where other parts of it were measured: half of an entry was not asked for. */
function entryOf(name: string, parts: readonly CollectedEntry[]): EntryToCompare {
  const failed = parts.find(({ failure }) => failure !== undefined);
  if (failed?.failure) return { name, missing: failed.failure.message };
  const measurements = parts.flatMap(({ base, head }) => [base, head].filter((side) => side !== undefined));
  try {
    return { name, pair: pairOfParts(measurements) };
  } catch (error) {
    if (error instanceof SnapgateError) return { name, missing: error.message };
    throw error;
  }
}

/** An entry without a base must not pass for one that was compared. */
function withoutSilence(entry: EntryToCompare, noneIsMeant: boolean): EntryToCompare {
  const { name, pair } = entry;
  if (noneIsMeant || pair === undefined || pair.base !== undefined || pair.noVerdict !== undefined)
    return entry;
  const reason = 'no base of it was measured; let its jobs measure both sides (side: both)';
  return { name, pair: { ...pair, noVerdict: { state: 'no-baseline', reason } } };
}

/** A permission that is missing is missing for every artifact: one warning, and the rest in the log. */
function warnOnce(log: Log, [first, ...others]: readonly string[]): void {
  if (first === undefined) return;
  log.warning(others.length === 0 ? first : `${first} (and ${others.length} more like it, in the log)`);
  for (const other of others) log.info(other);
}

function nothingMeasured({ problems }: Collected, entries: readonly MatrixEntry[]): SnapgateError {
  const why = entries.map(({ name, missing }) => `${name}: ${missing}`).join('; ');
  return new SnapgateError(
    'base',
    entries.length === 0
      ? 'no job of this run has uploaded a measurement of an entry'
      : `no entry was measured (${why.slice(0, 1000)})`,
    problems.length === 0
      ? 'Let the jobs of the matrix run mode: measure with an entry each, and this one after them (needs).'
      : 'The warnings above say what GitHub did not hand out.',
  );
}
