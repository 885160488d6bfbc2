// Runs one JavaScript adapter over the recordings of a request and prints what came of it as one JSON object.
// Started by adapter.py with the request's path. CPU time is that of all threads of this process: V8 compiles
// and collects garbage on threads of its own, and a page in a browser pays for those as well.

import fs from 'node:fs';
import { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';

const US_PER_S = 1e6;
const KB_PER_MB = 1024;

const usage = process.cpuUsage.bind(process);
const clock = process.hrtime.bigint.bind(process.hrtime);

function cpuS() {
  const { user, system } = usage();
  return (user + system) / US_PER_S;
}

// What maxRSS tells on Linux is carried over from the program that started this one, where that held more.
function peakKb() {
  try {
    return Number(/^VmHWM:\s+(\d+)/m.exec(fs.readFileSync('/proc/self/status', 'ascii'))[1]);
  } catch {
    return process.resourceUsage().maxRSS;
  }
}

function pcmOf(recording) {
  const bytes = fs.readFileSync(recording.pcm);
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

async function heardBy(adapter, pcm, seconds) {
  const begun = cpuS();
  const prepared = await adapter.prepare(pcm);
  const ready = cpuS();
  const readyWall = clock();
  const heard = await adapter.hear(prepared);
  const done = cpuS();
  const doneWall = clock();
  let emulated = 0;
  if (adapter.emulated) {
    await adapter.emulated(prepared);
    emulated = cpuS() - done;
  }
  return {
    rows: await adapter.rows(heard, seconds),
    cpu_s: done - ready,
    wall_s: Number(doneWall - readyWall) / 1e9,
    prepare_cpu_s: ready - begun,
    emulated_cpu_s: emulated,
  };
}

async function answerTo(path) {
  const parent = process.ppid;
  const request = JSON.parse(fs.readFileSync(path, 'utf8'));
  const begun = cpuS();
  const adapter = await import(pathToFileURL(request.adapter));
  await adapter.start(request.folder, request.options);
  // The first one twice: what is compiled on first use belongs to the start.
  await adapter.hear(await adapter.prepare(pcmOf(request.recordings[0])));
  const startCpu = cpuS() - begun;
  const found = [];
  for (const recording of request.recordings) {
    if (process.ppid !== parent) process.exit(1); // nobody waits any more
    found.push(await heardBy(adapter, pcmOf(recording), recording.seconds));
  }
  return {
    runtime: `node ${process.version}`,
    start_cpu_s: startCpu,
    peak_rss_mb: peakKb() / KB_PER_MB,
    recordings: found,
  };
}

// Whatever a rival prints must not end up in the answer.
for (const name of ['log', 'info', 'debug', 'warn', 'error']) console[name] = () => {};
for (const name of ['stdout', 'stderr']) {
  // Not asked for first: that alone makes a pipe refuse what does not fit into it at once.
  const nowhere = new Writable({ write: (_piece, _encoding, done) => done() });
  Object.defineProperty(process, name, { value: nowhere, configurable: true });
}

function end(answer) {
  const bytes = Buffer.from(JSON.stringify(answer));
  for (let sent = 0; sent < bytes.length; ) sent += fs.writeSync(1, bytes, sent);
  process.exit(0);
}

const failed = (error) => end({ error: String(error?.message ?? error) });
// Also what a rival throws where nobody waits for it.
process.on('uncaughtException', failed);
process.on('unhandledRejection', failed);
await answerTo(process.argv[2]).then(end, failed);
