import { type HelloKind, openChannel } from '../../guest/channel.ts';
import type { Run } from '../../host/run.ts';
import type { BootResult, GuestOptions } from '../contract.ts';
import type { RunningVm } from './running-vm.ts';
import { waitUntilSettled } from './settle.ts';
import { type Booting, tooLate, waitUntilReady } from './wait-ready.ts';

/** A guest that has not come to rest by then is measured as it is, and the report says so. */
const settleLimitMs = 20_000;

/**
 * Waits until a booting guest's agent speaks, the guest is ready and has come to rest; the times, in ms since its start.
 *
 * @param needs what a kernel must have for the agent to be heard, for the error
 */
export async function waitForGuest(
  run: Run,
  vm: RunningVm,
  options: GuestOptions,
  needs: string,
): Promise<Pick<BootResult, 'bootMs' | 'readyMs' | 'settled'>> {
  if (vm.agent === undefined) throw new Error('the machine has no channel for the agent');
  const deadlineMs = vm.startedAtMs + options.bootTimeoutMs;
  const booting: Booting = { run, vm, channel: openChannel(vm.agent, false), options, deadlineMs };
  const kind = await waitForHello(booting, needs);
  const bootMs = performance.now() - vm.startedAtMs;
  await waitUntilReady(booting, kind);
  const limitMs = Math.min(settleLimitMs, deadlineMs - performance.now());
  const settled = await vm.guard(waitUntilSettled(vm.pid, { limitMs, signal: run.signal }));
  return { bootMs, readyMs: performance.now() - vm.startedAtMs, settled };
}

async function waitForHello(booting: Booting, needs: string): Promise<HelloKind> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const remedy = `The console shows how far the start came. ${needs}; a slow start needs a longer \`boot-timeout\`.`;
  const limit = () => reject(tooLate(booting, "the guest's agent said nothing", remedy));
  const timer = setTimeout(limit, booting.deadlineMs - performance.now());
  try {
    return await booting.vm.guard(Promise.race([booting.channel.hello, late]));
  } finally {
    clearTimeout(timer);
  }
}
