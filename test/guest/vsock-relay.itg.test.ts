import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Channel } from '../../src/guest/channel.ts';
import { agentVsockPort } from '../../src/guest/protocol.ts';
import { vsockRelayBase64 } from '../../src/guest/vsock-relay/relay.ts';
import { editFileSystem } from '../../src/image/debugfs.ts';
import { resolveKernel } from '../../src/image/kernel.ts';
import { debianImage, guestOptions, openBench, quickBoot } from '../engine/guests.ts';
import { inGuest } from '../fixtures/resume.ts';

const bench = openBench();
afterAll(() => bench.close());

const source = join(import.meta.dirname, '../../src/guest/vsock-relay');

test('the relay is what its source says', () => {
  const dir = bench.folder('relay');
  const [object, elf] = [join(dir, 'relay.o'), join(dir, 'relay.elf')];
  execFileSync('as', ['-o', object, join(source, 'relay.S')]);
  const link = ['-s', '--build-id=none', '-z', 'max-page-size=4096', '-z', 'noseparate-code'];
  execFileSync('ld', [...link, '-T', join(source, 'relay.ld'), '-o', elf, object]);
  expect(vsockRelayBase64).toBe(readFileSync(elf).toString('base64'));
});

test('its port is the protocol’s', () => {
  const port = /^\s*\.set PORT, (\d+)/m.exec(readFileSync(join(source, 'relay.S'), 'utf8'))?.[1];
  expect(Number(port)).toBe(agentVsockPort);
});

/**
 * A Debian guest with the kernel's own vsock loopback, in which a caller meets the relay as the host would. It has no virtio-vsock device: a second
 * agent is started in it, which sees one in a sysfs made up for it. The first one, on virtio-serial, runs the callers.
 */
async function guestWithLoopback() {
  const image = await debianImage(bench);
  const modules = bench.folder('modules');
  const names = (await loopbackModules()).map((path) => {
    const name = basename(path);
    copyFileSync(path, join(modules, name));
    return name;
  });
  await editFileSystem(
    bench.run,
    image.rootfsPath,
    ['cd /.snapgate', ...names.map((name) => `write ${name} ${name}`)],
    modules,
  );
  const options = { ...guestOptions, memoryBytes: 256 * 1024 ** 2 };
  const { snapshot } = await quickBoot(bench, image, bench.folder('boot'), [], options);
  return { snapshot, load: names.map((name) => `/.snapgate/busybox insmod /.snapgate/${name}`).join(' && ') };
}

/** Files of the modules that a loopback needs, in the order to load them in. */
async function loopbackModules(): Promise<string[]> {
  const { modulesDir, version } = await resolveKernel(bench.run, 'auto', 1024 ** 3);
  if (modulesDir === undefined) throw new Error('the kernel has no modules at hand');
  const args = ['-d', modulesDir, '-S', version, '--show-depends', 'vsock_loopback'];
  const said = execFileSync('/usr/sbin/modprobe', args, { encoding: 'utf8' });
  return [...said.matchAll(/^insmod (\S+)/gm)].map((match) => match[1] ?? '');
}

const { snapshot, load } = await guestWithLoopback();

const startAgent = `
cat >/start <<'END'
mount -t tmpfs none /sys
mkdir -p /sys/bus/virtio/drivers/vmw_vsock_virtio_transport/virtio9
exec /.snapgate/busybox sh /.snapgate/agent none
END
setsid unshare -m sh /start </dev/null >/dev/null 2>&1 &
`;

/** How the tests speak with it, in the guest. */
const python = `import base64, os, socket, subprocess, time
def call():
    for _ in range(200):
        try:
            s = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
            s.settimeout(20)
            s.connect((1, ${agentVsockPort}))
            return s
        except OSError:
            time.sleep(0.05)
    raise SystemExit('nobody listens')
def line(s):
    said = b''
    while not said.endswith(b'\\n'):
        byte = s.recv(1)
        if not byte: return 'end after %r' % said
        said += byte
    return said.decode().strip()
def ask(s, number, command):
    s.sendall(b'run %d 20 %s\\n' % (number, base64.b64encode(command.encode())))
def answer(s):
    words = line(s).split(' ')
    if words[2] == 'hello': return words
    return words[:5] + [base64.b64decode(words[5]).decode() if words[5:] and words[5] != '-' else '']
def named(*ends):
    found = []
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try: words = open('/proc/%s/cmdline' % pid).read().split('\\0')
        except OSError: continue
        if words[:len(ends)] == list(ends): found.append(int(pid))
    return sorted(found)
def relays(): return named('/.snapgate/vsock')
def agents(): return named('/.snapgate/busybox', 'sh', '/.snapgate/agent', 'none', 'relayed')
`;

/** Lines that a caller's program prints, in a guest of its own in which the agent has just been started with a relay. */
async function callerSays(program: string): Promise<string[]> {
  return inGuest(bench.run, snapshot, async (channel) => {
    await must(channel, load);
    await must(channel, startAgent);
    const said = await must(channel, `python3 - <<'END'\n${python}${program}\nEND`);
    return said.trimEnd().split('\n');
  });
}

