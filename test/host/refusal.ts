import { SnapgateError } from '../../src/host/error.ts';

/** The SnapgateError that a promise must be rejected with. */
export async function refusal(promise: Promise<unknown>): Promise<SnapgateError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof SnapgateError) return error;
  throw new Error(`expected a SnapgateError, got ${error instanceof Error ? error.stack : error}`);
}
