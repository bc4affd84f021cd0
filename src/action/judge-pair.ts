import { type Handover, uploadGate } from '../github/artifact-upload.ts';
import type { Run } from '../host/run.ts';
import { decidePair } from '../job/gate.ts';
import { readOnlyReason } from './announcer-of.ts';
import type { Decision } from './decision.ts';
import { obtainPair } from './pair.ts';
import type { ActionRequest } from './request.ts';
import type { Sides } from './sides.ts';

/** Decides on head against base. */
export async function judgePair(run: Run, request: ActionRequest, sides: Sides): Promise<Decision> {
  const { config, reproduce, context } = request;
  const { pair, shownAt, history, store } = await obtainPair(run, request, sides);
  const { repositoryUrl, runUrl } = context;
  const report = await decidePair(config, pair, await history());
  return {
    judged: { ...report, reproduce, repositoryUrl, runUrl },
    shownAt,
    keep: async () => {
      await store();
      await handOverPair(run, request, sides, { base: pair.base, head: pair.head });
    },
  };
}

/** Where this run's token cannot tell the pull request, another workflow can, with what this one has measured. */
export async function handOverPair(
  run: Run,
  { event, context, config, env }: ActionRequest,
  { headSha }: Sides,
  handover: Handover,
): Promise<void> {
  const { artifact, dryRun, comment, matrix } = config.github;
  const isNeeded = artifact === 'auto' && readOnlyReason(event, context.actor) !== undefined;
  if (dryRun || matrix.entries !== undefined || !(artifact === 'always' || isNeeded)) return;
  const pullRequest = event.name === 'pull_request' ? event.number : undefined;
  await uploadGate(
    { log: run.log, dir: run.dir, env },
    { key: comment.key, pullRequest, headSha, ...handover },
  );
}
