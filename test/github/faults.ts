/** How a service is made to fail: the request that it is for, and what becomes of that. */
export interface Fault {
  /** Any method if not given. */
  readonly method?: string;
  /** Tested against path and query, as `/repos/octo/guest/pulls?state=open`. */
  readonly path: RegExp;
  /** Status that is answered in place of the service. The service itself answers if this is not given (after `hangMs`, say). */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON if it is an object; an error in the service's own form if not given. */
  readonly body?: string | object;
  /** How often it happens; always if not given. */
  readonly times?: number;
  /** Silence before anything else, in milliseconds; `Infinity` never answers. */
  readonly hangMs?: number;
  /** The connection is cut: before the service has seen the request, or `after` it did what was asked, so that the answer is lost. */
  readonly dropConnection?: boolean | 'after';
}

/** A fault that happens until it is disposed of. */
export interface InjectedFault extends Disposable {
  /** How often it has happened. */
  readonly hits: number;
}

export interface FaultBook {
  inject(fault: Fault): InjectedFault;
  /** The fault of this request, counted as happened; the newest where there are several. */
  take(method: string, path: string): Fault | undefined;
}

export function createFaultBook(): FaultBook {
  const active: { fault: Fault; hits: number }[] = [];
  return {
    inject: (fault) => {
      const entry = { fault, hits: 0 };
      active.unshift(entry);
      return {
        get hits() {
          return entry.hits;
        },
        [Symbol.dispose]: () => {
          const index = active.indexOf(entry);
          if (index !== -1) active.splice(index, 1);
        },
      };
    },
    take: (method, path) => {
      const entry = active.find(
        ({ fault, hits }) =>
          hits < (fault.times ?? Number.POSITIVE_INFINITY) &&
          (fault.method === undefined || fault.method === method) &&
          fault.path.test(path),
      );
      if (entry) entry.hits += 1;
      return entry?.fault;
    },
  };
}
