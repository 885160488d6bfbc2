// wLipSync: its published node, worklet and WebAssembly, unchanged, in an AudioContext of the usual 48 kHz. The
// page draws 60 frames a second and reads `weights` and `volume`; the heaviest weight is the class, and a frame
// stands from when it was drawn. Nothing native is emulated.
//
// Its package brings no profile (calibrated cepstra), and it makes none. Taken are the templates that pylipsync
// publishes, which come from the same algorithm with the same settings: five vowels; silence is what `volume`
// says. How templates are compared (`compare`, `standardised`) and from when a mouth counts as open are those, of
// all that it offers, with which it hears best. It computes as many coefficients as a profile has entries, here
// five; with every vowel thrice, so that it has all twelve, it follows the jaw better and shapes worse.
// Or, with `profile`, one that its own analysis made of many voices, none of which it is judged by: five vowels, N and
// S, each vowel twice, which makes twelve entries; ../calibration.py tells how.

import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { rowsOf, share } from './frames.mjs';
import { quanta, upsampled } from './upsampled.mjs';
import { hearing } from './worklet.mjs';

const FRAMES_PER_S = 60;
const CLASSES = { aa: 'A', ih: 'I', ou: 'U', ee: 'E', oh: 'O' };
const OPENING = { A: 1, I: 0.4, U: 0.4, E: 0.7, O: 0.75, N: 0.05, S: 0.12 };
const COMPARE = ['L1', 'L2', 'cosine'];
// Below this a mouth that `volume` scales counts as shut.
const VISIBLE = 0.2;

let library, profile, rest;

export async function start(folder, options) {
  const dist = path.join(folder, 'node_modules/wlipsync/dist');
  library = await import(pathToFileURL(path.join(dist, 'wlipsync.js')));
  const wasm = fs.readFileSync(path.join(dist, 'wlipsync.wasm'));
  library.configuration.wasmModule = await WebAssembly.compile(wasm);
  const template = path.join(folder, 'python/pylipsync/phonemes/template.json');
  profile = options.profile
    ? JSON.parse(fs.readFileSync(new URL(options.profile, import.meta.url), 'utf8'))
    : profileOf(JSON.parse(fs.readFileSync(template, 'utf8')).phonemes, options);
  // What the class set of its entries calls silence.
  rest = options.profile ? '-' : 'sil';
  await import(pathToFileURL(path.join(dist, 'audio-processor.js')));
}

function profileOf(phonemes, { compare, standardised }) {
  const names = Object.keys(CLASSES);
  return {
    targetSampleRate: 16000,
    sampleCount: 1024,
    melFilterBankChannels: 26,
    compareMethod: COMPARE.indexOf(compare),
    useStandardization: standardised,
    mfccNum: 12,
    mfccDataCount: phonemes[names[0]].length,
    mfccs: names.map((name) => ({
      name: CLASSES[name],
      mfccCalibrationDataList: phonemes[name].map((array) => ({ array })),
    })),
  };
}

export async function prepare(pcm) {
  const node = await library.createWLipSyncNode({}, profile);
  // Its WebAssembly starts on a promise.
  while (node.processor.inputBufferIndex === -1) await new Promise(setImmediate);
  node.processor.inputBuffer.fill(0);
  return { node, blocks: quanta(upsampled(pcm)) };
}

export function hear({ node, blocks }) {
  const drawn = [];
  hearing(node, blocks, FRAMES_PER_S, (time) => drawn.push([time, node.volume, { ...node.weights }]));
  return drawn;
}

export function rows(drawn, seconds) {
  const frames = drawn.map(([time, volume, weights]) => {
    let shown = rest;
    let most = VISIBLE;
    let opening = 0;
    for (const [name, weight] of Object.entries(weights)) {
      const visible = weight * volume;
      opening += OPENING[name] * visible;
      if (visible > most) [most, shown] = [visible, name];
    }
    return [time, shown, share(opening)];
  });
  return rowsOf(frames, seconds, rest);
}
