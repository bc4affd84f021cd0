import { z } from 'zod';
import { apiError } from './api.ts';
import type { Answer } from './loopback.ts';
import type { Identity } from './tokens.ts';

export interface GraphQl {
  answer(body: unknown, identity: Identity | undefined): Answer;
  /** Node ids of comments that are minimized, with the reason given. */
  readonly minimized: ReadonlyMap<string, string>;
}

const requestSchema = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).optional(),
});

/** The few questions of GraphQL that a commenting action asks: who am I, and hide this comment. */
export function createGraphQl(): GraphQl {
  const minimized = new Map<string, string>();
  return {
    minimized,
    answer: (body, identity) => {
      if (identity === undefined) return apiError(401, 'This endpoint requires you to be authenticated.');
      const parsed = requestSchema.safeParse(body);
      if (!parsed.success) return apiError(400, 'A query attribute must be specified and must be a string.');
      const { query, variables = {} } = parsed.data;
      if (/\bviewer\s*\{\s*login\s*\}/.test(query)) return data({ viewer: { login: identity.login } });
      const [, name] = /\b(minimizeComment|unminimizeComment)\b/.exec(query) ?? [];
      if (name === undefined) return failure('undefinedField', 'Field does not exist');
      if (![identity.permissions.issues, identity.permissions['pull-requests']].includes('write'))
        return failure('FORBIDDEN', 'Resource not accessible by integration');
      const subject = argument(query, variables, 'subjectId');
      if (subject === undefined) return failure('NOT_FOUND', 'Could not resolve to a node');
      const reason = argument(query, variables, 'classifier') ?? 'OUTDATED';
      if (name === 'minimizeComment') minimized.set(subject, reason);
      else minimized.delete(subject);
      return data({ [name]: { minimizedComment: { isMinimized: name === 'minimizeComment' } } });
    },
  };
}

/** An argument given in the query itself, by a variable of that name, or by a variable that the query names. */
function argument(
  query: string,
  variables: Readonly<Record<string, unknown>>,
  name: string,
): string | undefined {
  const [, variable, text] =
    new RegExp(`\\b${name}\\s*:\\s*(?:\\$(\\w+)|"?(\\w[^",\\s})]*))`).exec(query) ?? [];
  const input = z.record(z.string(), z.unknown()).safeParse(variables['input']);
  const value = text ?? variables[variable ?? name] ?? input.data?.[name];
  return typeof value === 'string' ? value : undefined;
}

function data(value: object): Answer {
  return { status: 200, body: { data: value } };
}

/** GraphQL answers its own errors with status 200. */
function failure(type: string, message: string): Answer {
  return { status: 200, body: { data: null, errors: [{ type, message }] } };
}
