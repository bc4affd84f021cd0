import { apiError, type Route } from './api.ts';
import type { Answer } from './loopback.ts';
import { accountJson } from './pulls.ts';

export type RepositoryRole = 'admin' | 'maintain' | 'write' | 'triage' | 'read' | 'none';

export interface Collaborators {
  readonly routes: readonly Route[];
  setRole(login: string, role: RepositoryRole): void;
}

/** docs.github.com, "Get repository permissions for a user": `permission` knows the four oldest levels, `role_name` all. */
const permissions: Readonly<Record<RepositoryRole, string>> = {
  admin: 'admin',
  maintain: 'write',
  write: 'write',
  triage: 'read',
  read: 'read',
  none: 'none',
};

/** The emulator answers `push` where GitHub says `write`. */
export function createCollaborators(owner: string): Collaborators {
  const roles = new Map<string, RepositoryRole>([
    [owner, 'admin'],
    ['somebody', 'read'],
  ]);
  const answer = (_: unknown, captured = ''): Answer => {
    const login = decodeURIComponent(captured);
    const role = roles.get(login);
    if (role === undefined) return apiError(404, `${login} is not a user`);
    const body = { permission: permissions[role], role_name: role, user: accountJson(login) };
    return { status: 200, body };
  };
  return {
    setRole: (login, role) => roles.set(login, role),
    routes: [{ method: 'GET', path: /\/collaborators\/([^/]+)\/permission$/, answer }],
  };
}
