import { apiError } from './api.ts';
import type { Answer } from './loopback.ts';

/** Permissions of a workflow's token that matter here (docs.github.com, "Workflow syntax", `permissions`). */
export const permissionNames = [
  'actions',
  'checks',
  'contents',
  'issues',
  'pull-requests',
  'statuses',
] as const;
export type PermissionName = (typeof permissionNames)[number];
export type Level = 'none' | 'read' | 'write';
export type Permissions = Readonly<Record<PermissionName, Level>>;

/** Whose a token is, and what it may. */
export interface Identity {
  readonly login: string;
  readonly permissions: Permissions;
}

export interface TokenRegistry {
  /** A new token; what is not named is `none`, as in a workflow that declares `permissions:`. */
  create(permissions: Partial<Permissions>, login: string, token?: string): string;
  find(token: string): Identity | undefined;
}

export function createTokenRegistry(): TokenRegistry {
  const identities = new Map<string, Identity>();
  return {
    create: (given, login, token = `ghs_${'0'.repeat(20)}${String(identities.size).padStart(16, '0')}`) => {
      identities.set(token, { login, permissions: { ...allAt('none'), ...given } });
      return token;
    },
    find: (token) => identities.get(token),
  };
}

export function allAt(level: Level): Permissions {
  return {
    actions: level,
    checks: level,
    contents: level,
    issues: level,
    'pull-requests': level,
    statuses: level,
  };
}

/** What each part of the API needs, any one of the list. Metadata, which is not here, every token may read. */
const needs: readonly (readonly [RegExp, readonly PermissionName[]])[] = [
  [/^\/repos\/[^/]+\/[^/]+\/(issues)(\/|$)/, ['issues', 'pull-requests']],
  [/^\/repos\/[^/]+\/[^/]+\/commits\/.+\/(check-runs|check-suites)$/, ['checks']],
  [/^\/repos\/[^/]+\/[^/]+\/commits\/[^/]+\/pulls$/, ['pull-requests']],
  [/^\/repos\/[^/]+\/[^/]+\/(check-runs|check-suites)(\/|$)/, ['checks']],
  [/^\/repos\/[^/]+\/[^/]+\/pulls(\/|$)/, ['pull-requests']],
  [/^\/repos\/[^/]+\/[^/]+\/actions\//, ['actions']],
  [/^\/repos\/[^/]+\/[^/]+\/statuses\//, ['statuses']],
  [/^\/repos\/[^/]+\/[^/]+\/(git|contents|commits|compare|branches|merges)(\/|$)/, ['contents']],
];

export interface AccessRequest {
  readonly method: string;
  readonly path: string;
  readonly identity: Identity | undefined;
  /** Of a private repository nothing is readable without the permission; of a public one everything but the content of artifacts. */
  readonly isPrivate: boolean;
}

/** The refusal of a request whose token may not do it; undefined where it may. */
export function refusalOf({ method, path, identity, isPrivate }: AccessRequest): Answer | undefined {
  const isRead = method === 'GET' || method === 'HEAD';
  const accepted = needs.find(([pattern]) => pattern.test(path))?.[1];
  if (accepted === undefined) return undefined;
  const isOpen = isRead && !isPrivate && !path.endsWith('/zip');
  if (isOpen) return undefined;
  if (identity === undefined) return apiError(401, 'Requires authentication');
  const enough: readonly Level[] = isRead ? ['read', 'write'] : ['write'];
  if (accepted.some((name) => enough.includes(identity.permissions[name]))) return undefined;
  const wanted = accepted.map((name) => `${name.replace('-', '_')}=${isRead ? 'read' : 'write'}`).join('; ');
  return { ...apiError(403), headers: { 'x-accepted-github-permissions': wanted } };
}
