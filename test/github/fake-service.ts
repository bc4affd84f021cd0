import { type Patience, usualPatience } from '../../src/github/client.ts';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

export interface FakeService {
  readonly fetch: typeof fetch;
  readonly asked: Asked[];
}

/** What is asked of a path, one answer after another; the last one repeats. `hang` never answers, whatever the signal says. */
export type Answers = Readonly<Record<string, Canned | readonly Canned[]>>;
export type Canned = (() => Response) | Error | 'hang';

/** An API that answers by method and path, and remembers what it was asked. Whatever it does not know is not found. */
export function answering(answers: Answers): FakeService {
  const asked: Asked[] = [];
  const counts = new Map<string, number>();
  const fetcher: typeof fetch = async (input, init) => {
    const url = new URL(String(input));
    const method = init?.method ?? 'GET';
    asked.push({ method, path: url.pathname + url.search, body: init?.body ?? undefined });
    const name = `${method} ${url.pathname}`;
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    const canned = [answers[name] ?? []].flat();
    const answer = canned[Math.min(count, canned.length - 1)];
    if (answer === 'hang') return await new Promise<never>(() => {});
    if (answer instanceof Error) throw answer;
    return answer === undefined ? failing(404, 'Not Found')() : answer();
  };
  return { fetch: fetcher, asked };
}

export function failing(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): () => Response {
  return () => Response.json({ message }, { status, headers });
}

/** What undici's fetch throws where there is no connection. */
export function refusedConnection(): Error {
  const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
  return new TypeError('fetch failed', { cause });
}

export interface FakeClock {
  readonly patience: Patience;
  /** The pauses that were made, in milliseconds. */
  readonly pauses: number[];
  /** Lets time pass. */
  advance(ms: number): void;
}

/** A patience whose pauses take no time but move its clock. */
export function fakeClock(more: Partial<Patience> = {}): FakeClock {
  let now = Date.UTC(2026, 0, 2, 3, 4, 5);
  const pauses: number[] = [];
  const advance = (ms: number) => {
    now += ms;
  };
  const wait = async (ms: number) => {
    pauses.push(ms);
    advance(ms);
  };
  return { patience: { ...usualPatience, ...more, now: () => now, wait }, pauses, advance };
}
