import { type ApiRequest, apiTime, type Forward, onePage, type Route } from './api.ts';

export interface LabelOptions {
  /** Login of who does it. */
  readonly by: string;
  /** When; the clock's time if not given. */
  readonly at?: Date;
}

/** Labels of issues and pull requests, with the events that say who set them and when. */
export interface Labels {
  readonly routes: readonly Route[];
  label(number: number, name: string, options: LabelOptions): Promise<void>;
  unlabel(number: number, name: string, options: LabelOptions): Promise<void>;
}

interface LabelEvent {
  readonly id: number;
  readonly number: number;
  readonly event: 'labeled' | 'unlabeled';
  readonly label: string;
  readonly actor: string;
  readonly at: string;
}

export interface LabelParts {
  readonly repository: string;
  readonly owner: string;
  readonly forward: Forward;
  clock(): Date;
}

/**
 * The emulator keeps the labels, but has no events of a pull request's issue and gives every event its own time: those are kept here
 * (docs.github.com, "List issue events").
 */
export function createLabels({ repository, owner, forward, clock }: LabelParts): Labels {
  const events: LabelEvent[] = [];
  const record = (number: number, event: LabelEvent['event'], label: string, { by, at }: LabelOptions) => {
    const id = 9000 + events.length;
    events.push({ id, number, event, label, actor: by, at: apiTime(at ?? clock()) });
  };
  const path = (number: number) => `/repos/${repository}/issues/${number}/labels`;
  const asOwner = (method: string, to: string, body?: object) =>
    forward({ method, path: to, query: new URLSearchParams(), body, identity: undefined, apiUrl: '' }, owner);
  const list = (request: ApiRequest, number: string) =>
    onePage(request, events.filter((event) => event.number === Number(number)).map(eventJson));
  return {
    label: async (number, name, options) => {
      await must(asOwner('POST', path(number), { labels: [name] }));
      record(number, 'labeled', name, options);
    },
    unlabel: async (number, name, options) => {
      await must(asOwner('DELETE', `${path(number)}/${encodeURIComponent(name)}`));
      record(number, 'unlabeled', name, options);
    },
    routes: [
      { method: 'GET', path: /\/issues\/(\d+)\/events$/, answer: list },
      { method: 'GET', path: /\/issues\/(\d+)\/timeline$/, answer: list },
    ],
  };
}

async function must(answer: ReturnType<Forward>): Promise<void> {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`the emulator answered ${status}: ${JSON.stringify(body)}`);
}

function eventJson({ id, event, label, actor, at }: LabelEvent): object {
  return {
    id,
    node_id: `LE_${id}`,
    actor: { login: actor, id: 7000 + actor.length, type: actor.endsWith('[bot]') ? 'Bot' : 'User' },
    event,
    commit_id: null,
    commit_url: null,
    created_at: at,
    label: { name: label, color: 'ededed' },
    performed_via_github_app: null,
  };
}
