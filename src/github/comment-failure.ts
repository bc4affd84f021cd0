/** Statuses after which the same request may succeed: GitHub's own trouble, not ours. */
export function isTransient(error: unknown): boolean {
  const status = statusOf(error);
  return status === undefined || status >= 500;
}

/**
 * Why a comment could not be written and what to do about it, in one line: a 403 is a missing permission, or a token that cannot
 * write because the pull request comes from a fork; they look the same to the token.
 */
export function explainCommentFailure(error: unknown): string {
  const status = statusOf(error);
  const said = error instanceof Error ? error.message.split('\n', 1)[0]?.slice(0, 200) : String(error);
  if (status === 403 || status === 404) {
    return `The comment could not be written (${status}: ${said}). The job needs \`permissions: pull-requests: write\`; a pull request from a fork has a read-only token whatever the job asks for. The verdict stands; the report is in the job summary.`;
  }
  if (status === 401) {
    return `The comment could not be written: GitHub did not accept github-token (401: ${said}). It needs \`pull-requests: write\`. The verdict stands; the report is in the job summary.`;
  }
  const what = status === undefined ? said : `${status}: ${said}`;
  return `The comment could not be written (${what}). GitHub's API did not answer as it should; where this lasts, check that the job has \`permissions: pull-requests: write\`. The verdict stands; the report is in the job summary.`;
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof Error && 'status' in error && typeof error.status === 'number') return error.status;
  return undefined;
}
