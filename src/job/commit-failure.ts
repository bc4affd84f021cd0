import { SnapgateError } from '../host/error.ts';

/** Where a commit failed: until its image was there, or in a guest of it. */
export type Phase = 'build' | 'boot';

/** What keeps one commit from being tested, as the error that it was. All else ends a search. */
export class CommitFailure extends SnapgateError {
  readonly phase: Phase;

  constructor(phase: Phase, error: SnapgateError) {
    const { code, message, remedy, details } = error;
    super(code, message, remedy, { ...(details === undefined ? {} : { details }), cause: error });
    this.phase = phase;
  }
}

/**
 * The work's result; where it failed by the commit, a CommitFailure. What a checkout or a build throws is the commit's, whatever its
 * code, unless the machine lacks something. A guest's may be the machine's, which `host` says, but for a guest that its engine builds as it boots.
 */
export async function inPhase<T>(
  phase: Phase,
  { buildsAtBoot }: { readonly buildsAtBoot: boolean },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SnapgateError) || error.ofMachine || notOfCommits.has(error.code)) throw error;
    if (phase === 'boot' && error.code === 'host' && !buildsAtBoot) throw error;
    throw new CommitFailure(phase, error);
  }
}

const notOfCommits: ReadonlySet<string> = new Set(['interrupted', 'internal', 'refused']);
