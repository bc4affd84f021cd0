import { z } from 'zod';
import type { Answer, Incoming } from './loopback.ts';

/** What the runner's token says of a job: whose artifacts it makes, and which parts of the cache it may use. */
export interface RuntimeIdentity {
  readonly runId: number;
  readonly attempt: number;
  readonly runBackendId: string;
  readonly jobBackendId: string;
  /** Refs whose cache entries it finds, in this order. */
  readonly readScopes: readonly string[];
  /** Ref that what it saves belongs to; undefined where it may not. */
  readonly writeScope: string | undefined;
}

export interface TokenClaims {
  readonly runId: number;
  readonly attempt: number;
  readonly job: string;
  /** GITHUB_REF. */
  readonly ref: string;
  readonly defaultBranch: string;
}

const claimsSchema = z.object({ scp: z.string(), ac: z.string() });
const scopesSchema = z.array(z.object({ Scope: z.string(), Permission: z.int() }));

/** A token in the runner's form, a JWT (unsigned here) whose `scp` names run and job, and whose `ac` the cache's scopes: 1 reads, 2 writes. */
export function runtimeToken({ runId, attempt, job, ref, defaultBranch }: TokenClaims): string {
  const main = `refs/heads/${defaultBranch}`;
  const scopes = [{ Scope: ref, Permission: 3 }, ...(ref === main ? [] : [{ Scope: main, Permission: 1 }])];
  const claims = {
    scp: `Actions.GenericRead:0 Actions.Results:run-${runId}-${attempt}:job-${job}`,
    ac: JSON.stringify(scopes),
  };
  return `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y`;
}

/** Undefined for a request without such a token. */
export function runtimeIdentity({ headers }: Incoming): RuntimeIdentity | undefined {
  const [, payload] = /^bearer [^.]*\.([^.]+)\./i.exec(headers.authorization ?? '') ?? [];
  if (payload === undefined) return undefined;
  const { scp, ac } = claimsSchema.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
  const [, runBackendId = '', runId, attempt, jobBackendId = ''] =
    /Actions\.Results:(run-(\d+)-(\d+)):(\S+)/.exec(scp) ?? [];
  const scopes = scopesSchema.parse(JSON.parse(ac));
  return {
    runId: Number(runId),
    attempt: Number(attempt),
    runBackendId,
    jobBackendId,
    readScopes: scopes.filter(({ Permission }) => (Permission & 1) !== 0).map(({ Scope }) => Scope),
    writeScope: scopes.find(({ Permission }) => (Permission & 2) !== 0)?.Scope,
  };
}

/** An error of Twirp (twitchtv.github.io/twirp, "Errors"). */
export function twirpError(status: number, code: string, msg: string): Answer {
  return { status, body: { code, msg } };
}
