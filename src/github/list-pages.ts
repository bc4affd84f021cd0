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

/**
 * All items of a list. octokit's own paging drops the limit of a request, and takes a conflict for the end of the list.
 * @throws what a page failed with after all its tries, or an Error where there are more pages than `mostPages`.
 */
export async function listAll<T>(
  { page, schema, mostPages }: ListPlan<T>,
  patience: Patience,
): Promise<readonly T[]> {
  const items: T[] = [];
  for (let number = 1; number <= mostPages; number += 1) {
    const { found, isLast } = await callGitHub(async (limit) => {
      const { data, headers } = await page(number, limit);
      return { found: schema.parse(data), isLast: !/\brel="?next"?/.test(headers.link ?? '') };
    }, patience);
    items.push(...found);
    if (isLast) return items;
  }
  throw new Error(`there are more than ${mostPages} pages of it`);
}
