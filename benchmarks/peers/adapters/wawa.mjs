// wawa-lipsync: its published module, unchanged, in an AudioContext of the usual 48 kHz; `processAudio` is called
// 60 times a second, as its documentation says, and a frame stands from then. It tells no openness.
//
// Its ears are the browser's AnalyserNode, native code that Node.js lacks: `analyser.mjs` does the same by the
// letter of the Web Audio specification. The page pays for that transform too, so it belongs to the cost; in
// JavaScript it costs more than in a browser, so its share is told apart (`emulated`).

import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Analyser } from './analyser.mjs';
import { rowsOf } from './frames.mjs';
import { CONTEXT_HZ, QUANTUM, upsampled } from './upsampled.mjs';

const FRAMES_PER_S = 60;
const RENAMED = { I: 'ih', O: 'oh', U: 'ou' };
const sound = { samples: new Float32Array(0), heard: 0 };
let Lipsync;
let nowMs = 0;

export async function start(folder) {
  // Time is that of the sound, which is heard faster than it was spoken.
  Object.defineProperty(globalThis, 'performance', { value: { now: () => nowMs }, configurable: true });
  const joined = { connect() {} };
  globalThis.window = {
    AudioContext: class {
      sampleRate = CONTEXT_HZ;
      destination = {};
      createAnalyser() {
        return new Analyser(sound);
      }
      createMediaElementSource() {
        return joined;
      }
      resume() {}
    },
  };
  const module = path.join(folder, 'node_modules/wawa-lipsync/dist/wawa-lipsync.es.js');
  ({ Lipsync } = await import(pathToFileURL(module)));
}

export function prepare(pcm) {
  nowMs = 0;
  const lipsync = new Lipsync();
  lipsync.connectAudio({ src: 'speech' });
  return { lipsync, samples: upsampled(pcm) };
}

// Calls `frame(time_s)` for every frame that a page draws, with what was heard until then.
function frames(samples, frame) {
  sound.samples = samples;
  for (let number = 1; (number / FRAMES_PER_S) * CONTEXT_HZ <= samples.length; number++) {
    const time = number / FRAMES_PER_S;
    nowMs = 1000 * time;
    sound.heard = Math.floor((time * CONTEXT_HZ) / QUANTUM) * QUANTUM;
    frame(time);
  }
}

export function hear({ lipsync, samples }) {
  const drawn = [];
  frames(samples, (time) => {
    lipsync.processAudio();
    drawn.push([time, lipsync.viseme]);
  });
  return drawn;
}

export function emulated({ lipsync, samples }) {
  const analyser = new Analyser(sound);
  analyser.fftSize = lipsync.analyser.fftSize;
  const bins = new Uint8Array(analyser.frequencyBinCount);
  frames(samples, () => analyser.getByteFrequencyData(bins));
}

export function rows(drawn, seconds) {
  const shown = drawn.map(([time, viseme]) => {
    const name = viseme.slice('viseme_'.length);
    return [time, RENAMED[name] ?? name, null];
  });
  return rowsOf(shown, seconds, 'sil').map((row) => [...row.slice(0, 3), null]);
}
