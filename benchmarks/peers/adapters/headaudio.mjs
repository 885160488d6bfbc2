// HeadAudio: its published node, worklet and model, unchanged, in an AudioContext of the usual 48 kHz. The page
// draws 60 frames a second and calls `update`, as its documentation says; the strongest blend shape is the
// class, and a frame stands from when it was drawn. Nothing native is emulated: features and classifier are its own.
//
// As published, its node drops class 0 (aa), which it takes for "no class". With `fixed`, the message handler
// is followed by what one comparison with null would have done.

import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { rowsOf, share } from './frames.mjs';
import { quanta, upsampled } from './upsampled.mjs';
import { deliver, hearing } from './worklet.mjs';

const FRAMES_PER_S = 60;
const LOST = 0;
// Below this nothing is to be seen of a blend shape.
const VISIBLE = 0.05;
// Most that its blend shapes of vowels reach, and the opening of each class in the tables that all are scored by.
const FULL = 0.65;
const OPENING = {
  aa: 1, E: 0.7, ih: 0.4, oh: 0.75, ou: 0.4, PP: 0, SS: 0.12, TH: 0.25, DD: 0.25, FF: 0.1, kk: 0.3, nn: 0.25,
  RR: 0.3, CH: 0.2, sil: 0,
};
const RENAMED = { I: 'ih', O: 'oh', U: 'ou' };

let HeadAudio, model, fixed, names;

export async function start(folder, options) {
  const dist = path.join(folder, 'node_modules/@met4citizen/headaudio/dist');
  await import(pathToFileURL(path.join(dist, 'headworklet.min.mjs')));
  ({ HeadAudio } = await import(pathToFileURL(path.join(dist, 'headaudio.min.mjs'))));
  const bytes = fs.readFileSync(path.join(dist, 'model-en-mixed.bin'));
  model = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  globalThis.fetch = async () => ({ ok: true, arrayBuffer: async () => model.slice(0) });
  fixed = options.fixed;
}

export async function prepare(pcm) {
  const node = new HeadAudio({});
  await node.loadModel('model-en-mixed.bin');
  deliver();
  names ??= node.visemeNames.map((name) => name.slice('viseme_'.length)).map((name) => RENAMED[name] ?? name);
  if (fixed) {
    const asPublished = node.port.onmessage;
    node.port.onmessage = (message) => {
      asPublished(message);
      if (message.data.event === 'viseme' && message.data.viseme === LOST) node.visemeActive = LOST;
    };
  }
  return { node, blocks: quanta(upsampled(pcm)) };
}

export function hear({ node, blocks }) {
  const weights = new Map();
  node.onvalue = (name, value) => weights.set(name, value);
  const drawn = [];
  hearing(node, blocks, FRAMES_PER_S, (time) => {
    node.update(1000 / FRAMES_PER_S);
    drawn.push([time, Float32Array.from(node.visemeNames, (name) => weights.get(name) ?? 0)]);
  });
  return drawn;
}

export function rows(drawn, seconds) {
  const frames = drawn.map(([time, weights]) => {
    let shown = 'sil';
    let most = VISIBLE;
    let opening = 0;
    weights.forEach((weight, index) => {
      opening += (OPENING[names[index]] * weight) / FULL;
      if (weight > most) [most, shown] = [weight, names[index]];
    });
    return [time, shown, share(opening)];
  });
  return rowsOf(frames, seconds, 'sil');
}