async function must(channel: Channel, command: string): Promise<string> {
  const { status, output } = await channel.run(command, 120_000);
  if (status !== 0) throw new Error(`exit status ${status}: ${output.toString()}`);
  return output.toString();
}

describe('a caller', () => {
  test('is greeted at its first call only, and finds the same agent at each', async () => {
    const said = await callerSays(`
s = call()
print(line(s))
ask(s, 1, 'echo hi; exit 3')
print(answer(s))
before = relays() + agents()
for i in range(20):
    s.close()
    s = call()
    ask(s, 100 + i, 'echo %d' % i)
    got = answer(s)
    assert got == ['snapgate', '1', 'done', str(100 + i), '0', '%d\\n' % i], got
print(relays() + agents() == before, len(before))`);
    expect(said).toEqual(['snapgate 1 hello none', "['snapgate', '1', 'done', '1', '3', 'hi\\n']", 'True 2']);
  });

  test('may say and be told as much as a line holds, in any pieces', async () => {
    const said = await callerSays(`
s = call()
line(s)
ask(s, 1, 'text=%s; echo \${#text}; head -c 4000 /dev/zero' % ('x' * 48000))
got = answer(s)
print(got[4], len(got[5]), got[5][:6].strip())
for byte in b'run 2 20 %s\\n' % base64.b64encode(b'echo bytes'):
    s.sendall(bytes([byte]))
print(answer(s))`);
    expect(said).toEqual(['0 4006 48000', "['snapgate', '1', 'done', '2', '0', 'bytes\\n']"]);
  });

  test('that goes without a word, or in the middle of it, leaves the agent as it was', async () => {
    const said = await callerSays(`
for i in range(5):
    s = call()
    if i % 2: s.sendall(b'no command at all\\n')
    s.close()
s = call()
ask(s, 7, 'echo alive')
said = answer(s)
# The greeting may have gone to one of those who did not listen.
if said[2] == 'hello': said = answer(s)
print(said)
print(len(relays()), len(agents()))`);
    expect(said).toEqual(["['snapgate', '1', 'done', '7', '0', 'alive\\n']", '1 1']);
  });

  test('waits for the one before it', async () => {
    const said = await callerSays(`
one = call()
line(one)
two = call()
ask(two, 2, 'echo two')
ask(one, 1, 'echo one')
print(answer(one))
two.settimeout(1)
try: print(line(two))
except OSError: print('nothing yet')
two.settimeout(20)
one.close()
print(answer(two))`);
    expect(said).toEqual([
      "['snapgate', '1', 'done', '1', '0', 'one\\n']",
      'nothing yet',
      "['snapgate', '1', 'done', '2', '0', 'two\\n']",
    ]);
  });

  test('that hangs up has its answer kept for the next one', async () => {
    const said = await callerSays(`
s = call()
line(s)
ask(s, 5, 'sleep 1; echo late')
time.sleep(0.3)
s.close()
print(answer(call()))`);
    expect(said).toEqual(["['snapgate', '1', 'done', '5', '0', 'late\\n']"]);
  });
});

test('between two commands it does nothing, and it has written to one page of its own', async () => {
  const said = await callerSays(`
def status(name):
    text = open('/proc/%d/status' % relays()[0]).read()
    return int(text.split(name + ':')[1].split()[0])
s = call()
line(s)
ask(s, 1, 'true')
answer(s)
before = status('voluntary_ctxt_switches'), status('nonvoluntary_ctxt_switches')
time.sleep(3)
print((status('voluntary_ctxt_switches'), status('nonvoluntary_ctxt_switches')) == before)
for area in open('/proc/%d/smaps' % relays()[0]).read().split('VmFlags')[:-1]:
    words = area.split()
    if '[' not in area: print([w for w in words if '-' in w and len(w) < 6][0], words[words.index('Private_Dirty:') + 1], 'kB')`);
  expect(said).toEqual(['True', 'r-xp 0 kB', 'rw-p 4 kB']);
});

describe('the two end together', () => {
  test('the relay with the agent, and the caller hears of it', async () => {
    const said = await callerSays(`
s = call()
line(s)
os.kill(agents()[0], 9)
print(line(s))
time.sleep(0.5)
print(relays(), agents())`);
    expect(said).toEqual(["end after b''", '[] []']);
  });

  test('also while nobody calls', async () => {
    const said = await callerSays(`
call().close()
time.sleep(0.5)
os.kill(agents()[0], 9)
time.sleep(0.5)
print(relays(), agents())`);
    expect(said).toEqual(['[] []']);
  });

  test('the agent with the relay', async () => {
    const said = await callerSays(`
s = call()
line(s)
os.kill(relays()[0], 9)
print(line(s))
time.sleep(0.5)
print(relays(), agents())`);
    expect(said).toEqual(["end after b''", '[] []']);
  });
});

test('a port that is taken is an error on the console', async () => {
  const said = await callerSays(`
call()
script = 'touch /said; mount --bind /said /dev/console; exec /.snapgate/vsock /bin/touch /started'
print(subprocess.run(['unshare', '-m', 'sh', '-c', script]).returncode)
print(open('/said').read().strip())
print(len(relays()), os.path.exists('/started'))`);
  expect(said).toEqual(['1', 'snapgate: no vsock for the agent', '1 False']);
});
