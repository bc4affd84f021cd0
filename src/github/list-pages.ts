import type { z } from 'zod';
import { callGitHub, type Patience, type RequestLimit } from './client.ts';

/** What octokit answers to a list, as far as paging needs it. */
export interface ListAnswer {
  readonly data: unknown;
  readonly headers: { readonly link?: string | undefined };
}

export interface ListPlan<T> {
  /** Asks for one page of `per_page: 100`, from 1. */
  readonly page: (page: number, limit: RequestLimit) => Promise<ListAnswer>;
  /** Of the `data` of a page. */
  readonly schema: z.ZodType<readonly T[]>;
  /** More pages are none of what is listed here. */
  readonly mostPages: number;
}

/** A page as it was read. */
export interface ListPage<T> {
  readonly items: readonly T[];
  readonly isLast: boolean;
}

/**
 * A list page by page, `mostPages` at most. octokit's own paging drops the limit of a request, takes a conflict for the end of the list, and
 * an answer that was cut for an empty page.
 * @param ask makes one request, and reads its answer.
 * @throws what a page failed with.
 */
export async function* listPages<T>(
  { page, schema, mostPages }: ListPlan<T>,
  ask: <A>(request: (limit: RequestLimit) => Promise<A>) => Promise<A>,
): AsyncIterable<ListPage<T>> {
  for (let number = 1; number <= mostPages; number += 1) {
    const read = await ask(async (limit) => {
      const { data, headers } = await page(number, limit);
      return { items: schema.parse(data), isLast: !/\brel="?next"?/.test(headers.link ?? '') };
    });
    yield read;
    if (read.isLast) return;
  }
}

/**
 * All items of a list, each page tried again as the patience says.
 * @throws what a page failed with after all its tries, or an Error where there are more pages than `mostPages`.
 */
export async function listAll<T>(plan: ListPlan<T>, patience: Patience): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const { items, isLast } of listPages(plan, (request) => callGitHub(request, patience))) {
    all.push(...items);
    if (isLast) return all;
  }
  throw new Error(`there are more than ${plan.mostPages} pages of it`);
}
